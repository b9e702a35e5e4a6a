// The contract backend against LibTorch: two implementations of the same networks that share no code.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <thread>

#include "backend/torch/torch_backend.h"
#include "networks/graph_builder.h"
#include "tests/support/random_network.h"
#include "tests/support/thrown.h"

namespace jpegai::test {

namespace {

using Arrays = std::vector<Array3<float>>;

Arrays run(const Backend& backend, const Network& network, const Arrays& inputs, Size nominal) {
    RunContext context;
    std::vector<const Array3<float>*> list;
    for (const Array3<float>& input : inputs) list.push_back(&input);
    return backend.prepare(network)->run(list, nominal, context);
}

/// Largest difference of two results, as a part of the largest magnitude in `truth`; infinite where shapes differ or
/// values are not finite.
double deviation(const Arrays& ours, const Arrays& truth) {
    constexpr double kInfinite = std::numeric_limits<double>::infinity();
    if (ours.size() != truth.size()) return kInfinite;
    double difference = 0, magnitude = 0;
    for (std::size_t k = 0; k < truth.size(); ++k) {
        const Array3<float>&a = ours[k], &b = truth[k];
        if (a.channels() != b.channels() || a.rows() != b.rows() || a.cols() != b.cols()) return kInfinite;
        for (std::size_t i = 0; i < b.size(); ++i) {
            if (!std::isfinite(a.data()[i]) || !std::isfinite(b.data()[i])) return kInfinite;
            difference = std::max(difference, std::abs(static_cast<double>(a.data()[i]) - b.data()[i]));
            magnitude = std::max(magnitude, std::abs(static_cast<double>(b.data()[i])));
        }
    }
    return magnitude == 0 ? kInfinite : difference / magnitude;
}

/// Runs the network everywhere and bounds the deviations of contract and torch from each other and from doubles.
void expect_agreement(const std::string& name, const Network& network, const Arrays& inputs, Size nominal,
                      double tolerance) {
    const Arrays original = inputs;
    const Arrays exact = run(*make_torch_backend({.precision = TorchPrecision::kDouble}), network, inputs, nominal);
    const Arrays torch = run(*make_torch_backend({}), network, inputs, nominal);
    const Arrays channels_last =
        run(*make_torch_backend({.layout = TorchLayout::kChannelsLast}), network, inputs, nominal);
    const Arrays contract = run(*make_contract_backend(), network, inputs, nominal);
    const double apart = deviation(contract, torch), error = deviation(contract, exact);
    std::printf("%-22s %3zux%-3zu  contract-torch %.2g  contract-double %.2g  torch-double %.2g\n", name.c_str(),
                nominal.rows, nominal.cols, apart, error, deviation(torch, exact));
    EXPECT_LE(apart, tolerance) << name;
    EXPECT_LE(error, tolerance) << name;
    EXPECT_LE(deviation(channels_last, torch), tolerance) << name;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        EXPECT_TRUE(same_bits(inputs[k], original[k])) << name << ": torch wrote to its input";
    }
}

/// Made-up weights let the synthesis leave 0..255 far behind, where the clamp hides differences of some samples and the
/// factor 128 enlarges those of the others: what goes into the clamp is compared instead (and in EveryOperation, the
/// clamp).
Graph without_clamp(Graph graph) {
    for (Node& n : graph.nodes) {
        for (std::size_t& input : n.inputs) {
            if (graph.nodes[input].op == Op::kDenormalise) input = graph.nodes[input].inputs[0];
        }
    }
    return graph;
}

TEST(Torch, EveryNetwork) {
    constexpr double kTolerance = 2e-5;  // some 20 layers, sums of up to 2304 terms
    std::uint64_t seed = 1;
    for (const Size nominal : {Size{64, 96}, Size{67, 45}}) {
        for (const KnownGraph& known : known_graphs()) {
            const Network network = random_network(without_clamp(known.graph), ++seed);
            const Arrays inputs = random_inputs(known.graph, nominal, known.divisors, seed, known.input_scale);
            expect_agreement(known.graph.name, network, inputs, nominal, kTolerance);
        }
    }
}

struct OpCase {
    std::string name;
    std::function<GraphBuilder::Value(GraphBuilder&)> build;
    float input_scale = 2;
    double tolerance = 5e-7;  // a few roundings; kSum for long sums, kExact where samples are only moved or picked
};

/// Graphs of one operation each. Sizes of inputs are even; `nominal` is one less than they are for the crop.
std::vector<OpCase> op_cases() {
    using B = GraphBuilder;
    constexpr double kSum = 2e-6, kExact = 0;
    const auto unary = [](B::Value (B::*make)(B::Value)) {
        return [make](B& b) { return (b.*make)(b.input("x", 16)); };
    };
    const auto binary = [](B::Value (B::*make)(B::Value, B::Value)) {
        return [make](B& b) {
            const B::Value x = b.input("x", 16), y = b.input("y", 16);
            return (b.*make)(x, y);
        };
    };
    std::vector<OpCase> cases = {
        {"conv1x1", [](B& b) { return b.conv1x1(b.input("x", 32), "l", 48); }, 2, kSum},
        {"conv1x1 groups bias", [](B& b) { return b.conv1x1(b.input("x", 32), "l", 48, B::Bias::kYes, 4); }, 2, kSum},
        {"conv3x3", [](B& b) { return b.conv3x3(b.input("x", 32), "l", 48); }, 2, kSum},
        {"conv3x3 stride 2", [](B& b) { return b.conv3x3(b.input("x", 32), "l", 48, 2); }, 2, kSum},
        {"conv3x3 depthwise", [](B& b) { return b.conv3x3(b.input("x", 32), "l", 32, 1, B::Bias::kNo, 32); }, 2, kSum},
        {"conv 1x7", [](B& b) { return b.conv_same(b.input("x", 16), "l", 16, 1, 7); }, 2, kSum},
        {"conv 5x3", [](B& b) { return b.conv_same(b.input("x", 16), "l", 16, 5, 3); }, 2, kSum},
        {"conv2x2 shuffle", [](B& b) { return b.conv2x2_shuffle(b.input("x", 32), "l", 16); }, 2, kSum},
        {"conv transpose 4", [](B& b) { return b.conv_transpose(b.input("x", 32), "l", 16, 4); }, 2, kSum},
        {"conv transpose 3", [](B& b) { return b.conv_transpose(b.input("x", 32), "l", 16, 3); }, 2, kSum},
        {"relu", unary(&B::relu), 2, kExact},
        {"relu6", unary(&B::relu6), 10, kExact},
        {"leaky relu", unary(&B::leaky_relu)},
        {"sigmoid", unary(&B::sigmoid), 20},
        {"abs", unary(&B::abs), 2, kExact},
        {"normalise", unary(&B::normalise), 300},
        {"denormalise", unary(&B::denormalise)},
        {"elu gate", unary(&B::elu_gate), 10},
        {"haar split", unary(&B::haar_split)},
        {"haar merge", unary(&B::haar_merge)},
        {"pad zero even", unary(&B::pad_zero_even), 2, kExact},
        {"pad replicate", [](B& b) { return b.pad_replicate(b.input("x", 16), 16); }, 2, kExact},
        {"crop", [](B& b) { return b.crop(b.input("x", 16), 1); }, 2, kExact},
        {"add", binary(&B::add), 2, kExact},
        {"mul", binary(&B::mul), 2, kExact},
        {"gate", binary(&B::gate)},
        {"scale", [](B& b) { return b.scale(b.input("x", 16), "s"); }},
        {"batch norm", [](B& b) { return b.batch_norm(b.input("x", 16), "n"); }},
        {"layer norm", [](B& b) { return b.layer_norm(b.input("x", 32), "n"); }, 2, kSum},
        {"channel attention", [](B& b) { return b.channel_attention(b.input("x", 96), "t", 4); }, 2, kSum},
        {"pixel shuffle", [](B& b) { return b.pixel_shuffle(b.input("x", 32), 4); }, 2, kExact},
        {"concat",
         [](B& b) {
             return b.concat({b.input("x", 16), b.input("y", 32), b.input("z", 16)});
         }},
        {"slice", [](B& b) { return b.slice(b.input("x", 32), 5, 16); }, 2, kExact},
        {"phase merge",
         [](B& b) {
             const B::Value x = b.input("x", 8), y = b.input("y", 8), z = b.input("z", 8), w = b.input("w", 8);
             return b.phase_merge({x, y, z, w});
         },
         2, kExact},
    };
    for (std::size_t phase = 0; phase < 4; ++phase) {
        cases.push_back({"phase split " + std::to_string(phase),
                         [phase](B& b) { return b.phase_split(b.input("x", 16), phase); }, 2, kExact});
    }
    return cases;
}

TEST(Torch, EveryOperation) {
    constexpr Size kSize = {22, 34}, kNominal = {21, 33};
    std::uint64_t seed = 100;
    for (const OpCase& c : op_cases()) {
        GraphBuilder builder("test");
        const auto value = c.build(builder);
        const Network network = random_network(builder.finish({value}), ++seed);
        const bool cropped = c.name == "crop";
        const Size nominal = cropped ? kNominal : kSize;
        const std::vector<std::size_t> divisors(network.graph.inputs.size(), 1);
        const Arrays inputs = random_inputs(network.graph, kSize, divisors, seed, c.input_scale);
        expect_agreement(c.name, network, inputs, nominal, c.tolerance);
    }
}

TEST(Torch, OddSizesArePadded) {
    GraphBuilder builder("test");
    const auto x = builder.input("x", 16);
    const auto zero = builder.pad_zero_even(x), replicated = builder.pad_replicate(x, 8);
    const Network network = random_network(builder.finish({zero, replicated}), 1);
    constexpr std::array<std::size_t, 1> kDivisors = {1};
    const Arrays inputs = random_inputs(network.graph, {13, 27}, kDivisors, 2);
    expect_agreement("pad odd", network, inputs, {13, 27}, 0);
}

TEST(Torch, PixelUnshuffle) {
    GraphBuilder builder("test");
    Graph graph = builder.finish({builder.pixel_shuffle(builder.input("x", 16), 2)});
    Node unshuffle = graph.nodes[1];
    unshuffle.op = Op::kPixelUnshuffle;
    unshuffle.inputs = {1};
    unshuffle.out_channels = 16;
    graph.nodes.push_back(unshuffle);
    graph.outputs = {2};
    const Network network = random_network(graph, 1);
    constexpr std::array<std::size_t, 1> kDivisors = {1};
    expect_agreement("pixel unshuffle", network, random_inputs(graph, {8, 12}, kDivisors, 2), {8, 12}, 0);
}

/// Operations may write over values that nobody needs any more, never over a view's source or a value read later.
TEST(Torch, ValuesReadTwiceStayIntact) {
    GraphBuilder b("test");
    const auto x = b.input("x", 16);
    const auto doubled = b.add(x, x), part = b.slice(doubled, 4, 8), cut = b.relu(part), whole = b.sigmoid(doubled);
    const auto twice = b.mul(whole, whole);
    const Network network = random_network(b.finish({cut, twice, b.abs(doubled), whole}), 1);
    constexpr std::array<std::size_t, 1> kDivisors = {1};
    expect_agreement("shared values", network, random_inputs(network.graph, {6, 10}, kDivisors, 3), {6, 10}, 5e-7);
}

TEST(Torch, ReportsTimingsAndCancels) {
    GraphBuilder b("test");
    const Network network = random_network(b.finish({b.relu(b.conv3x3(b.input("x", 16), "l", 16))}), 1);
    const auto runner = make_torch_backend({})->prepare(network);
    const Array3<float> x = random_array(16, {8, 8}, 1);
    const std::array<const Array3<float>*, 1> inputs = {&x};
    std::vector<LayerTiming> timings;
    RunContext context;
    context.timings = &timings;
    (void)runner->run(inputs, {8, 8}, context);
    ASSERT_EQ(timings.size(), 2U);
    EXPECT_EQ(timings[0].macs, 16U * 16 * 9 * 64);
    context.keep_going = [] { return false; };
    EXPECT_EQ(thrown_code([&] { (void)runner->run(inputs, {8, 8}, context); }), JPEGAI_ERROR_CANCELLED);
    const Array3<float> wrong = random_array(8, {8, 8}, 1);
    const std::array<const Array3<float>*, 1> wrong_inputs = {&wrong};
    context.keep_going = nullptr;
    EXPECT_EQ(thrown_code([&] { (void)runner->run(wrong_inputs, {8, 8}, context); }), JPEGAI_ERROR_INTERNAL);
}

TEST(Torch, RunsFromSeveralThreads) {
    GraphBuilder b("test");
    const Network network = random_network(b.finish({b.relu(b.conv3x3(b.input("x", 32), "l", 32))}), 1);
    const auto runner = make_torch_backend({})->prepare(network);
    const Array3<float> x = random_array(32, {32, 32}, 1);
    const std::array<const Array3<float>*, 1> inputs = {&x};
    const auto run_here = [&] {
        RunContext context;
        return runner->run(inputs, {32, 32}, context);
    };
    const Arrays alone = run_here();
    std::vector<Arrays> results(3);
    std::vector<std::thread> threads;
    for (Arrays& result : results) threads.emplace_back([&] { result = run_here(); });
    for (std::thread& thread : threads) thread.join();
    for (const Arrays& result : results) EXPECT_LE(deviation(result, alone), 1e-7);
}

}  // namespace

}  // namespace jpegai::test
