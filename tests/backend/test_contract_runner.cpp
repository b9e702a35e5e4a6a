// The executor of the contract backend: bits of every network, cancelling, timings, memory bound, wrong inputs.
#include <gtest/gtest.h>

#include <algorithm>

#include "backend/backend.h"
#include "backend/contract/isa.h"
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

/// Any change of these hashes is a change of the numeric contract.
TEST(ContractRunner, BitsOfEveryNetworkAreKnown) {
    const nlohmann::json known_bits = load_json(data_path("networks/bits.json"));
    constexpr Size kNominal = {70, 90};
    for (const KnownGraph& known : known_graphs()) {
        const auto inputs = random_inputs(known.graph, kNominal, known.divisors, 77, known.input_scale);
        const auto runner = make_contract_backend()->prepare(random_network(known.graph, 33));
        RunContext context;
        const auto outputs = runner->run(pointers(inputs), kNominal, context);
        EXPECT_EQ(bits_hash(outputs), known_bits.value(known.graph.name, "")) << known.graph.name;
    }
}

#if defined(__x86_64__)
/// Hashes of the results of the networks that are quick to run.
std::vector<std::string> quick_hashes() {
    constexpr Size kNominal = {34, 40};
    std::vector<std::string> hashes;
    for (const KnownGraph& known : known_graphs()) {
        if (known.graph.name == "analysis.hop.y" || known.graph.name == "synthesis.hop.y") continue;
        const auto inputs = random_inputs(known.graph, kNominal, known.divisors, 5, known.input_scale);
        RunContext context;
        const auto runner = make_contract_backend()->prepare(random_network(known.graph, 6));
        hashes.push_back(bits_hash(runner->run(pointers(inputs), kNominal, context)));
    }
    return hashes;
}

TEST(ContractRunner, BitsDoNotDependOnTheInstructionSet) {
    using contract::VectorLevel;
    const VectorLevel best = contract::vector_level();
    const std::vector<std::string> wanted = quick_hashes();
    for (const VectorLevel level : {VectorLevel::kBaseline, VectorLevel::kAvx2}) {
        if (level >= best) continue;
        contract::vector_level() = level;
        EXPECT_EQ(quick_hashes(), wanted) << static_cast<int>(level);
    }
    contract::vector_level() = best;
}
#endif

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
std::size_t heap_bytes() {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

TEST(ContractRunner, WorkspaceBoundsTheMemoryInUse) {
    const Size nominal = {208, 304};
    for (const KnownGraph& known : known_graphs()) {
        if (known.graph.name.find("hop") != std::string::npos) continue;  // slow, and of the same operations
        const auto inputs = random_inputs(known.graph, nominal, known.divisors, 1, known.input_scale);
        const auto runner = make_contract_backend()->prepare(random_network(known.graph, 1));
        const std::size_t before = heap_bytes();
        std::size_t peak = 0;
        RunContext context{[&] {
                               peak = std::max(peak, heap_bytes() - before);
                               return true;
                           },
                           nullptr};
        const auto outputs = runner->run(pointers(inputs), nominal, context);
        peak = std::max(peak, heap_bytes() - before);
        const std::size_t bound = runner->workspace_bytes(sizes(inputs), nominal);
        EXPECT_LE(peak, bound + 65536) << known.graph.name;
        EXPECT_GE(3 * peak, bound) << known.graph.name;
    }
}
#endif

}  // namespace

}  // namespace jpegai::test
