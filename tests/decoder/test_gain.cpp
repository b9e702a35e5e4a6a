#include "decoder/gain.h"

#include <gtest/gtest.h>

#include "decoder/dequantise.h"
#include "decoder/entropy_model.h"
#include "spec/scale_tables.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"
#include "tests/support/vector_helpers.h"

namespace jpegai::test {
namespace {

/// Independent of the platform's exp: all 8192 values have to come out on every machine.
TEST(Gain, EveryScalerEqualsTheReference) {
    const nlohmann::json file = load_json(data_path("standard/gain.json"));
    std::vector<std::int32_t> scalers;
    std::vector<float> divisors;
    for (int v = kGainSumMin; v <= kGainSumMax; ++v) {
        scalers.push_back(gain_scaler_q10(v));
        divisors.push_back(gain_divisor(v));
    }
    EXPECT_EQ(file.at("scaler_q10").get<std::vector<std::int32_t>>(), scalers);
    EXPECT_EQ(file.at("sha256_scaler_q10_i32le").get<std::string>(), (sha256_as<std::int32_t, std::int32_t>(scalers)));
    EXPECT_EQ(file.at("sha256_divisor_f32le").get<std::string>(), (sha256_as<float, float>(divisors)));
}

TEST(Gain, DequantisedValuesEqualTheReference) {
    const nlohmann::json file = load_json(data_path("standard/gain.json"));
    ASSERT_EQ(file.at("dequant").size(), 9U);
    for (const auto& entry : file.at("dequant")) {
        // A picture of 64 x 64 has 4 x 4 latents; the symbols fill the first of them.
        std::vector<std::int16_t> symbols = entry.at("resid").get<std::vector<std::int16_t>>();
        const std::size_t count = symbols.size();
        symbols.resize(16);
        ScaleSetup setup;
        setup.rows = setup.cols = 4;
        setup.gain = {entry.at("v").get<std::int16_t>()};
        setup.grfs = {GrfsVariant::kOff};
        Array3<float> values(1, 4, 4);
        dequantise(setup, RegionLayout(PictureHeader{}, 1), symbols, {true}, 1, {}, values);
        EXPECT_EQ(entry.at("deq_f32_bits").get<std::vector<std::uint32_t>>(), float_bits(values.span().first(count)))
            << entry.at("v");
    }
}

std::vector<float> gains_with(std::vector<std::pair<std::size_t, float>> entries) {
    std::vector<float> gains(3 * kGainColumns, 0.0F);
    for (const auto& [index, value] : entries) gains[index] = value;
    return gains;
}

TEST(Gain, VectorIsTheOneColumnThatIsNotZero) {
    const auto gains = gains_with({{5, 1.0F}, {kGainColumns + 5, -0.00390625F}, {2 * kGainColumns + 5, 2.50390625F}});
    // -0.5 and 320.5 are ties: half to even.
    EXPECT_EQ(gain_vector_from_columns(gains, 3), (std::vector<std::int16_t>{128, 0, 320}));
    EXPECT_EQ(gain_vector_from_columns(gains_with({{0, -100.0F}}), 3), (std::vector<std::int16_t>{-2048, 0, 0}));
}

TEST(Gain, VectorRejectsOtherShapes) {
    const auto code = [](const std::vector<float>& gains) {
        return thrown_code([&] { (void)gain_vector_from_columns(gains, 3); });
    };
    EXPECT_EQ(code(gains_with({})), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code(gains_with({{0, 1.0F}, {1, 1.0F}})), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code(gains_with({{0, 16.0F}})), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code(gains_with({{0, std::numeric_limits<float>::quiet_NaN()}})), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code(gains_with({{0, 15.9921875F}})), JPEGAI_OK);
}

}  // namespace
}  // namespace jpegai::test
