#include "networks/graph.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/math.h"

namespace jpegai {

namespace {

[[noreturn]] void contradiction(const Graph& graph, std::size_t node, const std::string& what) {
    throw Error(JPEGAI_ERROR_INTERNAL, "graph " + graph.name + ", node " + std::to_string(node) + " (" +
                                           op_name(graph.nodes[node].op) + " " + graph.nodes[node].name + "): " + what);
}

constexpr std::size_t kAnyNumber = ~std::size_t{0};

/// Name and number of inputs of every operation, in the order of Op.
struct OpTraits {
    const char* name;
    std::size_t inputs;
};
constexpr std::array<OpTraits, static_cast<std::size_t>(Op::kHaarMerge) + 1> kOps = {{
    {"input", 0},
    {"conv", 1},
    {"conv_transpose", 1},
    {"relu", 1},
    {"relu6", 1},
    {"leaky_relu", 1},
    {"sigmoid", 1},
    {"abs", 1},
    {"add", 2},
    {"mul", 2},
    {"gate", 2},
    {"elu_gate", 1},
    {"layer_norm", 1},
    {"attention", 1},
    {"pixel_shuffle", 1},
    {"unshuffle", 1},
    {"concat", kAnyNumber},
    {"slice", 1},
    {"pad_replicate", 1},
    {"pad_zero_even", 1},
    {"crop", 1},
    {"phase_split", 1},
    {"phase_merge", 4},
    {"normalise", 1},
    {"denormalise", 1},
    {"scale", 1},
    {"batch_norm", 1},
    {"haar_split", 1},
    {"haar_merge", 1},
}};
static_assert(kOps.back().name != nullptr);

std::size_t input_channels(const Graph& graph, std::size_t i, std::size_t which = 0) {
    return graph.nodes[graph.nodes[i].inputs[which]].out_channels;
}

void check_transposed(const Graph& graph, std::size_t i) {
    const Node& n = graph.nodes[i];
    const bool k4 = n.kernel_rows == 4 && n.output_padding == 0;
    const bool k3 = n.kernel_rows == 3 && n.output_padding == 1;
    if (n.kernel_cols != n.kernel_rows || n.stride != 2 || n.groups != 1 || !(k4 || k3)) {
        contradiction(graph, i, "unsupported transposed convolution");
    }
}

/// Channel count that the operation yields, or a contradiction.
std::size_t expected_channels(const Graph& graph, std::size_t i) {
    const Node& n = graph.nodes[i];
    const std::size_t in = n.inputs.empty() ? n.out_channels : input_channels(graph, i);
    const auto divided = [&](std::size_t divisor) {
        if (divisor == 0 || in % divisor != 0) contradiction(graph, i, "channels do not divide");
        return in / divisor;
    };
    switch (n.op) {
        case Op::kInput:
            return n.out_channels;
        case Op::kConv:
            if (n.groups == 0 || n.stride == 0 || n.kernel_rows == 0 || n.kernel_cols == 0 || in % n.groups != 0 ||
                n.out_channels % n.groups != 0) {
                contradiction(graph, i, "unsupported convolution");
            }
            return n.out_channels;
        case Op::kConvTranspose:
            check_transposed(graph, i);
            return n.out_channels;
        case Op::kLayerNorm:
            divided(16);
            return in;
        case Op::kEluGate:
            return divided(2);
        case Op::kChannelAttention:
            if (n.factor == 0 || divided(3) % n.factor != 0) contradiction(graph, i, "channels do not divide");
            return in / 3;
        case Op::kPixelShuffle:
            return divided(n.factor * n.factor);
        case Op::kPixelUnshuffle:
            return in * n.factor * n.factor;
        case Op::kHaarSplit:
            return 4 * in;
        case Op::kHaarMerge:
            return divided(4);
        case Op::kConcat: {
            std::size_t sum = 0;
            for (std::size_t k = 0; k < n.inputs.size(); ++k) sum += input_channels(graph, i, k);
            return sum;
        }
        case Op::kSlice:
            if (n.factor > in || n.out_channels > in - n.factor) contradiction(graph, i, "slice exceeds its input");
            return n.out_channels;
        default:
            break;
    }
    for (std::size_t k = 1; k < n.inputs.size(); ++k) {
        if (input_channels(graph, i, k) != in) contradiction(graph, i, "inputs differ in channels");
    }
    return in;
}

Size conv_size(const Graph& graph, std::size_t i, Size in) {
    const Node& n = graph.nodes[i];
    const std::size_t rows = in.rows + n.pad_top + n.pad_bottom, cols = in.cols + n.pad_left + n.pad_right;
    if (rows < n.kernel_rows || cols < n.kernel_cols) contradiction(graph, i, "input smaller than the kernel");
    return {(rows - n.kernel_rows) / n.stride + 1, (cols - n.kernel_cols) / n.stride + 1};
}

Size crop_size(const Graph& graph, std::size_t i, Size in, Size nominal) {
    const std::size_t divisor = graph.nodes[i].factor;
    const Size out = {ceil_div(nominal.rows, divisor), ceil_div(nominal.cols, divisor)};
    if (out.rows > in.rows || out.cols > in.cols || out.rows == 0 || out.cols == 0) {
        contradiction(graph, i,
                      "crop of " + std::to_string(in.rows) + "x" + std::to_string(in.cols) + " to " +
                          std::to_string(out.rows) + "x" + std::to_string(out.cols));
    }
    return out;
}

Size halved(const Graph& graph, std::size_t i, Size in, std::size_t divisor = 2) {
    if (in.rows % divisor != 0 || in.cols % divisor != 0) contradiction(graph, i, "size does not divide");
    return {in.rows / divisor, in.cols / divisor};
}

Size output_size(const Graph& graph, std::size_t i, Size in, Size nominal) {
    const std::size_t f = graph.nodes[i].factor;
    switch (graph.nodes[i].op) {
        case Op::kConv:
            return conv_size(graph, i, in);
        case Op::kConvTranspose:
        case Op::kPhaseMerge:
        case Op::kHaarMerge:
            return {2 * in.rows, 2 * in.cols};
        case Op::kPixelShuffle:
            return {f * in.rows, f * in.cols};
        case Op::kPixelUnshuffle:
            return halved(graph, i, in, f);
        case Op::kPhaseSplit:
        case Op::kHaarSplit:
            return halved(graph, i, in);
        case Op::kPadReplicate:
            return {ceil_div(in.rows, f) * f, ceil_div(in.cols, f) * f};
        case Op::kPadZeroEven:
            return {in.rows + in.rows % 2, in.cols + in.cols % 2};
        case Op::kCrop:
            return crop_size(graph, i, in, nominal);
        default:
            return in;
    }
}

void check_factor(const Graph& graph, std::size_t i) {
    const Node& n = graph.nodes[i];
    const bool positive = n.op == Op::kCrop || n.op == Op::kPadReplicate || n.op == Op::kPixelUnshuffle;
    if ((positive && n.factor == 0) || (n.op == Op::kPhaseSplit && n.factor > 3)) {
        contradiction(graph, i, "factor out of range");
    }
}

}  // namespace

const char* op_name(Op op) {
    const auto index = static_cast<std::size_t>(op);
    return index < kOps.size() ? kOps[index].name : "?";
}

void check_graph(const Graph& graph) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const Node& n = graph.nodes[i];
        const std::size_t wanted = kOps[static_cast<std::size_t>(n.op)].inputs;
        if (wanted == kAnyNumber ? n.inputs.empty() : n.inputs.size() != wanted) {
            contradiction(graph, i, "wrong number of inputs");
        }
        for (const std::size_t input : n.inputs) {
            if (input >= i) contradiction(graph, i, "uses a later value");
        }
        check_factor(graph, i);
        if (n.out_channels == 0 || expected_channels(graph, i) != n.out_channels) {
            contradiction(graph, i, "wrong number of channels");
        }
    }
    for (const std::size_t i : graph.inputs) {
        if (i >= graph.nodes.size() || graph.nodes[i].op != Op::kInput) {
            throw Error(JPEGAI_ERROR_INTERNAL, "graph " + graph.name + ": bad input list");
        }
    }
    for (const std::size_t i : graph.outputs) {
        if (i >= graph.nodes.size()) throw Error(JPEGAI_ERROR_INTERNAL, "graph " + graph.name + ": bad output list");
    }
}

std::vector<Shape> infer_shapes(const Graph& graph, std::span<const Size> inputs, Size nominal) {
    if (inputs.size() != graph.inputs.size()) {
        throw Error(JPEGAI_ERROR_INTERNAL, "graph " + graph.name + ": wrong number of inputs");
    }
    std::vector<Shape> shapes(graph.nodes.size());
    for (std::size_t k = 0; k < inputs.size(); ++k) shapes[graph.inputs[k]].size = inputs[k];
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const Node& n = graph.nodes[i];
        shapes[i].channels = n.out_channels;
        if (n.op != Op::kInput) {
            const Size in = shapes[n.inputs[0]].size;
            for (const std::size_t other : n.inputs) {
                if (shapes[other].size != in) contradiction(graph, i, "inputs differ in size");
            }
            shapes[i].size = output_size(graph, i, in, nominal);
        }
        if (shapes[i].size.rows == 0 || shapes[i].size.cols == 0) contradiction(graph, i, "empty value");
    }
    return shapes;
}

std::vector<std::size_t> last_uses(const Graph& graph) {
    std::vector<std::size_t> last(graph.nodes.size());
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        last[i] = i;
        for (const std::size_t input : graph.nodes[i].inputs) last[input] = i;
    }
    for (const std::size_t output : graph.outputs) last[output] = graph.nodes.size();
    return last;
}

std::uint64_t count_macs(const Graph& graph, std::size_t node, std::span<const Shape> shapes) {
    const Node& n = graph.nodes[node];
    if (n.inputs.empty()) return 0;
    const Shape in = shapes[n.inputs[0]], out = shapes[node];
    const std::uint64_t in_pixels = in.size.rows * in.size.cols, out_pixels = out.size.rows * out.size.cols;
    const std::uint64_t taps = n.kernel_rows * n.kernel_cols;
    switch (n.op) {
        case Op::kConv:
            return out.channels * (in.channels / n.groups) * taps * out_pixels;
        case Op::kConvTranspose:
            return out.channels * in.channels * taps * in_pixels;
        case Op::kChannelAttention:
            return 2 * out.channels * (out.channels / n.factor) * out_pixels;
        default:
            return 0;
    }
}

std::uint64_t count_macs(const Graph& graph, std::span<const Size> inputs, Size nominal) {
    const std::vector<Shape> shapes = infer_shapes(graph, inputs, nominal);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) sum += count_macs(graph, i, shapes);
    return sum;
}

}  // namespace jpegai
