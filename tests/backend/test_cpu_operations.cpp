// Every operation, alone and with what is fused into it, on random shapes and every instruction set of this machine:
// the bits of the contract. With JPEGAI_CHECKASM_BENCH=1 it also prints what each takes; JPEGAI_CHECKASM_SEED=N draws
// other shapes and values.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/cpu_backend.h"
#include "tests/backend/operation_cases.h"
#include "tests/support/random_network.h"

namespace jpegai::test {

namespace {

std::vector<Array3<float>> run(const Backend& backend, const Case& c, const std::vector<Array3<float>>& inputs) {
    RunContext context;
    return backend.prepare(random_network(c.graph, 5))->run(pointers(inputs), c.nominal, context);
}

/// Every instruction set of this machine, several threads, and the C library's fused multiply-add.
std::vector<std::unique_ptr<Backend>> backends_to_check() {
    std::vector<std::unique_ptr<Backend>> backends;
    for (const CpuLevel level : available_cpu_levels()) backends.push_back(make_cpu_backend({level, 1}));
    backends.push_back(make_cpu_backend({CpuLevel::kAuto, 3}));
    backends.push_back(make_cpu_backend({CpuLevel::kScalar, 1, true}));
    return backends;
}

void check(const Operation& operation) {
    const auto contract = make_contract_backend();
    const auto backends = backends_to_check();
    for (std::uint64_t i = 0; i < operation.shapes; ++i) {
        const std::uint64_t seed = 1000 * chosen_seed() + i;
        Draw draw(seed, false);
        const Case c = operation.make(draw);
        const auto inputs = make_inputs(c, seed, i % 3 == 2);
        const auto wanted = run(*contract, c, inputs);
        for (const auto& backend : backends) {
            const auto have = run(*backend, c, inputs);
            ASSERT_EQ(have.size(), wanted.size());
            for (std::size_t k = 0; k < have.size(); ++k) {
                EXPECT_TRUE(same_bits(have[k], wanted[k])) << operation.name << ' ' << describe(c) << ", output " << k
                                                           << ", shape " << i << " on " << backend->describe();
            }
        }
    }
}

/// Microseconds of one run, the fastest of many: other work on the machine only ever adds time.
double time_of(const Backend& backend, const Case& c, const std::vector<Array3<float>>& inputs) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::milliseconds kLongEnough{40};
    const auto runner = backend.prepare(random_network(c.graph, 5));
    double best = std::numeric_limits<double>::infinity();
    for (const auto begin = Clock::now(); Clock::now() - begin < kLongEnough;) {
        RunContext context;
        const auto start = Clock::now();
        (void)runner->run(pointers(inputs), c.nominal, context);
        best = std::min(best, std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    }
    return best;
}

void print_times(const std::vector<Operation>& operations) {
    const auto contract = make_contract_backend();
    const std::vector<CpuLevel> levels = available_cpu_levels();
    std::printf("%-26s %-34s %10s", "microseconds, one thread", "", "contract");
    for (const CpuLevel level : levels) std::printf(" %10s", cpu_level_name(level));
    std::printf("\n");
    for (const Operation& operation : operations) {
        Draw draw(1, true);
        const Case c = operation.make(draw);
        const auto inputs = make_inputs(c, 1, false);
        std::printf("%-26s %-34s %10.1f", operation.name, describe(c).c_str(), time_of(*contract, c, inputs));
        for (const CpuLevel level : levels) std::printf(" %10.1f", time_of(*make_cpu_backend({level, 1}), c, inputs));
        std::printf("\n");
    }
}

void check_all(const std::vector<Operation>& operations) {
    for (const Operation& operation : operations) check(operation);
    const char* const timing = std::getenv("JPEGAI_CHECKASM_BENCH");
    if (timing != nullptr && std::string(timing) == "1") print_times(operations);
}

TEST(CpuOperations, ConvolutionsGiveTheBitsOfTheContract) {
    check_all(convolutions());
}

TEST(CpuOperations, EverythingElseGivesTheBitsOfTheContract) {
    check_all(others());
}

// Kernels form exp(x) - 1 in a shorter way than the contract where that gives the same bits.
TEST(CpuOperations, EluOfAllKindsOfNumbers) {
    constexpr std::uint32_t kStep = 4099;  // odd: a million bit patterns over the whole range
    constexpr Size kSize{64, 1024};
    GraphBuilder b("operation");
    const auto x = b.input("x", 32);
    const Case c{b.finish({b.elu_gate(x)}), {kSize}};
    std::vector<Array3<float>> inputs;
    inputs.emplace_back(32, kSize.rows, kSize.cols);
    const auto values = inputs[0].span();
    const std::size_t half = values.size() / 2;
    std::fill(values.begin() + static_cast<std::ptrdiff_t>(half), values.end(), 1.0F);
    for (std::uint32_t i = 0; i < half; ++i) values[i] = std::bit_cast<float>(i * kStep);
    const float infinity = std::numeric_limits<float>::infinity();
    const std::array<float, 10> special = {0.0F,      -0.0F,    -infinity, infinity, -0x1p-149F,
                                           -0x1p-25F, -17.328F, -87.0F,    -87.336F, -103.97F};
    for (std::size_t i = 0; i < special.size(); ++i) {
        float value = special[i];
        for (std::size_t k = 0; k < 8; ++k, value = std::nextafter(value, 0.0F)) values[8 * i + k] = value;
    }
    const auto wanted = run(*make_contract_backend(), c, inputs);
    for (const auto& backend : backends_to_check())
        EXPECT_TRUE(same_bits(run(*backend, c, inputs)[0], wanted[0])) << backend->describe();
}

}  // namespace

}  // namespace jpegai::test
