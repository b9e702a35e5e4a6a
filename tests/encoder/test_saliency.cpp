#include "encoder/saliency.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

/// Grey planes with a square of another luma (or chroma) from (64, 96) to (112, 144).
Planes square(std::size_t plane, ChromaFormat chroma, float value) {
    Planes planes;
    planes.chroma = chroma;
    planes.plane[0] = Array3<float>(1, 200, 250);
    for (std::size_t i = 1; i < 3; ++i) planes.plane[i] = Array3<float>(1, planes.size(i).rows, planes.size(i).cols);
    for (auto& p : planes.plane) std::fill_n(p.data(), p.size(), 127.5F);
    const std::size_t ver = plane == 0 ? 1 : chroma.ver, hor = plane == 0 ? 1 : chroma.hor;
    for (std::size_t y = 64 / ver; y < 112 / ver; ++y) {
        for (std::size_t x = 96 / hor; x < 144 / hor; ++x) planes.plane[plane](0, y, x) = value;
    }
    return planes;
}

TEST(Saliency, WhatDiffersFromItsSurroundingsStandsOut) {
    for (const ChromaFormat chroma : {ChromaFormat{1, 1}, ChromaFormat{1, 2}, ChromaFormat{2, 2}}) {
        for (std::size_t plane = 0; plane < 3; ++plane) {
            SCOPED_TRACE(chroma.name() + " " + std::to_string(plane));
            const Array3<std::int8_t> map = quality_map_from_saliency(square(plane, chroma, 200), 13, 16, 6);
            for (std::size_t y = 4; y < 7; ++y) {
                for (std::size_t x = 6; x < 9; ++x) EXPECT_EQ(map(0, y, x), 6) << y << ' ' << x;
            }
            EXPECT_EQ(map(0, 0, 0), -3);
            EXPECT_EQ(map(0, 12, 15), -3);
            const auto inside = std::count(map.data(), map.data() + map.size(), 6);
            EXPECT_LE(inside, 13 * 16 / 4 + 1);
        }
    }
}

TEST(Saliency, NothingStandsOutOfAFlatPicture) {
    const Array3<std::int8_t> map = quality_map_from_saliency(square(0, {1, 1}, 127.5F), 13, 16, 4);
    EXPECT_EQ(std::count(map.data(), map.data() + map.size(), 0), 13 * 16);
}

TEST(Saliency, SmallPicturesCoverTheSmallestGrid) {
    Planes planes = square(0, {1, 1}, 127.5F);
    for (auto& plane : planes.plane) plane = Array3<float>(1, 1, 1);
    EXPECT_EQ(quality_map_from_saliency(planes, 4, 4, 8).size(), 16U);
}

TEST(Saliency, StrengthIsLimited) {
    for (const int strength : {0, 9, -1}) {
        EXPECT_EQ(test::thrown_code([&] {
                      (void)quality_map_from_saliency(square(0, {1, 1}, 9), 13, 16, strength);
                  }),
                  JPEGAI_ERROR_ARGUMENT);
    }
}

}  // namespace
}  // namespace jpegai
