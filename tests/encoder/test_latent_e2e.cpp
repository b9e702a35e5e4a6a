// The four miniature streams of e2e.json: every stage of decoding and coding, from payload bytes to float bits and
// back.
#include <gtest/gtest.h>

#include "backend/contract/hyper_scale.h"
#include "decoder/gain.h"
#include "decoder/quality_map.h"
#include "encoder/latent_coder.h"
#include "spec/scale_tables.h"
#include "tests/support/mini_models.h"
#include "tests/support/test_data.h"
#include "tests/support/vector_helpers.h"

namespace jpegai::test {
namespace {

constexpr std::size_t kChannels = 8;

HyperScaleNetwork make_network(Component component) {
    return mini_network(component == kPrimary ? 11 : 12, kChannels);
}

std::vector<HyperTable> make_hyper_tables(Component component) {
    return mini_hyper_tables(component == kPrimary ? 21 : 22, kChannels);
}

/// One case as a parsed stream with its models.
struct MiniStream {
    Codestream stream;
    std::vector<std::uint8_t> file;
    std::array<EntropyModel, kComponents> models;
    [[nodiscard]] std::array<const EntropyModel*, kComponents> model_pointers() const {
        return {&models[kPrimary], &models[kSecondary]};
    }

    /// Appends a payload (lane size deltas, lanes) to the file.
    LaneBlock add_payload(const std::vector<std::uint8_t>& payload, const std::vector<std::uint64_t>& sizes) {
        LaneBlock block;
        block.block = {file.size(), payload.size()};
        file.insert(file.end(), payload.begin(), payload.end());
        std::uint64_t total = 0;
        for (const std::uint64_t size : sizes) total += size;
        std::uint64_t offset = file.size() - total;
        for (const std::uint64_t size : sizes) {
            block.lanes.push_back({offset, size});
            offset += size;
        }
        return block;
    }
};

PictureHeader make_header(const nlohmann::json& entry) {
    PictureHeader picture;
    picture.img_height = 150;
    picture.img_width = 100;
    picture.model_id = entry.at("model");
    picture.num_threads_z = entry.at("threads");
    picture.num_threads_q = entry.at("threads");
    picture.gain_3d_enable_flag = entry.at("qmap") == 1;
    picture.quality_map_entropy_index = 5;
    for (const Component c : {kPrimary, kSecondary}) {
        const auto& part = entry.at("comps").at(c);
        ComponentHeader& header = picture.component[c];
        picture.beta_displacement_log[c] = entry.at("beta").at(c);
        header.num_threads_r = entry.at("threads");
        header.num_chs = kChannels;
        header.rvs_enable_flag = entry.at("rvs") == 1;
        header.grfs_enable_flag = entry.at("grfs") == 1;
        if (header.grfs_enable_flag)
            header.grfs_channel_flag = part.at("grfs_channel_flag").get<std::vector<std::uint8_t>>();
        header.use_cube_flags = entry.at("cube") == 1;
        if (header.use_cube_flags) header.cube_flag = part.at("cube_flag").get<std::vector<std::uint8_t>>();
    }
    return picture;
}

MiniStream make_stream(const nlohmann::json& entry) {
    MiniStream mini;
    mini.stream.picture = make_header(entry);
    mini.stream.hyper = mini.add_payload(from_hex(entry.at("soz_payload")), entry.at("soz_thread_sizes"));
    for (const Component c : {kPrimary, kSecondary}) {
        const auto& part = entry.at("comps").at(c);
        mini.models[c] = {std::make_shared<HyperScaleRunner>(make_network(c)), make_hyper_tables(c),
                          part.at("gain_vector_log").get<std::vector<std::int16_t>>()};
        mini.stream.residual[c].push_back(
            mini.add_payload(from_hex(part.at("substream_payload")), part.at("thread_sizes")));
    }
    if (mini.stream.picture.gain_3d_enable_flag) {  // the case gives the map, not its payload
        const auto map = array_of<std::int8_t>(entry.at("qp_map"), 1, 10, 7);
        const auto deltas = quality_map_deltas(map);
        const std::vector<std::uint8_t> table(deltas.size(), kQualityMapSigma[5]);
        const Lanes lanes = encode_residual(mini.stream.picture.num_threads_q, table, deltas.span());
        std::vector<std::uint64_t> sizes;
        for (const auto& lane : lanes) sizes.push_back(lane.size());
        mini.stream.quality_map = mini.add_payload(write_lane_block(lanes), sizes);
    }
    return mini;
}

void expect_stages(const nlohmann::json& truth, const LatentComponent& ours, const EntropyModel& model, int beta) {
    EXPECT_EQ(truth.at("z_hat").get<std::vector<std::int8_t>>(), values_of(ours.z_hat));
    const auto s0 = model.hyper_scale->run(ours.z_hat, 10, 7);
    EXPECT_EQ(truth.at("hsd_sha256_i32").get<std::string>(), (sha256_as<std::int32_t, std::int16_t>(s0.span())));
    if (!truth.at("hsd").is_null()) {
        EXPECT_EQ(truth.at("hsd").get<std::vector<std::int16_t>>(), values_of(s0));
    }
    for (std::size_t c = 0; c < kChannels; ++c) {
        EXPECT_EQ(truth.at("scaler_q10").at(c), gain_scaler_q10(model.gain_vector_log[c] + beta));
    }
    EXPECT_EQ(truth.at("skip_sigma_sha256_i32").get<std::string>(),
              (sha256_as<std::int32_t, std::int16_t>(ours.skip_scale_log.span())));
    EXPECT_EQ(truth.at("likely_sha256_i32").get<std::string>(),
              (sha256_as<std::int32_t, std::int16_t>(expand_blocks(ours.rvs_likely, 10, 7).span())));
    EXPECT_EQ(truth.at("sigma_sha256_i32").get<std::string>(),
              (sha256_as<std::int32_t, std::int16_t>(ours.scale_log.span())));
    std::vector<int> indices;
    for (const std::int16_t sigma : ours.scale_log.span()) indices.push_back(std::clamp((sigma + 64) >> 7, 0, 31));
    EXPECT_EQ(truth.at("sigma_idx_sha256_u8").get<std::string>(), (sha256_as<std::uint8_t, int>(indices)));
    EXPECT_EQ(truth.at("mask_sha256_u8").get<std::string>(), (sha256_as<std::uint8_t, std::uint8_t>(ours.mask.span())));
    EXPECT_EQ(truth.at("mask_count"), std::count(ours.mask.span().begin(), ours.mask.span().end(), 1));
    EXPECT_EQ(truth.at("residual").get<std::vector<std::int16_t>>(), values_of(ours.residual_quant));
    EXPECT_EQ(truth.at("dequant_sha256_f32").get<std::string>(), (sha256_as<float, float>(ours.residual.span())));
    EXPECT_EQ(truth.at("dequant_first16_f32_bits").get<std::vector<std::uint32_t>>(),
              float_bits(std::span<const float>(ours.residual.span()).first(16)));
}

class EndToEnd : public testing::TestWithParam<std::size_t> {
protected:
    static const nlohmann::json& cases() {
        static const nlohmann::json file = load_json(data_path("standard/e2e.json"));
        return file.at("cases");
    }
};
INSTANTIATE_TEST_SUITE_P(All, EndToEnd, testing::Values(0, 1, 2, 3));

TEST_P(EndToEnd, EveryStageEqualsTheReference) {
    const auto& entry = cases().at(GetParam());
    const MiniStream mini = make_stream(entry);
    const Latents latents = decode_latents(mini.stream, mini.file, mini.model_pointers());
    for (const Component c : {kPrimary, kSecondary}) {
        SCOPED_TRACE("component " + std::to_string(c));
        expect_stages(entry.at("comps").at(c), latents.component[c], mini.models[c], entry.at("beta").at(c));
        const auto contract = contract_hyper_scale(make_network(c), latents.component[c].z_hat, 10, 7);
        EXPECT_EQ(entry.at("comps").at(c).at("hsd_sha256_i32").get<std::string>(),
                  (sha256_as<std::int32_t, std::int16_t>(contract.span())));
    }
    if (mini.stream.picture.gain_3d_enable_flag) {
        EXPECT_EQ(entry.at("qp_map").get<std::vector<std::int8_t>>(), values_of(latents.qp_map.value()));
    }
}

TEST_P(EndToEnd, CodingGivesTheReferencePayloads) {
    const auto& entry = cases().at(GetParam());
    const MiniStream mini = make_stream(entry);
    const Latents latents = decode_latents(mini.stream, mini.file, mini.model_pointers());
    const LatentLanes lanes = encode_latents(mini.stream.picture, mini.model_pointers(), symbols_of(latents));
    EXPECT_EQ(from_hex(entry.at("soz_payload")), write_lane_block(lanes.hyper));
    for (const Component c : {kPrimary, kSecondary}) {
        EXPECT_EQ(from_hex(entry.at("comps").at(c).at("substream_payload")),
                  write_lane_block(lanes.residual[c].at(0).value()));
    }
}

TEST_P(EndToEnd, LeanDecodingGivesTheSameResidual) {
    const MiniStream mini = make_stream(cases().at(GetParam()));
    const Latents full = decode_latents(mini.stream, mini.file, mini.model_pointers());
    EntropyOptions options;
    options.keep_intermediates = false;
    const Latents lean = decode_latents(mini.stream, mini.file, mini.model_pointers(), options);
    for (const Component c : {kPrimary, kSecondary}) {
        EXPECT_EQ(float_bits(full.component[c].residual.span()), float_bits(lean.component[c].residual.span()));
        EXPECT_EQ(values_of(full.component[c].z_hat), values_of(lean.component[c].z_hat));
        EXPECT_TRUE(lean.component[c].skip_scale_log.empty() && lean.component[c].residual_quant.empty());
    }
}

/// z_cdf of the file: the distributions that the frequencies above give.
TEST(EndToEndModel, HyperDistributionsEqualTheReference) {
    const auto file = load_json(data_path("standard/e2e.json"));
    for (const Component component : {kPrimary, kSecondary}) {
        const auto tables = make_hyper_tables(component);
        for (std::size_t c = 0; c < kChannels; ++c) {
            const auto cdf = tables[c].cdf();
            EXPECT_EQ(file.at("cases").at(0).at("z_cdf").at(component).at(c).get<std::vector<std::uint8_t>>(),
                      std::vector<std::uint8_t>(cdf.begin(), cdf.end()));
        }
    }
}

}  // namespace
}  // namespace jpegai::test
