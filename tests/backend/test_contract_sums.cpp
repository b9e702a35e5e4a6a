// Convolutions, layer norm and attention of backend/contract: bit for bit the order of the contract, and close to
// double precision results that are computed another way.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "backend/contract/ops.h"
#include "tests/backend/naive_ops.h"
#include "tests/support/random_network.h"

namespace jpegai::test {

namespace {

double largest_difference(const Array3<float>& ours, const std::vector<double>& exact) {
    if (ours.size() != exact.size()) return std::numeric_limits<double>::infinity();
    double worst = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
        const double difference = std::fabs(static_cast<double>(ours.data()[i]) - exact[i]);
        if (std::isnan(difference)) return difference;
        if (difference > worst) worst = difference;
    }
    return worst;
}

std::vector<float> random_vector(std::size_t count, std::uint64_t seed) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = random_value(seed, i);
    return values;
}

struct ConvCase {
    std::size_t in, out, groups, kernel_rows, kernel_cols, stride;
    std::size_t pad_top, pad_left, pad_bottom, pad_right;
    Size size;
    bool bias;
};

void PrintTo(const ConvCase& c, std::ostream* out) {
    *out << c.in << "to" << c.out << " g" << c.groups << " k" << c.kernel_rows << "x" << c.kernel_cols << " s"
         << c.stride << " " << c.size.rows << "x" << c.size.cols;
}

Node conv_node(const ConvCase& c) {
    Node n;
    n.op = Op::kConv;
    n.out_channels = c.out;
    n.groups = c.groups;
    n.kernel_rows = c.kernel_rows;
    n.kernel_cols = c.kernel_cols;
    n.stride = c.stride;
    n.pad_top = c.pad_top;
    n.pad_left = c.pad_left;
    n.pad_bottom = c.pad_bottom;
    n.pad_right = c.pad_right;
    return n;
}

class ContractConvolution : public testing::TestWithParam<ConvCase> {};

TEST_P(ContractConvolution, FollowsTheOrderAndTheFormula) {
    const ConvCase& c = GetParam();
    const Node n = conv_node(c);
    const Array3<float> x = random_array(c.in, c.size, 1);
    const std::vector<float> w = random_vector(c.out * (c.in / c.groups) * c.kernel_rows * c.kernel_cols, 2);
    const std::vector<float> bias = c.bias ? random_vector(c.out, 3) : std::vector<float>();
    const Array3<float> ours = contract::convolve(x, n, w, bias);
    EXPECT_TRUE(same_bits(ours, naive::convolve(x, n, w, bias)));
    EXPECT_LE(largest_difference(ours, naive::exact_convolve(x, n, w, bias)), 2e-5);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ContractConvolution,
    testing::Values(
        ConvCase{3, 5, 1, 1, 1, 1, 0, 0, 0, 0, {4, 7}, false}, ConvCase{16, 9, 1, 3, 3, 1, 1, 1, 1, 1, {5, 33}, true},
        ConvCase{16, 8, 1, 3, 3, 2, 1, 1, 1, 1, {6, 34}, true}, ConvCase{16, 8, 1, 3, 3, 2, 1, 1, 1, 1, {5, 3}, true},
        ConvCase{12, 20, 4, 3, 3, 1, 1, 1, 1, 1, {3, 18}, false},
        ConvCase{7, 7, 7, 3, 3, 1, 1, 1, 1, 1, {9, 19}, false}, ConvCase{6, 8, 1, 2, 2, 1, 0, 0, 1, 1, {4, 17}, false},
        ConvCase{5, 6, 1, 1, 3, 1, 0, 1, 0, 1, {3, 21}, true}, ConvCase{5, 6, 1, 3, 1, 1, 1, 0, 1, 0, {3, 21}, true},
        ConvCase{4, 4, 1, 3, 3, 1, 1, 1, 1, 1, {1, 1}, true}, ConvCase{4, 4, 1, 3, 3, 1, 1, 1, 1, 1, {2, 1}, true},
        ConvCase{4, 5, 1, 3, 3, 2, 1, 1, 1, 1, {2, 2}, true}, ConvCase{2, 3, 1, 3, 3, 1, 0, 0, 0, 0, {5, 6}, true},
        ConvCase{2, 3, 1, 3, 3, 1, 2, 2, 2, 2, {2, 2}, true}));

struct TransposedCase {
    std::size_t in, out, kernel;
    Size size;
};

class ContractTransposed : public testing::TestWithParam<TransposedCase> {};

TEST_P(ContractTransposed, FollowsTheOrderAndTheFormula) {
    const TransposedCase& c = GetParam();
    Node n;
    n.op = Op::kConvTranspose;
    n.out_channels = c.out;
    n.kernel_rows = n.kernel_cols = c.kernel;
    n.stride = 2;
    n.output_padding = c.kernel == 3 ? 1 : 0;
    const Array3<float> x = random_array(c.in, c.size, 4);
    const std::vector<float> w = random_vector(c.in * c.out * c.kernel * c.kernel, 5), bias = random_vector(c.out, 6);
    const Array3<float> ours = contract::convolve_transposed(x, n, w, bias);
    EXPECT_TRUE(same_bits(ours, naive::convolve_transposed(x, n, w, bias)));
    EXPECT_LE(largest_difference(ours, naive::exact_convolve_transposed(x, n, w, bias)), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Cases, ContractTransposed,
                         testing::Values(TransposedCase{16, 9, 4, {5, 19}}, TransposedCase{16, 9, 3, {5, 19}},
                                         TransposedCase{3, 4, 4, {1, 1}}, TransposedCase{3, 4, 3, {1, 1}},
                                         TransposedCase{8, 1, 3, {2, 33}}, TransposedCase{8, 2, 4, {33, 2}}));

TEST(ContractSums, ConvolutionByHand) {
    Node n = conv_node({1, 1, 1, 3, 3, 1, 1, 1, 1, 1, {2, 2}, true});
    Array3<float> x(1, 2, 2);
    x(0, 0, 0) = 1, x(0, 0, 1) = 2, x(0, 1, 0) = 3, x(0, 1, 1) = 4;
    const std::vector<float> w = {1, 2, 3, 4, 5, 6, 7, 8, 9}, bias = {100};
    const Array3<float> y = contract::convolve(x, n, w, bias);
    EXPECT_EQ(y(0, 0, 0), 100 + 5 * 1 + 6 * 2 + 8 * 3 + 9 * 4);
    EXPECT_EQ(y(0, 1, 1), 100 + 1 * 1 + 2 * 2 + 4 * 3 + 5 * 4);
}

TEST(ContractSums, TapsOutsideThePictureAreNotAccumulated) {
    const Node n = conv_node({1, 1, 1, 3, 3, 1, 1, 1, 1, 1, {1, 1}, true});
    std::vector<float> w(9, std::numeric_limits<float>::infinity());
    w[4] = 1.0F;
    const std::vector<float> bias = {-0.0F};
    Array3<float> x(1, 1, 1);
    x(0, 0, 0) = -0.0F;
    const float y = contract::convolve(x, n, w, bias)(0, 0, 0);
    EXPECT_EQ(y, 0.0F);
    EXPECT_TRUE(std::signbit(y));
}

TEST(ContractSums, LayerNormFollowsTheLanes) {
    for (const std::size_t channels : {16U, 64U, 128U}) {
        const Array3<float> x = random_array(channels, {3, 5}, 7, 10.0F);
        const std::vector<float> weight = random_vector(channels, 8), bias = random_vector(channels, 9);
        const Array3<float> ours = contract::layer_norm(x, weight, bias);
        EXPECT_TRUE(same_bits(ours, naive::layer_norm(x, weight, bias))) << channels;
        EXPECT_LE(largest_difference(ours, naive::exact_layer_norm(x, weight, bias)), 1e-6) << channels;
    }
}

TEST(ContractSums, AttentionFollowsSegmentsAndTree) {
    for (const Size size : {Size{1, 1}, Size{3, 7}, Size{5, 256}, Size{6, 257}, Size{7, 600}}) {
        SCOPED_TRACE(std::to_string(size.rows) + "x" + std::to_string(size.cols));
        const Array3<float> x = random_array(24, size, 10, 3.0F);
        const std::vector<float> mild = {1.5F, 0.25F},
                                 steep = {3000.0F, -2000.0F};  // steep shows the last bit of a sum
        EXPECT_TRUE(same_bits(contract::channel_attention(x, 2, steep), naive::channel_attention(x, 2, steep)));
        const Array3<float> ours = contract::channel_attention(x, 2, mild);
        EXPECT_TRUE(same_bits(ours, naive::channel_attention(x, 2, mild)));
        EXPECT_LE(largest_difference(ours, naive::exact_attention(x, 2, mild)), 2e-6);
    }
}

TEST(ContractSums, AttentionOfZeroRowsIsTheMean) {
    Array3<float> x(12, 2, 3);
    for (std::size_t i = 0; i < 4 * x.plane_size(); ++i) x.plane(8)[i] = static_cast<float>(i / x.plane_size());
    const std::vector<float> temperature = {5.0F};
    const Array3<float> y = contract::channel_attention(x, 1, temperature);
    for (const float v : y.span()) EXPECT_EQ(v, 1.5F);
}

TEST(ContractSums, LongSumsStayAccurate) {
    const Array3<float> x = random_array(12, {512, 512}, 11);
    const std::vector<float> temperature = {1.0F};
    EXPECT_LE(
        largest_difference(contract::channel_attention(x, 1, temperature), naive::exact_attention(x, 1, temperature)),
        5e-7);
}

TEST(ContractSums, SoftmaxSumsToOneAndSurvivesExtremes) {
    std::vector<float> row = {1000.0F, 1000.0F, -1000.0F, 999.0F};
    contract::softmax(row.data(), row.size());
    EXPECT_NEAR(static_cast<double>(row[0]), 1.0 / (2.0 + std::exp(-1.0)), 1e-7);
    EXPECT_EQ(row[0], row[1]);
    EXPECT_EQ(row[2], 0.0F);
    EXPECT_NEAR(static_cast<double>(row[3]), std::exp(-1.0) / (2.0 + std::exp(-1.0)), 1e-7);
}

TEST(ContractSums, BatchNormIsOneFusedMultiplyAdd) {
    const Array3<float> x = random_array(3, {4, 9}, 12);
    const std::vector<float> scale = random_vector(3, 13), shift = random_vector(3, 14);
    const Array3<float> y = contract::batch_norm(x, scale, shift);
    for (std::size_t i = 0; i < y.size(); ++i) {
        const std::size_t c = i / y.plane_size();
        EXPECT_EQ(y.data()[i], std::fma(x.data()[i], scale[c], shift[c]));
    }
}

}  // namespace

}  // namespace jpegai::test
