// The device layer: memory, copies, launches, events and graphs, on the emulator and on a GPU.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "backend/cuda/fill.h"
#include "base/error.h"
#include "tests/support/cuda_devices.h"

namespace jpegai::cuda {
namespace {

std::vector<float> download(Stream& stream, Device& device, const Buffer& buffer, std::size_t count) {
    const Buffer host = device.pinned(count * sizeof(float));
    stream.copy_to_host(host.data(), buffer.data(), count * sizeof(float));
    stream.synchronize();
    return {host.as<float>(), host.as<float>() + count};
}

TEST(CudaDevice, KernelsWriteWhatTheyAreTold) {
    for (const auto& device : test::cuda_devices()) {
        constexpr std::size_t kCount = 1000;
        const auto stream = device->make_stream();
        const Buffer buffer = device->memory(kCount * sizeof(float));
        stream->launch(fill_kernel, {3}, {64}, 0, {buffer.as<float>(), kCount - 1, 2.5F});
        stream->launch(fill_kernel, {1}, {1}, 0, {buffer.as<float>() + kCount - 1, 1, -1.0F});
        const std::vector<float> values = download(*stream, *device, buffer, kCount);
        for (std::size_t i = 0; i + 1 < kCount; ++i) EXPECT_EQ(values[i], 2.5F) << i << " on " << device->describe();
        EXPECT_EQ(values.back(), -1.0F);
    }
}

TEST(CudaDevice, AGraphRepeatsWhatWasCaptured) {
    for (const auto& device : test::cuda_devices()) {
        constexpr std::size_t kCount = 100;
        const auto stream = device->make_stream();
        const auto second = device->make_stream();
        const auto forked = device->make_event(), joined = device->make_event();
        const Buffer buffer = device->memory(kCount * sizeof(float)), copy = device->memory(kCount * sizeof(float));
        stream->fill_bytes(buffer.data(), 0, kCount * sizeof(float));
        stream->synchronize();
        stream->begin_capture();
        stream->launch(fill_kernel, {2}, {32}, 0, {buffer.as<float>(), kCount / 2, 1.0F});
        stream->record(*forked);
        second->wait(*forked);
        second->launch(fill_kernel, {2}, {32}, 0, {buffer.as<float>() + kCount / 2, kCount / 2, 2.0F});
        second->record(*joined);
        stream->wait(*joined);
        stream->copy_on_device(copy.data(), buffer.data(), kCount * sizeof(float));
        const auto graph = stream->end_capture();
        EXPECT_EQ(download(*stream, *device, buffer, kCount)[0], 0.0F) << "nothing runs while it is captured";
        for (int i = 0; i < 2; ++i) {
            stream->fill_bytes(buffer.data(), 0, kCount * sizeof(float));
            stream->launch(*graph);
            const std::vector<float> values = download(*stream, *device, copy, kCount);
            EXPECT_EQ(values.front(), 1.0F);
            EXPECT_EQ(values.back(), 2.0F);
        }
    }
}

TEST(CudaDevice, ThePoolReusesMemory) {
    for (const auto& device : test::cuda_devices()) {
        const std::size_t before = device->bytes_in_use();
        void* first = nullptr;
        {
            const Buffer buffer = device->memory(5000);
            first = buffer.data();
            EXPECT_GE(buffer.bytes(), 5000U);
            EXPECT_LE(buffer.bytes(), 5700U);
            EXPECT_EQ(device->bytes_in_use(), before + buffer.bytes());
        }
        EXPECT_EQ(device->bytes_in_use(), before);
        {
            const Buffer buffer = device->memory(4900);
            EXPECT_EQ(buffer.data(), first);
        }
        EXPECT_GT(device->bytes_pooled(), 0U);
        device->trim();
        EXPECT_EQ(device->bytes_pooled(), 0U);
        EXPECT_EQ(device->memory(0).data(), nullptr);
    }
}

TEST(CudaDevice, EventsMeasureTime) {
    for (const auto& device : test::cuda_devices()) {
        const auto stream = device->make_stream();
        const auto start = device->make_event(), end = device->make_event();
        const Buffer buffer = device->memory(4096);
        stream->record(*start);
        stream->launch(fill_kernel, {4}, {256}, 0, {buffer.as<float>(), 1024, 0.0F});
        stream->record(*end);
        end->synchronize();
        EXPECT_TRUE(end->done());
        EXPECT_GE(end->seconds_since(*start), 0.0);
    }
}

TEST(CudaDevice, StreamsWaitForEachOther) {
    for (const auto& device : test::cuda_devices()) {
        constexpr std::size_t kCount = 1000;
        const auto first = device->make_stream(), second = device->make_stream();
        const auto there = device->make_event(), read = device->make_event();
        const Buffer values = device->memory(kCount * sizeof(float)), copy = device->memory(kCount * sizeof(float));
        first->launch(fill_kernel, {4}, {256}, 0, {values.as<float>(), kCount, 3.0F});
        first->record(*there);
        second->wait(*there);
        second->copy_on_device(copy.data(), values.data(), kCount * sizeof(float));
        second->record(*read);
        first->wait(*read);
        first->launch(fill_kernel, {4}, {256}, 0, {values.as<float>(), kCount, 4.0F});
        EXPECT_EQ(download(*second, *device, copy, kCount), std::vector<float>(kCount, 3.0F));
        EXPECT_EQ(download(*first, *device, values, kCount), std::vector<float>(kCount, 4.0F));
    }
}

// Otherwise tests on the emulator would not show that a wait is missing.
TEST(CudaDevice, TheEmulatorIsAsLateAsItMayBe) {
    const auto device = Device::emulated();
    const auto first = device->make_stream(), second = device->make_stream();
    const auto event = device->make_event();
    float value = 1;
    first->fill_bytes(&value, 0, sizeof value);
    first->record(*event);
    second->synchronize();
    EXPECT_FALSE(event->done());
    EXPECT_EQ(value, 1.0F);
    second->wait(*event);
    EXPECT_EQ(value, 1.0F);
    second->synchronize();
    EXPECT_TRUE(event->done());
    EXPECT_EQ(value, 0.0F);
}

TEST(CudaDevice, AMissingGpuIsAClearError) {
    const std::size_t count = Device::list().size();
    try {
        (void)Device::open(static_cast<int>(count));
        FAIL() << "opened";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), JPEGAI_ERROR_UNSUPPORTED);
        EXPECT_NE(std::string(error.what()).find("CUDA"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace jpegai::cuda
