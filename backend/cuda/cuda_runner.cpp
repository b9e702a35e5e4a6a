#include "backend/cuda/cuda_runner.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/error.h"
#include "base/math.h"

namespace jpegai::cuda {

namespace {

/// Idle instances that a runner keeps: one for each picture that a batch has on the device, within a limit of memory.
constexpr std::size_t kMostInstances = 64, kMostIdleBytes = std::size_t{2} << 30;
/// The largest that is kept: above, launching takes no time worth saving.
constexpr std::size_t kLargestGraph = std::size_t{1} << 30;

void check_going(const RunContext& context) {
    if (context.keep_going && !context.keep_going()) throw Error(JPEGAI_ERROR_CANCELLED, "cancelled by the caller");
}

float* address(const Plan::Place& place, const std::shared_ptr<void>& workspace) {
    return reinterpret_cast<float*>(static_cast<unsigned char*>(workspace.get()) + place.offset);
}

std::shared_ptr<const Buffer> upload(Device& device, const std::vector<float>& values) {
    const std::size_t bytes = values.size() * sizeof(float);
    auto buffer = std::make_shared<Buffer>(device.memory(bytes));
    if (bytes == 0) return buffer;
    const Buffer staging = device.pinned(bytes);
    std::memcpy(staging.data(), values.data(), bytes);
    const auto stream = device.make_stream();
    stream->copy_to_device(buffer->data(), staging.data(), bytes);
    stream->synchronize();
    return buffer;
}

}  // namespace

std::shared_ptr<StreamMemory> StreamPool::take() {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            auto memory = std::move(idle_.back());
            idle_.pop_back();
            return memory;
        }
    }
    return StreamMemory::make(device_);
}

void StreamPool::give_back(std::shared_ptr<StreamMemory> memory) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(memory));
}

CudaRunner::CudaRunner(std::shared_ptr<StreamPool> streams, const Network& network, const ConvChoice& choice)
    : streams_(std::move(streams)),
      graph_(network.graph),
      network_(make_layers(network)),
      parameters_(upload(*streams_->device(), network_.parameters)),
      target_{streams_->device(), choice},
      idle_(std::make_shared<Idle>()) {
    network_.parameters = {};
}

CudaRunner::Key CudaRunner::check_inputs(std::span<const DeviceArray> inputs, Size nominal) const {
    Key key{{}, nominal};
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        const Node& n = graph_.nodes[graph_.inputs[k]];
        if (inputs[k].channels != n.out_channels) {
            throw Error(JPEGAI_ERROR_INTERNAL, "graph " + graph_.name + ": input " + n.name + " has " +
                                                   std::to_string(inputs[k].channels) + " channels");
        }
        key.inputs.push_back({inputs[k].rows, inputs[k].cols});
    }
    return key;
}

void CudaRunner::launch_all(StreamMemory& memory, const Instance& instance) const {
    auto* const workspace = static_cast<unsigned char*>(instance.workspace.get());
    for (std::size_t i = 0; i < network_.layers.size(); ++i) {
        launch_layer(memory.stream(), graph_, network_, instance.plan, i, workspace, parameters_->as<float>(),
                     target_);
    }
}

std::unique_ptr<CudaRunner::Instance> CudaRunner::take_instance(StreamMemory& memory, const Key& key) const {
    const std::lock_guard lock(idle_->mutex);
    auto& list = idle_->instances;
    for (auto instance = list.begin(); instance != list.end(); ++instance) {
        if (!((*instance)->key == key) || (*instance)->home.lock().get() != &memory) continue;
        auto taken = std::move(*instance);
        list.erase(instance);
        idle_->bytes -= taken->plan.bytes;
        return taken;
    }
    return nullptr;
}

std::unique_ptr<CudaRunner::Instance> CudaRunner::make_instance(StreamMemory& memory, Key key) const {
    auto instance = std::make_unique<Instance>();
    instance->plan = make_plan(graph_, network_, key.inputs, key.nominal);
    instance->key = std::move(key);
    instance->workspace = memory.take(instance->plan.bytes);
    instance->home = memory.weak_from_this();
    instance->parameters = parameters_;
    return instance;
}

/// Layer by layer, asking and timing in between.
void CudaRunner::run_layers(StreamMemory& memory, const Instance& instance, RunContext& context) const {
    Stream& stream = memory.stream();
    auto* const workspace = static_cast<unsigned char*>(instance.workspace.get());
    std::vector<std::unique_ptr<Event>> events;
    const auto mark = [&] {
        if (context.timings == nullptr) return;
        events.push_back(memory.device().make_event());
        stream.record(*events.back());
    };
    mark();
    const unsigned repeats = context.timings == nullptr ? 1 : context.repeats;
    for (std::size_t i = 0; i < network_.layers.size(); ++i) {
        check_going(context);
        for (unsigned repeat = 0; repeat < repeats; ++repeat) {  // a layer never writes what it reads
            launch_layer(stream, graph_, network_, instance.plan, i, workspace, parameters_->as<float>(), target_);
        }
        mark();
    }
    if (context.timings == nullptr) return;
    memory.wait();
    for (std::size_t i = 0; i < network_.layers.size(); ++i) {
        const Layer& layer = network_.layers[i];
        LayerTiming timing;
        timing.name = layer.nodes.empty() ? "copy" : graph_.nodes[layer.nodes[0]].name;
        timing.seconds = events[i + 1]->seconds_since(*events[i]) / repeats;
        for (const std::size_t node : layer.nodes) timing.macs += count_macs(graph_, node, instance.plan.shapes);
        context.timings->push_back(std::move(timing));
    }
}

void CudaRunner::capture(StreamMemory& memory, Instance& instance) const {
    Stream& stream = memory.stream();
    stream.begin_capture();
    try {
        launch_all(memory, instance);
    } catch (...) {
        try {
            (void)stream.end_capture();
        } catch (...) {
            // The first error says more.
        }
        throw;
    }
    instance.exec = stream.end_capture();
}

std::vector<DeviceArray> CudaRunner::run_on(StreamMemory& memory, std::span<const DeviceArray> inputs, Size nominal,
                                            RunContext& context) const {
    check_going(context);
    Key key = check_inputs(inputs, nominal);
    std::shared_ptr<Instance> instance;
    if (context.timings == nullptr) instance = take_instance(memory, key);
    const bool used_before = instance != nullptr;
    if (!used_before) instance = make_instance(memory, std::move(key));
    Stream& stream = memory.stream();
    const bool kept = context.timings == nullptr && instance->plan.bytes <= kLargestGraph;
    if (!used_before) stream.fill_bytes(instance->workspace.get(), 0, instance->plan.bytes);  // rows have gaps
    // The first run of a size may be the only one; it also loads the kernels, which a capture must not.
    if (used_before && !instance->exec) capture(memory, *instance);
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        const Plan::Place& place = instance->plan.places[network_.inputs[k]];
        stream.copy_on_device(address(place, instance->workspace), inputs[k].data, inputs[k].size() * sizeof(float));
    }
    if (instance->exec) {
        stream.launch(*instance->exec);
    } else {
        run_layers(memory, *instance, context);
    }
    std::shared_ptr<void> owner = instance;
    if (kept) {  // back to the others when the last result is dropped
        owner = std::shared_ptr<void>(nullptr, [idle = idle_, instance](void*) {
            std::vector<std::unique_ptr<Instance>> dropped;  // destroyed after the lock
            const std::lock_guard lock(idle->mutex);
            idle->bytes += instance->plan.bytes;
            idle->instances.push_back(std::make_unique<Instance>(std::move(*instance)));
            while (idle->instances.size() > kMostInstances || idle->bytes > kMostIdleBytes) {
                dropped.push_back(std::move(idle->instances.front()));
                idle->instances.erase(idle->instances.begin());
                idle->bytes -= dropped.back()->plan.bytes;
            }
        });
    }
    std::vector<DeviceArray> outputs;
    for (std::size_t k = 0; k < network_.outputs.size(); ++k) {
        const Shape& shape = instance->plan.shapes[graph_.outputs[k]];
        outputs.push_back({owner, address(instance->plan.places[network_.outputs[k]], instance->workspace),
                           shape.channels, shape.size.rows, shape.size.cols});
    }
    return outputs;
}

std::vector<Array3<float>> CudaRunner::run(std::span<const Array3<float>* const> inputs, Size nominal,
                                           RunContext& context) const {
    check_going(context);
    std::shared_ptr<StreamMemory> memory = streams_->take();
    std::vector<DeviceArray> on_device;
    for (const Array3<float>* input : inputs) {
        DeviceArray array = memory->values<float>({input->channels(), {input->rows(), input->cols()}});
        const std::size_t bytes = input->size() * sizeof(float);
        void* const staging = memory->staging(bytes);
        if (bytes > 0) std::memcpy(staging, input->data(), bytes);
        memory->stream().copy_to_device(array.data, staging, bytes);
        on_device.push_back(std::move(array));
    }
    const std::vector<DeviceArray> results = run_on(*memory, on_device, nominal, context);
    std::vector<const void*> staged;
    for (const DeviceArray& result : results) {
        void* const staging = memory->staging(result.size() * sizeof(float));
        memory->stream().copy_to_host(staging, result.data, result.size() * sizeof(float));
        staged.push_back(staging);
    }
    memory->wait();
    check_going(context);
    std::vector<Array3<float>> outputs;
    for (std::size_t k = 0; k < results.size(); ++k) {
        outputs.push_back(Array3<float>::uninitialized(results[k].channels, results[k].rows, results[k].cols));
        if (!outputs.back().empty()) std::memcpy(outputs.back().data(), staged[k], outputs.back().size() * sizeof(float));
    }
    memory->drop_staging();
    streams_->give_back(std::move(memory));
    return outputs;
}

std::size_t CudaRunner::workspace_bytes(std::span<const Size> inputs, Size nominal) const {
    const Plan plan = make_plan(graph_, network_, inputs, nominal);
    std::size_t bytes = plan.bytes;
    for (const std::size_t v : network_.inputs) bytes = checked_add(bytes, checked_mul(2, plan.places[v].bytes));
    for (const std::size_t v : network_.outputs) bytes = checked_add(bytes, checked_mul(2, plan.places[v].bytes));
    constexpr std::size_t kRounding = 8;  // pooled buffers are up to an eighth larger
    return checked_add(bytes, bytes / kRounding + 4096);
}

}  // namespace jpegai::cuda
