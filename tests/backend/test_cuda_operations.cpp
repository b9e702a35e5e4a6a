// Every operation, alone and with what is fused into it, on random shapes, on the emulator and on a GPU: the bits of the
// contract. JPEGAI_CHECKASM_SEED=N draws other shapes and values; JPEGAI_CUDA_QUICK=1 few shapes (for compute-sanitizer).
#include <gtest/gtest.h>

#include <cstdlib>

#include "backend/cuda/cuda_backend.h"
#include "tests/backend/operation_cases.h"
#include "tests/support/cuda_devices.h"
#include "tests/support/random_network.h"

namespace jpegai::test {

namespace {

std::vector<Array3<float>> run(const NetworkRunner& runner, const Case& c, const std::vector<Array3<float>>& inputs) {
    RunContext context;
    return runner.run(pointers(inputs), c.nominal, context);
}

void compare(const std::vector<Array3<float>>& have, const std::vector<Array3<float>>& wanted,
             const std::string& what) {
    ASSERT_EQ(have.size(), wanted.size());
    for (std::size_t k = 0; k < have.size(); ++k) {
        EXPECT_TRUE(same_bits(have[k], wanted[k])) << what << ", output " << k;
    }
}

void check(const Operation& operation, const Backend& contract, const Backend& backend) {
    const std::uint64_t shapes = std::getenv("JPEGAI_CUDA_QUICK") != nullptr ? 3 : operation.shapes;
    for (std::uint64_t i = 0; i < shapes; ++i) {
        const std::uint64_t seed = 1000 * chosen_seed() + i;
        Draw draw(seed, false);
        const Case c = operation.make(draw);
        const Network network = random_network(c.graph, 5);
        const auto inputs = make_inputs(c, seed, i % 3 == 2);
        const auto wanted = run(*contract.prepare(network), c, inputs);
        const auto runner = backend.prepare(network);
        const std::string what = std::string(operation.name) + ' ' + describe(c) + ", shape " + std::to_string(i) +
                                 " on " + backend.describe();
        compare(run(*runner, c, inputs), wanted, what);
        if (i == 0) compare(run(*runner, c, inputs), wanted, what + ", second run");
        if (i == 0) compare(run(*runner, c, inputs), wanted, what + ", captured");
    }
}

void check_all(const std::vector<Operation>& operations) {
    const auto contract = make_contract_backend();
    const char* const only = std::getenv("JPEGAI_TEST_CASE");
    for (const auto& device : cuda_devices()) {
        const auto backend = make_cuda_backend(device);
        for (const Operation& operation : operations) {
            if (only != nullptr && std::string(operation.name).find(only) == std::string::npos) continue;
            check(operation, *contract, *backend);
        }
    }
}

TEST(CudaOperations, ConvolutionsGiveTheBitsOfTheContract) {
    check_all(convolutions());
}

TEST(CudaOperations, EverythingElseGivesTheBitsOfTheContract) {
    check_all(others());
}

}  // namespace

}  // namespace jpegai::test
