// Every operation, alone and with what is fused into it, on random shapes, on the emulator and on a GPU: the bits of the
// contract. JPEGAI_CHECKASM_SEED=N draws other shapes and values; JPEGAI_CUDA_QUICK=1 few shapes (for compute-sanitizer).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <random>

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

void check_all(const std::vector<Operation>& operations, const cuda::ConvChoice& choice = {}) {
    const auto contract = make_contract_backend();
    const char* const only = std::getenv("JPEGAI_TEST_CASE");
    for (const auto& device : cuda_devices()) {
        const auto backend = make_cuda_backend(device, choice);
        for (const Operation& operation : operations) {
            if (only != nullptr && std::string(operation.name).find(only) == std::string::npos) continue;
            check(operation, *contract, *backend);
        }
    }
}

TEST(CudaOperations, ConvolutionsGiveTheBitsOfTheContract) {
    check_all(convolutions());
}

TEST(CudaOperations, ConvolutionsGiveThemWithEveryTile) {
    for (const cuda::ConvTile tile : cuda::kConvTiles) {
        for (const bool bulk : {true, false}) check_all(convolutions(), {tile, bulk});
    }
}

/// Weights and inputs with which sums become -0 (products that round to zero, a bias of -0) or a tap of zero would not add
/// nothing (infinite weights): taps outside the picture are to be left out, not to be multiplied by zero.
enum class Odd { kTinyWeights, kTinyInputs, kNegativeZeroBias, kInfiniteWeights };

void make_odd(Odd odd, Network& network, std::vector<Array3<float>>& inputs) {
    std::mt19937_64 random(7);
    const auto own = [&](std::span<const float>& values) -> std::vector<float>& {
        const auto copy = std::make_shared<std::vector<float>>(values.begin(), values.end());
        values = *copy;
        network.derived.push_back(copy);
        return *copy;
    };
    for (Network::Weights& w : network.weights) {
        for (float& x : own(w.weight)) {
            if (odd == Odd::kTinyWeights) x *= 1e-30F;
            if (odd == Odd::kInfiniteWeights && random() % 40 == 0) x = std::numeric_limits<float>::infinity();
        }
        for (float& x : own(w.bias)) x = odd == Odd::kNegativeZeroBias ? -0.0F : 0.0F;
    }
    for (Array3<float>& input : inputs) {
        for (float& x : input.span()) {
            const bool tiny = odd == Odd::kTinyInputs || odd == Odd::kTinyWeights;
            x = odd != Odd::kInfiniteWeights && random() % 2 == 0 ? -0.0F : tiny ? x * 1e-44F : x;
        }
        if (odd == Odd::kNegativeZeroBias) std::fill(input.span().begin(), input.span().end(), 0.0F);
    }
}

TEST(CudaOperations, TapsOutsideThePictureAddNothing) {
    const auto contract = make_contract_backend();
    std::size_t negative_zeros = 0;
    for (const auto& device : cuda_devices()) {
        for (const cuda::ConvTile tile : cuda::kConvTiles) {
            const auto backend = make_cuda_backend(device, {tile, tile != cuda::ConvTile::kSmall});
            for (const Operation& operation : convolutions()) {
                for (const Odd odd : {Odd::kTinyWeights, Odd::kTinyInputs, Odd::kNegativeZeroBias, Odd::kInfiniteWeights}) {
                    Draw draw(chosen_seed(), false);
                    const Case c = operation.make(draw);
                    Network network = random_network(c.graph, 5);
                    auto inputs = make_inputs(c, 1, false);
                    make_odd(odd, network, inputs);
                    const auto wanted = run(*contract->prepare(network), c, inputs);
                    for (const Array3<float>& output : wanted) {
                        for (const float x : output.span()) negative_zeros += static_cast<std::size_t>(x == 0.0F && std::signbit(x));
                    }
                    compare(run(*backend->prepare(network), c, inputs), wanted,
                            std::string(operation.name) + " on " + backend->describe() + ", odd values " +
                                std::to_string(static_cast<int>(odd)) + ", tile " + std::to_string(static_cast<int>(tile)));
                }
            }
        }
    }
    EXPECT_GT(negative_zeros, 0U) << "the values are not odd enough";
}

TEST(CudaOperations, EverythingElseGivesTheBitsOfTheContract) {
    check_all(others());
}

}  // namespace

}  // namespace jpegai::test
