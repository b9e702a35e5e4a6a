#include "encoder/source_planes.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

/// Samples that differ in every position: row * 1 + col * 2 + plane * 30, below 256 for small pictures.
Picture ramp(ColourModel model, ChromaFormat chroma, unsigned depth, std::size_t rows, std::size_t cols) {
    Picture picture = make_picture(model, chroma, depth, rows, cols);
    for (std::size_t i = 0; i < picture.planes.size(); ++i) {
        for (std::size_t y = 0; y < picture.planes[i].rows(); ++y) {
            for (std::size_t x = 0; x < picture.planes[i].cols(); ++x) {
                picture.planes[i](0, y, x) = static_cast<std::uint16_t>((y + 2 * x + 30 * i) % (1U << depth));
            }
        }
    }
    return picture;
}

TEST(SourcePlanes, RgbBecomesBt709) {
    Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, 64, 64);
    picture.planes[0](0, 0, 0) = 200;
    picture.planes[1](0, 0, 0) = 100;
    picture.planes[2](0, 0, 0) = 50;
    const Planes yuv = to_yuv(picture);
    const double luma = 0.2126 * 200 + 0.7152 * 100 + 0.0722 * 50;
    EXPECT_NEAR(yuv.plane[0](0, 0, 0), luma, 1e-4);
    EXPECT_NEAR(yuv.plane[1](0, 0, 0), (50 - luma) / 1.8556 + 127.5, 1e-4);
    EXPECT_NEAR(yuv.plane[2](0, 0, 0), (200 - luma) / 1.5748 + 127.5, 1e-4);
    EXPECT_EQ(yuv.plane[1](0, 1, 1), 127.5F);  // black
}

TEST(SourcePlanes, EveryDepthHasTheSameScale) {
    for (const unsigned depth : {8U, 10U, 16U}) {
        Picture picture = make_picture(ColourModel::kYuv, {2, 2}, depth, 64, 66);
        picture.planes[0](0, 3, 4) = static_cast<std::uint16_t>(picture.max_value());
        const Planes yuv = to_yuv(picture);
        EXPECT_EQ(yuv.plane[0](0, 3, 4), 255.0F);
        EXPECT_EQ(yuv.plane[1].rows(), 32U);
    }
}

TEST(SourcePlanes, GreyIsRgbOfThreeEqualPlanes) {
    const Picture grey = ramp(ColourModel::kGrey, {1, 1}, 8, 64, 65);
    Picture rgb = make_picture(ColourModel::kRgb, {1, 1}, 8, 64, 65);
    for (auto& plane : rgb.planes) plane = grey.planes[0];
    const SourcePlanes a = prepare_source(grey), b = prepare_source(rgb);
    EXPECT_TRUE(std::equal(a.support.data(), a.support.data() + a.support.size(), b.support.data()));
    EXPECT_TRUE(a.from_rgb);
}

TEST(SourcePlanes, SupportOf444HasFourPhasesOfEveryPlane) {
    const Picture picture = ramp(ColourModel::kYuv, {1, 1}, 8, 65, 67);
    const SourcePlanes source = prepare_source(picture);
    ASSERT_EQ(source.support.channels(), 12U);
    ASSERT_EQ(source.support.rows(), 33U);
    ASSERT_EQ(source.support.cols(), 34U);
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t k = 0; k < 4; ++k) {
            for (std::size_t y = 0; y < 33; ++y) {
                for (std::size_t x = 0; x < 34; ++x) {
                    const std::size_t row = std::min<std::size_t>(2 * y + k / 2, 64);
                    const std::size_t col = std::min<std::size_t>(2 * x + k % 2, 66);
                    ASSERT_EQ(source.support(4 * i + k, y, x), source.original.plane[i](0, row, col))
                        << i << ' ' << k << ' ' << y << ' ' << x;
                }
            }
        }
    }
}

TEST(SourcePlanes, SubsampledChromaRepeats) {
    const SourcePlanes wide = prepare_source(ramp(ColourModel::kYuv, {1, 2}, 8, 65, 67));
    const SourcePlanes both = prepare_source(ramp(ColourModel::kYuv, {2, 2}, 8, 65, 67));
    for (std::size_t y = 0; y < 33; ++y) {
        for (std::size_t x = 0; x < 34; ++x) {
            const std::size_t odd = std::min<std::size_t>(2 * y + 1, 64);
            ASSERT_EQ(wide.support(4, y, x), wide.original.plane[1](0, 2 * y, x));
            ASSERT_EQ(wide.support(5, y, x), wide.original.plane[1](0, 2 * y, x));
            ASSERT_EQ(wide.support(6, y, x), wide.original.plane[1](0, odd, x));
            ASSERT_EQ(wide.support(11, y, x), wide.original.plane[2](0, odd, x));
            for (std::size_t k = 0; k < 4; ++k) {
                ASSERT_EQ(both.support(4 + k, y, x), both.original.plane[1](0, y, x));
                ASSERT_EQ(both.support(8 + k, y, x), both.original.plane[2](0, y, x));
            }
        }
    }
}

TEST(SourcePlanes, SmallPicturesAreExtended) {
    const SourcePlanes source = prepare_source(ramp(ColourModel::kRgb, {1, 1}, 8, 1, 5));
    EXPECT_EQ(source.height(), 64U);
    EXPECT_EQ(source.width(), 64U);
    EXPECT_EQ(source.original.rows(), 1U);
    EXPECT_EQ(source.original.cols(), 5U);
    EXPECT_EQ(source.luma(0, 63, 63), source.original.plane[0](0, 0, 4));
    EXPECT_EQ(source.luma(0, 40, 2), source.original.plane[0](0, 0, 2));
}

TEST(SourcePlanes, HiddenSamplesAreCoded) {
    const Picture picture = ramp(ColourModel::kYuv, {2, 2}, 8, 70, 80);
    const SourcePlanes source = prepare_source(picture, {std::nullopt, 5, 7});
    EXPECT_EQ(source.height(), 70U);
    EXPECT_EQ(source.original.rows(), 63U);
    EXPECT_EQ(source.original.cols(), 75U);
    EXPECT_EQ(source.original.plane[2].rows(), 32U);
    EXPECT_EQ(source.luma(0, 69, 79), 69.0F + 2 * 79.0F);
}

TEST(SourcePlanes, RefusesWhatCannotBeCoded) {
    const Picture good = ramp(ColourModel::kYuv, {2, 2}, 8, 64, 64);
    EXPECT_EQ(test::thrown_code([&] {
                  (void)prepare_source(good, {ChromaFormat{1, 1}, 0, 0});
              }),
              JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(test::thrown_code([&] { (void)prepare_source(good, {std::nullopt, 64, 0}); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(test::thrown_code([&] { (void)prepare_source(Picture{}); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(test::thrown_code([&] {
                  (void)prepare_source(make_picture(ColourModel::kGrey, {1, 1}, 8, 1, 65'600));
              }),
              JPEGAI_ERROR_ARGUMENT);
    Picture broken = good;
    broken.planes[1] = Array3<std::uint16_t>(1, 64, 64);
    EXPECT_EQ(test::thrown_code([&] { (void)prepare_source(broken); }), JPEGAI_ERROR_ARGUMENT);
}

}  // namespace
}  // namespace jpegai
