// Defects of the reference software in this layer (02 section 15, named by their number there; D numbers are those of
// 01 section 14). Each test shows that we follow what the encoder means, not what the stock decoder makes of it.
#include <gtest/gtest.h>

#include "decoder/cube_flags.h"
#include "decoder/dequantise.h"
#include "decoder/gain.h"
#include "decoder/quality_map.h"
#include "spec/scale_tables.h"
#include "tests/encoder/mini_stream.h"
#include "tests/support/stream_truth.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"
#include "tests/support/vector_helpers.h"

namespace jpegai::test {
namespace {

std::filesystem::path vector_folder(const std::string& name) {
    return shared_dir() / "vectors" / name;
}

Latents decode_case(const StreamCase& stream, const EntropyOptions& options = {}) {
    return decode_latents(stream.stream, stream.file, stream.models, options);
}

/// 1 = D3: the stock decoder hands a strided view of the mask to its C++ code, which reads it as if it were packed.
TEST(ReferenceDefects, D3_RegionMaskIsPackedContiguously) {
    JPEGAI_NEEDS_SHARED();
    for (const char* name :
         {"bop_depreg128_ov00_256x192", "bop_depreg128_ov11_256x192", "bop_depreg65536_512x256_nocube",
          "bop_indreg262144_1024x1024_nocube", "hop_depreg65536_512x256"}) {
        const StreamCase stream = load_stream_case(vector_folder(name));
        const Latents latents = decode_case(stream);
        const TensorTruth stock(stream.folder, ""), fixed(stream.folder, "fixed_"), encoder(stream.folder, "enc_");
        for (const Component c : {kPrimary, kSecondary}) {
            const std::string tensor = c == kPrimary ? "y.residual_quant" : "uv.residual_quant";
            EXPECT_NE(stock.md5(tensor), fixed.md5(tensor)) << name << ": the stock decoder is expected to be wrong";
            EXPECT_EQ(encoder.md5(tensor), fixed.md5(tensor));
            fixed.expect(tensor, latents.component[c].residual_quant);
        }
    }
}

/// 2 = D1: the stock decoder cannot parse a quality map's header; two bits give the number of lanes.
TEST(ReferenceDefects, D1_QualityMapStreamsDecode) {
    JPEGAI_NEEDS_SHARED();
    for (const auto& [name, lanes] : {std::pair{"bop_qmap", 1}, {"bop_qmap_threads4", 4}}) {
        const StreamCase stream = load_stream_case(vector_folder(name));
        EXPECT_EQ(stream.stream.picture.num_threads_q, lanes);
        const Latents latents = decode_case(stream);
        EXPECT_FALSE(load_json(stream.folder / "tensors.json").at("ok").get<bool>());
        const TensorTruth fixed(stream.folder, "fixed_");
        fixed.expect("y.qp_map", latents.qp_map.value());
        fixed.expect("y.residual", latents.component[kPrimary].residual);
        EXPECT_EQ(TensorTruth(stream.folder, "enc_").md5("y.residual_quant"), fixed.md5("y.residual_quant"));
    }
}

/// 3 = D13: +-9, which the reference's encoder can produce, has no entry in the tables (it would divide by 1e-9).
TEST(ReferenceDefects, D13_QualityMapBeyondTheTableIsRejected) {
    PictureHeader picture = mini_header(64, 64);
    picture.gain_3d_enable_flag = true;
    for (const std::int16_t value : {std::int16_t{9}, std::int16_t{-9}}) {
        const Array3<std::int16_t> deltas(1, 4, 4);
        std::vector<std::int16_t> symbols(16, 0);
        symbols[0] = value;
        const std::vector<std::uint8_t> table(16, kQualityMapSigma[0]);
        CodestreamParts parts;
        parts.picture = picture;
        set_lanes(parts, encode_latents(picture, mini_models(), mini_symbols(picture, 1).view(picture)));
        parts.quality_map = encode_residual(1, table, symbols);
        const auto file = write_codestream(parts);
        const auto code = thrown_code([&] { (void)decode_latents(parse_codestream(file), file, mini_models()); });
        EXPECT_EQ(code, JPEGAI_ERROR_ENTROPY);
    }
}

/// 4: float `//` of newer library versions rounds down, of older ones towards zero; we round down.
TEST(ReferenceDefects, QualityMapPredictionRoundsDown) {
    const auto example = load_json(data_path("standard/quality_map.json")).at("example");
    const auto map = array_of<std::int8_t>(example.at("qp"), 1, example.at("h"), example.at("w"));
    const auto deltas = values_of(quality_map_deltas(map));
    EXPECT_EQ(deltas, example.at("delta_floor").get<std::vector<std::int16_t>>());
    EXPECT_NE(deltas, example.at("delta_trunc").get<std::vector<std::int16_t>>());
}

/// 5: the reference treats the tail of a channel prefix as single elements; the group that straddles its end has to be
/// decoded whole. 4x4 latents, 16 lanes: one group covers 64 elements, that is, four channels.
TEST(ReferenceDefects, ProgressivePrefixDecodesTheStraddlingGroup) {
    PictureHeader picture = mini_header(64, 64);
    picture.component[kPrimary].num_threads_r = 16;
    const MiniStream mini = mini_stream(picture, 11, 3000);  // mostly escapes
    const Latents full = mini.decode();
    for (std::size_t channels = 1; channels < kMiniChannels; ++channels) {
        EntropyOptions options;
        options.max_channels = {channels, kMiniChannels};
        const Latents part = mini.decode(options);
        EXPECT_TRUE(std::equal(part.component[kPrimary].residual_quant.data(),
                               part.component[kPrimary].residual_quant.plane(channels),
                               full.component[kPrimary].residual_quant.data()))
            << channels;
    }
}

/// The reference's own progressive decodes where its rule and ours agree.
TEST(ReferenceDefects, ProgressiveDecodesOfTheReferenceAgree) {
    JPEGAI_NEEDS_SHARED();
    const StreamCase stream = load_stream_case(vector_folder("bop_prog"));
    for (const std::size_t channels : {16U, 64U, 96U}) {
        EntropyOptions options;
        options.max_channels = {channels, channels};
        const Latents latents = decode_case(stream, options);
        const TensorTruth truth(stream.folder, "prog" + std::to_string(channels) + "_");
        for (const Component c : {kPrimary, kSecondary}) {
            const std::string prefix = c == kPrimary ? "y." : "uv.";
            truth.expect(prefix + "residual_quant", latents.component[c].residual_quant);
            truth.expect(prefix + "residual", latents.component[c].residual);
            truth.expect(prefix + "mask", latents.component[c].mask);
            truth.expect(prefix + "scale_log", latents.component[c].scale_log);
        }
    }
}

/// 6: RVS without GRFS shifts float tensors, which newer library versions refuse; a division by 2^16 is meant.
TEST(ReferenceDefects, RvsOnlyDividesFloats) {
    JPEGAI_NEEDS_SHARED();
    for (const char* name : {"bop_rvs_only", "bop_grfs_only", "bop_rvs_grfs_m3"}) {
        const StreamCase stream = load_stream_case(vector_folder(name));
        const Latents latents = decode_case(stream);
        const TensorTruth truth(stream.folder, "");
        truth.expect("y.residual", latents.component[kPrimary].residual);
        truth.expect("uv.residual", latents.component[kSecondary].residual);
    }
}

/// 8: the configuration names 35 levels up to 100; the running codec has 32 levels up to 54.82.
TEST(ReferenceDefects, ThereAre32ScaleLevels) {
    EXPECT_EQ(residual_decode_tables().size(), 32U);
    ScaleSetup setup;
    setup.rows = 4;
    setup.cols = 4;
    setup.gain = {4094};
    setup.grfs = {GrfsVariant::kOff};
    setup.coded_channels = 1;
    Array3<std::int16_t> s0(1, 4, 4);
    std::fill_n(s0.data(), s0.size(), std::int16_t{3967});
    const RegionLayout layout(mini_header(64, 64), 1);
    std::vector<std::uint8_t> table(layout.size());
    ScaleTargets targets;
    targets.table = table;
    targets.layout = &layout;
    targets.table_channels = 1;
    compute_scales_from(setup, s0, targets);
    EXPECT_EQ(table, std::vector<std::uint8_t>(16, 31));
}

/// 9 and 10: nothing may be left over from one picture to the next (LSBS thresholds, GRFS flags).
TEST(ReferenceDefects, PicturesDoNotInfluenceEachOther) {
    PictureHeader plain = mini_header(64, 80), tools = plain;
    for (ComponentHeader& header : tools.component) {
        header.rvs_enable_flag = header.grfs_enable_flag = true;
        header.grfs_channel_flag.assign(kMiniChannels, 1);
    }
    const MiniStream first = mini_stream(plain, 1), second = mini_stream(tools, 2);
    const auto before = values_of(first.decode().component[kPrimary].residual);
    const auto other = values_of(second.decode().component[kPrimary].residual);
    EXPECT_EQ(before, values_of(first.decode().component[kPrimary].residual));
    EXPECT_EQ(other, values_of(second.decode().component[kPrimary].residual));

    const Latents latents = second.decode();
    const LatentComponent& luma = latents.component[kPrimary];
    Array3<float> once = luma.residual, again = luma.residual;
    apply_lsbs(once, luma.residual, luma.rvs_likely, 1);
    apply_lsbs(again, luma.residual, luma.rvs_likely, 1);
    EXPECT_EQ(values_of(once), values_of(again));
}

/// 12: the reference reads before its buffers. Here truncated, extended and altered lanes are errors or other pictures.
TEST(ReferenceDefects, CorruptLanesAreErrors) {
    PictureHeader picture = mini_header(96, 80);
    picture.num_threads_z = 2;
    picture.component[kSecondary].num_threads_r = 4;
    const MiniStream mini = mini_stream(picture, 21);
    const CodestreamParts parts = take_parts(mini.stream, mini.file);
    const auto code = [](const CodestreamParts& changed) {
        const auto file = write_codestream(changed);
        return thrown_code([&] { (void)decode_latents(parse_codestream(file), file, mini_models()); });
    };
    EXPECT_EQ(code(parts), JPEGAI_OK);
    const auto expect_error = [&](auto select) {
        for (const std::size_t kept : {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{9}}) {
            CodestreamParts changed = parts;
            std::vector<std::uint8_t>& lane = select(changed);
            lane.erase(lane.begin(), lane.end() - static_cast<std::ptrdiff_t>(kept));
            EXPECT_EQ(code(changed), JPEGAI_ERROR_ENTROPY) << kept;
        }
        CodestreamParts longer = parts;
        select(longer).insert(select(longer).begin(), 0x55);
        EXPECT_EQ(code(longer), JPEGAI_ERROR_ENTROPY);
        CodestreamParts no_start = parts;
        select(no_start).back() = 0;
        EXPECT_EQ(code(no_start), JPEGAI_ERROR_ENTROPY);
    };
    expect_error([](CodestreamParts& p) -> std::vector<std::uint8_t>& { return p.hyper[1]; });
    expect_error([](CodestreamParts& p) -> std::vector<std::uint8_t>& { return p.residual[kPrimary][0]->at(0); });
    expect_error([](CodestreamParts& p) -> std::vector<std::uint8_t>& { return p.residual[kSecondary][0]->at(3); });
}

/// 13: the decoder does not clip beta_displacement_log; the header allows -2048..2047, whatever the gains.
TEST(ReferenceDefects, ExtremeGainDisplacementsAreSafe) {
    for (const int beta : {-2048, 2047}) {
        for (const std::int16_t gain : {std::int16_t{-2048}, std::int16_t{2047}}) {
            EntropyModel model = mini_model(kPrimary, kMiniChannels);
            model.gain_vector_log.assign(kMiniChannels, gain);
            PictureHeader picture = mini_header(64, 64);
            picture.gain_3d_enable_flag = true;
            picture.beta_displacement_log = {static_cast<std::int16_t>(beta), static_cast<std::int16_t>(beta)};
            picture.component[kPrimary].rvs_enable_flag = picture.component[kPrimary].grfs_enable_flag = true;
            picture.component[kPrimary].grfs_channel_flag.assign(kMiniChannels, 1);
            for (const std::int8_t qp : {std::int8_t{-8}, std::int8_t{8}}) {
                Array3<std::int8_t> map(1, 4, 4);
                std::fill_n(map.data(), map.size(), qp);
                const ScaleSetup setup = make_scale_setup(picture, kPrimary, model, &map);
                const Array3<std::int8_t> z_hat(kMiniChannels, 1, 1);
                const Array3<std::int16_t> s0 = model.hyper_scale->run(z_hat, 4, 4);
                const ScaleMaps maps = compute_scale_maps(model, setup, z_hat);
                const int quality = kQualityMapLog[static_cast<std::size_t>(qp + 8)];
                for (std::size_t i = 0; i < s0.size(); ++i) {
                    ASSERT_EQ(maps.skip_scale_log.data()[i], s0.data()[i] + gain + beta + quality);
                }
                const RegionLayout layout(picture, kMiniChannels);
                const std::vector<std::int16_t> symbols(layout.size(), INT16_MIN);
                Array3<float> residual(kMiniChannels, setup.rows, setup.cols);
                dequantise(setup, layout, symbols, {true}, kMiniChannels, maps.rvs_likely, residual);
                for (const float value : residual.span()) ASSERT_TRUE(std::isfinite(value));
            }
        }
    }
    EntropyModel wrong = mini_model(kPrimary, kMiniChannels);
    wrong.gain_vector_log[3] = 2048;
    EXPECT_EQ(thrown_code([&] { (void)make_scale_setup(mini_header(64, 64), kPrimary, wrong, nullptr); }),
              JPEGAI_ERROR_MODEL);
}

/// 14: two bits of exponent: 16 lanes are the most.
TEST(ReferenceDefects, SixteenLanesAreTheMost) {
    PictureHeader picture = mini_header(64, 64);
    picture.num_threads_z = 16;
    for (ComponentHeader& header : picture.component) header.num_threads_r = 16;
    EXPECT_EQ(values_of(mini_stream(picture, 4).decode().component[kPrimary].residual_quant),
              values_of(mini_symbols(picture, 4).residual[kPrimary]));
    picture.num_threads_z = 32;
    EXPECT_EQ(thrown_code([&] { (void)mini_stream(picture, 4); }), JPEGAI_ERROR_ARGUMENT);
}

/// 15: cube flags describe the picture's grid, also where regions start in the middle of a cube (at odd multiples of
/// 8).
TEST(ReferenceDefects, CubeFlagsLieOnThePictureGrid) {
    PictureHeader picture = mini_header(264, 700);
    picture.regions = RegionHeader{};
    picture.regions->num_ver = 2;
    picture.regions->num_hor = 2;
    const auto areas = region_areas(picture, 4);
    ASSERT_EQ(areas.at(3).row, 8U);  // half a cube
    ComponentHeader& header = picture.component[kPrimary];
    header.use_cube_flags = true;
    header.cube_flag.assign(kCubePhases * picture.cube_rows() * picture.cube_cols(), 1);
    header.cube_flag[0] = 0;  // phase (even, even), latents 0..15
    const Array3<std::uint8_t> forced = forced_positions(picture, kPrimary);
    for (std::size_t y = 0; y < forced.rows(); ++y) {
        for (std::size_t x = 0; x < forced.cols(); ++x) {
            EXPECT_EQ(forced(0, y, x), y < 16 && x < 16 && y % 2 == 0 && x % 2 == 0);
        }
    }
    const MiniStream mini = mini_stream(picture, 8);
    const Latents latents = mini.decode();
    EXPECT_EQ(values_of(latents.component[kPrimary].residual_quant), values_of(mini.symbols.residual[kPrimary]));
    EXPECT_EQ(latents.component[kPrimary].mask(0, 14, 14), 1);
}

/// 16: one quality map is transmitted and serves both components.
TEST(ReferenceDefects, OneQualityMapServesBothComponents) {
    JPEGAI_NEEDS_SHARED();
    const StreamCase stream = load_stream_case(vector_folder("bop_qmap"));
    const TensorTruth fixed(stream.folder, "fixed_");
    EXPECT_EQ(fixed.md5("y.qp_map"), fixed.md5("uv.qp_map"));
    fixed.expect("uv.skip_scale_log", decode_case(stream).component[kSecondary].skip_scale_log);
}

}  // namespace
}  // namespace jpegai::test
