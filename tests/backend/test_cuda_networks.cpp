// Whole networks on the emulator and on a GPU: the bits of the contract, also when several threads run one network.
#include <gtest/gtest.h>

#include <thread>

#include "backend/cuda/cuda_backend.h"
#include "base/error.h"
#include "tests/support/cuda_devices.h"
#include "tests/support/random_network.h"

namespace jpegai {
namespace {

using test::random_network;

std::vector<const Array3<float>*> pointers(const std::vector<Array3<float>>& arrays) {
    std::vector<const Array3<float>*> result;
    for (const Array3<float>& array : arrays) result.push_back(&array);
    return result;
}

/// One network with inputs for one size and what the contract makes of them.
struct Expected {
    Network network;
    std::vector<Array3<float>> inputs, outputs;
};

Expected make_expected(const test::KnownGraph& known, Size nominal) {
    Expected e{random_network(known.graph, 3), {}, {}};
    e.inputs = test::random_inputs(known.graph, nominal, known.divisors, 7, known.input_scale);
    RunContext context;
    e.outputs = make_contract_backend()->prepare(e.network)->run(pointers(e.inputs), nominal, context);
    return e;
}

void expect_same(const std::vector<Array3<float>>& have, const Expected& e, const std::string& where) {
    ASSERT_EQ(have.size(), e.outputs.size());
    for (std::size_t k = 0; k < have.size(); ++k) {
        EXPECT_TRUE(test::same_bits(have[k], e.outputs[k])) << e.network.graph.name << " output " << k << " on " << where;
    }
}

void expect_contract(const cuda::Device& device, const Backend& backend, Size nominal) {
    for (const test::KnownGraph& known : test::known_graphs()) {
        const Expected e = make_expected(known, nominal);
        const auto runner = backend.prepare(e.network);
        const std::string where =
            device.describe() + " at " + std::to_string(nominal.rows) + "x" + std::to_string(nominal.cols);
        RunContext context;
        std::vector<LayerTiming> timings;
        context.timings = &timings;
        expect_same(runner->run(pointers(e.inputs), nominal, context), e, where);
        std::uint64_t macs = 0;
        for (const LayerTiming& timing : timings) macs += timing.macs;
        std::vector<Size> sizes;
        for (const Array3<float>& input : e.inputs) sizes.push_back({input.rows(), input.cols()});
        EXPECT_EQ(macs, count_macs(e.network.graph, sizes, nominal)) << "all layers are timed once";
    }
}

TEST(CudaNetworks, GiveTheBitsOfTheContract) {
    for (const auto& device : test::cuda_devices()) {
        const auto backend = make_cuda_backend(device);
        for (const Size nominal : {Size{1, 1}, Size{37, 70}}) expect_contract(*device, *backend, nominal);
    }
}

TEST(CudaNetworks, LargePlanesOnAGpu) {
    for (const auto& device : test::cuda_devices()) {
        if (device->info().index < 0) continue;  // the emulator takes minutes
        const auto backend = make_cuda_backend(device);
        for (const Size nominal : {Size{203, 301}, Size{512, 1100}}) expect_contract(*device, *backend, nominal);
    }
}

TEST(CudaNetworks, SeveralThreadsAndSizesMayRunOneNetwork) {
    for (const auto& device : test::cuda_devices()) {
        const auto backend = make_cuda_backend(device);
        const test::KnownGraph known = test::known_graphs().front();
        const std::vector<Size> sizes = {{16, 16}, {20, 33}, {37, 20}};
        std::vector<Expected> expected;
        for (const Size size : sizes) expected.push_back(make_expected(known, size));
        const auto runner = backend->prepare(expected[0].network);
        std::vector<std::thread> threads;
        for (std::size_t t = 0; t < 3; ++t) {
            threads.emplace_back([&, t] {
                for (std::size_t k = 0; k < 6; ++k) {
                    const std::size_t which = (t + k) % sizes.size();
                    RunContext context;
                    expect_same(runner->run(pointers(expected[which].inputs), sizes[which], context), expected[which],
                                "thread " + std::to_string(t));
                }
            });
        }
        for (std::thread& thread : threads) thread.join();
    }
}

TEST(CudaNetworks, SteadyStateAllocatesNothing) {
    for (const auto& device : test::cuda_devices()) {
        const auto backend = make_cuda_backend(device);
        const Expected e = make_expected(test::known_graphs().front(), {32, 32});
        const auto runner = backend->prepare(e.network);
        std::size_t used = 0;
        for (int k = 0; k < 5; ++k) {
            RunContext context;
            expect_same(runner->run(pointers(e.inputs), {32, 32}, context), e, device->describe());
            const std::size_t now = device->bytes_in_use() + device->bytes_pooled();
            if (k >= 2) {
                EXPECT_EQ(now, used) << "run " << k;
            }
            used = now;
        }
    }
}

TEST(CudaNetworks, CancelsBeforeAndBetweenLayers) {
    for (const auto& device : test::cuda_devices()) {
        const auto backend = make_cuda_backend(device);
        const Expected e = make_expected(test::known_graphs().front(), {32, 32});
        const auto runner = backend->prepare(e.network);
        for (const int after : {0, 3}) {
            int calls = 0;
            RunContext context;
            context.keep_going = [&] { return calls++ < after; };
            try {
                (void)runner->run(pointers(e.inputs), {32, 32}, context);
                FAIL() << "not cancelled";
            } catch (const Error& error) {
                EXPECT_EQ(error.code(), JPEGAI_ERROR_CANCELLED);
            }
        }
        RunContext context;
        expect_same(runner->run(pointers(e.inputs), {32, 32}, context), e, "after a cancelled run");
    }
}

}  // namespace
}  // namespace jpegai
