#include "backend/cuda/network_layers.h"

#include <algorithm>
#include <optional>
#include <string>

#include "backend/cuda/attention.h"
#include "backend/cuda/conv_pack.h"
#include "base/error.h"
#include "base/math.h"

namespace jpegai::cuda {

namespace {

constexpr std::size_t kNone = ~std::size_t{0};

std::optional<Step> step_of(Op op) {
    switch (op) {
        case Op::kRelu:
            return Step::kRelu;
        case Op::kRelu6:
            return Step::kRelu6;
        case Op::kLeakyRelu:
            return Step::kLeakyRelu;
        case Op::kSigmoid:
            return Step::kSigmoid;
        case Op::kAbs:
            return Step::kAbs;
        case Op::kAdd:
            return Step::kAdd;
        case Op::kMul:
            return Step::kMul;
        case Op::kGate:
            return Step::kGated;
        case Op::kNormalise:
            return Step::kNormalise;
        case Op::kDenormalise:
            return Step::kDenormalise;
        case Op::kScale:
            return Step::kScale;
        case Op::kBatchNorm:
            return Step::kBatchNorm;
        default:
            return std::nullopt;
    }
}

std::optional<Gather> gather_of(Op op) {
    switch (op) {
        case Op::kPadReplicate:
            return Gather::kPadReplicate;
        case Op::kPadZeroEven:
            return Gather::kPadZero;
        case Op::kPixelShuffle:
            return Gather::kPixelShuffle;
        case Op::kPixelUnshuffle:
            return Gather::kPixelUnshuffle;
        case Op::kPhaseSplit:
            return Gather::kPhaseSplit;
        case Op::kPhaseMerge:
            return Gather::kPhaseMerge;
        case Op::kHaarSplit:
            return Gather::kHaarSplit;
        case Op::kHaarMerge:
            return Gather::kHaarMerge;
        case Op::kEluGate:
            return Gather::kEluGate;
        default:
            return std::nullopt;
    }
}

/// Whether a convolution can store its result shuffled: four neighbouring channels of a thread together.
bool can_shuffle(const Node& conv, std::size_t factor) {
    return conv.op == Op::kConv && conv.groups == 1 && conv_kind(conv, false, 0) != ConvKind::kAny &&
           (factor == 2 || factor % 4 == 0);
}

class LayerMaker {
public:
    explicit LayerMaker(const Network& network)
        : network_(network),
          graph_(network.graph),
          readers_(graph_.nodes.size()),
          is_output_(graph_.nodes.size(), false),
          done_(graph_.nodes.size(), false),
          refs_(graph_.nodes.size()),
          placed_(graph_.nodes.size(), kNone) {}

    LayeredNetwork make();

private:
    [[nodiscard]] const Node& node(std::size_t i) const { return graph_.nodes[i]; }
    [[nodiscard]] std::size_t only_reader(std::size_t i) const {
        return readers_[i].size() == 1 && !is_output_[i] ? readers_[i][0] : kNone;
    }
    [[nodiscard]] bool is_only_reader(std::size_t i, Op op) const {
        const std::size_t reader = only_reader(i);
        return reader != kNone && node(reader).op == op;
    }
    [[nodiscard]] bool is_depthwise(std::size_t i) const {
        const Node& n = node(i);
        return n.op == Op::kConv && n.kernel_rows == 3 && n.kernel_cols == 3 && n.stride == 1 &&
               n.groups == n.out_channels && node(n.inputs[0]).out_channels == n.groups && n.pad_top == 1 &&
               n.pad_left == 1 && n.pad_bottom == 1 && n.pad_right == 1;
    }

    std::size_t add_value(std::size_t channels, std::size_t size_node, bool dense = false) {
        out_.values.push_back({channels, size_node, dense});
        return out_.values.size() - 1;
    }
    std::size_t add_parameters(std::span<const float> values) {
        const std::size_t offset = out_.parameters.size();
        out_.parameters.insert(out_.parameters.end(), values.begin(), values.end());
        out_.parameters.resize(ceil_div(out_.parameters.size(), std::size_t{4}) * 4);
        return offset;
    }

    void place_concats();
    Ref place_result(std::size_t i);
    void follow(Layer& layer, std::size_t first, bool short_steps);
    bool follow_one(Layer& layer, std::size_t first, std::size_t last, std::size_t reader, bool short_steps);
    void finish_layer(Layer layer);

    void add_node(std::size_t i);
    void add_conv(std::size_t i);
    void add_attention(std::size_t i);
    void add_map(std::size_t i);
    void add_concat(std::size_t i);
    bool add_relu6_view(std::size_t i);
    void add_copy(std::size_t i, const Ref& to);
    void finish_outputs();

    const Network& network_;
    const Graph& graph_;
    std::vector<std::vector<std::size_t>> readers_;
    std::vector<bool> is_output_, done_;
    std::vector<Ref> refs_;
    std::vector<std::size_t> placed_;  ///< per node: the concatenation in whose value it lies
    LayeredNetwork out_;
};

/// Results that only a concatenation reads are computed in its value.
void LayerMaker::place_concats() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
        if (node(i).op != Op::kConcat) continue;
        refs_[i] = {add_value(node(i).out_channels, i), 0, i, false};
        for (const std::size_t input : node(i).inputs) {
            const Op op = node(input).op;
            const bool computed = op != Op::kInput && op != Op::kSlice && op != Op::kCrop && op != Op::kConcat;
            if (computed && only_reader(input) == i) placed_[input] = i;
        }
    }
}

/// Where the result of node i goes: a value of its own or its part of a concatenation.
Ref LayerMaker::place_result(std::size_t i) {
    const std::size_t concat = placed_[i];
    if (concat == kNone) return {add_value(node(i).out_channels, i), 0, i, false};
    Ref ref{refs_[concat].value, 0, i, false};
    for (const std::size_t input : node(concat).inputs) {
        if (input == i) break;
        ref.channel += node(input).out_channels;
    }
    return ref;
}

/// Whether `reader`, the only one of `last`, can be done by the layer's stores, and adds it.
bool LayerMaker::follow_one(Layer& layer, std::size_t first, std::size_t last, std::size_t reader, bool short_steps) {
    const Node& next = node(reader);
    if (next.op == Op::kCrop) return true;
    if (next.op == Op::kPixelShuffle && layer.kind == LayerKind::kConv && layer.shuffle == 1 && layer.steps.empty() &&
        layer.nodes.size() == 1 && can_shuffle(node(first), next.factor)) {
        layer.shuffle = next.factor;
        return true;
    }
    std::optional<Step> step = step_of(next.op);
    if (!step || layer.steps.size() == static_cast<std::size_t>(kMostSteps)) return false;
    Layer::StepOf entry{*step, 0, 0, 0};
    if (next.inputs.size() == 2) {
        if (layer.shuffle > 1) return false;
        const bool second = next.inputs[0] != last;
        const std::size_t other = next.inputs[second ? 0 : 1];
        if (other >= first || other == last || refs_[other].relu6 ||
            layer.others.size() == static_cast<std::size_t>(kMostOthers)) {
            return false;
        }
        if (next.op == Op::kGate) entry.step = second ? Step::kGate : Step::kGated;
        entry.other = layer.others.size();
        layer.others.push_back(refs_[other]);
    } else if (short_steps && *step >= Step::kSigmoid) {
        return false;
    } else if (*step == Step::kScale || *step == Step::kBatchNorm) {
        entry.scale = add_parameters(network_.weights[reader].weight);
        entry.shift = add_parameters(network_.weights[reader].bias);
    }
    layer.steps.push_back(entry);
    return true;
}

void LayerMaker::follow(Layer& layer, std::size_t first, bool short_steps) {
    for (;;) {
        const std::size_t last = layer.nodes.back(), reader = only_reader(last);
        if (reader == kNone || placed_[last] != kNone || done_[reader]) return;
        if (!follow_one(layer, first, last, reader, short_steps)) return;
        layer.nodes.push_back(reader);
    }
}

void LayerMaker::finish_layer(Layer layer) {
    for (const std::size_t k : layer.nodes) done_[k] = true;
    const std::size_t last = layer.nodes.back();
    layer.output = place_result(last);
    refs_[last] = layer.output;
    out_.layers.push_back(std::move(layer));
}

void LayerMaker::add_conv(std::size_t i) {
    const Node& n = node(i);
    Layer layer;
    layer.nodes.push_back(i);
    layer.inputs.push_back(refs_[n.inputs[0]]);
    const Network::Weights& w = network_.weights[i];
    layer.has_bias = !w.bias.empty();
    layer.bias = add_parameters(w.bias);
    if (is_depthwise(i)) {
        layer.kind = LayerKind::kDepthwise;
        layer.weights = add_parameters(w.weight);
        if (is_only_reader(i, Op::kEluGate)) {
            layer.elu_gate = true;
            layer.nodes.push_back(only_reader(i));
        }
        return finish_layer(std::move(layer));
    }
    layer.kind = LayerKind::kConv;
    const std::size_t in = node(n.inputs[0]).out_channels, out = n.out_channels / n.groups;
    layer.conv = conv_kind(n, layer.inputs[0].relu6, in);
    layer.tile_channels = conv_tile_channels(out);
    layer.tiles_per_group = ceil_div(out, layer.tile_channels);
    const std::vector<float> packed = pack_conv(layer.conv, n, in, w.weight);
    layer.weights = add_parameters(packed);
    layer.own_weights = add_parameters(pack_own(layer.conv, packed, in / n.groups, layer.tile_channels));
    layer.tiny = conv_tiny_input(w.weight, w.bias);
    follow(layer, i, layer.conv != ConvKind::kAny && layer.conv != ConvKind::kNarrowTransposed3);
    finish_layer(std::move(layer));
}

void LayerMaker::add_attention(std::size_t i) {
    const std::size_t d = node(i).out_channels / node(i).factor;
    if (d > static_cast<std::size_t>(kMostHeadChannels)) {
        throw Error(JPEGAI_ERROR_UNSUPPORTED, "CUDA: channel attention with heads of " + std::to_string(d));
    }
    Layer layer;
    layer.kind = LayerKind::kAttention;
    layer.nodes.push_back(i);
    layer.inputs.push_back(refs_[node(i).inputs[0]]);
    layer.factor = node(i).factor;
    layer.conv = ConvKind::kPointwise;
    layer.tile_channels = conv_tile_channels(d);
    layer.tiles_per_group = ceil_div(d, layer.tile_channels);
    layer.weights = add_parameters(network_.weights[i].weight);
    finish_layer(std::move(layer));
}

/// Rearrangements and what follows them, or elementwise operations alone.
void LayerMaker::add_map(std::size_t i) {
    const Node& n = node(i);
    Layer layer;
    const std::optional<Gather> gather = gather_of(n.op);
    if (gather) {
        layer.gather = *gather;
        layer.factor = n.factor;
        for (const std::size_t input : n.inputs) layer.inputs.push_back(refs_[input]);
        layer.nodes.push_back(i);
    } else {
        layer.inputs.push_back(refs_[n.inputs[0]]);
        const std::size_t from = n.inputs[0];
        const bool twice = n.inputs.size() == 2 && n.inputs[1] == from;
        if (twice) {  // x + x and the like: the value is its own other
            layer.others.push_back(refs_[from]);
            layer.steps.push_back({*step_of(n.op), 0, 0, 0});
        } else if (!follow_one(layer, i, from, i, false)) {
            throw Error(JPEGAI_ERROR_INTERNAL, std::string("CUDA: no kernel for ") + op_name(n.op));
        }
        layer.nodes.push_back(i);
    }
    follow(layer, i, false);
    finish_layer(std::move(layer));
}

void LayerMaker::add_copy(std::size_t i, const Ref& to) {
    Layer layer;
    layer.inputs.push_back(refs_[i]);
    if (layer.inputs[0].relu6) layer.steps.push_back({Step::kRelu6, 0, 0, 0});
    layer.output = to;
    out_.layers.push_back(std::move(layer));
}

void LayerMaker::add_concat(std::size_t i) {
    std::size_t channel = 0;
    for (const std::size_t input : node(i).inputs) {
        if (placed_[input] != i) add_copy(input, {refs_[i].value, channel, input, false});
        channel += node(input).out_channels;
    }
}

/// ReLU6 that only 3x3 convolutions read is done by their loads.
bool LayerMaker::add_relu6_view(std::size_t i) {
    if (node(i).op != Op::kRelu6 || is_output_[i] || placed_[i] != kNone || readers_[i].empty()) return false;
    for (const std::size_t reader : readers_[i]) {
        if (node(reader).op != Op::kConv || is_depthwise(reader) ||
            conv_kind(node(reader), true, 0) != ConvKind::k3x3Relu6) {
            return false;
        }
    }
    refs_[i] = refs_[node(i).inputs[0]];
    refs_[i].relu6 = true;
    return true;
}

void LayerMaker::add_node(std::size_t i) {
    const Node& n = node(i);
    switch (n.op) {
        case Op::kInput:
            refs_[i] = {add_value(n.out_channels, i, true), 0, i, false};
            return;
        case Op::kCrop:
        case Op::kSlice:
            refs_[i] = refs_[n.inputs[0]];
            refs_[i].node = i;
            if (n.op == Op::kSlice) refs_[i].channel += n.factor;
            return;
        case Op::kConcat:
            return add_concat(i);
        case Op::kConv:
        case Op::kConvTranspose:
            return add_conv(i);
        case Op::kLayerNorm: {
            Layer layer;
            layer.kind = LayerKind::kLayerNorm;
            layer.nodes.push_back(i);
            layer.inputs.push_back(refs_[n.inputs[0]]);
            layer.weights = add_parameters(network_.weights[i].weight);
            layer.bias = add_parameters(network_.weights[i].bias);
            return finish_layer(std::move(layer));
        }
        case Op::kChannelAttention:
            return add_attention(i);
        default:
            if (!add_relu6_view(i)) add_map(i);
    }
}

/// Results are dense values of their own.
void LayerMaker::finish_outputs() {
    for (const std::size_t i : graph_.outputs) {
        const Ref& ref = refs_[i];
        Value& value = out_.values[ref.value];
        const bool own = node(i).op != Op::kInput && node(i).op != Op::kConcat && !ref.relu6 && ref.channel == 0 &&
                         value.channels == node(i).out_channels && value.size_node == i && !value.dense;
        if (own) {
            value.dense = true;
            out_.outputs.push_back(ref.value);
            continue;
        }
        const std::size_t copy = add_value(node(i).out_channels, i, true);
        add_copy(i, {copy, 0, i, false});
        out_.outputs.push_back(copy);
    }
}

LayeredNetwork LayerMaker::make() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
        for (const std::size_t input : node(i).inputs) readers_[input].push_back(i);
    }
    for (const std::size_t i : graph_.outputs) is_output_[i] = true;
    place_concats();
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
        if (!done_[i]) add_node(i);
    }
    for (const std::size_t i : graph_.inputs) out_.inputs.push_back(refs_[i].value);
    finish_outputs();
    return std::move(out_);
}

}  // namespace

LayeredNetwork make_layers(const Network& network) {
    check_graph(network.graph);
    return LayerMaker(network).make();
}

}  // namespace jpegai::cuda
