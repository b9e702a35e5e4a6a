// Operations of backend/contract that move samples, and the Haar transform.
#include <gtest/gtest.h>

#include <array>

#include "backend/contract/ops.h"
#include "tests/support/random_network.h"

namespace jpegai::test {

namespace {

/// x(c, y, i) = 100 c + 10 y + i
Array3<float> numbered(std::size_t channels, std::size_t rows, std::size_t cols) {
    Array3<float> x(channels, rows, cols);
    for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t y = 0; y < rows; ++y) {
            for (std::size_t i = 0; i < cols; ++i) x(c, y, i) = static_cast<float>(100 * c + 10 * y + i);
        }
    }
    return x;
}

Array3<float> from_list(std::size_t rows, std::size_t cols, const std::vector<float>& values) {
    Array3<float> x(1, rows, cols);
    std::copy(values.begin(), values.end(), x.data());
    return x;
}

TEST(ContractMoves, PixelShufflePutsChannelsIntoBlocks) {
    const Array3<float> y = contract::pixel_shuffle(numbered(8, 2, 3), 2);
    ASSERT_EQ(y.channels(), 2U);
    EXPECT_EQ(y(0, 0, 0), 0.0F);
    EXPECT_EQ(y(0, 0, 1), 100.0F);
    EXPECT_EQ(y(0, 1, 0), 200.0F);
    EXPECT_EQ(y(0, 1, 1), 300.0F);
    EXPECT_EQ(y(1, 3, 5), 712.0F);
    EXPECT_TRUE(same_bits(contract::pixel_unshuffle(y, 2), numbered(8, 2, 3)));
    EXPECT_TRUE(
        same_bits(contract::pixel_unshuffle(contract::pixel_shuffle(numbered(16, 2, 3), 4), 4), numbered(16, 2, 3)));
}

TEST(ContractMoves, PhasesAreInTheOrderOfTheContextModel) {
    const Array3<float> x = from_list(2, 2, {1, 2, 3, 4});
    const std::array<float, 4> wanted = {1, 4, 2, 3};  // (0,0), (1,1), (0,1), (1,0)
    for (std::size_t j = 0; j < 4; ++j) EXPECT_EQ(contract::phase_split(x, j)(0, 0, 0), wanted[j]);
    const Array3<float> big = numbered(3, 4, 6);
    std::array<Array3<float>, 4> parts;
    std::array<const Array3<float>*, 4> pointers{};
    for (std::size_t j = 0; j < 4; ++j) {
        parts[j] = contract::phase_split(big, j);
        pointers[j] = &parts[j];
    }
    EXPECT_TRUE(same_bits(contract::phase_merge(pointers), big));
}

TEST(ContractMoves, PadAndCropWorkOnTheRightAndBottom) {
    const Array3<float> x = numbered(2, 2, 3);
    const Array3<float> replicated = contract::pad_replicate(x, {4, 4});
    EXPECT_EQ(replicated(1, 0, 3), 102.0F);
    EXPECT_EQ(replicated(1, 3, 0), 110.0F);
    EXPECT_EQ(replicated(1, 3, 3), 112.0F);
    const Array3<float> zeros = contract::pad_zero(x, {2, 4});
    EXPECT_EQ(zeros(1, 1, 2), 112.0F);
    EXPECT_EQ(zeros(1, 1, 3), 0.0F);
    EXPECT_TRUE(same_bits(contract::crop(replicated, {2, 3}), x));
    EXPECT_TRUE(same_bits(contract::crop(zeros, {2, 3}), x));
}

TEST(ContractMoves, ConcatAndSliceKeepTheOrder) {
    const Array3<float> a = numbered(2, 2, 2), b = numbered(3, 2, 2);
    const std::array<const Array3<float>*, 2> parts = {&a, &b};
    const Array3<float> both = contract::concat(parts);
    EXPECT_TRUE(same_bits(contract::slice(both, 0, 2), a));
    EXPECT_TRUE(same_bits(contract::slice(both, 2, 3), b));
}

TEST(ContractMoves, HaarOfOneBlockByHand) {
    // a = 1 (0,0), c = 2 (0,1), b = 5 (1,0), d = 9 (1,1)
    const Array3<float> t = contract::haar_split(from_list(2, 2, {1, 2, 5, 9}));
    EXPECT_EQ(t(0, 0, 0), 8.5F);  // (a + b + c + d) / 2
    EXPECT_EQ(t(1, 0, 0), 2.5F);  // (-a - b + c + d) / 2
    EXPECT_EQ(t(2, 0, 0), 5.5F);  // (-a + b - c + d) / 2
    EXPECT_EQ(t(3, 0, 0), 1.5F);  // (a - b - c + d) / 2
    EXPECT_TRUE(same_bits(contract::haar_merge(t), from_list(2, 2, {1, 2, 5, 9})));
}

TEST(ContractMoves, HaarChannelsOfEachPlaneStayTogether) {
    const Array3<float> x = numbered(3, 4, 8);
    const Array3<float> twice = contract::haar_split(contract::haar_split(x));
    ASSERT_EQ(twice.channels(), 48U);
    for (std::size_t c = 0; c < 3; ++c) {
        const Array3<float> plane = contract::slice(x, c, 1);
        EXPECT_TRUE(same_bits(contract::haar_split(contract::haar_split(plane)), contract::slice(twice, 16 * c, 16)));
    }
    EXPECT_TRUE(same_bits(contract::haar_merge(contract::haar_merge(twice)), x));
}

}  // namespace

}  // namespace jpegai::test
