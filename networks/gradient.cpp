#include "networks/gradient.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace jpegai {
namespace {

constexpr float kDenormaliseSlope = 128;

bool same_size(const Node& n) {
    return n.stride == 1 && n.pad_top + n.pad_bottom + 1 == n.kernel_rows &&
           n.pad_left + n.pad_right + 1 == n.kernel_cols;
}

bool has_derivative(const Node& n) {
    switch (n.op) {
        case Op::kConv:
            return same_size(n);
        case Op::kInput:
        case Op::kCrop:  // takes at most one row and column of a doubled size away, or is the last node
        case Op::kConvTranspose:
        case Op::kRelu:
        case Op::kRelu6:
        case Op::kAdd:
        case Op::kMul:
        case Op::kGate:
        case Op::kConcat:
        case Op::kPixelShuffle:
        case Op::kDenormalise:
            return true;
        default:
            return false;
    }
}

/// Appends the nodes of the derivative to those of the network itself.
class Differentiator {
public:
    explicit Differentiator(const Network& forward) : forward_(forward), adjoint_(forward.graph.nodes.size()) {
        out_.graph = forward.graph;
        out_.graph.name += ".gradient";
        out_.weights = forward.weights;
        out_.source = forward.source;
        out_.derived = forward.derived;
    }

    Network run() {
        seed();
        for (std::size_t i = forward_.graph.nodes.size(); i-- > 0;) {
            if (adjoint_[i]) differentiate_node(i, *adjoint_[i]);
        }
        std::vector<std::size_t> results;
        for (const std::size_t input : forward_.graph.inputs) {
            if (!adjoint_[input]) throw Error(JPEGAI_ERROR_INTERNAL, out_.graph.name + ": an input without effect");
            results.push_back(*adjoint_[input]);
        }
        out_.graph.outputs = std::move(results);
        remove_dead_nodes();
        check_graph(out_.graph);
        return std::move(out_);
    }

private:
    using Value = std::size_t;

    [[nodiscard]] const Node& node(std::size_t i) const { return out_.graph.nodes[i]; }

    Value push(Node n, Network::Weights weights = {}) {
        if (n.name.empty()) n.name = std::string("gradient ") + op_name(n.op);
        out_.graph.nodes.push_back(std::move(n));
        out_.weights.push_back(weights);
        return out_.graph.nodes.size() - 1;
    }
    Value push(Op op, std::vector<Value> inputs, std::size_t channels, std::size_t factor = 1) {
        Node n;
        n.op = op;
        n.inputs = std::move(inputs);
        n.out_channels = channels;
        n.factor = factor;
        return push(std::move(n));
    }
    Value binary(Op op, Value a, Value b) { return push(op, {a, b}, node(a).out_channels); }

    std::span<const float> keep(std::vector<float> values) {
        auto kept = std::make_shared<const std::vector<float>>(std::move(values));
        out_.derived.push_back(kept);
        return *kept;
    }
    Value scaled(Value x, float factor) {
        Node n;
        n.op = Op::kScale;
        n.inputs = {x};
        n.out_channels = node(x).out_channels;
        return push(std::move(n), {keep({factor}), {}});
    }
    /// slope * x + shift.
    Value affine(Value x, float slope, float shift) {
        Node n;
        n.op = Op::kBatchNorm;
        n.inputs = {x};
        n.out_channels = node(x).out_channels;
        const std::size_t channels = n.out_channels;
        return push(std::move(n),
                    {keep(std::vector<float>(channels, slope)), keep(std::vector<float>(channels, shift))});
    }
    /// 1 where x > 0 and 0 elsewhere, but for a tiny range between: ReLU6 of a steep slope.
    Value step(Value x) {
        constexpr float kSteep = 1e20F;
        return scaled(push(Op::kRelu6, {scaled(x, kSteep)}, node(x).out_channels), 1.0F / 6.0F);
    }

    void seed() {
        if (forward_.graph.outputs.size() != 1 || !is_differentiable(forward_.graph))
            throw Error(JPEGAI_ERROR_INTERNAL, forward_.graph.name + " cannot be differentiated");
        Value output = forward_.graph.outputs[0];
        if (node(output).op == Op::kCrop && node(output).factor == 1) output = node(output).inputs[0];
        Node n;
        n.out_channels = node(output).out_channels;
        n.name = "derivative by the output";
        const Value input = push(std::move(n));
        out_.graph.inputs.push_back(input);
        adjoint_[output] = input;
    }

    void add(Value to, Value gradient) {
        adjoint_[to] = adjoint_[to] ? binary(Op::kAdd, *adjoint_[to], gradient) : gradient;
    }

    void differentiate_node(std::size_t i, Value g) {
        const Node n = node(i);
        const auto input = [&](std::size_t k) { return n.inputs[k]; };
        switch (n.op) {
            case Op::kInput:
                return;
            case Op::kConv:
                return add(input(0), transposed_conv(n, forward_.weights[i].weight, g));
            case Op::kConvTranspose:
                return add(input(0), strided_conv(n, forward_.weights[i].weight, g));
            case Op::kRelu:
                return add(input(0), binary(Op::kMul, step(i), g));
            case Op::kRelu6: {
                const Value inside = binary(Op::kMul, affine(i, -1, 6), i);  // positive between 0 and 6
                return add(input(0), binary(Op::kMul, step(inside), g));
            }
            case Op::kAdd:
                add(input(0), g);
                return add(input(1), g);
            case Op::kMul:
                add(input(0), binary(Op::kMul, g, input(1)));
                return add(input(1), binary(Op::kMul, g, input(0)));
            case Op::kGate:
                add(input(0), binary(Op::kGate, g, input(1)));
                return add(input(1), binary(Op::kMul, g, input(0)));
            case Op::kConcat: {
                std::size_t first = 0;
                for (const Value part : n.inputs) {
                    add(part, push(Op::kSlice, {g}, node(part).out_channels, first));
                    first += node(part).out_channels;
                }
                return;
            }
            case Op::kCrop:
                return add(input(0), push(Op::kPadZeroEven, {g}, n.out_channels));
            case Op::kPixelShuffle:
                return add(input(0), push(Op::kPixelUnshuffle, {g}, n.out_channels * n.factor * n.factor, n.factor));
            case Op::kDenormalise:
                return add(input(0), scaled(g, kDenormaliseSlope));
            default:
                throw Error(JPEGAI_ERROR_INTERNAL, std::string("no derivative of ") + op_name(n.op));
        }
    }

    /// Of a convolution that keeps the size: inputs and outputs trade places, and the kernel is turned round.
    Value transposed_conv(const Node& forward, std::span<const float> weight, Value g) {
        const std::size_t in = node(forward.inputs[0]).out_channels, out = forward.out_channels;
        const std::size_t groups = forward.groups, taps = forward.kernel_rows * forward.kernel_cols;
        const std::size_t in_each = in / groups, out_each = out / groups;
        std::vector<float> turned(weight.size());
        for (std::size_t o = 0; o < out; ++o) {
            for (std::size_t i = 0; i < in_each; ++i) {
                const std::size_t to = (o / out_each * in_each + i) * out_each + o % out_each;
                for (std::size_t t = 0; t < taps; ++t)
                    turned[to * taps + t] = weight[(o * in_each + i) * taps + taps - 1 - t];
            }
        }
        Node n = forward;
        n.inputs = {g};
        n.out_channels = in;
        std::swap(n.pad_top, n.pad_bottom);
        std::swap(n.pad_left, n.pad_right);
        return push_conv(std::move(n), std::move(turned));
    }

    /// Of a transposed convolution of stride 2: a convolution of stride 2, as one of 3x3 on the four phases, for which
    /// backends have fast kernels. Kernel row k reaches output row 2 y + k - 1, which is phase (k + 1) % 2 of row
    /// y + (k + 1) / 2 - 1.
    Value strided_conv(const Node& forward, std::span<const float> weight, Value g) {
        const std::size_t in = node(forward.inputs[0]).out_channels, out = forward.out_channels;
        const std::size_t k = forward.kernel_rows;
        std::vector<float> phases(in * 4 * out * 9);
        for (std::size_t i = 0; i < in; ++i) {
            for (std::size_t o = 0; o < out; ++o) {
                for (std::size_t y = 0; y < k; ++y) {
                    for (std::size_t x = 0; x < k; ++x) {
                        const std::size_t phase = 2 * ((y + 1) % 2) + (x + 1) % 2;
                        const std::size_t to = (i * 4 * out + 4 * o + phase) * 9 + (y + 1) / 2 * 3 + (x + 1) / 2;
                        phases[to] = weight[((i * out + o) * k + y) * k + x];
                    }
                }
            }
        }
        Node n;
        n.op = Op::kConv;
        n.inputs = {push(Op::kPixelUnshuffle, {g}, 4 * out, 2)};
        n.out_channels = in;
        n.kernel_rows = n.kernel_cols = 3;
        n.pad_top = n.pad_left = n.pad_bottom = n.pad_right = 1;
        n.name = forward.name;
        return push_conv(std::move(n), std::move(phases));
    }

    Value push_conv(Node n, std::vector<float> weight) {
        n.name = "gradient " + n.name;
        n.weight.clear();
        n.bias.clear();
        return push(std::move(n), {keep(std::move(weight)), {}});
    }

    /// Leaves out what no result needs: the end of the network itself.
    void remove_dead_nodes() {
        Graph& graph = out_.graph;
        std::vector<bool> alive(graph.nodes.size(), false);
        for (const std::size_t i : graph.inputs) alive[i] = true;
        for (const std::size_t i : graph.outputs) alive[i] = true;
        for (std::size_t i = graph.nodes.size(); i-- > 0;) {
            if (!alive[i]) continue;
            for (const std::size_t input : graph.nodes[i].inputs) alive[input] = true;
        }
        std::vector<std::size_t> place(graph.nodes.size());
        std::vector<Node> nodes;
        std::vector<Network::Weights> weights;
        for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
            if (!alive[i]) continue;
            place[i] = nodes.size();
            Node n = std::move(graph.nodes[i]);
            for (std::size_t& input : n.inputs) input = place[input];
            nodes.push_back(std::move(n));
            weights.push_back(out_.weights[i]);
        }
        for (std::size_t& i : graph.inputs) i = place[i];
        for (std::size_t& i : graph.outputs) i = place[i];
        graph.nodes = std::move(nodes);
        out_.weights = std::move(weights);
    }

    const Network& forward_;
    Network out_;
    std::vector<std::optional<Value>> adjoint_;
};

}  // namespace

bool is_differentiable(const Graph& graph) {
    return std::all_of(graph.nodes.begin(), graph.nodes.end(), has_derivative);
}

Network differentiate(const Network& forward) {
    return Differentiator(forward).run();
}

std::size_t gradient_multiple(const Graph& forward) {
    std::size_t multiple = 1;
    for (const Node& n : forward.nodes) {
        if (n.op == Op::kPixelShuffle) multiple = n.factor;
    }
    return multiple;
}

}  // namespace jpegai
