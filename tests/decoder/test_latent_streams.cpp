// Every stream of the reference software: all integer tensors and the dequantised residual, exactly.
#include <gtest/gtest.h>

#include "decoder/latents.h"
#include "tests/support/stream_truth.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

constexpr const char* kPrefix[kComponents] = {"y.", "uv."};

/// The reference repeats a block's value for every latent of the block.
Array3<std::int16_t> expand_blocks(const Array3<std::int16_t>& blocks, std::size_t rows, std::size_t cols) {
    Array3<std::int16_t> expanded(blocks.channels(), rows, cols);
    for (std::size_t c = 0; c < expanded.channels(); ++c) {
        for (std::size_t y = 0; y < rows; ++y) {
            for (std::size_t x = 0; x < cols; ++x) expanded(c, y, x) = blocks(c, y / 8, x / 8);
        }
    }
    return expanded;
}

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

}  // namespace
}  // namespace jpegai::test
