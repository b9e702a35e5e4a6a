// What the post-filters gain on real pictures coded with trained weights, and that the header says what was measured.
#include <gtest/gtest.h>

#include <cstdio>
#include <ctime>

#include "encoder/filters/choose.h"
#include "tests/encoder/filter_case.h"
#include "tests/encoder/filter_choice_support.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

class FilterGains : public testing::TestWithParam<const char*> {};

TEST_P(FilterGains, Choose) {
    JPEGAI_NEEDS_SHARED();
    const FilterCase c = load_filter_case(std::string("models/vectors/") + GetParam());
    ToolHeader tools = c.stream.tools;
    FilterChoiceInputs inputs;
    inputs.picture = &c.stream.picture;
    inputs.original = &c.original;
    inputs.scale_log = &c.scale_log;
    const std::array<double, 3> before = squared_errors(c.reconstruction, c.original);
    inputs.lagrangian =
        lagrangian_for_rate(before[0] + before[1] + before[2], 8.0 * static_cast<double>(c.stream_bytes));
    RunContext context;
    const std::clock_t start = std::clock();
    const FilterChoice choice = choose_post_filters(c.reconstruction, tools, inputs, context);
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    std::printf("%-28s %4.0f ms, %6zu bytes, %5zu bits more, Y %.2f U %.2f V %.2f  %+.3f %+.3f %+.3f dB;", GetParam(),
                seconds * 1000, c.stream_bytes, choice.bits, choice.psnr_before[0], choice.psnr_before[1],
                choice.psnr_before[2], choice.psnr_after[0] - choice.psnr_before[0],
                choice.psnr_after[1] - choice.psnr_before[1], choice.psnr_after[2] - choice.psnr_before[2]);
    for (const FilterStep& step : choice.steps) {
        if (step.on) std::printf(" %s(%zu)", post_filter_name(step.filter), step.bits);
    }
    if (tools.efe_linear) {
        for (const auto& plane : tools.efe_linear->main.plane)
            std::printf(" split %d length %d", plane.best_cand_idx - 1, plane.filter_length);
    }
    if (tools.efe_nonlinear && tools.efe_nonlinear->mask_enabled[0])
        std::printf(" masks of %d", tools.efe_nonlinear->block_size);
    std::printf("\n");
    EXPECT_TRUE(same_bits(choice.planes, filtered(c.reconstruction, c.stream.picture, tools, inputs)));
    const double price =
        weighted_error(choice.planes, c.original) + inputs.lagrangian.sse_per_bit * static_cast<double>(choice.bits);
    // What the gain is worth: bits that the latents would have to take for it.
    const double total = before[0] + before[1] + before[2];
    std::printf("%-28s worth %.2f %% of the stream, net of its own bits\n", "",
                100 * (total - price) / inputs.lagrangian.sse_per_bit / (8.0 * static_cast<double>(c.stream_bytes)));
    EXPECT_LT(price, before[0] + before[1] + before[2]);
}

INSTANTIATE_TEST_SUITE_P(Trained, FilterGains,
                         testing::Values("bop_m0", "bop_m0_rvs_lsbs", "bop_m1", "bop_m1_beta-250",
                                         "bop_m1_depreg_512x256", "bop_m1_efelin", "bop_m1_kodim19", "bop_m1_rvs",
                                         "bop_m1_rvs_lsbs_efelin_lef", "bop_m2", "bop_m2_beta+180_lsbs", "bop_m2_thr8",
                                         "bop_m3", "sop_m0_odd", "sop_m1", "sop_m2_lef", "sop_m3"));

}  // namespace
}  // namespace jpegai::test
