// Whole networks on every instruction set and number of threads: the bits of the contract.
#include <gtest/gtest.h>

#include <map>

#include "backend/backend.h"
#include "backend/cpu/cpu_backend.h"
#include "tests/support/emulated.h"
#include "tests/support/random_network.h"

namespace jpegai {
namespace {

std::vector<const Array3<float>*> pointers(const std::vector<Array3<float>>& arrays) {
    std::vector<const Array3<float>*> result;
    for (const Array3<float>& array : arrays) result.push_back(&array);
    return result;
}

/// Results of every known graph for one size, by the contract.
struct Expected {
    test::KnownGraph known;
    std::vector<Array3<float>> inputs, outputs;
};

const std::vector<Expected>& expected(Size nominal) {
    static std::map<std::pair<std::size_t, std::size_t>, std::vector<Expected>> cache;
    auto& list = cache[{nominal.rows, nominal.cols}];
    if (!list.empty()) return list;
    const auto contract = make_contract_backend();
    for (test::KnownGraph& known : test::known_graphs()) {
        Expected e{std::move(known), {}, {}};
        e.inputs = test::random_inputs(e.known.graph, nominal, e.known.divisors, 7, e.known.input_scale);
        RunContext context;
        e.outputs =
            contract->prepare(test::random_network(e.known.graph, 3))->run(pointers(e.inputs), nominal, context);
        list.push_back(std::move(e));
    }
    return list;
}

void expect_contract(const CpuBackendOptions& options, Size nominal) {
    const auto backend = make_cpu_backend(options);
    for (const Expected& e : expected(nominal)) {
        const auto runner = backend->prepare(test::random_network(e.known.graph, 3));
        RunContext context;
        const auto outputs = runner->run(pointers(e.inputs), nominal, context);
        ASSERT_EQ(outputs.size(), e.outputs.size());
        for (std::size_t k = 0; k < outputs.size(); ++k) {
            EXPECT_TRUE(test::same_bits(outputs[k], e.outputs[k]))
                << e.known.graph.name << " output " << k << " on " << backend->describe() << " at " << nominal.rows
                << "x" << nominal.cols;
        }
    }
}

TEST(CpuNetworks, EveryLevelGivesTheBitsOfTheContract) {
    for (const CpuLevel level : available_cpu_levels()) {
        for (const Size nominal : {Size{1, 1}, Size{37, 70}}) expect_contract({level, 1}, nominal);
    }
}

TEST(CpuNetworks, LargerTilesUseAllPathsOfThePlan) {
    expect_contract({CpuLevel::kAuto, 1}, test::emulated() ? Size{70, 133} : Size{203, 301});
}

TEST(CpuNetworks, ThreadsDoNotChangeBits) {
    for (const std::size_t threads : {2U, 3U, 5U, 16U}) {
        expect_contract({CpuLevel::kAuto, threads}, test::emulated() ? Size{37, 70} : Size{70, 133});
    }
}

}  // namespace
}  // namespace jpegai
