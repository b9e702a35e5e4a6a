// LEF against a direct formulation in double precision.
#include "decoder/filters/lef.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/decoder/plane_support.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using test::random_plane;
using test::same_bits;
using test::scattered_rows;
using test::thrown_code;

Array3<std::int16_t> random_scales(std::mt19937& random, std::size_t channels, std::size_t rows, std::size_t cols) {
    Array3<std::int16_t> scales(channels, rows, cols);
    for (std::int16_t& scale : scales.span()) scale = static_cast<std::int16_t>(random() % 3968);
    return scales;
}

double gain(std::size_t model, int scale) {
    constexpr int kThreshold[4][3] = {{600, 1200, 2000}, {800, 1400, 2400}, {1000, 1600, 2800}, {1200, 2000, 3200}};
    constexpr double kGain[4][4] = {
        {1, 1.10, 1.13, 1.16}, {1, 1.07, 1.09, 1.11}, {1, 1.03, 1.04, 1.05}, {1, 1.01, 1.02, 1.03}};
    int step = 0;
    while (step < 3 && scale >= kThreshold[model][step]) ++step;
    return kGain[model][step];
}

double lef_in_double(const Array3<float>& luma, const Array3<std::int16_t>& scales, std::size_t channel,
                     std::size_t model, std::size_t y, std::size_t x) {
    const std::size_t rows = luma.rows(), cols = luma.cols();
    const double here = luma(0, y, x) / 255.0;
    double smooth = here;
    if (y > 0 && x > 0 && y + 1 < rows && x + 1 < cols) {
        smooth = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            for (std::size_t j = 0; j < 3; ++j)
                smooth += luma(0, y + i - 1, x + j - 1) / 255.0 * (i == 1 && j == 1 ? 24 : 5) / 64;
        }
        smooth = std::clamp(smooth, 0.0, 1.0);
    }
    // The ratio is a float32 in the standard; it decides which neighbour is nearest.
    const auto nearest = [](std::size_t i, std::size_t n_in, std::size_t n_out) {
        const float ratio = static_cast<float>(n_in) / static_cast<float>(n_out);
        return std::min(static_cast<std::size_t>(static_cast<float>(i) * ratio), n_in - 1);
    };
    const double g = gain(model, scales(channel, nearest(y, scales.rows(), rows), nearest(x, scales.cols(), cols)));
    return std::clamp(smooth + (here - smooth) * g, 0.0, 1.0) * 255;
}

TEST(Lef, AgreesWithTheFormulaInDouble) {
    std::mt19937 random(21);
    double largest = 0;
    for (std::size_t model = 0; model < 4; ++model) {
        for (const Size size : {Size{64, 96}, Size{75, 101}, Size{3, 3}, Size{57, 200}}) {
            const Array3<float> luma = random_plane(random, size.rows, size.cols, -10.0F, 265.0F);
            const Array3<std::int16_t> scales =
                random_scales(random, 3, (size.rows + 15) / 16 + 1, (size.cols + 15) / 16);
            Array3<float> out = luma;
            apply_lef(out, scales, 1, model);
            for (std::size_t y = 0; y < size.rows; ++y) {
                for (std::size_t x = 0; x < size.cols; ++x) {
                    largest = std::max(largest, std::abs(out(0, y, x) - lef_in_double(luma, scales, 1, model, y, x)));
                }
            }
            for (const std::size_t step : {1U, 2U, 7U}) {
                Array3<float> scattered = luma;
                apply_lef(scattered, scales, 1, model, scattered_rows(step));
                EXPECT_TRUE(same_bits(scattered, out)) << step;
            }
        }
    }
    EXPECT_LT(largest, 1e-4);
    EXPECT_GT(largest, 0);
}

TEST(Lef, ThresholdsBelongToTheHigherGain) {
    Array3<float> luma(1, 3, 3);
    luma(0, 1, 1) = 100.0F;
    const auto centre = [&](std::int16_t scale) {
        Array3<std::int16_t> scales(1, 1, 1);
        scales(0, 0, 0) = scale;
        Array3<float> out = luma;
        apply_lef(out, scales, 0, 1);
        return out(0, 1, 1);
    };
    EXPECT_NEAR(centre(799), 100, 1e-4);
    const double smooth = 37.5;
    EXPECT_NEAR(centre(800), smooth + 62.5 * 1.07, 1e-4);
    EXPECT_NEAR(centre(1399), smooth + 62.5 * 1.07, 1e-4);
    EXPECT_NEAR(centre(1400), smooth + 62.5 * 1.09, 1e-4);
    EXPECT_NEAR(centre(2400), smooth + 62.5 * 1.11, 1e-4);
}

TEST(Lef, PicturesWithoutInteriorAreOnlyClamped) {
    for (const Size size : {Size{1, 1}, Size{2, 9}, Size{9, 2}, Size{1, 5}}) {
        Array3<float> luma(1, size.rows, size.cols);
        for (std::size_t i = 0; i < luma.size(); ++i) luma.data()[i] = static_cast<float>(i) * 40.0F - 20.0F;
        Array3<float> out = luma;
        apply_lef(out, Array3<std::int16_t>(1, 4, 4), 0, 0);
        for (std::size_t i = 0; i < luma.size(); ++i) {
            EXPECT_NEAR(out.data()[i], std::clamp(luma.data()[i], 0.0F, 255.0F), 1e-4);
        }
    }
}

TEST(Lef, Errors) {
    Array3<float> luma(1, 4, 4), none;
    const Array3<std::int16_t> scales(160, 1, 1);
    EXPECT_EQ(thrown_code([&] { apply_lef(luma, scales, 159, 3); }), JPEGAI_OK);
    EXPECT_EQ(thrown_code([&] { apply_lef(luma, scales, 160, 3); }), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(thrown_code([&] { apply_lef(luma, scales, 0, 4); }), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(thrown_code([&] { apply_lef(none, scales, 0, 0); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(thrown_code([&] { apply_lef(luma, {}, 0, 0); }), JPEGAI_ERROR_ARGUMENT);
}

}  // namespace
}  // namespace jpegai
