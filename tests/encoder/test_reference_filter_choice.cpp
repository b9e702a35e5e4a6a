// The reference encoder's filter decisions, taken again from its reconstructions and originals and compared with the
// headers of its streams.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "bitstream/header_syntax.h"
#include "decoder/network_cache.h"
#include "encoder/filters/choose.h"
#include "tests/encoder/filter_case.h"
#include "tests/encoder/filter_choice_support.h"
#include "tests/support/backends.h"
#include "tests/support/synthetic_weights.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

/// How many values of two headers are equal, and how far weights are apart.
struct Comparison {
    std::size_t fields = 0, equal_fields = 0;  ///< everything but weights
    std::size_t weights = 0, equal_weights = 0;
    int largest = 0;  ///< difference of two weights in codes

    void field(std::size_t ours, std::size_t theirs) {
        ++fields;
        equal_fields += ours == theirs;
    }
    void weight(int ours, int theirs) {
        ++weights;
        equal_weights += ours == theirs;
        largest = std::max(largest, std::abs(ours - theirs));
    }
    void codes(const std::vector<std::uint16_t>& ours, int our_min, const std::vector<std::uint16_t>& theirs,
               int their_min) {
        field(ours.size(), theirs.size());
        for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i)
            weight(ours[i] + our_min, theirs[i] + their_min);
    }
    void set(const EfeLinearSet& ours, const EfeLinearSet& theirs) {
        for (std::size_t p = 0; p < 2; ++p) {
            field(ours.plane[p].best_cand_idx, theirs.plane[p].best_cand_idx);
            field(ours.plane[p].filter_length, theirs.plane[p].filter_length);
            codes(ours.plane[p].weights, ours.min_symbol, theirs.plane[p].weights, theirs.min_symbol);
            codes(ours.plane[p].weights2, ours.min_symbol, theirs.plane[p].weights2, theirs.min_symbol);
        }
    }
    void tools(const ToolHeader& ours, const ToolHeader& theirs) {
        field(ours.efe_linear.has_value(), theirs.efe_linear.has_value());
        if (ours.efe_linear && theirs.efe_linear) {
            for (std::size_t p = 0; p < 2; ++p) field(ours.efe_linear->b1[p], theirs.efe_linear->b1[p]);
            set(ours.efe_linear->upsampled, theirs.efe_linear->upsampled);
            set(ours.efe_linear->main, theirs.efe_linear->main);
        }
        field(ours.efe_nonlinear.has_value(), theirs.efe_nonlinear.has_value());
        if (ours.efe_nonlinear && theirs.efe_nonlinear) nonlinear(*ours.efe_nonlinear, *theirs.efe_nonlinear);
        field(ours.eicci == theirs.eicci, true);
        field(ours.lef_ch_idx.value_or(255), theirs.lef_ch_idx.value_or(255));
    }
    void nonlinear(const EfeNonlinearHeader& ours, const EfeNonlinearHeader& theirs) {
        field(ours.min_symbol, theirs.min_symbol);
        field(ours.max_symbol, theirs.max_symbol);
        field(ours.tile_width, theirs.tile_width);
        field(ours.tile_height, theirs.tile_height);
        field(ours.min_luma == theirs.min_luma, true);
        field(ours.max_luma == theirs.max_luma, true);
        for (std::size_t p = 0; p < 2; ++p) {
            field(ours.mask_enabled[p], theirs.mask_enabled[p]);
            field(ours.mask[p] == theirs.mask[p], true);
            field(ours.enabled[p], theirs.enabled[p]);
            codes(ours.a1[p], ours.min_symbol, theirs.a1[p], theirs.min_symbol);
        }
    }
};

/// eICCI networks with the weights of the vectors.
class SyntheticBank : public EicciBank {
public:
    explicit SyntheticBank(OperatingPoint point) : point_(point) {}
    const NetworkRunner& luma(std::size_t index) override { return cache_.eicci(point_, index, false); }
    const NetworkRunner& chroma(std::size_t index) override { return cache_.eicci(point_, index, true); }

private:
    OperatingPoint point_;
    NetworkCache cache_{synthetic_weights(), fast_backend()};
};

class ReferenceChoice : public testing::TestWithParam<const char*> {};

TEST_P(ReferenceChoice, MatchesTheStream) {
    JPEGAI_NEEDS_SHARED();
    const FilterCase c = load_filter_case(GetParam());
    ToolHeader tools = c.stream.tools;
    const ToolHeader& theirs = c.stream.tools;
    FilterChoiceInputs inputs = inputs_of(c.stream.picture, c.original);
    inputs.scale_log = &c.scale_log;
    inputs.search = FilterSearch::kReference;
    inputs.synthesis = static_cast<OperatingPoint>(c.stream.picture.synthesis_transform_id[0]);
    inputs.allowed = {theirs.efe_linear.has_value(), theirs.eicci.has_value(), theirs.efe_nonlinear.has_value(),
                      theirs.lef_ch_idx.has_value()};
    SyntheticBank bank(inputs.synthesis);
    inputs.eicci = &bank;
    RunContext context;
    const FilterChoice choice = choose_post_filters(c.reconstruction, tools, inputs, context);
    EXPECT_TRUE(same_bits(choice.planes, filtered(c.reconstruction, c.stream.picture, tools, inputs)));
    Comparison comparison;
    comparison.tools(tools, theirs);
    std::printf("%s: %zu of %zu fields and %zu of %zu weights equal, weights at most %d codes apart\n", GetParam(),
                comparison.equal_fields, comparison.fields, comparison.equal_weights, comparison.weights,
                comparison.largest);
    if (std::getenv("JPEGAI_PRINT_FIELDS") != nullptr) {
        for (const ToolHeader* header : std::array<const ToolHeader*, 2>{&tools, &theirs}) {
            for (const HeaderField& field : list_fields(*header, c.stream.picture)) {
                std::printf(" %s", field.name.c_str());
                for (const std::uint32_t value : field.values) std::printf(" %u", value);
            }
            std::printf("\n");
        }
    }
    EXPECT_EQ(write_tool_header(tools, c.stream.picture), write_tool_header(theirs, c.stream.picture));
}

INSTANTIATE_TEST_SUITE_P(Cases, ReferenceChoice,
                         testing::Values("vectors/bop_efelin", "vectors/bop_efelin_203x301",
                                         "vectors/bop_efelin_coded420", "vectors/bop_efelin_nonlin",
                                         "vectors/bop_efelin_nonlin_yuv420", "vectors/bop_efenonlin",
                                         "vectors/bop_eicci", "vectors/hop_eicci", "vectors/sop_eicci",
                                         "vectors/bop_enhfilt", "vectors/bop_tools_on", "vectors/bop_lef",
                                         "vectors/bop_lef_m0", "vectors/bop_lef_m3", "models/vectors/bop_m1_efelin",
                                         "models/vectors/bop_m1_rvs_lsbs_efelin_lef", "models/vectors/sop_m2_lef"));

}  // namespace
}  // namespace jpegai::test
