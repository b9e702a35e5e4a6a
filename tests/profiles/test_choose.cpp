// Choice of the smallest profile and level.
#include <gtest/gtest.h>

#include "profiles/profiles.h"

namespace jpegai {
namespace {

PictureNeeds needs(std::uint32_t width, std::uint32_t height, std::vector<std::uint8_t> transforms = {1, 0},
                   std::uint8_t model = 0) {
    PictureNeeds n;
    n.img_width = width;
    n.img_height = height;
    n.synthesis_transforms = std::move(transforms);
    n.model_id = model;
    return n;
}

jpegai_error code_of(const PictureNeeds& n) {
    try {
        (void)smallest_profile_level(n);
    } catch (const Error& error) {
        return error.code();
    }
    return JPEGAI_OK;
}

TEST(ChooseProfile, SmallestThatHasEveryTransform) {
    for (unsigned set = 1; set < 8; ++set) {
        std::vector<std::uint8_t> transforms;
        for (std::uint8_t id = 0; id < 3; ++id) {
            if ((set >> id & 1U) != 0) transforms.push_back(id);
        }
        const unsigned expected = set >= 4 ? 2 : set >= 2 ? 1 : 0;
        EXPECT_EQ(smallest_profile_level(needs(64, 64, transforms)).decoder_profile_id, expected) << set;
    }
}

TEST(ChooseLevel, LimitsAreInclusive) {
    // width x height that give each limit exactly, found by factoring
    struct Exact {
        std::uint32_t width, height;
        unsigned digit;
    };
    for (const Exact& exact : {Exact{3072, 2025, 1}, Exact{6144, 4050, 2}, Exact{12288, 8100, 3},
                               Exact{13872, 10800, 4}, Exact{24576, 16200, 5}}) {
        const std::uint64_t samples = std::uint64_t{exact.width} * exact.height;
        ASSERT_EQ(samples, *max_samples(static_cast<std::uint8_t>(exact.digit * 10)));
        EXPECT_EQ(smallest_profile_level(needs(exact.width, exact.height)).level_idc, exact.digit * 10 + 2);
        if (exact.digit < 5) {
            EXPECT_EQ(smallest_profile_level(needs(exact.width + 1, exact.height)).level_idc, exact.digit * 10 + 12);
        } else {
            EXPECT_EQ(code_of(needs(exact.width + 1, exact.height)), JPEGAI_ERROR_CONFORMANCE);
        }
    }
    EXPECT_EQ(code_of(needs(kMaxPictureSide, kMaxPictureSide)), JPEGAI_ERROR_CONFORMANCE);
    EXPECT_EQ(smallest_profile_level(needs(kMaxPictureSide, 64)).level_idc, 12);
}

TEST(ChooseLevel, ModelsGiveTheUnitsDigit) {
    for (const Dialect dialect : {Dialect::kIs, Dialect::kDis}) {
        for (std::uint8_t model = 0; model < 4; ++model) {
            PictureNeeds n = needs(64, 64, {0}, model);
            n.dialect = dialect;
            EXPECT_EQ(smallest_profile_level(n), (ProfileLevel{0, static_cast<std::uint8_t>(model < 2 ? 12 : 11)}));
            n.disputed_levels = true;
            const bool zero = model == (dialect == Dialect::kIs ? 2 : 3);
            EXPECT_EQ(smallest_profile_level(n).level_idc, zero ? 10 : model < 2 ? 12 : 11);
        }
    }
}

TEST(ChooseLevel, ResultAlwaysConforms) {
    for (const std::uint32_t width : {64U, 2048U, 3073U, 20000U, 65599U}) {
        for (const std::uint32_t height : {64U, 1080U, 6000U}) {
            for (std::uint8_t model = 0; model < 4; ++model) {
                for (const Dialect dialect : {Dialect::kIs, Dialect::kDis}) {
                    for (const bool disputed : {false, true}) {
                        PictureNeeds n = needs(width, height, {2, 0}, model);
                        n.dialect = dialect;
                        n.disputed_levels = disputed;
                        const ProfileLevel chosen = smallest_profile_level(n);
                        PictureHeader header;
                        header.decoder_profile_id = chosen.decoder_profile_id;
                        header.level_idc = chosen.level_idc;
                        header.synthesis_transform_id = n.synthesis_transforms;
                        header.img_width = width;
                        header.img_height = height;
                        header.model_id = model;
                        EXPECT_TRUE(
                            check_picture(header, dialect, {.strict = true, .synthesis_transform = {}}).empty());
                    }
                }
            }
        }
    }
}

TEST(ChooseLevel, WhatCannotBeExpressedIsAnArgumentError) {
    EXPECT_EQ(code_of(needs(63, 64)), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code_of(needs(64, 63)), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code_of(needs(65600, 64)), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code_of(needs(0, 0)), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code_of(needs(64, 64, {})), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code_of(needs(64, 64, {1, 3})), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code_of(needs(64, 64, {1}, 4)), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code_of(needs(64, 64)), JPEGAI_OK);
}

}  // namespace
}  // namespace jpegai
