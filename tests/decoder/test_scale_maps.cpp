// Gain, RVS, GRFS, skip mask, cube flags and LSBS against the reference's vectors.
#include "decoder/scale_maps.h"

#include <gtest/gtest.h>

#include "decoder/cube_flags.h"
#include "decoder/dequantise.h"
#include "decoder/latents.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"
#include "tests/support/vector_helpers.h"

namespace jpegai::test {
namespace {

const nlohmann::json& rvs_vectors() {
    static const nlohmann::json file = load_json(data_path("standard/rvs.json"));
    return file;
}

TEST(RvsTables, EqualTheReference) {
    const std::pair<GrfsVariant, const char*> variants[] = {
        {GrfsVariant::kOff, "nogrfs"}, {GrfsVariant::kFlag1, "grfs_flag1"}, {GrfsVariant::kFlag0, "grfs_flag0"}};
    for (std::size_t model = 0; model < kModels; ++model) {
        const auto& tables = rvs_vectors().at("tables").at(std::to_string(model));
        EXPECT_EQ(tables.at("thr_log"), nlohmann::json(kRvsThresholds[model]));
        for (const bool rvs : {false, true}) {
            for (const auto& [variant, name] : variants) {
                const auto& expected = tables.at("rvs" + std::to_string(rvs) + "_" + name);
                const RvsTable& table = rvs_table(model, rvs, variant);
                for (std::size_t bucket = 0; bucket < kRvsBuckets; ++bucket) {
                    const std::size_t entry = rvs ? bucket : 0;
                    EXPECT_EQ(expected.at("lin").at(entry), table.lin[bucket]);
                    EXPECT_EQ(expected.at("log").at(entry), table.log[bucket]);
                    EXPECT_EQ(expected.at("inv").at(entry), table.inv[bucket]);
                }
            }
        }
    }
}

/// A setup without gain, so that s0 is skip_sigma.
ScaleSetup setup_of(const nlohmann::json& entry) {
    ScaleSetup setup;
    setup.model_id = entry.at("model");
    const std::size_t channels = entry.at("shape").at(0);
    setup.rows = entry.at("shape").at(1);
    setup.cols = entry.at("shape").at(2);
    setup.gain.assign(channels, 0);
    setup.rvs = entry.at("rvs") == 1;
    setup.coded_channels = channels;
    for (const int flag : entry.at("grfs_channel_flag").get<std::vector<int>>()) {
        setup.grfs.push_back(entry.at("grfs") == 0 ? GrfsVariant::kOff
                                                   : (flag != 0 ? GrfsVariant::kFlag1 : GrfsVariant::kFlag0));
    }
    return setup;
}

TEST(ScaleMaps, RvsAndGrfsEqualTheReference) {
    ASSERT_EQ(rvs_vectors().at("cases").size(), 12U);
    std::size_t dequantised = 0;
    for (const auto& entry : rvs_vectors().at("cases")) {
        const ScaleSetup setup = setup_of(entry);
        const std::size_t channels = setup.gain.size();
        SCOPED_TRACE("model " + std::to_string(setup.model_id));
        const auto s0 = array_of<std::int16_t>(entry.at("skip_sigma"), channels, setup.rows, setup.cols);
        ScaleMaps maps = make_scale_maps(setup, channels);
        ScaleTargets targets;
        targets.maps = &maps;
        compute_scales_from(setup, s0, targets);
        const auto likely = expand_blocks(maps.rvs_likely, setup.rows, setup.cols);
        EXPECT_EQ(entry.at("likely_sha256_i32le").get<std::string>(),
                  (sha256_as<std::int32_t, std::int16_t>(likely.span())));
        EXPECT_EQ(entry.at("sigma").get<std::vector<std::int16_t>>(), values_of(maps.scale_log));
        EXPECT_EQ(values_of(s0), values_of(maps.skip_scale_log));
        if (entry.at("resid_q").is_null()) continue;

        PictureHeader picture;
        picture.img_height = static_cast<std::uint32_t>(16 * setup.rows);
        picture.img_width = static_cast<std::uint32_t>(16 * setup.cols);
        const auto symbols = entry.at("resid_q").get<std::vector<std::int16_t>>();
        Array3<float> residual(channels, setup.rows, setup.cols);
        dequantise(setup, RegionLayout(picture, channels), symbols, {true}, channels, maps.rvs_likely, residual);
        EXPECT_EQ(entry.at("dequant_f32_sha256").get<std::string>(), (sha256_as<float, float>(residual.span())));
        ++dequantised;
    }
    EXPECT_EQ(dequantised, 3U);
}

TEST(ScaleMaps, CubeFlagsEqualTheReference) {
    const nlohmann::json file = load_json(data_path("standard/skip_cube.json"));
    ASSERT_EQ(file.at("cases").size(), 3U);
    for (const auto& entry : file.at("cases")) {
        PictureHeader picture;
        picture.img_height = entry.at("h").get<std::uint32_t>() * 16;
        picture.img_width = entry.at("w").get<std::uint32_t>() * 16;
        picture.component[kPrimary].use_cube_flags = true;
        picture.component[kPrimary].cube_flag = entry.at("cube_flag").get<std::vector<std::uint8_t>>();
        EXPECT_EQ(picture.cube_rows(), entry.at("cubeH"));
        EXPECT_EQ(picture.cube_cols(), entry.at("cubeW"));
        const Array3<std::uint8_t> forced = forced_positions(picture, kPrimary);
        std::vector<std::string> rows;
        for (std::size_t y = 0; y < forced.rows(); ++y) {
            rows.emplace_back();
            for (std::size_t x = 0; x < forced.cols(); ++x) rows.back() += forced(0, y, x) != 0 ? '1' : '0';
        }
        EXPECT_EQ(entry.at("forced_code_mask_rows").get<std::vector<std::string>>(), rows);
        EXPECT_TRUE(forced_positions(picture, kSecondary).empty());
        picture.component[kPrimary].cube_flag.pop_back();
        EXPECT_EQ(thrown_code([&] { (void)forced_positions(picture, kPrimary); }), JPEGAI_ERROR_ARGUMENT);
    }
}

/// One channel with every value of s0 that matters: indices and mask by the definition, also at forced positions.
TEST(ScaleMaps, TableFollowsTheDefinition) {
    ScaleSetup setup;
    setup.rows = 64;
    setup.cols = 67;
    setup.gain = {-301};
    setup.grfs = {GrfsVariant::kFlag0};
    setup.coded_channels = 1;
    setup.forced = Array3<std::uint8_t>(1, setup.rows, setup.cols);
    Array3<std::int16_t> s0(1, setup.rows, setup.cols);
    for (std::size_t i = 0; i < s0.size(); ++i) {
        s0.data()[i] = static_cast<std::int16_t>(std::min<std::size_t>(i, 3967));
        setup.forced.data()[i] = i % 7 == 0;
    }
    PictureHeader picture;
    picture.img_height = 64 * 16;
    picture.img_width = 67 * 16;
    const RegionLayout layout(picture, 1);
    std::vector<std::uint8_t> table(layout.size());
    ScaleTargets targets;
    targets.table = table;
    targets.layout = &layout;
    targets.table_channels = 1;
    compute_scales_from(setup, s0, targets);
    for (std::size_t i = 0; i < s0.size(); ++i) {
        const int skip = s0.data()[i] - 301, sigma = skip - 15;
        const bool coded = skip > 382 || i % 7 == 0;
        const int index = std::clamp((sigma + 64) >> 7, 0, 31);
        ASSERT_EQ(table[i], coded ? index : kNotCoded) << "s0 " << s0.data()[i];
    }
}

TEST(Lsbs, EqualsTheReference) {
    const nlohmann::json file = load_json(data_path("standard/lsbs.json"));
    EXPECT_EQ(file.at("thr_log"), nlohmann::json(kLsbsThresholds));
    EXPECT_EQ(file.at("scale_means"), nlohmann::json(kLsbsMeanFactor));
    EXPECT_EQ(file.at("scale_resid"), nlohmann::json(kLsbsResidualFactor));
    ASSERT_EQ(file.at("cases").size(), 4U);
    for (const auto& entry : file.at("cases")) {
        // The vectors vary `likely` per value; as planes of one value each, every value has a block of its own.
        const std::size_t count = entry.at("likely").size();
        auto y = array_of<std::uint32_t>(entry.at("y_hat_f32_bits"), count, 1, 1);
        auto residual_bits = array_of<std::uint32_t>(entry.at("resid_f32_bits"), count, 1, 1);
        const auto likely = array_of<std::int16_t>(entry.at("likely"), count, 1, 1);
        Array3<float> values(count, 1, 1), residual(count, 1, 1);
        for (std::size_t i = 0; i < count; ++i) {
            values.data()[i] = std::bit_cast<float>(y.data()[i]);
            residual.data()[i] = std::bit_cast<float>(residual_bits.data()[i]);
        }
        apply_lsbs(values, residual, likely, entry.at("model"));
        EXPECT_EQ(entry.at("out_f32_bits").get<std::vector<std::uint32_t>>(), float_bits(values.span()));
    }
}

TEST(Lsbs, BlocksAreThoseOfThePicture) {
    Array3<float> y(1, 9, 17), residual(1, 9, 17);
    std::fill_n(y.data(), y.size(), 8192.0F);
    Array3<std::int16_t> likely(1, 2, 3);
    likely(0, 1, 2) = 1412;
    likely(0, 0, 1) = 1379;
    apply_lsbs(y, residual, likely, 0);
    EXPECT_EQ(y(0, 0, 0), 8192.0F + 23);
    EXPECT_EQ(y(0, 7, 7), 8192.0F + 23);
    EXPECT_EQ(y(0, 7, 8), 8192.0F);
    EXPECT_EQ(y(0, 7, 16), 8192.0F + 23);
    EXPECT_EQ(y(0, 8, 8), 8192.0F + 23);
    EXPECT_EQ(y(0, 8, 16), 8192.0F + 46);
    EXPECT_EQ(thrown_code([&] { apply_lsbs(y, residual, Array3<std::int16_t>(1, 2, 2), 0); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(thrown_code([&] { apply_lsbs(y, residual, likely, 4); }), JPEGAI_ERROR_ARGUMENT);
}

}  // namespace
}  // namespace jpegai::test
