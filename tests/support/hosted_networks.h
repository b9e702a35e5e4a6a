// A backend whose planes lie on a CUDA device (or the emulator) and whose networks run on the processor: tests what the
// decoder does with planes on a device apart from the networks there, and quickly in the emulator.
#pragma once

#include <memory>
#include <utility>

#include "backend/cuda/device_runner.h"
#include "backend/cuda/picture_device_cuda.h"
#include "backend/select.h"

namespace jpegai::test {

class HostedRunner final : public cuda::DeviceRunner {
public:
    explicit HostedRunner(std::unique_ptr<NetworkRunner> runner) : runner_(std::move(runner)) {}
    [[nodiscard]] std::vector<Array3<float>> run(std::span<const Array3<float>* const> inputs, Size nominal,
                                                 RunContext& context) const override {
        return runner_->run(inputs, nominal, context);
    }
    [[nodiscard]] std::size_t workspace_bytes(std::span<const Size> inputs, Size nominal) const override {
        return runner_->workspace_bytes(inputs, nominal);
    }
    [[nodiscard]] const Graph& graph() const override { return runner_->graph(); }

    [[nodiscard]] std::vector<DeviceArray> run_on(cuda::StreamMemory& memory, std::span<const DeviceArray> inputs,
                                                  Size nominal, RunContext& context) const override {
        std::vector<Array3<float>> host;
        for (const DeviceArray& input : inputs) {
            host.push_back(Array3<float>::uninitialized(input.channels, input.rows, input.cols));
            memory.stream().copy_to_host(host.back().data(), input.data, input.size() * sizeof(float));
        }
        memory.stream().synchronize();
        std::vector<const Array3<float>*> pointers;
        for (const Array3<float>& input : host) pointers.push_back(&input);
        std::vector<DeviceArray> results;
        for (const Array3<float>& output : runner_->run(pointers, nominal, context)) {
            results.push_back(memory.values<float>({output.channels(), {output.rows(), output.cols()}}));
            memory.stream().copy_to_device(results.back().data, output.data(), output.size() * sizeof(float));
            memory.stream().synchronize();
        }
        return results;
    }

private:
    std::unique_ptr<NetworkRunner> runner_;
};

class HostedBackend final : public Backend {
public:
    explicit HostedBackend(const std::shared_ptr<cuda::Device>& device)
        : pictures_(device), networks_(make_backend({"auto", 1})) {}
    [[nodiscard]] std::string describe() const override { return "planes on a device, networks on the processor"; }
    [[nodiscard]] std::unique_ptr<NetworkRunner> prepare(Network network) const override {
        return std::make_unique<HostedRunner>(networks_->prepare(std::move(network)));
    }
    [[nodiscard]] std::shared_ptr<PictureDevice> picture_device() const override { return pictures_.take(); }
    [[nodiscard]] bool has_own_memory() const override { return true; }

private:
    cuda::PictureDevicePool pictures_;
    std::shared_ptr<const Backend> networks_;
};

}  // namespace jpegai::test
