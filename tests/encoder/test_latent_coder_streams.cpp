// Coding the decoded symbols of every reference stream again gives the same bytes.
#include <gtest/gtest.h>

#include "encoder/latent_coder.h"
#include "tests/support/stream_truth.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

class RecodedStream : public testing::TestWithParam<std::filesystem::path> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RecodedStream);
INSTANTIATE_TEST_SUITE_P(All, RecodedStream, testing::ValuesIn(all_stream_cases()), stream_test_name);

TEST_P(RecodedStream, GivesTheSameBytes) {
    const StreamCase stream = load_stream_case(GetParam());
    const Latents latents = decode_latents(stream.stream, stream.file, stream.models);
    const CodestreamParts original = take_parts(stream.stream, stream.file);
    const LatentLanes lanes = encode_latents(stream.stream.picture, stream.models, symbols_of(latents));
    EXPECT_EQ(original.hyper, lanes.hyper);
    EXPECT_EQ(original.residual, lanes.residual);
    EXPECT_EQ(original.quality_map, lanes.quality_map);

    CodestreamParts parts = original;
    set_lanes(parts, lanes);
    EXPECT_EQ(write_codestream(parts), stream.file);
}

/// N channels of a stream, taken out by coding anew, decode as the first N channels of the whole stream do.
TEST_P(RecodedStream, ReducedChannelsEqualProgressiveDecoding) {
    const StreamCase stream = load_stream_case(GetParam());
    EntropyOptions options;
    options.max_channels = {37, 5};
    const auto reduced = reduce_channels(stream.stream, stream.file, stream.models, options.max_channels);
    EXPECT_LT(reduced.size(), stream.file.size());
    const Codestream parsed = parse_codestream(reduced);
    EXPECT_EQ(parsed.picture.component[kPrimary].num_chs, 37);
    EXPECT_EQ(parsed.picture.component[kSecondary].num_chs, 5);

    const Latents ours = decode_latents(parsed, reduced, stream.models);
    const Latents progressive = decode_latents(stream.stream, stream.file, stream.models, options);
    for (const Component component : {kPrimary, kSecondary}) {
        const LatentComponent &a = ours.component[component], &b = progressive.component[component];
        EXPECT_TRUE(std::ranges::equal(a.residual.span(), b.residual.span()));
        EXPECT_TRUE(std::ranges::equal(a.residual_quant.span(), b.residual_quant.span()));
        EXPECT_TRUE(std::ranges::equal(a.rvs_likely.span(), b.rvs_likely.span()));
    }
}

}  // namespace
}  // namespace jpegai::test
