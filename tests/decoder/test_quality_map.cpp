#include "decoder/quality_map.h"

#include <gtest/gtest.h>

#include "spec/scale_tables.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"
#include "tests/support/vector_helpers.h"

namespace jpegai::test {
namespace {

const nlohmann::json& vectors() {
    static const nlohmann::json file = load_json(data_path("standard/quality_map.json"));
    return file;
}

TEST(QualityMap, TablesEqualTheReference) {
    EXPECT_EQ(vectors().at("q_scale_log"), nlohmann::json(kQualityMapLog));
    EXPECT_EQ(vectors().at("q_scale"), nlohmann::json(kQualityMapLinear));
    EXPECT_EQ(vectors().at("sigma_idx_of_entropy_index"), nlohmann::json(kQualityMapSigma));
}

TEST(QualityMap, DeltasEqualTheReferenceBothWays) {
    const auto& example = vectors().at("example");
    const auto map = array_of<std::int8_t>(example.at("qp"), 1, example.at("h"), example.at("w"));
    const auto deltas = array_of<std::int16_t>(example.at("delta_floor"), 1, example.at("h"), example.at("w"));
    EXPECT_EQ(values_of(deltas), values_of(quality_map_deltas(map)));
    EXPECT_EQ(values_of(map), values_of(quality_map_from_deltas(deltas, 0)));
}

TEST(QualityMap, PayloadsEqualTheReferenceForEveryEntropyIndex) {
    const auto& example = vectors().at("example");
    PictureHeader picture;
    picture.img_height = 5 * 16;
    picture.img_width = 7 * 16;
    picture.gain_3d_enable_flag = true;
    ASSERT_EQ(example.at("streams").size(), 8U);
    for (const auto& stream : example.at("streams")) {
        picture.quality_map_entropy_index = stream.at("entropy_index");
        const std::vector<std::uint8_t> payload = from_hex(stream.at("bytes"));
        const LaneBytes lane = {payload, 0};
        const auto map = decode_quality_map(picture, {&lane, 1});
        EXPECT_EQ(example.at("qp").get<std::vector<std::int8_t>>(), values_of(map));
        const auto deltas = quality_map_deltas(map);
        const std::vector<std::uint8_t> table(deltas.size(), stream.at("sigma_idx"));
        EXPECT_EQ(encode_residual(1, table, deltas.span()).at(0), payload);
    }
}

TEST(QualityMap, RejectsValuesOutsideTheTable) {
    const auto code = [](std::int16_t first, std::int16_t second) {
        Array3<std::int16_t> deltas(1, 1, 2);
        deltas(0, 0, 0) = first;
        deltas(0, 0, 1) = second;
        return thrown_code([&] { (void)quality_map_from_deltas(deltas, 77); });
    };
    EXPECT_EQ(code(8, 0), JPEGAI_OK);
    EXPECT_EQ(code(-8, 16), JPEGAI_OK);
    EXPECT_EQ(code(9, 0), JPEGAI_ERROR_ENTROPY);
    EXPECT_EQ(code(8, 1), JPEGAI_ERROR_ENTROPY);
    EXPECT_EQ(code(-9, 0), JPEGAI_ERROR_ENTROPY);
    EXPECT_EQ(code(0, -32768), JPEGAI_ERROR_ENTROPY);
    EXPECT_EQ(code(8, 32767), JPEGAI_ERROR_ENTROPY);

    Array3<std::int8_t> map(1, 1, 1);
    map(0, 0, 0) = 9;
    EXPECT_EQ(thrown_code([&] { (void)quality_map_deltas(map); }), JPEGAI_ERROR_ARGUMENT);
}

}  // namespace
}  // namespace jpegai::test
