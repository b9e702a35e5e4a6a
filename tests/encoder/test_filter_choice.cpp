// Post-filter decisions: known degradations are undone, noise switches nothing on, the header says what was measured.
#include <gtest/gtest.h>

#include "base/error.h"
#include "decoder/filters/efe_linear.h"
#include "decoder/filters/efe_nonlinear.h"
#include "decoder/filters/lef.h"
#include "encoder/filters/choose_lef.h"
#include "tests/decoder/efe_support.h"
#include "tests/encoder/filter_choice_support.h"
#include "tests/support/thrown.h"

namespace jpegai::test {
namespace {

class Choice : public testing::TestWithParam<std::size_t> {
protected:
    const PictureShape shape = picture_shapes()[GetParam()];
    const PictureHeader picture = header_of(shape);
    std::mt19937 random{static_cast<unsigned>(100 + GetParam())};
    RunContext context;
};

Array3<std::int16_t> random_scales(std::mt19937& random, const PictureShape& shape) {
    Array3<std::int16_t> scales(160, ceil_div<std::size_t>(shape.rows, 16), ceil_div<std::size_t>(shape.cols, 16));
    for (std::int16_t& scale : scales.span()) scale = static_cast<std::int16_t>(random() % 3968);
    return scales;
}

/// Planes and header belong together, and the Lagrangian did not get worse.
void expect_consistent(const FilterChoice& choice, const Planes& reconstruction, const PictureHeader& picture,
                       const ToolHeader& tools, const FilterChoiceInputs& inputs) {
    EXPECT_TRUE(same_bits(choice.planes, filtered(reconstruction, picture, tools, inputs)));
    EXPECT_EQ(choice.bits, tool_header_bits(tools, picture) - tool_header_bits({}, picture));
    const double before = weighted_error(reconstruction, *inputs.original);
    const double after = weighted_error(choice.planes, *inputs.original) +
                         inputs.lagrangian.sse_per_bit * static_cast<double>(choice.bits);
    EXPECT_LE(after, before);
    const std::array<double, 3> errors = squared_errors(choice.planes, *inputs.original);
    for (std::size_t p = 0; p < 3; ++p) {
        EXPECT_DOUBLE_EQ(choice.psnr_after[p], psnr(errors[p], inputs.original->plane[p].size()));
    }
}

TEST_P(Choice, UndoesAKnownLinearFilter) {
    const Planes reconstruction = textured_planes(random, shape);
    Planes original = reconstruction;
    const EfeLinearSet set = random_efe_set(random, {1, 1}, {2, 3}, shape.source == shape.coded);
    auto chroma = apply_efe_linear(reconstruction, {13000, 12000}, set, shape.coded);
    for (std::size_t p = 0; p < 2; ++p) original.plane[p + 1] = std::move(chroma[p]);
    const FilterChoiceInputs inputs = inputs_of(picture, original);
    ToolHeader tools;
    tools.lsbs_enable_flag = {true, false};
    const FilterChoice choice = choose_post_filters(reconstruction, tools, inputs, context);
    EXPECT_EQ(tools.lsbs_enable_flag, (std::array<bool, 2>{true, false}));
    ASSERT_TRUE(tools.efe_linear.has_value());
    expect_consistent(choice, reconstruction, picture, tools, inputs);
    EXPECT_TRUE(choice.steps[0].on);
    for (std::size_t p = 1; p < 3; ++p) {
        EXPECT_GT(choice.psnr_after[p], 50);
        EXPECT_GT(choice.psnr_after[p], choice.psnr_before[p] + 8);
    }
    EXPECT_EQ(choice.psnr_after[0], choice.psnr_before[0]);
}

TEST_P(Choice, NoiseSwitchesNothingOn) {
    const Planes reconstruction = textured_planes(random, shape);
    Planes original = reconstruction;
    add_noise(random, original, 5);
    const Array3<std::int16_t> scales = random_scales(random, shape);
    FilterChoiceInputs inputs = inputs_of(picture, original);
    inputs.scale_log = &scales;
    inputs.lagrangian.sse_per_bit = 8;  // the noise has variance 8.3
    ToolHeader tools;
    const FilterChoice choice = choose_post_filters(reconstruction, tools, inputs, context);
    EXPECT_EQ(tools, ToolHeader{});
    EXPECT_EQ(choice.bits, 0U);
    EXPECT_TRUE(same_bits(choice.planes, reconstruction));
    for (const FilterStep& step : choice.steps) EXPECT_FALSE(step.on);
}

TEST_P(Choice, UndoesAKnownCurve) {
    const Planes reconstruction = textured_planes(random, shape);
    Planes original = reconstruction;
    EfeNonlinearHeader curve = random_efe_nonlinear(random, reconstruction.size(1), 1024, 1024, 64);
    curve.mask_enabled = {};
    apply_efe_nonlinear(original, nullptr, curve, false);
    const FilterChoiceInputs inputs = inputs_of(picture, original);
    ToolHeader tools;
    const FilterChoice choice = choose_post_filters(reconstruction, tools, inputs, context);
    expect_consistent(choice, reconstruction, picture, tools, inputs);
    ASSERT_TRUE(tools.efe_nonlinear.has_value());
    EXPECT_TRUE(choice.steps[2].on);
    EXPECT_GT(choice.steps[2].bits, 0U);
    for (std::size_t p = 1; p < 3; ++p) EXPECT_GT(choice.psnr_after[p], choice.psnr_before[p] + 8);
}

TEST_P(Choice, FindsTheLefChannel) {
    const Planes reconstruction = textured_planes(random, shape);
    const Array3<std::int16_t> scales = random_scales(random, shape);
    Planes original = reconstruction;
    apply_lef(original.plane[0], scales, 77, picture.model_id);
    FilterChoiceInputs inputs = inputs_of(picture, original);
    inputs.scale_log = &scales;
    ToolHeader tools;
    const FilterChoice choice = choose_post_filters(reconstruction, tools, inputs, context);
    ASSERT_TRUE(tools.lef_ch_idx.has_value());
    EXPECT_EQ(*tools.lef_ch_idx, 77);
    EXPECT_EQ(choice.steps[3].bits, 8U);
    expect_consistent(choice, reconstruction, picture, tools, inputs);
}

/// The table of errors per latent position gives what the filter gives, for every channel.
TEST_P(Choice, JudgesEveryLefChannelExactly) {
    const Planes reconstruction = textured_planes(random, shape);
    Planes original = reconstruction;
    add_noise(random, original, 3);
    const Array3<std::int16_t> scales = random_scales(random, shape);
    for (const std::size_t model : {0U, 1U, 2U, 3U}) {
        const LefChoice best = choose_lef(reconstruction.plane[0], original.plane[0], scales, model);
        double least = 0;
        for (std::size_t c = 0; c < 160; ++c) {
            Array3<float> luma = reconstruction.plane[0];
            apply_lef(luma, scales, c, model);
            const double error = squared_error(luma, original.plane[0]);
            if (c == best.channel) {
                EXPECT_NEAR(error / best.squared_error, 1, 1e-9);
            }
            least = c == 0 ? error : std::min(least, error);
        }
        EXPECT_NEAR(best.squared_error / least, 1, 1e-9);
    }
}

TEST_P(Choice, DoesNotDependOnTheRowRunner) {
    const Planes reconstruction = textured_planes(random, shape);
    Planes original = textured_planes(random, shape);
    const Array3<std::int16_t> scales = random_scales(random, shape);
    FilterChoiceInputs inputs = inputs_of(picture, original);
    inputs.lagrangian.sse_per_bit = 0.1;
    inputs.scale_log = &scales;
    ToolHeader serial, scattered;
    const FilterChoice a = choose_post_filters(reconstruction, serial, inputs, context);
    inputs.rows = scattered_rows(3);
    const FilterChoice b = choose_post_filters(reconstruction, scattered, inputs, context);
    EXPECT_EQ(serial, scattered);
    EXPECT_TRUE(same_bits(a.planes, b.planes));
    EXPECT_EQ(a.psnr_after, b.psnr_after);
    expect_consistent(a, reconstruction, picture, serial, inputs);
}

TEST_P(Choice, IsNoWorseWhenThorough) {
    const Planes reconstruction = textured_planes(random, shape), original = textured_planes(random, shape);
    FilterChoiceInputs inputs = inputs_of(picture, original);
    std::array<double, 2> price{};
    for (const bool thorough : {false, true}) {
        inputs.thorough = thorough;
        ToolHeader tools;
        const FilterChoice choice = choose_post_filters(reconstruction, tools, inputs, context);
        expect_consistent(choice, reconstruction, picture, tools, inputs);
        price[thorough] =
            weighted_error(choice.planes, original) + inputs.lagrangian.sse_per_bit * static_cast<double>(choice.bits);
    }
    EXPECT_LE(price[1], price[0]);
}

TEST_P(Choice, KeepsToWhatIsAllowed) {
    const Planes reconstruction = textured_planes(random, shape);
    const Planes original = textured_planes(random, shape);
    const Array3<std::int16_t> scales = random_scales(random, shape);
    FilterChoiceInputs inputs = inputs_of(picture, original);
    inputs.lagrangian.sse_per_bit = 0;
    inputs.scale_log = &scales;
    inputs.allowed = {false, false, false, false};
    ToolHeader tools;
    tools.lef_ch_idx = 3;
    tools.efe_linear.emplace();
    static_cast<void>(choose_post_filters(reconstruction, tools, inputs, context));
    EXPECT_EQ(tools, ToolHeader{});
    inputs.allowed.lef = true;
    static_cast<void>(choose_post_filters(reconstruction, tools, inputs, context));
    EXPECT_FALSE(tools.efe_linear.has_value());
    EXPECT_FALSE(tools.efe_nonlinear.has_value());
}

INSTANTIATE_TEST_SUITE_P(Shapes, Choice, testing::Range<std::size_t>(0, 8));

class TwoPictures : public testing::TestWithParam<std::size_t> {};

/// Blocks need one of two filters, in a pattern that no split of EFE-linear has.
TEST_P(TwoPictures, AreToldApart) {
    const std::array<PictureShape, 3> shapes = {
        {{{1, 1}, {1, 1}, 192, 320}, {{1, 2}, {1, 2}, 200, 384}, {{2, 2}, {2, 2}, 384, 399}}};
    const PictureShape& shape = shapes[GetParam()];
    const PictureHeader picture = header_of(shape);
    std::mt19937 random(6);
    const Planes reconstruction = textured_planes(random, shape);
    Planes original = reconstruction;
    for (std::size_t p = 1; p < 3; ++p) {
        for (std::size_t y = 0; y < original.plane[p].rows(); ++y) {
            for (std::size_t x = 0; x < original.plane[p].cols(); ++x) {
                const float sign = (y / 64 + x / 64) % 2 == 0 ? 1.0F : -1.0F;
                original.plane[p](0, y, x) += sign * 0.1F * (reconstruction.plane[p](0, y, x) - 125.0F) + 4 * sign;
            }
        }
    }
    FilterChoiceInputs inputs = inputs_of(picture, original);
    inputs.allowed = {true, false, false, false};
    ToolHeader single, both;
    RunContext context;
    const FilterChoice without = choose_post_filters(reconstruction, single, inputs, context);
    inputs.allowed.efe_nonlinear = true;
    const FilterChoice with = choose_post_filters(reconstruction, both, inputs, context);
    expect_consistent(with, reconstruction, picture, both, inputs);
    ASSERT_TRUE(both.efe_nonlinear.has_value());
    EXPECT_TRUE(both.efe_nonlinear->mask_enabled[0]);
    EXPECT_TRUE(both.efe_nonlinear->mask_enabled[1]);
    EXPECT_EQ(both.efe_nonlinear->block_size, 64);
    for (std::size_t p = 1; p < 3; ++p) {
        EXPECT_GT(with.psnr_after[p], without.psnr_after[p] + 3);
        EXPECT_GT(with.psnr_after[p], 45);
    }
}

INSTANTIATE_TEST_SUITE_P(Formats, TwoPictures, testing::Range<std::size_t>(0, 3));

TEST(ChoiceInputs, AreChecked) {
    std::mt19937 random(5);
    const PictureShape& shape = picture_shapes()[0];
    const PictureHeader picture = header_of(shape);
    const Planes planes = textured_planes(random, shape), other = textured_planes(random, picture_shapes()[1]);
    RunContext context;
    ToolHeader tools;
    const auto run = [&](const Planes& reconstruction, const FilterChoiceInputs& inputs) {
        return thrown_code([&] { static_cast<void>(choose_post_filters(reconstruction, tools, inputs, context)); });
    };
    FilterChoiceInputs inputs = inputs_of(picture, planes);
    EXPECT_EQ(run(other, inputs), JPEGAI_ERROR_ARGUMENT);
    inputs.original = &other;
    EXPECT_EQ(run(planes, inputs), JPEGAI_ERROR_ARGUMENT);
    inputs.original = nullptr;
    EXPECT_EQ(run(planes, inputs), JPEGAI_ERROR_ARGUMENT);
    inputs = inputs_of(picture, planes);
    inputs.picture = nullptr;
    EXPECT_EQ(run(planes, inputs), JPEGAI_ERROR_ARGUMENT);
}

}  // namespace
}  // namespace jpegai::test
