#include "encoder/latent_tools.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/error.h"
#include "decoder/gain.h"
#include "encoder/quantise_rows.h"
#include "spec/scale_tables.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

TEST(GrfsFlags, LargestMeansGetTheFlag) {
    EntropyModel model;
    model.gain_vector_log.assign(160, 0);
    Array3<std::int16_t> s0(160, 2, 3);
    for (std::size_t c = 0; c < 160; ++c) std::fill_n(s0.plane(c), 6, static_cast<std::int16_t>(10 * c));
    model.gain_vector_log[3] = 2000;                    // the gain counts, too
    std::fill_n(s0.plane(150), 6, std::int16_t{1590});  // as large as channel 159: the lower one goes first
    const auto flags = grfs_flags(s0, model, 0, kPrimary, 160);
    EXPECT_EQ(std::accumulate(flags.begin(), flags.end(), 0), 5);
    for (const std::size_t c : {3U, 150U, 159U, 158U, 157U}) EXPECT_EQ(flags[c], 1) << c;
    EXPECT_EQ(grfs_flags(s0, model, 0, kPrimary, 100).size(), 100U);
    const auto fewer = grfs_flags(s0, model, 3, kPrimary, 100);
    EXPECT_EQ(std::accumulate(fewer.begin(), fewer.end(), 0), 64 - 60 + 0);  // channels 96..99 and 3 less one
}

TEST(QualityMap, EntropyIndexFollowsTheShareOfZeros) {
    Array3<std::int8_t> map(1, 10, 10);
    EXPECT_EQ(quality_map_entropy_index(map), 0);  // all the same
    for (std::size_t i = 0; i < map.size(); ++i) map.data()[i] = static_cast<std::int8_t>(i % 2 == 0 ? -8 : 8);
    EXPECT_EQ(quality_map_entropy_index(map), 7);
    map.data()[0] = 9;
    EXPECT_EQ(test::thrown_code([&] { (void)quality_map_entropy_index(map); }), JPEGAI_ERROR_ARGUMENT);
}

TEST(QualityMap, MaskMarksEveryBlockItTouches) {
    Picture mask = make_picture(ColourModel::kRgb, {1, 1}, 8, 48, 64);
    for (auto& plane : mask.planes) plane(0, 17, 33) = 255;
    mask.planes[0](0, 0, 0) = 255;  // red is not white
    const Array3<std::int8_t> map = quality_map_from_mask(mask, 3, 4);
    for (std::size_t y = 0; y < 3; ++y) {
        for (std::size_t x = 0; x < 4; ++x) EXPECT_EQ(map(0, y, x), y == 1 && x == 2 ? 6 : -3) << y << ' ' << x;
    }
    const Array3<std::int8_t> other = quality_map_from_mask(mask, 6, 2, 2, 0);
    EXPECT_EQ(other(0, 2, 1), 2);
    EXPECT_EQ(other(0, 2, 0), 0);
    EXPECT_EQ(test::thrown_code([&] { (void)quality_map_from_mask(mask, 3, 4, 9, 0); }), JPEGAI_ERROR_ARGUMENT);
}

/// 02 section 12, point 2, and section 10, one value at a time.
std::pair<int, float> expected(float difference, const QuantiserFactors& f, std::size_t x) {
    float value = difference * f.scaler;
    if (f.quality != nullptr) value = value * f.quality[x] / 16.0F;
    if (f.lin != nullptr) value = value * f.lin[x] / 128.0F;
    value = std::fmin(std::fmax(value, -32768.0F), 32767.0F);
    const int symbol = static_cast<int>(std::nearbyint(value));
    float back = static_cast<float>(symbol);
    if (f.inv != nullptr) back = back * f.inv[x] * 0x1p-16F;
    if (f.quality != nullptr) back = back / (f.quality[x] / 16.0F);
    return {symbol, back / f.divisor};
}

TEST(QuantiseRun, FollowsTheOrderOfOperations) {
    constexpr std::size_t kCount = 203;  // more than one chunk
    std::vector<float> difference(kCount), quality(kCount), lin(kCount), inv(kCount), restored(kCount);
    std::vector<std::uint8_t> coded(kCount);
    std::vector<std::int16_t> symbols(kCount);
    for (std::size_t x = 0; x < kCount; ++x) {
        difference[x] = (static_cast<float>(x * 7919 % 1000) - 500.0F) * (x % 9 == 0 ? 1000.0F : 0.013F);
        coded[x] = x % 5 == 0 ? 0 : 1;
        quality[x] = kQualityMapLinear[x % kQualityMapLinear.size()];
        lin[x] = kRvsTables[1][0].lin[x % 4];
        inv[x] = static_cast<float>(kRvsTables[1][0].inv[x % 4]);
    }
    for (const bool mapped : {false, true}) {
        for (const bool scaled : {false, true}) {
            QuantiserFactors factors;
            factors.scaler = gain_scaler(-37);
            factors.divisor = gain_divisor(-37);
            if (mapped) factors.quality = quality.data();
            if (scaled) factors.lin = lin.data(), factors.inv = inv.data();
            for (const std::uint8_t* mask :
                 {static_cast<const std::uint8_t*>(coded.data()), static_cast<const std::uint8_t*>(nullptr)}) {
                quantise_run(difference.data(), mask, factors, kCount, symbols.data(), restored.data());
                for (std::size_t x = 0; x < kCount; ++x) {
                    const bool is_coded = mask == nullptr || mask[x] != 0;
                    const auto [symbol, back] = expected(is_coded ? difference[x] : 0.0F, factors, x);
                    ASSERT_EQ(symbols[x], symbol) << x;
                    ASSERT_EQ(restored[x], back) << x;
                }
            }
        }
    }
}

}  // namespace
}  // namespace jpegai
