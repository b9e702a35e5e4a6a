// Every stream of the reference software: all integer tensors and the dequantised residual, exactly.
#include <gtest/gtest.h>

#include <limits>

#include "decoder/latents.h"
#include "tests/support/stream_truth.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"
#include "tests/support/vector_helpers.h"

namespace jpegai::test {
namespace {

constexpr const char* kPrefix[kComponents] = {"y.", "uv."};

Array3<std::int16_t> as_array(const std::vector<std::int16_t>& values) {
    Array3<std::int16_t> array(values.size(), 1, 1);
    std::copy(values.begin(), values.end(), array.data());
    return array;
}

void expect_component(const TensorTruth& truth, const StreamCase& stream, const Latents& latents, Component component) {
    const LatentComponent& ours = latents.component[component];
    const std::string prefix = kPrefix[component];
    truth.expect(prefix + "z_hat", ours.z_hat);
    truth.expect(prefix + "skip_scale_log", ours.skip_scale_log);
    truth.expect(prefix + "scale_log", ours.scale_log);
    truth.expect(prefix + "rvs_likely", expand_blocks(ours.rvs_likely, ours.residual.rows(), ours.residual.cols()));
    truth.expect(prefix + "mask", ours.mask);
    truth.expect(prefix + "residual_quant", ours.residual_quant);
    truth.expect(prefix + "residual", ours.residual);
    truth.expect(prefix + "gain_vector_log.scale", as_array(stream.models[component]->gain_vector_log));
    if (latents.qp_map) truth.expect(prefix + "qp_map", *latents.qp_map);
}

class LatentStream : public testing::TestWithParam<std::filesystem::path> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LatentStream);
INSTANTIATE_TEST_SUITE_P(All, LatentStream, testing::ValuesIn(all_stream_cases()), stream_test_name);

TEST_P(LatentStream, EqualsReference) {
    const StreamCase stream = load_stream_case(GetParam());
    const Latents latents = decode_latents(stream.stream, stream.file, stream.models);
    const TensorTruth truth(stream.folder, authoritative_run(stream.folder));
    for (const Component component : {kPrimary, kSecondary}) expect_component(truth, stream, latents, component);
}

/// The encoder of the reference has seen the same values. It does not go through the decoder's defects.
TEST_P(LatentStream, EqualsReferenceEncoder) {
    const StreamCase stream = load_stream_case(GetParam());
    const Latents latents = decode_latents(stream.stream, stream.file, stream.models);
    const TensorTruth truth(stream.folder, "enc_");
    for (const Component component : {kPrimary, kSecondary}) {
        const LatentComponent& ours = latents.component[component];
        const std::string prefix = kPrefix[component];
        truth.expect(prefix + "z_hat", ours.z_hat);
        truth.expect(prefix + "skip_scale_log", ours.skip_scale_log);
        truth.expect(prefix + "scale_log", ours.scale_log);
        truth.expect(prefix + "residual_quant", ours.residual_quant);

        const PictureHeader& picture = stream.stream.picture;
        const ComponentHeader& header = picture.component[component];
        Array3<std::uint8_t> flags(kCubePhases, picture.cube_rows(), picture.cube_cols());
        std::fill_n(flags.data(), flags.size(), std::uint8_t{1});
        if (header.use_cube_flags) std::copy(header.cube_flag.begin(), header.cube_flag.end(), flags.data());
        truth.expect(prefix + "cube_flag", flags);
    }
}

TEST_P(LatentStream, LeanDecodingGivesTheSame) {
    const StreamCase stream = load_stream_case(GetParam());
    EntropyOptions options;
    options.keep_intermediates = false;
    const Latents latents = decode_latents(stream.stream, stream.file, stream.models, options);
    const TensorTruth truth(stream.folder, authoritative_run(stream.folder));
    for (const Component component : {kPrimary, kSecondary}) {
        const LatentComponent& ours = latents.component[component];
        const std::string prefix = kPrefix[component];
        truth.expect(prefix + "z_hat", ours.z_hat);
        truth.expect(prefix + "residual", ours.residual);
        const bool needs_likely = stream.stream.picture.component[component].rvs_enable_flag ||
                                  stream.stream.tools.lsbs_enable_flag[component];
        EXPECT_EQ(ours.rvs_likely.empty(), !needs_likely);
        if (stream.stream.tools.lsbs_enable_flag[component]) {
            truth.expect(prefix + "rvs_likely",
                         expand_blocks(ours.rvs_likely, ours.residual.rows(), ours.residual.cols()));
        }
    }
}

/// Gives memory for residuals and notes what it is told.
struct NotingListener final : LatentListener {
    void hyper_decoded(Latents& latents) override {
        for (const LatentComponent& component : latents.component) EXPECT_FALSE(component.z_hat.empty());
        calls += "h";
    }
    Array3<float> residual_memory(Component component, const Shape& shape) override {
        calls += component == kPrimary ? "m" : "n";
        auto array = Array3<float>::uninitialized(shape.channels, shape.size.rows, shape.size.cols + wrong);
        std::fill_n(array.data(), array.size(), std::numeric_limits<float>::quiet_NaN());
        memory[component] = array.data();
        return array;
    }
    void component_decoded(Latents& latents, Component component) override {
        calls += component == kPrimary ? "p" : "s";
        EXPECT_EQ(latents.component[component].residual.data(), memory[component]);
        taken[component] = std::move(latents.component[component].residual);
    }
    std::string calls;
    std::array<const float*, kComponents> memory{};
    std::array<Array3<float>, kComponents> taken;
    std::size_t wrong = 0;
};

TEST(LatentStreams, AListenerIsToldInOrderAndGivesMemory) {
    JPEGAI_NEEDS_SHARED();
    for (const char* name : {"hop_other_synth", "bop_lsbs"}) {
        const StreamCase stream = load_stream_case(shared_dir() / "vectors" / name);
        NotingListener listener;
        EntropyOptions options;
        options.keep_intermediates = false;
        options.listener = &listener;
        (void)decode_latents(stream.stream, stream.file, stream.models, options);
        EXPECT_EQ(listener.calls, "hmpns");
        const TensorTruth truth(stream.folder, authoritative_run(stream.folder));
        for (const Component component : {kPrimary, kSecondary})
            truth.expect(std::string(kPrefix[component]) + "residual", listener.taken[component]);
        listener.wrong = 1;
        EXPECT_EQ(thrown_code([&] { (void)decode_latents(stream.stream, stream.file, stream.models, options); }),
                  JPEGAI_ERROR_ARGUMENT);
    }
}

/// LSBS on the reference's own latents, where those are dumped; a reference without LSBS leaves them as they are.
TEST(LatentStreams, LsbsEqualsTheReference) {
    JPEGAI_NEEDS_SHARED();
    std::size_t corrected = 0;
    for (const auto& folder : all_stream_cases()) {
        const TensorTruth truth(folder, authoritative_run(folder));
        for (const Component component : {kPrimary, kSecondary}) {
            const std::string prefix = kPrefix[component];
            const auto before = truth.dump(prefix + "y_hat_pre_lsbs");
            if (!before) continue;
            const StreamCase stream = load_stream_case(folder);
            if (!stream.stream.tools.lsbs_enable_flag[component]) continue;
            const Latents latents = decode_latents(stream.stream, stream.file, stream.models);
            const LatentComponent& ours = latents.component[component];
            Array3<float> y(ours.residual.channels(), ours.residual.rows(), ours.residual.cols());
            ASSERT_EQ(before->size(), y.size());
            std::copy(before->begin(), before->end(), y.data());
            apply_lsbs(y, ours.residual, ours.rvs_likely, stream.stream.picture.model_id);
            truth.expect(prefix + "y_hat", y);
            ++corrected;
        }
    }
    EXPECT_GE(corrected, 4U);
}

/// Decodes with another synthesis transform have the same latents.
TEST(LatentStreams, OtherSynthesisTransformsDoNotMatter) {
    JPEGAI_NEEDS_SHARED();
    const StreamCase stream = load_stream_case(shared_dir() / "vectors" / "hop_other_synth");
    const Latents latents = decode_latents(stream.stream, stream.file, stream.models);
    for (const char* run : {"prog_synth0_", "prog_synth1_", "prog_synth2_"}) {
        const TensorTruth truth(stream.folder, run);
        for (const Component component : {kPrimary, kSecondary}) expect_component(truth, stream, latents, component);
    }
}

}  // namespace
}  // namespace jpegai::test
