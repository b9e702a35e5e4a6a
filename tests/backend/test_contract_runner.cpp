// The executor of the contract backend: bits of every network, cancelling, timings, memory bound, wrong inputs.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include "backend/backend.h"
#include "backend/contract/isa.h"
#include "base/memory.h"
#include "networks/graph_builder.h"
#include "networks/synthesis.h"
#include "tests/support/random_network.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <malloc.h>
#if __GLIBC_PREREQ(2, 33)
#define JPEGAI_TEST_HEAP 1
#endif
#endif

namespace jpegai::test {

namespace {

std::vector<const Array3<float>*> pointers(const std::vector<Array3<float>>& arrays) {
    std::vector<const Array3<float>*> list;
    for (const Array3<float>& array : arrays) list.push_back(&array);
    return list;
}

std::vector<Size> sizes(const std::vector<Array3<float>>& arrays) {
    std::vector<Size> list;
    for (const Array3<float>& array : arrays) list.push_back({array.rows(), array.cols()});
    return list;
}

std::vector<Array3<float>> run_random(const KnownGraph& known, Network network, Size nominal, std::uint64_t seed) {
    const auto inputs = random_inputs(known.graph, nominal, known.divisors, seed, known.input_scale);
    RunContext context;
    return make_contract_backend()->prepare(std::move(network))->run(pointers(inputs), nominal, context);
}

/// Any change of these hashes is a change of the numeric contract.
TEST(ContractRunner, BitsOfEveryNetworkAreKnown) {
    const nlohmann::json known_bits = load_json(data_path("networks/bits.json"));
    constexpr Size kNominal = {70, 90};
    for (const KnownGraph& known : known_graphs()) {
        EXPECT_EQ(bits_hash(run_random(known, random_network(known.graph, 33), kNominal, 77)),
                  known_bits.value(known.graph.name, ""))
            << known.graph.name;
    }
}

/// Hashes of the results of the networks that are quick to run.
std::vector<std::string> quick_hashes() {
    constexpr Size kNominal = {34, 40};
    std::vector<std::string> hashes;
    for (const KnownGraph& known : known_graphs()) {
        if (known.graph.name == "analysis.hop.y" || known.graph.name == "synthesis.hop.y") continue;
        hashes.push_back(bits_hash(run_random(known, random_network(known.graph, 6), kNominal, 5)));
    }
    return hashes;
}

/// The network with every 1000th weight replaced by an infinity, a NaN or a huge value.
Network hostile_network(const Graph& graph) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    constexpr std::array<float, 4> kValues = {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(), 3e38F};
    Network network = random_network(graph, 8);
    std::size_t count = 0;
    for (Network::Weights& w : network.weights) {
        if (w.weight.empty()) continue;
        auto values = std::make_shared<std::vector<float>>(w.weight.begin(), w.weight.end());
        for (float& v : *values) {
            if (++count % 1000 == 0) v = kValues[count / 1000 % kValues.size()];
        }
        w.weight = *values;
        network.derived.push_back(std::move(values));
    }
    return network;
}

/// Pictures that the synthesis networks make of hostile weights; expects samples of 0..255.
std::vector<std::string> hostile_pictures() {
    constexpr Size kNominal = {33, 48};
    std::vector<std::string> hashes;
    for (const KnownGraph& known : known_graphs()) {
        if (!known.graph.name.starts_with("synthesis.") || known.graph.name == "synthesis.hop.y") continue;
        const auto planes = run_random(known, hostile_network(known.graph), kNominal, 5);
        for (const float v : planes[0].span()) EXPECT_TRUE(v >= 0.0F && v <= 255.0F) << known.graph.name << " " << v;
        hashes.push_back(bits_hash(planes));
    }
    return hashes;
}

#if defined(__x86_64__)
/// Calls `check` with every instruction set below the best one of this machine switched on.
template <class Check>
void for_lower_levels(const Check& check) {
    using contract::VectorLevel;
    const VectorLevel best = contract::vector_level();
    for (const VectorLevel level : {VectorLevel::kBaseline, VectorLevel::kAvx2}) {
        if (level >= best) continue;
        SCOPED_TRACE(static_cast<int>(level));
        contract::vector_level() = level;
        check();
    }
    contract::vector_level() = best;
}
#else
template <class Check>
void for_lower_levels(const Check&) {}
#endif

TEST(ContractRunner, BitsDoNotDependOnTheInstructionSet) {
    const std::vector<std::string> wanted = quick_hashes();
    for_lower_levels([&] { EXPECT_EQ(quick_hashes(), wanted); });
}

TEST(ContractRunner, HostileWeightsMakeTheSamePictureEverywhere) {
    const std::vector<std::string> wanted = hostile_pictures();
    for_lower_levels([&] { EXPECT_EQ(hostile_pictures(), wanted); });
}

TEST(ContractRunner, ReportsEveryLayerAndCanBeCancelled) {
    const Size nominal = {40, 64};
    const Graph graph = synthesis_graph(OperatingPoint::kSop, kPrimary);
    const std::vector<std::size_t> divisors = {16};
    const auto inputs = random_inputs(graph, nominal, divisors, 1);
    const auto runner = make_contract_backend()->prepare(random_network(graph, 1));
    std::vector<LayerTiming> timings;
    std::size_t calls = 0;
    RunContext context{[&] { return ++calls > 0; }, &timings};
    (void)runner->run(pointers(inputs), nominal, context);
    EXPECT_EQ(timings.size(), graph.nodes.size() - 1);
    EXPECT_EQ(calls, timings.size());
    std::uint64_t macs = 0;
    for (const LayerTiming& t : timings) macs += t.macs;
    EXPECT_EQ(macs, count_macs(graph, sizes(inputs), nominal));
    RunContext stopped{[&] { return --calls > 5; }, nullptr};
    EXPECT_EQ(thrown_code([&] { (void)runner->run(pointers(inputs), nominal, stopped); }), JPEGAI_ERROR_CANCELLED);
}

TEST(ContractRunner, RefusesInputsOfAnotherShape) {
    const Size nominal = {64, 64};
    const Graph graph = synthesis_graph(OperatingPoint::kSop, kSecondary);
    const auto runner = make_contract_backend()->prepare(random_network(graph, 1));
    const auto code = [&](std::size_t luma, Size luma_size, std::size_t chroma) {
        const Array3<float> a(luma, luma_size.rows, luma_size.cols), b(chroma, 4, 4);
        const std::vector<const Array3<float>*> inputs = {&a, &b};
        RunContext context;
        return thrown_code([&] { (void)runner->run(inputs, nominal, context); });
    };
    EXPECT_EQ(code(160, {4, 4}, 96), JPEGAI_OK);
    EXPECT_EQ(code(159, {4, 4}, 96), JPEGAI_ERROR_INTERNAL);
    EXPECT_EQ(code(160, {4, 5}, 96), JPEGAI_ERROR_INTERNAL);
    EXPECT_EQ(code(160, {4, 4}, 160), JPEGAI_ERROR_INTERNAL);
    RunContext context;
    EXPECT_EQ(thrown_code([&] { (void)runner->run({}, nominal, context); }), JPEGAI_ERROR_INTERNAL);
}

TEST(ContractRunner, ResultsCanBeInputsAndCanBeAskedForTwice) {
    GraphBuilder b("test");
    const auto x = b.input("x", 2);
    const auto y = b.abs(x);
    const Graph graph = b.finish({y, x, y});
    const std::vector<std::size_t> divisors = {1};
    const auto inputs = random_inputs(graph, {3, 4}, divisors, 1);
    RunContext context;
    const auto outputs =
        make_contract_backend()->prepare(random_network(graph, 1))->run(pointers(inputs), {3, 4}, context);
    EXPECT_TRUE(same_bits(outputs.at(0), outputs.at(2)));
    EXPECT_TRUE(same_bits(outputs.at(1), inputs[0]));
    EXPECT_EQ(outputs[0](1, 2, 3), std::abs(inputs[0](1, 2, 3)));
}

#if defined(JPEGAI_TEST_HEAP)
std::size_t bytes_in_use() {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd + large_block_bytes();
}

TEST(ContractRunner, WorkspaceBoundsTheMemoryInUse) {
    const Size nominal = {208, 304};
    for (const KnownGraph& known : known_graphs()) {
        if (known.graph.name.find("hop") != std::string::npos) continue;  // slow, and of the same operations
        const auto inputs = random_inputs(known.graph, nominal, known.divisors, 1, known.input_scale);
        const auto runner = make_contract_backend()->prepare(random_network(known.graph, 1));
        const std::size_t before = bytes_in_use();
        std::size_t peak = 0;
        RunContext context{[&] {
                               peak = std::max(peak, bytes_in_use() - before);
                               return true;
                           },
                           nullptr};
        const auto outputs = runner->run(pointers(inputs), nominal, context);
        peak = std::max(peak, bytes_in_use() - before);
        const std::size_t bound = runner->workspace_bytes(sizes(inputs), nominal);
        EXPECT_LE(peak, bound + 65536) << known.graph.name;
        EXPECT_GE(3 * peak, bound) << known.graph.name;
    }
}
#endif

}  // namespace

}  // namespace jpegai::test
