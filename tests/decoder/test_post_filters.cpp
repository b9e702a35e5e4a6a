// The chain: order, second picture, checks before any work.
#include "decoder/filters/post_filters.h"

#include <gtest/gtest.h>

#include "decoder/filters/efe_linear.h"
#include "decoder/filters/efe_nonlinear.h"
#include "decoder/filters/lef.h"
#include "tests/decoder/efe_support.h"
#include "tests/decoder/fake_eicci.h"
#include "tests/decoder/plane_support.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using test::FakeBank;
using test::random_efe_nonlinear;
using test::random_efe_set;
using test::random_planes;
using test::same_bits;
using test::scattered_rows;
using test::thrown_code;

class PostFilters : public testing::Test {
protected:
    PostFilters() : planes_(random_planes(random_, 80, 100, {1, 1})), scales_(160, 5, 7) {
        picture_.img_width = 100;
        picture_.img_height = 80;
        for (std::int16_t& scale : scales_.span()) scale = static_cast<std::int16_t>(random_() % 3968);
        tools_.efe_linear = EfeLinearHeader{{12800, 12700},
                                            random_efe_set(random_, {1, 1}, {1, 1}, true),
                                            random_efe_set(random_, {6, 3}, {3, 2}, true)};
        tools_.eicci = EicciHeader{};
        tools_.eicci->tiles = {{{true, true, true}, true, 0, 1}};
        tools_.efe_nonlinear = random_efe_nonlinear(random_, {80, 100}, 64, 64, 16);
        tools_.lef_ch_idx = std::uint8_t{140};
    }

    PostFilterInputs inputs() {
        PostFilterInputs inputs;
        inputs.picture = &picture_;
        inputs.tools = &tools_;
        inputs.scale_log = &scales_;
        inputs.eicci = &bank_;
        return inputs;
    }
    Planes run(const PostFilterInputs& inputs) {
        Planes planes = planes_;
        RunContext context;
        apply_post_filters(planes, inputs, context);
        return planes;
    }
    jpegai_error check() {
        return thrown_code([&] { check_post_filters(picture_, tools_, OperatingPoint::kBop); });
    }

    std::mt19937 random_{41};
    PictureHeader picture_;
    ToolHeader tools_;
    Planes planes_;
    Array3<std::int16_t> scales_;
    FakeBank bank_;
};

TEST_F(PostFilters, OrderAndSecondPicture) {
    std::vector<std::pair<PostFilter, Planes>> stages;
    PostFilterInputs in = inputs();
    in.done = [&](PostFilter filter, const Planes& planes) { stages.emplace_back(filter, planes); };
    const Planes result = run(in);

    Planes expected = planes_;
    const auto second = apply_efe_linear(expected, tools_.efe_linear->b1, tools_.efe_linear->upsampled, {1, 1});
    auto chroma = apply_efe_linear(expected, tools_.efe_linear->b1, tools_.efe_linear->main, {1, 1});
    expected.plane[1] = std::move(chroma[0]);
    expected.plane[2] = std::move(chroma[1]);
    ASSERT_EQ(stages.size(), 4U);
    EXPECT_EQ(stages[0].first, PostFilter::kEfeLinear);
    EXPECT_TRUE(same_bits(stages[0].second, expected));
    RunContext context;
    apply_eicci(expected, picture_, *tools_.eicci, OperatingPoint::kBop, bank_, false, context);
    EXPECT_EQ(stages[1].first, PostFilter::kEicci);
    EXPECT_TRUE(same_bits(stages[1].second, expected));
    apply_efe_nonlinear(expected, &second, *tools_.efe_nonlinear, false);
    EXPECT_EQ(stages[2].first, PostFilter::kEfeNonlinear);
    EXPECT_TRUE(same_bits(stages[2].second, expected));
    apply_lef(expected.plane[0], scales_, 140, 0);
    EXPECT_EQ(stages[3].first, PostFilter::kLef);
    EXPECT_TRUE(same_bits(result, expected));
}

TEST_F(PostFilters, RowsMayBeSplitAnyhow) {
    PostFilterInputs in = inputs();
    const Planes expected = run(in);
    for (const std::size_t step : {1U, 3U, 32U}) {
        in.rows = scattered_rows(step);
        EXPECT_TRUE(same_bits(run(in), expected)) << step;
    }
}

TEST_F(PostFilters, NothingEnabledChangesNothing) {
    tools_ = {};
    EXPECT_TRUE(same_bits(run(inputs()), planes_));
}

TEST_F(PostFilters, MissingInputsAreErrors) {
    const auto code = [&](const PostFilterInputs& in) { return thrown_code([&] { (void)run(in); }); };
    PostFilterInputs in = inputs();
    in.scale_log = nullptr;
    EXPECT_EQ(code(in), JPEGAI_ERROR_ARGUMENT);
    in = inputs();
    in.eicci = nullptr;
    EXPECT_EQ(code(in), JPEGAI_ERROR_ARGUMENT);
    in = inputs();
    in.tools = nullptr;
    EXPECT_EQ(code(in), JPEGAI_ERROR_ARGUMENT);
    in = inputs();
    picture_.diff_display_img_width = 1;
    EXPECT_EQ(code(in), JPEGAI_ERROR_ARGUMENT) << "planes of another size";
}

TEST_F(PostFilters, ChecksComeBeforeAnyNetwork) {
    EXPECT_EQ(check(), JPEGAI_OK);
    tools_.eicci->tiles.push_back({});
    EXPECT_EQ(check(), JPEGAI_ERROR_HEADER);
    tools_.eicci.reset();
    tools_.lef_ch_idx = std::uint8_t{160};
    EXPECT_EQ(check(), JPEGAI_ERROR_HEADER);
    tools_.lef_ch_idx.reset();
    tools_.efe_linear->main.plane[1].best_cand_idx = 0;
    EXPECT_EQ(check(), JPEGAI_ERROR_HEADER);
    tools_.efe_linear.reset();
    EXPECT_EQ(check(), JPEGAI_ERROR_HEADER) << "masks, but no second picture";
    tools_.efe_nonlinear->mask_enabled = {false, false};
    EXPECT_EQ(check(), JPEGAI_OK);
    picture_.c_hor = 2;
    EXPECT_EQ(check(), JPEGAI_OK);
    picture_.s_ver = picture_.c_ver = 2;
    EXPECT_EQ(check(), JPEGAI_ERROR_UNSUPPORTED) << "vertical sub-sampling alone";
    picture_.s_hor = 2;
    picture_.s_ver = 1;
    EXPECT_EQ(check(), JPEGAI_ERROR_UNSUPPORTED) << "4:2:2 coded as 4:2:0";
}

// 04 section 3.4: set A counts only when a mask asks for it, so an unusable one is harmless otherwise.
TEST_F(PostFilters, UnusedSecondSetIsNotChecked) {
    tools_.efe_linear->upsampled.plane[1].best_cand_idx = 0;
    EXPECT_EQ(check(), JPEGAI_ERROR_HEADER);
    tools_.efe_nonlinear->mask_enabled = {false, false};
    EXPECT_EQ(check(), JPEGAI_OK);
    static_cast<void>(run(inputs()));
}

TEST_F(PostFilters, QuirkIgnoresALoneMaskOfV) {
    tools_.efe_nonlinear->mask_enabled = {false, true};
    PostFilterInputs in = inputs();
    const Planes meant = run(in);
    in.quirks = ReferenceQuirks::all();
    const Planes reference = run(in);
    tools_.efe_nonlinear->mask_enabled = {false, false};
    EXPECT_TRUE(same_bits(run(inputs()), reference));
    EXPECT_TRUE(same_bits(meant.plane[1], reference.plane[1]));
    EXPECT_FALSE(same_bits(meant.plane[2], reference.plane[2]));
    tools_.efe_nonlinear->mask_enabled = {false, true};
    tools_.efe_linear.reset();
    EXPECT_EQ(check(), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(thrown_code([&] { check_post_filters(picture_, tools_, OperatingPoint::kBop, ReferenceQuirks::all()); }),
              JPEGAI_OK);
}

TEST_F(PostFilters, CancellationBetweenFilters) {
    RunContext context;
    int calls = 0;
    context.keep_going = [&] { return ++calls < 3; };
    Planes planes = planes_;
    EXPECT_EQ(thrown_code([&] { apply_post_filters(planes, inputs(), context); }), JPEGAI_ERROR_CANCELLED);
}

}  // namespace
}  // namespace jpegai
