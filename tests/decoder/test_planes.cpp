// Crop, chroma formats, colour and rounding against formulations in double precision.
#include "decoder/planes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/math.h"
#include "tests/decoder/plane_support.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using test::random_plane;
using test::random_planes;
using test::same_bits;
using test::scattered_rows;
using test::thrown_code;

constexpr ChromaFormat k444{1, 1}, k422{1, 2}, k420{2, 2};

TEST(MakePlanes, CropsAndDecimatesFromTheTopLeft) {
    std::mt19937 random(1);
    const Array3<float> luma = random_plane(random, 9, 13);
    Array3<float> chroma(2, 9, 13);
    for (float& value : chroma.span()) value = static_cast<float>(random() % 256);
    for (const ChromaFormat format : {k444, k422, k420}) {
        const Planes planes = make_planes(luma, chroma, {7, 12}, format, scattered_rows(2));
        check_planes(planes);
        EXPECT_EQ(planes.rows(), 7U);
        EXPECT_EQ(planes.cols(), 12U);
        EXPECT_FALSE(planes.rgb);
        for (std::size_t y = 0; y < 7; ++y) {
            for (std::size_t x = 0; x < 12; ++x) {
                EXPECT_EQ(planes.plane[0](0, y, x), luma(0, y, x));
                if (y % format.ver != 0 || x % format.hor != 0) continue;
                for (std::size_t c = 0; c < 2; ++c) {
                    EXPECT_EQ(planes.plane[c + 1](0, y / format.ver, x / format.hor), chroma(c, y, x));
                }
            }
        }
    }
    EXPECT_EQ(make_planes(luma, chroma, {9, 13}, k420).plane[1].rows(), 5U);
    EXPECT_EQ(make_planes(luma, chroma, {9, 13}, k420).plane[1].cols(), 7U);
}

TEST(MakePlanes, KeepsWhatHasItsSizeAlready) {
    std::mt19937 random(2);
    for (const std::size_t cols : {16U, 13U}) {  // with channels that begin on lines of the cache, and others
        Array3<float> luma = random_plane(random, 9, cols), chroma(2, 9, cols);
        for (float& value : chroma.span()) value = static_cast<float>(random() % 256);
        const Array3<float> y = luma, uv = chroma;
        const float* const memory = chroma.data();
        const Planes planes = make_planes(std::move(luma), std::move(chroma), {9, cols}, k444);
        check_planes(planes);
        EXPECT_EQ(planes.plane[1].data() == memory, cols == 16);
        EXPECT_TRUE(std::equal(y.span().begin(), y.span().end(), planes.plane[0].data()));
        for (std::size_t c = 0; c < 2; ++c) {
            const Array3<float>& plane = planes.plane[c + 1];
            EXPECT_TRUE(std::equal(plane.span().begin(), plane.span().end(), uv.plane(c)));
        }
    }
}

TEST(MakePlanes, RejectsWhatDoesNotFit) {
    const Array3<float> luma(1, 8, 8), chroma(2, 8, 8);
    const auto code = [&](const Array3<float>& y, const Array3<float>& uv, Size size, ChromaFormat format) {
        return thrown_code([&] { (void)make_planes(y, uv, size, format); });
    };
    EXPECT_EQ(code(luma, chroma, {8, 8}, k444), JPEGAI_OK);
    EXPECT_EQ(code(luma, chroma, {9, 8}, k444), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code(luma, chroma, {0, 8}, k444), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code(luma, chroma, {8, 8}, {2, 1}), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code(luma, luma, {8, 8}, k444), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code(luma, Array3<float>(2, 8, 7), {8, 7}, k444), JPEGAI_ERROR_ARGUMENT);
}

// --- resampling ------------------------------------------------------------------------------------------------------

double cubic(double distance) {
    constexpr double a = -0.75;
    const double t = std::abs(distance);
    if (t <= 1) return (a + 2) * t * t * t - (a + 3) * t * t + 1;
    return t < 2 ? a * t * t * t - 5 * a * t * t + 8 * a * t - 4 * a : 0;
}

double linear(double distance) {
    return std::max(0.0, 1 - std::abs(distance));
}

/// Sum of kernel(source position - k) * sample over all k near it, samples beyond the border replicated.
template <class Kernel>
double resampled(const Array3<float>& in, Size out, std::size_t y, std::size_t x, Kernel kernel) {
    const auto source = [](std::size_t i, std::size_t n_in, std::size_t n_out) {
        return n_out > 1 ? static_cast<double>(i) * static_cast<double>(n_in - 1) / static_cast<double>(n_out - 1)
                         : 0.0;
    };
    const double sy = source(y, in.rows(), out.rows), sx = source(x, in.cols(), out.cols);
    const auto clamped = [](double v, std::size_t n) {
        return static_cast<std::size_t>(std::clamp(v, 0.0, static_cast<double>(n - 1)));
    };
    double sum = 0;
    for (int i = -2; i <= 3; ++i) {
        for (int j = -2; j <= 3; ++j) {
            const double ky = std::floor(sy) + i, kx = std::floor(sx) + j;
            sum += kernel(sy - ky) * kernel(sx - kx) * double{in(0, clamped(ky, in.rows()), clamped(kx, in.cols()))};
        }
    }
    return sum;
}

TEST(Resample, BicubicAgreesWithTheKernelInDouble) {
    std::mt19937 random(2);
    double largest = 0;
    for (const auto& [in_size, out_size] : {std::pair{Size{5, 7}, Size{10, 13}},
                                            {Size{1, 1}, Size{2, 2}},
                                            {Size{1, 3}, Size{1, 6}},
                                            {Size{6, 4}, Size{6, 8}},
                                            {Size{40, 64}, Size{79, 128}},
                                            {Size{3, 1}, Size{5, 1}}}) {
        const Array3<float> in = random_plane(random, in_size.rows, in_size.cols);
        const Array3<float> out = resample_bicubic(in, out_size);
        ASSERT_EQ((Size{out.rows(), out.cols()}), out_size);
        for (std::size_t y = 0; y < out_size.rows; ++y) {
            for (std::size_t x = 0; x < out_size.cols; ++x) {
                largest = std::max(largest, std::abs(out(0, y, x) - resampled(in, out_size, y, x, cubic)));
            }
        }
    }
    EXPECT_LT(largest, 2e-3);
    EXPECT_GT(largest, 0);
}

TEST(Resample, BilinearAgreesWithTheKernelInDouble) {
    std::mt19937 random(3);
    double largest = 0;
    for (const auto& [in_size, out_size] : {std::pair{Size{10, 13}, Size{5, 7}},
                                            {Size{2, 2}, Size{1, 1}},
                                            {Size{8, 9}, Size{8, 5}},
                                            {Size{79, 128}, Size{40, 64}}}) {
        const Array3<float> in = random_plane(random, in_size.rows, in_size.cols);
        const Array3<float> out = resample_bilinear(in, out_size);
        for (std::size_t y = 0; y < out_size.rows; ++y) {
            for (std::size_t x = 0; x < out_size.cols; ++x) {
                largest = std::max(largest, std::abs(out(0, y, x) - resampled(in, out_size, y, x, linear)));
            }
        }
    }
    EXPECT_LT(largest, 2e-3);
}

TEST(Resample, CornersAreAlignedAndOvershootIsKept) {
    Array3<float> step(1, 1, 4);
    step(0, 0, 2) = step(0, 0, 3) = 255.0F;
    const Array3<float> out = resample_bicubic(step, {1, 7});
    EXPECT_EQ(out(0, 0, 0), 0.0F);
    EXPECT_EQ(out(0, 0, 6), 255.0F);
    EXPECT_EQ(out(0, 0, 2), 0.0F) << "even outputs fall on samples";
    EXPECT_LT(out(0, 0, 1), 0.0F);
    EXPECT_GT(out(0, 0, 5), 255.0F);
}

TEST(Resample, TheSameSizeIsTheSameBits) {
    std::mt19937 random(4);
    const Array3<float> in = random_plane(random, 11, 17);
    EXPECT_TRUE(same_bits(resample_bicubic(in, {11, 17}), in));
    EXPECT_TRUE(same_bits(resample_bilinear(in, {11, 17}), in));
}

TEST(ConvertChroma, FormatsAndErrors) {
    std::mt19937 random(5);
    Planes planes = random_planes(random, 15, 21, k420);
    EXPECT_EQ(thrown_code([&] { convert_chroma(planes, k422); }), JPEGAI_ERROR_UNSUPPORTED);
    const Planes before = planes;
    convert_chroma(planes, k420);
    EXPECT_TRUE(same_bits(planes, before)) << "same format: untouched";
    convert_chroma(planes, k444);
    check_planes(planes);
    EXPECT_TRUE(same_bits(planes.plane[1], resample_bicubic(before.plane[1], {15, 21})));
    const Planes full = planes;
    convert_chroma(planes, k422);
    EXPECT_TRUE(same_bits(planes.plane[2], resample_bilinear(full.plane[2], {15, 11})));
    EXPECT_EQ(thrown_code([&] { convert_chroma(planes, {2, 1}); }), JPEGAI_ERROR_UNSUPPORTED);
}

// --- colour ----------------------------------------------------------------------------------------------------------

TEST(Colour, AgreesWithBt709InDouble) {
    std::mt19937 random(6);
    const Planes yuv = random_planes(random, 20, 33, k444);
    Planes rgb = yuv;
    yuv_to_rgb(rgb, scattered_rows(3));
    EXPECT_TRUE(rgb.rgb);
    const double kr = 0.2126, kb = 0.0722, kg = 0.7152;
    std::size_t clipped = 0;
    for (std::size_t i = 0; i < yuv.plane[0].size(); ++i) {
        const double y = yuv.plane[0].data()[i] / 255.0, u = yuv.plane[1].data()[i] / 255.0 - 0.5,
                     v = yuv.plane[2].data()[i] / 255.0 - 0.5;
        const double r = y + 2 * (1 - kr) * v, b = y + 2 * (1 - kb) * u, g = (y - kr * r - kb * b) / kg;
        const auto limited = [&](double x) {
            clipped += x < 0 || x > 1;
            return std::clamp(x, 0.0, 1.0) * 255;
        };
        EXPECT_NEAR(rgb.plane[0].data()[i], limited(r), 5e-5);
        EXPECT_NEAR(rgb.plane[1].data()[i], limited(g), 5e-5);
        EXPECT_NEAR(rgb.plane[2].data()[i], limited(b), 5e-5);
    }
    EXPECT_GT(clipped, 20U);
    EXPECT_EQ(thrown_code([&] { yuv_to_rgb(rgb); }), JPEGAI_ERROR_ARGUMENT);
}

TEST(Colour, SubsampledChromaIsResampledOnTheUnitScale) {
    std::mt19937 random(7);
    const Planes yuv = random_planes(random, 9, 14, k420);
    Planes rgb = yuv;
    yuv_to_rgb(rgb);
    Planes expected = yuv;
    convert_chroma(expected, k444);
    yuv_to_rgb(expected);
    for (std::size_t p = 0; p < 3; ++p) {
        for (std::size_t i = 0; i < rgb.plane[p].size(); ++i) {
            EXPECT_NEAR(rgb.plane[p].data()[i], expected.plane[p].data()[i], 2e-4);
        }
    }
}

TEST(Colour, TransformIndex) {
    std::mt19937 random(8);
    const Planes yuv = random_planes(random, 4, 4, k444, -50.0F, 300.0F);
    Planes planes = yuv;
    finish_colour(planes, 0);
    EXPECT_FALSE(planes.rgb);
    for (std::size_t p = 0; p < 3; ++p) {
        for (std::size_t i = 0; i < 16; ++i)
            EXPECT_EQ(planes.plane[p].data()[i], std::clamp(yuv.plane[p].data()[i], 0.0F, 255.0F));
    }
    finish_colour(planes, 1);
    EXPECT_TRUE(planes.rgb);
    planes = yuv;
    EXPECT_EQ(thrown_code([&] { finish_colour(planes, 2); }), JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(thrown_code([&] { finish_colour(planes, 3); }), JPEGAI_ERROR_HEADER);
}

// --- rounding --------------------------------------------------------------------------------------------------------

Planes planes_of(const std::vector<float>& values, bool rgb) {
    Planes planes;
    planes.rgb = rgb;
    for (Array3<float>& plane : planes.plane) {
        plane = Array3<float>(1, 1, values.size());
        std::copy(values.begin(), values.end(), plane.data());
    }
    return planes;
}

TEST(Quantise, HalvesGoToEvenAndNothingLeavesTheRange) {
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();
    const std::vector<float> values = {-1.0F,  0.0F,   0.5F,  1.5F, 2.5F, 0.49999997F, 254.5F, 254.50002F,
                                       255.0F, 255.4F, 1e30F, kNan, kInf, -kInf,       -0.0F};
    const std::vector<std::uint16_t> expected = {0, 0, 0, 2, 2, 0, 254, 255, 255, 255, 255, 0, 255, 0, 0};
    const Picture picture = quantise(planes_of(values, false), 8);
    EXPECT_EQ(picture.model, ColourModel::kYuv);
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(picture.planes[1].data()[i], expected[i]) << values[i];
    check_picture(picture);
    check_picture(quantise(planes_of(values, true), 10));
}

TEST(Quantise, IntegersAreExactAtEveryDepth) {
    std::vector<float> values(256);
    for (std::size_t i = 0; i < 256; ++i) values[i] = static_cast<float>(i);
    for (const bool rgb : {false, true}) {
        const Picture picture = quantise(planes_of(values, rgb), 8);
        for (std::size_t i = 0; i < 256; ++i) EXPECT_EQ(picture.planes[2].data()[i], i);
    }
    for (const unsigned depth : {10U, 12U, 16U}) {
        const Picture picture = quantise(planes_of(values, true), depth);
        for (std::size_t i = 0; i < 256; ++i) {
            const double level = static_cast<double>(i) / 255 * picture.max_value();
            EXPECT_LE(std::abs(picture.planes[0].data()[i] - level), 0.5 + 1e-2) << depth << " " << i;
        }
        EXPECT_EQ(picture.planes[0].data()[255], picture.max_value());
    }
    EXPECT_EQ(thrown_code([&] { (void)quantise(planes_of(values, true), 7); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(thrown_code([&] { (void)quantise(planes_of(values, true), 17); }), JPEGAI_ERROR_ARGUMENT);
}

TEST(Quantise, AgreesWithNearbyint) {
    std::mt19937 random(9);
    for (const unsigned depth : {8U, 10U, 16U}) {
        const Planes planes = random_planes(random, 30, 40, k444, -5.0F, 260.0F);
        const Picture picture = quantise(planes, depth, scattered_rows(7));
        Planes given = planes;
        EXPECT_EQ(plane_md5(quantise(std::move(given), depth)), plane_md5(picture));
        for (const Array3<float>& plane : given.plane) EXPECT_TRUE(plane.empty());
        const auto max = static_cast<float>(picture.max_value());
        for (std::size_t i = 0; i < planes.plane[0].size(); ++i) {
            const float x = std::clamp(planes.plane[0].data()[i], 0.0F, 255.0F);
            const float level = depth == 8 ? x : x / 255.0F * max;
            EXPECT_EQ(picture.planes[0].data()[i], static_cast<std::uint16_t>(std::nearbyint(level)));
        }
    }
}

// --- all of it -------------------------------------------------------------------------------------------------------

TEST(Planes, ResultsDoNotDependOnHowRowsAreSplit) {
    std::mt19937 random(10);
    const Planes yuv = random_planes(random, 67, 95, k420, -20.0F, 280.0F);
    const auto run = [&](const RowRunner& rows) {
        Planes planes = yuv;
        convert_chroma(planes, k444, rows);
        convert_chroma(planes, k420, rows);
        yuv_to_rgb(planes, rows);
        return planes;
    };
    const Planes expected = run(serial_rows);
    for (const std::size_t step : {1U, 2U, 5U, 16U, 64U})
        EXPECT_TRUE(same_bits(run(scattered_rows(step)), expected)) << step;
}

TEST(Planes, Md5OfTheFloats) {
    Planes planes = planes_of({0.0F, 1.0F}, false);
    const auto md5 = plane_md5(planes);
    EXPECT_EQ(md5[0], "b5ce7b2e71f14b237f1d8a6c2dacd247") << "md5 of 00000000 0000803f";
    EXPECT_EQ(md5[0], md5[2]);
    planes.plane[2](0, 0, 0) = -0.0F;
    EXPECT_NE(plane_md5(planes)[2], md5[0]);
}

TEST(PictureType, ChecksAndHashes) {
    Picture picture = make_picture(ColourModel::kYuv, k420, 10, 5, 7);
    ASSERT_EQ(picture.planes.size(), 3U);
    EXPECT_EQ(picture.planes[1].rows(), 3U);
    EXPECT_EQ(picture.planes[1].cols(), 4U);
    check_picture(picture);
    picture.planes[2](0, 1, 1) = 1024;
    EXPECT_EQ(thrown_code([&] { check_picture(picture); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(thrown_code([] { (void)make_picture(ColourModel::kRgb, k420, 8, 4, 4); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(thrown_code([] { (void)make_picture(ColourModel::kRgb, k444, 7, 4, 4); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(thrown_code([] { (void)make_picture(ColourModel::kRgb, k444, 8, 0, 4); }), JPEGAI_ERROR_ARGUMENT);
    Picture grey = make_picture(ColourModel::kGrey, k444, 8, 1, 3);
    grey.planes[0].data()[0] = 'a';
    grey.planes[0].data()[1] = 'b';
    grey.planes[0].data()[2] = 'c';
    EXPECT_EQ(plane_md5(grey).at(0), "900150983cd24fb0d6963f7d28e17f72") << "md5 of \"abc\"";
    grey.bit_depth = 9;
    EXPECT_NE(plane_md5(grey).at(0), "900150983cd24fb0d6963f7d28e17f72");
}

}  // namespace
}  // namespace jpegai
