// The integer hyper-scale decoder: reference vectors, and every kernel of this CPU against the plain loops.
#include <gtest/gtest.h>

#include <climits>
#include <random>

#include "backend/contract/hyper_scale.h"
#include "backend/cpu/hyper_scale.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"

namespace jpegai::test {
namespace {

IntegerConv conv_from_json(const nlohmann::json& layer) {
    IntegerConv conv;
    const auto shape = layer.at("weight_shape").get<std::vector<std::size_t>>();
    conv.out_channels = shape[0];
    conv.in_channels = shape[1];
    conv.kernel = shape[2];
    conv.weight = layer.at("weight").get<std::vector<std::int8_t>>();
    conv.bias = layer.at("bias").get<std::vector<std::int32_t>>();
    conv.shift = layer.at("shift").get<std::vector<std::uint8_t>>();
    return conv;
}

template <class T>
Array3<T> array_from_json(const nlohmann::json& values, const nlohmann::json& shape) {
    Array3<T> array(shape.at(0), shape.at(1), shape.at(2));
    const auto list = values.get<std::vector<T>>();
    std::copy(list.begin(), list.end(), array.data());
    return array;
}

/// How wild the random weights are.
struct Ranges {
    std::int64_t bias_low, bias_high;
    int weight_low, weight_high;
    int shift_low, shift_high;
};
/// Like trained weights: sums stay far from the limits of int32 and the results are spread over 0..3967.
constexpr Ranges kUsual = {-30000, 30000, -127, 127, 4, 9};
/// Everything that the types allow: sums wrap, shifts are 0..31.
constexpr Ranges kWild = {INT32_MIN, INT32_MAX, -128, 127, 0, 31};

IntegerConv random_conv(std::mt19937& random, std::size_t out, std::size_t in, std::size_t kernel, const Ranges& r) {
    IntegerConv conv;
    conv.out_channels = out;
    conv.in_channels = in;
    conv.kernel = kernel;
    std::uniform_int_distribution<int> weight(r.weight_low, r.weight_high), shift(r.shift_low, r.shift_high);
    std::uniform_int_distribution<std::int64_t> bias(r.bias_low, r.bias_high);
    for (std::size_t i = 0; i < out * in * kernel * kernel; ++i) {
        // Extremes are frequent: they are what saturating instructions get wrong.
        conv.weight.push_back(static_cast<std::int8_t>(random() % 4 == 0 ? r.weight_low : weight(random)));
    }
    for (std::size_t o = 0; o < out; ++o) {
        conv.bias.push_back(static_cast<std::int32_t>(bias(random)));
        conv.shift.push_back(static_cast<std::uint8_t>(shift(random)));
    }
    return conv;
}

HyperScaleNetwork random_network(std::mt19937& random, std::size_t channels, const Ranges& ranges) {
    HyperScaleNetwork network;
    network.channels = channels;
    network.conv1 = random_conv(random, channels, channels, 1, ranges);
    network.depthwise = random_conv(random, channels, channels, 3, ranges);
    network.pointwise = random_conv(random, 16 * channels, channels, 1, ranges);
    return network;
}

Array3<std::int8_t> random_z(std::mt19937& random, std::size_t channels, std::size_t rows, std::size_t cols,
                             bool wild) {
    Array3<std::int8_t> z(channels, rows, cols);
    for (std::int8_t& value : z.span()) {
        value = static_cast<std::int8_t>(wild ? static_cast<int>(random() % 256) - 128
                                              : static_cast<int>(random() % 63) - 31);
    }
    return z;
}

void expect_equal(const Array3<std::int16_t>& expected, const Array3<std::int16_t>& actual) {
    const auto at = std::mismatch(expected.data(), expected.data() + expected.size(), actual.data()).first;
    EXPECT_EQ(expected.data() + expected.size(), at) << "first difference at element " << at - expected.data();
}

TEST(HyperScale, ReferenceVectors) {
    const nlohmann::json file = load_json(data_path("standard/hsd.json"));
    ASSERT_EQ(file.at("cases").size(), 2U);
    for (const auto& entry : file.at("cases")) {
        HyperScaleNetwork network;
        network.channels = entry.at("chs");
        network.conv1 = conv_from_json(entry.at("layers").at("conv1"));
        network.depthwise = conv_from_json(entry.at("layers").at("depthwise"));
        network.pointwise = conv_from_json(entry.at("layers").at("pointwise"));
        const auto z = array_from_json<std::int8_t>(entry.at("z"), entry.at("z_shape"));
        const auto expected = array_from_json<std::int16_t>(entry.at("out"), entry.at("out_shape"));
        expect_equal(expected, contract_hyper_scale(network, z, expected.rows(), expected.cols()));
        for (const std::string& kernels : hyper_scale_kernel_names()) {
            SCOPED_TRACE(kernels);
            expect_equal(expected, HyperScaleRunner(network, kernels).run(z, expected.rows(), expected.cols()));
        }
    }
}

class Kernels : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(All, Kernels, testing::ValuesIn(hyper_scale_kernel_names()),
                         [](const auto& test) { return test.param; });

void compare_with_contract(const std::string& kernels, const Ranges& ranges, bool wild_z) {
    std::mt19937 random(20240611);
    for (const std::size_t channels : {1U, 3U, 4U, 8U, 17U, 32U, 40U}) {
        const HyperScaleNetwork network = random_network(random, channels, ranges);
        const HyperScaleRunner runner(network, kernels);
        // Widths around the numbers of columns that the kernels handle at once.
        for (const std::size_t cols : {1U, 2U, 5U, 6U, 7U, 11U, 13U, 14U, 15U, 29U}) {
            const std::size_t rows = 1 + random() % 5;
            SCOPED_TRACE(std::to_string(channels) + " channels, " + std::to_string(rows) + " x " +
                         std::to_string(cols));
            const Array3<std::int8_t> z = random_z(random, channels, rows, cols, wild_z);
            const std::size_t latent_rows = 4 * rows - random() % 4, latent_cols = 4 * cols - random() % 4;
            expect_equal(contract_hyper_scale(network, z, latent_rows, latent_cols),
                         runner.run(z, latent_rows, latent_cols));
        }
    }
}

TEST_P(Kernels, EqualPlainLoops) {
    compare_with_contract(GetParam(), kUsual, false);
}

TEST_P(Kernels, EqualPlainLoopsWhereSumsWrap) {
    compare_with_contract(GetParam(), kWild, true);
}

TEST_P(Kernels, EqualPlainLoopsAtFullDepth) {
    std::mt19937 random(7);
    for (const std::size_t channels : {160U, 96U}) {
        const HyperScaleNetwork network = random_network(random, channels, kUsual);
        const Array3<std::int8_t> z = random_z(random, channels, 4, 9, false);
        expect_equal(contract_hyper_scale(network, z, 16, 35), HyperScaleRunner(network, GetParam()).run(z, 16, 35));
    }
}

/// The largest products of either sign at every input, where 16-bit intermediate sums would saturate.
TEST_P(Kernels, ExtremeInputsAndWeightsDoNotSaturate) {
    for (const int weight : {-128, 127}) {
        for (const int z_value : {-128, -1, 0, 1, 127}) {
            std::mt19937 random(3);
            HyperScaleNetwork network = random_network(random, 12, kUsual);
            for (IntegerConv* conv : {&network.conv1, &network.depthwise, &network.pointwise}) {
                std::fill(conv->weight.begin(), conv->weight.end(), static_cast<std::int8_t>(weight));
            }
            std::fill(network.conv1.shift.begin(), network.conv1.shift.end(), std::uint8_t{0});
            Array3<std::int8_t> z(12, 3, 3);
            std::fill_n(z.data(), z.size(), static_cast<std::int8_t>(z_value));
            expect_equal(contract_hyper_scale(network, z, 12, 12),
                         HyperScaleRunner(network, GetParam()).run(z, 12, 12));
        }
    }
}

/// |INT32_MIN| does not exist; the reference's abs leaves it negative and the clip makes it 0.
TEST_P(Kernels, MostNegativeSumGivesZero) {
    std::mt19937 random(5);
    HyperScaleNetwork network = random_network(random, 4, kUsual);
    std::fill(network.pointwise.weight.begin(), network.pointwise.weight.end(), std::int8_t{0});
    std::fill(network.pointwise.bias.begin(), network.pointwise.bias.end(), INT32_MIN);
    std::fill(network.pointwise.shift.begin(), network.pointwise.shift.end(), std::uint8_t{0});
    const Array3<std::int8_t> z(4, 2, 2);
    const Array3<std::int16_t> expected(4, 8, 8);
    expect_equal(expected, contract_hyper_scale(network, z, 8, 8));
    expect_equal(expected, HyperScaleRunner(network, GetParam()).run(z, 8, 8));
}

/// Tall pictures are handed over in bands, and only the wanted channels.
TEST_P(Kernels, BandsCoverThePictureOnce) {
    std::mt19937 random(9);
    const HyperScaleNetwork network = random_network(random, 96, kUsual);
    const Array3<std::int8_t> z = random_z(random, 96, 12, 40, false);
    const HyperScaleRunner runner(network, GetParam());
    const Array3<std::int16_t> whole = runner.run(z, 45, 160);
    std::vector<std::size_t> rows_seen(33, 0);
    runner.run(z, 33, 45, [&](const ScaleRows& part) {
        ASSERT_LT(part.channel, 33U);
        EXPECT_EQ(part.first_row, rows_seen[part.channel]);
        EXPECT_EQ(part.first_row % 8, 0U);
        EXPECT_TRUE(part.rows % 8 == 0 || part.first_row + part.rows == 45);
        rows_seen[part.channel] += part.rows;
        for (std::size_t y = 0; y < part.rows; ++y) {
            EXPECT_TRUE(std::equal(part.data + y * part.stride, part.data + y * part.stride + 160,
                                   whole.row(part.channel, part.first_row + y)));
        }
    });
    EXPECT_EQ(rows_seen, std::vector<std::size_t>(33, 45));
}

TEST(HyperScale, RejectsWhatDoesNotFit) {
    std::mt19937 random(1);
    const HyperScaleNetwork network = random_network(random, 8, kUsual);
    const HyperScaleRunner runner(network);
    const auto code = [&](std::size_t channels, std::size_t latent_rows, std::size_t latent_cols) {
        return thrown_code([&] { (void)runner.run(Array3<std::int8_t>(channels, 2, 2), latent_rows, latent_cols); });
    };
    EXPECT_EQ(code(8, 8, 8), JPEGAI_OK);
    EXPECT_EQ(code(7, 8, 8), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code(8, 9, 8), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code(8, 8, 9), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(thrown_code([&] { HyperScaleRunner(network, "abacus"); }), JPEGAI_ERROR_ARGUMENT);

    const auto broken = [&](auto change) {
        HyperScaleNetwork copy = network;
        change(copy);
        return thrown_code([&] { HyperScaleRunner{copy}; });
    };
    EXPECT_EQ(broken([](HyperScaleNetwork& n) { n.conv1.weight.pop_back(); }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(broken([](HyperScaleNetwork& n) { n.depthwise.bias.pop_back(); }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(broken([](HyperScaleNetwork& n) { n.pointwise.shift[3] = 32; }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(broken([](HyperScaleNetwork& n) { n.depthwise.kernel = 1; }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(broken([](HyperScaleNetwork& n) { n.channels = 0; }), JPEGAI_ERROR_MODEL);
}

}  // namespace
}  // namespace jpegai::test
