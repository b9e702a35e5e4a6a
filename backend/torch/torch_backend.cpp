#include "backend/torch/torch_backend.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <torch/version.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <new>
#include <utility>
#include <vector>

#include "backend/torch/operations.h"
#include "base/error.h"
#include "base/math.h"

namespace jpegai {

namespace {

using at::Tensor;

/// A function of OpenBLAS, when that is the library behind libblas.so.3: ATen has no call that sets its threads.
template <class Function>
Function* openblas_function(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, name));
}

void set_threads(int threads) {
    if (at::get_num_threads() != threads) at::set_num_threads(threads);
    if (auto* set = openblas_function<void(int)>("openblas_set_num_threads")) set(threads);
}

/// Calls `work` and turns what torch throws into the errors of this project.
template <class Work>
auto with_errors(const std::string& graph, const Work& work) {
    try {
        return work();
    } catch (const Error&) {
        throw;
    } catch (const std::bad_alloc&) {
        throw Error(JPEGAI_ERROR_MEMORY, "out of memory");
    } catch (const c10::Error& error) {
        const std::string what = error.what_without_backtrace();
        const bool memory = what.find("not enough memory") != std::string::npos;
        throw Error(memory ? JPEGAI_ERROR_MEMORY : JPEGAI_ERROR_INTERNAL, "graph " + graph + ": torch: " + what);
    }
}

Tensor refer_to(const Array3<float>& array) {
    const auto channels = static_cast<std::int64_t>(array.channels());
    const auto rows = static_cast<std::int64_t>(array.rows()), cols = static_cast<std::int64_t>(array.cols());
    // ATen has no tensor of constants; a run keeps a second reference to its inputs, so that no operation writes there.
    return at::from_blob(const_cast<float*>(array.data()), {1, channels, rows, cols}, at::kFloat);
}

at::MemoryFormat memory_format(TorchLayout layout) {
    return layout == TorchLayout::kPlanar ? at::MemoryFormat::Contiguous : at::MemoryFormat::ChannelsLast;
}

at::ScalarType scalar_type(TorchPrecision precision) {
    return precision == TorchPrecision::kFloat ? at::kFloat : at::kDouble;
}

Array3<float> to_array(const Tensor& tensor) {
    const Tensor values = tensor.to(at::kFloat).contiguous();
    const auto length = [&](std::int64_t axis) { return static_cast<std::size_t>(values.size(axis)); };
    Array3<float> array = Array3<float>::uninitialized(length(1), length(2), length(3));
    std::copy_n(values.data_ptr<float>(), array.size(), array.data());
    return array;
}

class TorchRunner final : public NetworkRunner {
public:
    TorchRunner(Network network, const TorchOptions& options);

    std::vector<Array3<float>> run(std::span<const Array3<float>* const> inputs, Size nominal,
                                   RunContext& context) const override;
    std::size_t workspace_bytes(std::span<const Size> inputs, Size nominal) const override;
    const Graph& graph() const override { return network_.graph; }

private:
    void run_one(std::size_t i, std::vector<Tensor>& values, std::span<const Shape> shapes, RunContext& context) const;

    Network network_;
    std::vector<std::size_t> last_use_;
    std::vector<torch_ops::Parameters> parameters_;
    [[nodiscard]] Tensor converted(const Tensor& values) const;

    TorchOptions options_;
};

/// In the precision of this runner and, if it has rows and columns, in its layout.
Tensor TorchRunner::converted(const Tensor& values) const {
    const Tensor precise = values.defined() ? values.to(scalar_type(options_.precision)) : values;
    return precise.defined() && precise.dim() == 4 ? precise.contiguous(memory_format(options_.layout)) : precise;
}

TorchRunner::TorchRunner(Network network, const TorchOptions& options)
    : network_(std::move(network)), last_use_(last_uses(network_.graph)), options_(options) {
    const c10::InferenceMode inference;
    const Graph& graph = network_.graph;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const Node& n = graph.nodes[i];
        const std::size_t in_channels = n.inputs.empty() ? 0 : graph.nodes[n.inputs[0]].out_channels;
        const torch_ops::Parameters p = torch_ops::shape_parameters(n, in_channels, network_.weights[i]);
        parameters_.push_back({converted(p.weight), converted(p.bias)});
    }
}

void TorchRunner::run_one(std::size_t i, std::vector<Tensor>& values, std::span<const Shape> shapes,
                          RunContext& context) const {
    if (context.keep_going && !context.keep_going()) throw Error(JPEGAI_ERROR_CANCELLED, "cancelled by the caller");
    const Node& n = network_.graph.nodes[i];
    const auto start = std::chrono::steady_clock::now();
    std::vector<Tensor> in;
    for (const std::size_t input : n.inputs) in.push_back(values[input]);
    for (const std::size_t input : n.inputs) {
        if (last_use_[input] == i) values[input].reset();
    }
    values[i] = torch_ops::apply(n, parameters_[i], in, shapes[i].size);
    if (context.timings != nullptr) {
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
        context.timings->push_back({n.name, elapsed.count(), count_macs(network_.graph, i, shapes)});
    }
}

std::vector<Array3<float>> TorchRunner::run(std::span<const Array3<float>* const> inputs, Size nominal,
                                            RunContext& context) const {
    const Graph& graph = network_.graph;
    std::vector<Size> sizes;
    for (const Array3<float>* input : inputs) sizes.push_back({input->rows(), input->cols()});
    const std::vector<Shape> shapes = infer_shapes(graph, sizes, nominal);
    return with_errors(graph.name, [&] {
        const c10::InferenceMode inference;
        set_threads(static_cast<int>(options_.threads));
        std::vector<Tensor> values(graph.nodes.size()), kept_inputs;
        for (std::size_t k = 0; k < inputs.size(); ++k) {
            const std::size_t i = graph.inputs[k];
            if (inputs[k]->channels() != graph.nodes[i].out_channels) {
                throw Error(JPEGAI_ERROR_INTERNAL, fmt::format("graph {}: input {} has {} channels", graph.name,
                                                               graph.nodes[i].name, inputs[k]->channels()));
            }
            values[i] = converted(refer_to(*inputs[k]));
            kept_inputs.push_back(values[i]);
        }
        for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
            if (graph.nodes[i].op != Op::kInput) run_one(i, values, shapes, context);
        }
        std::vector<Array3<float>> outputs;
        for (const std::size_t i : graph.outputs) outputs.push_back(to_array(values[i]));
        return outputs;
    });
}

std::size_t TorchRunner::workspace_bytes(std::span<const Size> inputs, Size nominal) const {
    const Graph& graph = network_.graph;
    const std::vector<Shape> shapes = infer_shapes(graph, inputs, nominal);
    const auto bytes = [&](std::size_t channels, Size size) {
        const std::size_t samples = checked_mul(checked_mul(channels, size.rows), size.cols);
        return checked_mul(samples, c10::elementSize(scalar_type(options_.precision)));
    };
    // Nothing is known of what torch's libraries allocate: the values themselves, and for the layer with the largest
    // need its unrolled windows and three copies of input and output (padding, layout changes, permutations).
    std::size_t values = 0, scratch = 0;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const Node& n = graph.nodes[i];
        values = checked_add(values, bytes(shapes[i].channels, shapes[i].size));
        if (n.op == Op::kInput) continue;
        const Shape& in = shapes[n.inputs[0]];
        const Size windows = n.op == Op::kConvTranspose ? in.size : shapes[i].size;
        const std::size_t window_channels = n.op == Op::kConvTranspose ? n.out_channels : in.channels;
        const std::size_t unrolled =
            checked_mul(bytes(window_channels, windows), checked_mul(n.kernel_rows, n.kernel_cols));
        const std::size_t both = checked_add(bytes(in.channels, in.size), bytes(shapes[i].channels, shapes[i].size));
        scratch = std::max(scratch, checked_add(unrolled, checked_mul(both, 3)));
    }
    return checked_add(values, scratch);
}

class TorchBackend final : public Backend {
public:
    explicit TorchBackend(const TorchOptions& options) : options_(options) {
        options_.threads = std::clamp(options.threads, 1U, 1024U);
    }
    std::string describe() const override {
        return fmt::format("torch {} {}{} x{}", TORCH_VERSION,
                           options_.precision == TorchPrecision::kFloat ? "float" : "double",
                           options_.layout == TorchLayout::kPlanar ? "" : " channels last", options_.threads);
    }
    std::unique_ptr<NetworkRunner> prepare(Network network) const override {
        const std::string name = network.graph.name;
        return with_errors(name, [&] { return std::make_unique<TorchRunner>(std::move(network), options_); });
    }

private:
    TorchOptions options_;
};

/// The file that torch's calls to BLAS end in, links resolved.
std::string blas_file() {
    Dl_info info = {};
    void* const gemm = dlsym(RTLD_DEFAULT, "sgemm_");
    if (gemm == nullptr || dladdr(gemm, &info) == 0) return "unknown";
    std::error_code ignored;
    return std::filesystem::canonical(info.dli_fname, ignored).string();
}

}  // namespace

std::unique_ptr<Backend> make_torch_backend(const TorchOptions& options) {
    return std::make_unique<TorchBackend>(options);
}

bool torch_uses_openblas() {
    return blas_file().find("openblas") != std::string::npos;
}

std::string torch_setup() {
    auto* const config = openblas_function<char*()>("openblas_get_config");
    return fmt::format("torch {}, oneDNN {}\nBLAS: {} ({})\n{}", TORCH_VERSION,
                       at::hasMKLDNN() ? "available" : "not available", blas_file(),
                       config != nullptr ? config() : "not OpenBLAS", at::show_config());
}

}  // namespace jpegai
