// eICCI decisions, with networks whose effect is known.
#include <gtest/gtest.h>

#include "base/error.h"
#include "encoder/filters/choose_eicci.h"
#include "encoder/filters/ms_ssim.h"
#include "tests/decoder/fake_eicci.h"
#include "tests/encoder/filter_choice_support.h"
#include "tests/support/thrown.h"

namespace jpegai::test {
namespace {

void shift(Array3<float>& plane, float step) {
    for (float& sample : plane.span()) sample += 255.0F * step;
}

class EicciChoice : public testing::Test {
protected:
    FilterChoiceInputs inputs(const PictureHeader& picture, const Planes& original) {
        FilterChoiceInputs result = inputs_of(picture, original);
        result.allowed = {false, true, false, false};
        result.eicci = &bank;
        return result;
    }
    FakeBank bank;
    RunContext context;
    std::mt19937 random{11};
};

/// BOP, model 1: the short list names networks 3 and 6 for luma, 1 and 2 for chroma.
TEST_F(EicciChoice, FindsTheNetworksOfTheShortList) {
    for (const ChromaFormat format : {ChromaFormat{1, 1}, ChromaFormat{1, 2}}) {
        const PictureShape shape{format, format, 96, 120};
        const PictureHeader picture = header_of(shape);
        const Planes reconstruction = textured_planes(random, shape);
        Planes original = reconstruction;
        shift(original.plane[0], FakeBank::luma_step(6));
        shift(original.plane[2], FakeBank::chroma_step(2));
        ToolHeader tools;
        const FilterChoiceInputs in = inputs(picture, original);
        const FilterChoice choice = choose_post_filters(reconstruction, tools, in, context);
        ASSERT_TRUE(tools.eicci.has_value());
        EXPECT_FALSE(tools.eicci->tile_enable);
        ASSERT_EQ(tools.eicci->tiles.size(), 1U);
        const EicciHeader::Tile& tile = tools.eicci->tiles[0];
        EXPECT_EQ(tile.use, (std::array<bool, 3>{true, false, true}));
        EXPECT_TRUE(tile.use_short_list);
        EXPECT_EQ(tile.model_idx_y, 1);
        EXPECT_EQ(tile.model_idx_uv, 1);
        EXPECT_TRUE(choice.steps[1].on);
        EXPECT_EQ(choice.steps[1].bits, 9U);
        EXPECT_GT(choice.psnr_after[0], choice.psnr_before[0] + 20);
        EXPECT_TRUE(same_bits(choice.planes, filtered(reconstruction, picture, tools, in)));
    }
}

TEST_F(EicciChoice, FindsTheNetworksOfTheLongList) {
    const PictureShape shape{{1, 1}, {1, 1}, 64, 80};
    const PictureHeader picture = header_of(shape);
    const Planes reconstruction = textured_planes(random, shape);
    Planes original = reconstruction;
    shift(original.plane[0], FakeBank::luma_step(9));
    shift(original.plane[1], FakeBank::chroma_step(7));
    shift(original.plane[2], FakeBank::chroma_step(7));
    FilterChoiceInputs in = inputs(picture, original);
    in.eicci_long_list = true;
    for (const bool per_tile : {false, true}) {
        in.eicci_per_tile = per_tile;
        ToolHeader tools;
        const FilterChoice choice = choose_post_filters(reconstruction, tools, in, context);
        ASSERT_TRUE(tools.eicci.has_value());
        const EicciHeader::Tile& tile = tools.eicci->tiles.at(0);
        EXPECT_EQ(tile.use, (std::array<bool, 3>{true, true, true}));
        EXPECT_FALSE(tile.use_short_list);
        EXPECT_EQ(tile.model_idx_y, 9);
        EXPECT_EQ(tile.model_idx_uv, 7);
        EXPECT_TRUE(same_bits(choice.planes, filtered(reconstruction, picture, tools, in)));
    }
}

TEST_F(EicciChoice, StaysOffWhereItDoesNotPay) {
    const PictureShape shape{{1, 1}, {1, 1}, 64, 80}, small{{2, 2}, {2, 2}, 64, 80};
    const PictureHeader picture = header_of(shape);
    const Planes reconstruction = textured_planes(random, shape);
    ToolHeader tools;
    // Networks that change something, and nothing to correct.
    const FilterChoice off = choose_post_filters(reconstruction, tools, inputs(picture, reconstruction), context);
    EXPECT_EQ(tools, ToolHeader{});
    EXPECT_TRUE(same_bits(off.planes, reconstruction));
    // No networks, and a format that has no eICCI.
    Planes original = reconstruction;
    shift(original.plane[0], FakeBank::luma_step(6));
    FilterChoiceInputs without = inputs(picture, original);
    without.eicci = nullptr;
    static_cast<void>(choose_post_filters(reconstruction, tools, without, context));
    EXPECT_EQ(tools, ToolHeader{});
    const PictureHeader small_picture = header_of(small);
    const Planes small_reconstruction = textured_planes(random, small);
    Planes small_original = small_reconstruction;
    shift(small_original.plane[0], FakeBank::luma_step(6));
    static_cast<void>(choose_post_filters(small_reconstruction, tools, inputs(small_picture, small_original), context));
    EXPECT_EQ(tools, ToolHeader{});
}

/// A weight set without eICCI networks.
class EmptyBank : public EicciBank {
public:
    explicit EmptyBank(jpegai_error code) : code_(code) {}
    const NetworkRunner& luma(std::size_t) override { throw Error(code_, "no network"); }
    const NetworkRunner& chroma(std::size_t) override { throw Error(code_, "no network"); }

private:
    jpegai_error code_;
};

TEST_F(EicciChoice, StaysOffWithoutWeights) {
    const PictureShape shape{{1, 1}, {1, 1}, 192, 176};
    const PictureHeader picture = header_of(shape);
    const Planes reconstruction = textured_planes(random, shape), original = textured_planes(random, shape);
    for (const FilterSearch search : {FilterSearch::kBest, FilterSearch::kReference}) {
        FilterChoiceInputs in = inputs(picture, original);
        in.search = search;
        EmptyBank empty(JPEGAI_ERROR_MODEL), broken(JPEGAI_ERROR_MEMORY);
        in.eicci = &empty;
        ToolHeader tools;
        static_cast<void>(choose_post_filters(reconstruction, tools, in, context));
        EXPECT_EQ(tools, ToolHeader{});
        in.eicci = &broken;
        EXPECT_EQ(thrown_code([&] { static_cast<void>(choose_post_filters(reconstruction, tools, in, context)); }),
                  JPEGAI_ERROR_MEMORY);
    }
}

/// Two tiles that need different networks.
TEST_F(EicciChoice, ChoosesPerTileWhenAsked) {
    const PictureShape shape{{1, 1}, {1, 1}, 1040, 4096};
    const PictureHeader picture = header_of(shape);
    Planes reconstruction;
    for (auto& plane : reconstruction.plane) {
        plane = Array3<float>(1, shape.rows, shape.cols);
        std::fill_n(plane.data(), plane.size(), 100.0F);
    }
    Planes original = reconstruction;
    for (std::size_t y = 0; y < shape.rows; ++y) {
        for (std::size_t x = 0; x < shape.cols; ++x)
            original.plane[0](0, y, x) += 255.0F * FakeBank::luma_step(x < 2000 ? 3 : 6);
    }
    FilterChoiceInputs in = inputs(picture, original);
    in.eicci_per_tile = true;
    ToolHeader tools;
    const FilterChoice choice = choose_post_filters(reconstruction, tools, in, context);
    ASSERT_TRUE(tools.eicci.has_value());
    EXPECT_TRUE(tools.eicci->tile_enable);
    EXPECT_EQ(tools.eicci->tile_size_div16, 128);
    EXPECT_EQ(tools.eicci->tile_overlap_div16, 3);
    ASSERT_GE(tools.eicci->tiles.size(), 2U);
    EXPECT_EQ(tools.eicci->tiles[0].model_idx_y, 0);
    EXPECT_EQ(tools.eicci->tiles[1].model_idx_y, 1);
    EXPECT_TRUE(same_bits(choice.planes, filtered(reconstruction, picture, tools, in)));
    in.eicci_per_tile = false;
    static_cast<void>(choose_post_filters(reconstruction, tools, in, context));
    ASSERT_TRUE(tools.eicci.has_value());
    for (const EicciHeader::Tile& tile : tools.eicci->tiles) EXPECT_EQ(tile, tools.eicci->tiles[0]);
}

/// sin and cos of integers, so that another program can make the same planes.
Array3<float> wave(std::size_t rows, std::size_t cols, double error) {
    Array3<float> plane(1, rows, cols);
    for (std::size_t y = 0; y < rows; ++y) {
        for (std::size_t x = 0; x < cols; ++x) {
            const auto row = static_cast<double>(y), col = static_cast<double>(x);
            plane(0, y, x) = static_cast<float>(0.5 + 0.25 * std::sin(0.3 * row + 0.1 * col) +
                                                0.15 * std::cos(0.7 * col - 0.05 * row) +
                                                error * std::sin(1.7 * row) * std::cos(2.3 * col));
        }
    }
    return plane;
}

TEST(MsSsim, HasTheValuesOfAnIndependentComputation) {
    EXPECT_NEAR(ms_ssim(wave(176, 192, 0), wave(176, 192, 0)), 1, 1e-12);
    EXPECT_NEAR(ms_ssim(wave(176, 192, 0), wave(176, 192, 0.05)), 0.9986930180201988, 1e-9);
    EXPECT_NEAR(ms_ssim(wave(177, 203, 0), wave(177, 203, 0.1)), 0.9949179109552817, 1e-9);
    EXPECT_EQ(thrown_code([] { static_cast<void>(ms_ssim(wave(160, 192, 0), wave(160, 192, 0))); }),
              JPEGAI_ERROR_ARGUMENT);
}

}  // namespace
}  // namespace jpegai::test
