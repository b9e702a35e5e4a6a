#include "backend/cpu/cpu_backend.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>

#include "backend/cpu/aligned_floats.h"
#include "backend/cpu/cpu_level.h"
#include "backend/cpu/fused_network.h"
#include "backend/cpu/plan.h"
#include "backend/cpu/workspace_pool.h"
#include "base/error.h"
#include "base/math.h"

namespace jpegai {

namespace {

using cpu::LayerWork;
using cpu::Plan;
using cpu::Storage;
using Clock = std::chrono::steady_clock;

class CpuRunner final : public NetworkRunner {
public:
    CpuRunner(const cpu::CpuKernels& kernels, std::shared_ptr<cpu::ThreadTeam> team,
              std::shared_ptr<cpu::WorkspacePool> pool, Network network)
        : kernels_(kernels),
          team_(std::move(team)),
          pool_(std::move(pool)),
          fused_(cpu::fuse(kernels, team_->threads(), network)),
          graph_(std::move(network.graph)) {}

    std::vector<Array3<float>> run(std::span<const Array3<float>* const> inputs, Size nominal,
                                   RunContext& context) const override;
    std::size_t workspace_bytes(std::span<const Size> inputs, Size nominal) const override;
    const Graph& graph() const override { return graph_; }

private:
    [[nodiscard]] std::vector<Storage> bind_values(const Plan& plan, std::span<const Array3<float>* const> inputs,
                                                   std::vector<Array3<float>>& outputs, float* workspace) const;
    [[nodiscard]] std::vector<LayerWork> bind_layers(const Plan& plan, const std::vector<Storage>& storage,
                                                     float* workspace) const;
    void run_steps(const Plan& plan, const std::vector<LayerWork>& work, std::vector<double>& seconds,
                   RunContext& context) const;

    const cpu::CpuKernels& kernels_;
    std::shared_ptr<cpu::ThreadTeam> team_;
    std::shared_ptr<cpu::WorkspacePool> pool_;
    cpu::FusedNetwork fused_;
    Graph graph_;
};

Storage plane_storage(const Array3<float>& array) {
    Storage storage;
    // Inputs are never written: only layers write, and only to their outputs.
    storage.base = const_cast<float*>(array.data());
    storage.row_stride = array.cols();
    storage.block_stride = array.plane_size();
    storage.ring_rows = array.rows();
    return storage;
}

std::vector<Storage> CpuRunner::bind_values(const Plan& plan, std::span<const Array3<float>* const> inputs,
                                            std::vector<Array3<float>>& outputs, float* workspace) const {
    std::vector<Storage> storage(fused_.values.size());
    for (std::size_t v = 0; v < storage.size(); ++v) {
        const Plan::Place& place = plan.places[v];
        storage[v] = {workspace + place.offset, place.row_stride, place.block_stride, place.ring_rows};
    }
    for (std::size_t k = 0; k < inputs.size(); ++k) storage[fused_.inputs[k]] = plane_storage(*inputs[k]);
    for (std::size_t k = 0; k < outputs.size(); ++k) storage[fused_.outputs[k]] = plane_storage(outputs[k]);
    return storage;
}

std::vector<LayerWork> CpuRunner::bind_layers(const Plan& plan, const std::vector<Storage>& storage,
                                              float* workspace) const {
    std::vector<LayerWork> work(fused_.layers.size());
    for (std::size_t i = 0; i < work.size(); ++i) {
        const cpu::Layer& layer = *fused_.layers[i];
        LayerWork& w = work[i];
        for (std::size_t k = 0; k < layer.inputs.size(); ++k) {
            w.inputs.emplace_back(layer.inputs[k], storage, plan.sizes[i].inputs[k]);
        }
        w.output = storage[layer.output];
        if (layer.copy != cpu::Layer::kNoValue) w.copy = storage[layer.copy];
        w.output_size = plan.sizes[i].output;
        w.scratch = workspace + plan.scratch[i];
        if (layer.partner != cpu::Layer::kNoValue) w.partner_scratch = workspace + plan.scratch[layer.partner];
        w.kernels = &kernels_;
        w.max_units = plan.max_units[i];
    }
    return work;
}

void CpuRunner::run_steps(const Plan& plan, const std::vector<LayerWork>& work, std::vector<double>& seconds,
                          RunContext& context) const {
    constexpr std::chrono::milliseconds kBetweenQuestions{5};
    cpu::ThreadTeam::Lease team(*team_);
    Clock::time_point asked{};
    for (const cpu::Step& step : plan.steps) {
        const Clock::time_point now = Clock::now();
        if (context.keep_going && now - asked > kBetweenQuestions) {
            asked = now;
            if (!context.keep_going()) throw Error(JPEGAI_ERROR_CANCELLED, "cancelled by the caller");
        }
        const double start = seconds.empty() ? 0 : clock_seconds(context.time);
        fused_.layers[step.layer]->run(work[step.layer], step.units, team);
        if (!seconds.empty()) seconds[step.layer] += clock_seconds(context.time) - start;
    }
}

std::vector<Array3<float>> CpuRunner::run(std::span<const Array3<float>* const> inputs, Size nominal,
                                          RunContext& context) const {
    std::vector<Size> sizes;
    for (const Array3<float>* input : inputs) sizes.push_back({input->rows(), input->cols()});
    const std::vector<Shape> shapes = infer_shapes(graph_, sizes, nominal);
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        const Node& node = graph_.nodes[graph_.inputs[k]];
        if (inputs[k]->channels() != node.out_channels) {
            throw Error(JPEGAI_ERROR_INTERNAL, "graph " + graph_.name + ": input " + node.name + " has " +
                                                   std::to_string(inputs[k]->channels()) + " channels");
        }
    }
    const Plan plan = cpu::make_plan(fused_, shapes, team_->threads());
    std::vector<Array3<float>> outputs;
    for (const std::size_t i : graph_.outputs) {
        outputs.push_back(Array3<float>::uninitialized(shapes[i].channels, shapes[i].size.rows, shapes[i].size.cols));
    }
    cpu::WorkspacePool::Loan workspace(*pool_, plan.floats);
    const std::vector<Storage> storage = bind_values(plan, inputs, outputs, workspace.data());
    const std::vector<LayerWork> work = bind_layers(plan, storage, workspace.data());
    std::vector<double> seconds(context.timings != nullptr ? fused_.layers.size() : 0);
    run_steps(plan, work, seconds, context);
    for (std::size_t i = 0; i < seconds.size(); ++i) {
        std::uint64_t macs = 0;
        for (const std::size_t node : fused_.layers[i]->nodes) macs += count_macs(graph_, node, shapes);
        context.timings->push_back({fused_.layers[i]->name, seconds[i], macs / fused_.layers[i]->mac_divisor});
    }
    return outputs;
}

std::size_t CpuRunner::workspace_bytes(std::span<const Size> inputs, Size nominal) const {
    constexpr std::size_t kBookkeeping = 64 * 1024;  // plan, row tables
    const std::vector<Shape> shapes = infer_shapes(graph_, inputs, nominal);
    const Plan plan = cpu::make_plan(fused_, shapes, team_->threads());
    std::size_t bytes = checked_add(cpu::AlignedFloats::bytes(plan.floats), plan.extra_bytes);
    for (const std::size_t i : graph_.outputs) {
        const std::size_t plane = checked_mul(shapes[i].size.rows, shapes[i].size.cols);
        bytes = checked_add(bytes, checked_mul(checked_mul(plane, shapes[i].channels), sizeof(float)));
    }
    return checked_add(bytes, checked_add(kBookkeeping, plan.steps.size() * sizeof(cpu::Step)));
}

class CpuBackend final : public Backend {
public:
    explicit CpuBackend(const CpuBackendOptions& options)
        : level_(cpu::resolve_level(options.level)),
          kernels_(cpu::kernels_of(level_, options.library_fma)),
          team_(std::make_shared<cpu::ThreadTeam>(
              options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency()))) {}
    std::string describe() const override {
        return std::string("cpu ") + cpu_level_name(level_) + " x" + std::to_string(team_->threads());
    }
    std::unique_ptr<NetworkRunner> prepare(Network network) const override {
        return std::make_unique<CpuRunner>(kernels_, team_, pool_, std::move(network));
    }
    void run_rows(std::size_t rows, const std::function<void(std::size_t, std::size_t)>& body) const override;

private:
    CpuLevel level_;
    const cpu::CpuKernels& kernels_;
    std::shared_ptr<cpu::ThreadTeam> team_;
    std::shared_ptr<cpu::WorkspacePool> pool_ = std::make_shared<cpu::WorkspacePool>();
};

void CpuBackend::run_rows(std::size_t rows, const std::function<void(std::size_t, std::size_t)>& body) const {
    std::mutex mutex;
    std::exception_ptr failure;  // loops of the team must not throw
    cpu::ThreadTeam::Lease(*team_).for_each(rows, [&](std::size_t, std::size_t first, std::size_t last) {
        try {
            body(first, last);
        } catch (...) {
            const std::lock_guard lock(mutex);
            if (!failure) failure = std::current_exception();
        }
    });
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

std::unique_ptr<Backend> make_cpu_backend(const CpuBackendOptions& options) {
    return std::make_unique<CpuBackend>(options);
}

}  // namespace jpegai
