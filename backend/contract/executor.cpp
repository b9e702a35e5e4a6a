// Runs a graph node by node with the operations of ops.h; a value is freed after its last use.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "backend/contract/ops.h"
#include "base/error.h"
#include "base/math.h"

namespace jpegai {

namespace {

using contract::Plane3;

Plane3 run_node(const Node& n, const Network::Weights& w, std::span<const Plane3* const> in, Size size) {
    const Plane3& x = *in[0];
    switch (n.op) {
        case Op::kConv:
            return contract::convolve(x, n, w.weight, w.bias);
        case Op::kConvTranspose:
            return contract::convolve_transposed(x, n, w.weight, w.bias);
        case Op::kAdd:
            return contract::add(x, *in[1]);
        case Op::kMul:
            return contract::multiply(x, *in[1]);
        case Op::kGate:
            return contract::gate(x, *in[1]);
        case Op::kEluGate:
            return contract::elu_gate(x);
        case Op::kLayerNorm:
            return contract::layer_norm(x, w.weight, w.bias);
        case Op::kChannelAttention:
            return contract::channel_attention(x, n.factor, w.weight);
        case Op::kPixelShuffle:
            return contract::pixel_shuffle(x, n.factor);
        case Op::kPixelUnshuffle:
            return contract::pixel_unshuffle(x, n.factor);
        case Op::kConcat:
            return contract::concat(in);
        case Op::kSlice:
            return contract::slice(x, n.factor, n.out_channels);
        case Op::kPadReplicate:
            return contract::pad_replicate(x, size);
        case Op::kPadZeroEven:
            return contract::pad_zero(x, size);
        case Op::kCrop:
            return contract::crop(x, size);
        case Op::kPhaseSplit:
            return contract::phase_split(x, n.factor);
        case Op::kPhaseMerge:
            return contract::phase_merge(in);
        case Op::kScale:
            return contract::scale(x, w.weight[0]);
        case Op::kBatchNorm:
            return contract::batch_norm(x, w.weight, w.bias);
        case Op::kHaarSplit:
            return contract::haar_split(x);
        case Op::kHaarMerge:
            return contract::haar_merge(x);
        default:
            return contract::apply_elementwise(n.op, x);
    }
}

/// Bytes beyond its output that one node may need for a moment (tap lists, partial sums, copies of v).
std::size_t scratch_bytes(const Node& n, const Shape& in, const Shape& out) {
    constexpr std::size_t kBytesPerTap = 64;
    const std::size_t row = checked_mul(out.channels, out.size.cols) * sizeof(float);
    const std::size_t taps = in.channels * n.kernel_rows * n.kernel_cols * kBytesPerTap;
    if (n.op != Op::kChannelAttention) return row + taps;
    const std::size_t d = out.channels / n.factor;
    const std::size_t segments = checked_mul(in.size.rows, in.size.cols / 256 + 1);
    const std::size_t partial = checked_mul(segments, 3 * std::max(d * d, out.channels) * sizeof(float) + kBytesPerTap);
    return checked_add(partial, checked_mul(checked_mul(out.channels, out.size.rows), out.size.cols) * sizeof(float));
}

class ContractRunner final : public NetworkRunner {
public:
    explicit ContractRunner(Network network) : network_(std::move(network)), last_use_(last_uses(network_.graph)) {}

    std::vector<Array3<float>> run(std::span<const Array3<float>* const> inputs, Size nominal,
                                   RunContext& context) const override;
    std::size_t workspace_bytes(std::span<const Size> inputs, Size nominal) const override;
    const Graph& graph() const override { return network_.graph; }

private:
    /// Values of one run: computed ones are owned, inputs are referred to.
    struct Values {
        std::vector<Plane3> owned;
        std::vector<const Plane3*> value;
    };
    void run_one(std::size_t i, Values& values, std::span<const Shape> shapes, RunContext& context) const;
    /// Whether output k cannot give its value away: an input, or asked for again.
    [[nodiscard]] bool is_copied(std::size_t k) const {
        const auto& outputs = network_.graph.outputs;
        const auto next = outputs.begin() + static_cast<std::ptrdiff_t>(k) + 1;
        return network_.graph.nodes[outputs[k]].op == Op::kInput ||
               std::find(next, outputs.end(), outputs[k]) != outputs.end();
    }

    Network network_;
    std::vector<std::size_t> last_use_;
};

void ContractRunner::run_one(std::size_t i, Values& values, std::span<const Shape> shapes, RunContext& context) const {
    if (context.keep_going && !context.keep_going()) throw Error(JPEGAI_ERROR_CANCELLED, "cancelled by the caller");
    const Node& n = network_.graph.nodes[i];
    std::vector<const Plane3*> in;
    for (const std::size_t input : n.inputs) in.push_back(values.value[input]);
    const double start = clock_seconds(context.time);
    values.owned[i] = run_node(n, network_.weights[i], in, shapes[i].size);
    values.value[i] = &values.owned[i];
    if (context.timings != nullptr) {
        context.timings->push_back({n.name, clock_seconds(context.time) - start, count_macs(network_.graph, i, shapes)});
    }
    for (const std::size_t input : n.inputs) {
        if (last_use_[input] == i) values.owned[input] = Plane3();
    }
}

std::vector<Array3<float>> ContractRunner::run(std::span<const Array3<float>* const> inputs, Size nominal,
                                               RunContext& context) const {
    const Graph& graph = network_.graph;
    std::vector<Size> sizes;
    for (const Plane3* input : inputs) sizes.push_back({input->rows(), input->cols()});
    const std::vector<Shape> shapes = infer_shapes(graph, sizes, nominal);
    Values values{std::vector<Plane3>(graph.nodes.size()), std::vector<const Plane3*>(graph.nodes.size(), nullptr)};
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        const std::size_t i = graph.inputs[k];
        if (inputs[k]->channels() != graph.nodes[i].out_channels) {
            throw Error(JPEGAI_ERROR_INTERNAL, "graph " + graph.name + ": input " + graph.nodes[i].name + " has " +
                                                   std::to_string(inputs[k]->channels()) + " channels");
        }
        values.value[i] = inputs[k];
    }
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        if (graph.nodes[i].op != Op::kInput) run_one(i, values, shapes, context);
    }
    std::vector<Array3<float>> outputs;
    for (std::size_t k = 0; k < graph.outputs.size(); ++k) {
        const std::size_t i = graph.outputs[k];
        outputs.push_back(is_copied(k) ? *values.value[i] : std::move(values.owned[i]));
    }
    return outputs;
}

std::size_t ContractRunner::workspace_bytes(std::span<const Size> inputs, Size nominal) const {
    const Graph& graph = network_.graph;
    const std::vector<Shape> shapes = infer_shapes(graph, inputs, nominal);
    const auto bytes = [&](std::size_t i) {
        constexpr std::size_t kAlignment = 64;
        const std::size_t samples =
            checked_mul(checked_mul(shapes[i].channels, shapes[i].size.rows), shapes[i].size.cols);
        return checked_add(checked_mul(samples, sizeof(float)), kAlignment);
    };
    std::size_t live = 0, peak = 0;
    for (std::size_t k = 0; k < graph.outputs.size(); ++k) {
        if (is_copied(k)) live = checked_add(live, bytes(graph.outputs[k]));
    }
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const Node& n = graph.nodes[i];
        if (n.op == Op::kInput) continue;
        live = checked_add(live, bytes(i));
        peak = std::max(peak, checked_add(live, scratch_bytes(n, shapes[n.inputs[0]], shapes[i])));
        for (std::size_t k = 0; k <= i; ++k) {
            if (last_use_[k] == i && graph.nodes[k].op != Op::kInput) live -= bytes(k);
        }
    }
    return peak;
}

class ContractBackend final : public Backend {
public:
    std::string describe() const override { return "contract"; }
    std::unique_ptr<NetworkRunner> prepare(Network network) const override {
        return std::make_unique<ContractRunner>(std::move(network));
    }
};

}  // namespace

std::unique_ptr<Backend> make_contract_backend() {
    return std::make_unique<ContractBackend>();
}

}  // namespace jpegai
