// A network on a device: weights packed once; for each size a workspace and, where launches take long enough to matter,
// one CUDA graph of all of them, kept for the next run.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "backend/cuda/device_runner.h"
#include "backend/cuda/network_plan.h"

namespace jpegai::cuda {

/// Streams for runs on values of the host, used again and again.
class StreamPool {
public:
    explicit StreamPool(std::shared_ptr<Device> device) : device_(std::move(device)) {}
    [[nodiscard]] std::shared_ptr<StreamMemory> take();
    void give_back(std::shared_ptr<StreamMemory> memory);
    [[nodiscard]] const std::shared_ptr<Device>& device() const { return device_; }

private:
    std::shared_ptr<Device> device_;
    std::mutex mutex_;
    std::vector<std::shared_ptr<StreamMemory>> idle_;
};

class CudaRunner final : public DeviceRunner {
public:
    CudaRunner(std::shared_ptr<StreamPool> streams, const Network& network, const ConvChoice& choice = {});

    std::vector<Array3<float>> run(std::span<const Array3<float>* const> inputs, Size nominal,
                                   RunContext& context) const override;
    std::vector<DeviceArray> run_on(StreamMemory& memory, std::span<const DeviceArray> inputs, Size nominal,
                                    RunContext& context) const override;
    std::size_t workspace_bytes(std::span<const Size> inputs, Size nominal) const override;
    const Graph& graph() const override { return graph_; }

private:
    /// What a run of one size needs.
    struct Key {
        std::vector<Size> inputs;
        Size nominal;
        bool operator==(const Key&) const = default;
    };
    struct Instance {
        Key key;
        Plan plan;
        std::shared_ptr<void> workspace;
        std::unique_ptr<GraphExec> exec;
        std::weak_ptr<StreamMemory> home;  ///< whose stream it runs on
        std::shared_ptr<const Buffer> parameters;
    };
    /// Instances that nobody uses; outlives the runner while results are in use.
    struct Idle {
        std::mutex mutex;
        std::vector<std::unique_ptr<Instance>> instances;  ///< oldest first
        std::size_t bytes = 0;                             ///< of their workspaces
    };

    [[nodiscard]] Key check_inputs(std::span<const DeviceArray> inputs, Size nominal) const;
    [[nodiscard]] std::unique_ptr<Instance> take_instance(StreamMemory& memory, const Key& key) const;
    [[nodiscard]] std::unique_ptr<Instance> make_instance(StreamMemory& memory, Key key) const;
    void run_layers(StreamMemory& memory, const Instance& instance, RunContext& context) const;
    void capture(StreamMemory& memory, Instance& instance) const;
    void launch_all(StreamMemory& memory, const Instance& instance) const;

    std::shared_ptr<StreamPool> streams_;
    Graph graph_;
    LayeredNetwork network_;
    std::shared_ptr<const Buffer> parameters_;
    LaunchTarget target_;
    std::shared_ptr<Idle> idle_;
};

}  // namespace jpegai::cuda
