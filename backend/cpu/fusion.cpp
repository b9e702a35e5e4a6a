// From graph to layers: which nodes become one layer, and which cost nothing because they only change how a value is
// read.
#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "backend/cpu/fused_network.h"
#include "backend/cpu/layer_attention.h"
#include "backend/cpu/layer_contract.h"
#include "backend/cpu/layer_conv.h"
#include "backend/cpu/layer_feed_forward.h"
#include "backend/cpu/layer_layout.h"
#include "backend/cpu/layer_narrow.h"
#include "backend/cpu/layer_rows.h"

namespace jpegai::cpu {

namespace {

constexpr std::size_t kNone = ~std::size_t{0};

std::optional<Elementwise> elementwise_of(Op op) {
    switch (op) {
        case Op::kRelu:
            return Elementwise::kRelu;
        case Op::kRelu6:
            return Elementwise::kRelu6;
        case Op::kLeakyRelu:
            return Elementwise::kLeakyRelu;
        case Op::kSigmoid:
            return Elementwise::kSigmoid;
        case Op::kAbs:
            return Elementwise::kAbs;
        case Op::kNormalise:
            return Elementwise::kNormalise;
        case Op::kDenormalise:
            return Elementwise::kDenormalise;
        case Op::kScale:
            return Elementwise::kScale;
        case Op::kBatchNorm:
            return Elementwise::kBatchNorm;
        case Op::kAdd:
            return Elementwise::kAdd;
        case Op::kMul:
            return Elementwise::kMul;
        case Op::kGate:
            return Elementwise::kGate;
        default:
            return std::nullopt;
    }
}

class Fuser {
public:
    Fuser(const CpuKernels& kernels, std::size_t threads, const Network& network)
        : kernels_(kernels),
          threads_(threads),
          network_(network),
          graph_(network.graph),
          readers_(graph_.nodes.size()),
          is_output_(graph_.nodes.size(), false),
          done_(graph_.nodes.size(), false),
          views_(graph_.nodes.size()) {}

    FusedNetwork fuse();

private:
    // Facts about the graph.
    [[nodiscard]] const Node& node(std::size_t i) const { return graph_.nodes[i]; }
    [[nodiscard]] std::size_t only_reader(std::size_t i) const {
        return readers_[i].size() == 1 && !is_output_[i] ? readers_[i][0] : kNone;
    }
    [[nodiscard]] bool is_only_reader(std::size_t i, Op op) const {
        const std::size_t reader = only_reader(i);
        return reader != kNone && node(reader).op == op;
    }

    // Values and layers.
    std::size_t add_value(std::size_t channels, bool planar, std::size_t size_node);
    View whole(std::size_t value, std::size_t node) const;
    std::size_t add_layer(std::unique_ptr<Layer> layer, std::vector<std::size_t> nodes, std::size_t value);
    void set_result(std::size_t node, std::size_t value);
    const View& blocked(std::size_t node) { return converted(node, false); }
    const View& planar(std::size_t node) { return converted(node, true); }
    const View& converted(std::size_t node, bool planar);
    const View& simple(std::size_t node);

    // One function per kind of node.
    void add_node(std::size_t i);
    void add_input(std::size_t i);
    void add_slice(std::size_t i);
    void add_concat(std::size_t i);
    bool add_attention_block(std::size_t i);
    bool add_feed_forward(std::size_t i);
    void add_conv(std::size_t i);
    void add_narrow(std::size_t i);
    void add_depthwise(std::size_t i);
    void add_elementwise(std::size_t i);
    void add_rearrange(std::size_t i);
    void add_shuffle_out(std::size_t i);
    void add_layer_norm(std::size_t i);
    void add_elu_gate(std::size_t i);
    void add_contract(std::size_t i);
    void finish_outputs();

    struct ConvEnd {
        std::vector<std::size_t> nodes;
        Finish finish = Finish::kNone;
        std::size_t other = kNone;
        bool shuffled = false;
    };
    ConvEnd follow_conv(std::size_t i, bool fast) const;
    std::size_t relu6_reader(std::size_t i) const;
    std::size_t follow_crop(std::vector<std::size_t>& nodes) const;

    const CpuKernels& kernels_;
    std::size_t threads_;
    const Network& network_;
    const Graph& graph_;
    std::vector<std::vector<std::size_t>> readers_;
    std::vector<bool> is_output_, done_;
    std::vector<View> views_;
    std::map<std::pair<std::size_t, bool>, View> conversions_;
    std::map<std::size_t, View> simple_;
    FusedNetwork out_;
};

std::size_t Fuser::add_value(std::size_t channels, bool planar, std::size_t size_node) {
    out_.values.push_back({channels, planar, size_node});
    return out_.values.size() - 1;
}

View Fuser::whole(std::size_t value, std::size_t node) const {
    const ValueInfo& info = out_.values[value];
    View view;
    view.parts.push_back({value, 0, info.blocks()});
    view.channels = info.channels;
    view.planar = info.planar;
    view.node = node;
    return view;
}

std::size_t Fuser::add_layer(std::unique_ptr<Layer> layer, std::vector<std::size_t> nodes, std::size_t value) {
    if (layer->name.empty()) layer->name = node(nodes.front()).name;
    if (layer->name.empty()) layer->name = op_name(node(nodes.front()).op);
    layer->nodes = std::move(nodes);
    layer->output = value;
    out_.layers.push_back(std::move(layer));
    return out_.layers.size() - 1;
}

void Fuser::set_result(std::size_t node, std::size_t value) {
    views_[node] = whole(value, node);
}

/// The value of a node in the layout asked for, converted once for all readers.
const View& Fuser::converted(std::size_t i, bool planar) {
    if (views_[i].planar == planar) return views_[i];
    const auto found = conversions_.find({i, planar});
    if (found != conversions_.end()) return found->second;
    const std::size_t channels = views_[i].channels, value = add_value(channels, planar, views_[i].node);
    auto layer = std::make_unique<ConvertLayer>(channels, planar);
    layer->name = planar ? "to planes" : "to blocks";
    layer->inputs.push_back(views_[i]);
    const std::size_t size_node = views_[i].node;
    add_layer(std::move(layer), {i}, value);
    out_.layers.back()->nodes.clear();
    return conversions_[{i, planar}] = whole(value, size_node);
}

/// The blocked value of a node as one part, for layers that step from block to block.
const View& Fuser::simple(std::size_t i) {
    const View& view = blocked(i);
    if (view.parts.size() == 1) return view;
    const auto found = simple_.find(i);
    if (found != simple_.end()) return found->second;
    const std::size_t value = add_value(view.channels, false, view.node), size_node = view.node;
    auto layer = std::make_unique<ConvertLayer>(view.channels, false);
    layer->name = "gather";
    layer->inputs.push_back(view);
    add_layer(std::move(layer), {i}, value);
    out_.layers.back()->nodes.clear();
    return simple_[i] = whole(value, size_node);
}

void Fuser::add_input(std::size_t i) {
    const std::size_t value = add_value(node(i).out_channels, true, i);
    set_result(i, value);
}

void Fuser::add_slice(std::size_t i) {
    const std::size_t from = node(i).inputs[0];
    const std::size_t first = node(i).factor, channels = node(i).out_channels;
    const bool aligned = first % kBlock == 0 && (channels % kBlock == 0 || first + channels == views_[from].channels);
    View view = views_[from];
    if (!view.planar && !aligned) view = planar(from);
    const std::size_t unit = view.planar ? 1 : kBlock;
    std::size_t skip = first / unit, left = ceil_div(channels, unit);
    std::vector<View::Part> parts;
    for (View::Part part : view.parts) {
        const std::size_t skipped = std::min(skip, part.blocks);
        skip -= skipped;
        part.first_block += skipped;
        part.blocks = std::min(part.blocks - skipped, left);
        left -= part.blocks;
        if (part.blocks != 0) parts.push_back(part);
    }
    view.parts = std::move(parts);
    view.channels = channels;
    view.node = i;
    views_[i] = std::move(view);
}

void Fuser::add_concat(std::size_t i) {
    // Blocks can follow each other if all but the last part are whole blocks; planes always can.
    bool aligned = true, all_planar = true;
    const std::vector<std::size_t>& inputs = node(i).inputs;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        aligned = aligned && (views_[inputs[k]].channels % kBlock == 0 || k + 1 == inputs.size());
        all_planar = all_planar && views_[inputs[k]].planar;
    }
    const bool as_planar = all_planar || !aligned;
    View view;
    view.planar = as_planar;
    view.node = i;
    for (const std::size_t input : inputs) {
        const View& part = converted(input, as_planar);
        view.parts.insert(view.parts.end(), part.parts.begin(), part.parts.end());
        view.channels += part.channels;
    }
    views_[i] = std::move(view);
}

/// A node that reads ReLU6 of this value, directly or of a crop.
std::size_t Fuser::relu6_reader(std::size_t i) const {
    for (const std::size_t reader : readers_[i]) {
        if (node(reader).op == Op::kRelu6) return reader;
        if (node(reader).op == Op::kCrop && only_reader(i) == reader) return relu6_reader(reader);
    }
    return kNone;
}

/// Which of the following nodes the stores of convolution i can do.
Fuser::ConvEnd Fuser::follow_conv(std::size_t i, bool fast) const {
    ConvEnd end;
    end.nodes.push_back(i);
    const Node& conv = node(i);
    const bool dense = conv.op == Op::kConv && conv.groups == 1 && conv.stride == 1;
    if (dense && is_only_reader(i, Op::kPixelShuffle)) {
        const Node& shuffle = node(only_reader(i));
        if (shuffle.factor == 2 && shuffle.out_channels % kBlock == 0) {
            end.nodes.push_back(only_reader(i));
            end.shuffled = true;
        }
    }
    if (!fast) return end;
    bool cropped = false;
    while (end.other == kNone) {
        const std::size_t last = end.nodes.back(), reader = only_reader(last);
        if (reader == kNone) break;
        const Node& next = node(reader);
        const bool plain = end.finish == Finish::kNone;
        if (next.op == Op::kCrop && plain) {  // worth passing only for an activation behind it
            const std::size_t after = only_reader(reader);
            if (after == kNone || (node(after).op != Op::kRelu && node(after).op != Op::kRelu6)) break;
            cropped = true;
        } else if (next.op == Op::kRelu && plain) {
            end.finish = Finish::kRelu;
        } else if (next.op == Op::kRelu6 && plain) {
            end.finish = Finish::kRelu6;
        } else if (next.op == Op::kLeakyRelu && plain) {
            end.finish = Finish::kLeakyRelu;
        } else if (next.op == Op::kAdd && !cropped && (plain || end.finish == Finish::kRelu)) {
            const std::size_t other = next.inputs[next.inputs[0] == last ? 1 : 0];
            if (other >= i || other == last) break;
            end.other = other;
            end.finish = plain ? Finish::kAdd : Finish::kReluAdd;
        } else if (next.op == Op::kGate && !cropped && plain && next.inputs[1] == last && next.inputs[0] < i) {
            end.other = next.inputs[0];
            end.finish = Finish::kGate;
        } else {
            break;
        }
        end.nodes.push_back(reader);
    }
    return end;
}

void Fuser::add_conv(std::size_t i) {
    const std::size_t from = node(i).inputs[0];
    const bool planes = views_[from].planar && node(i).op == Op::kConv && node(i).kernel_cols == 3 &&
                        node(i).stride == 2 && node(i).groups == 1 && node(i).pad_left <= 1 && node(i).pad_right <= 1;
    const bool small = planes && views_[from].channels < kBlock;
    const View input = small ? views_[from] : blocked(from);
    const ConvEnd shape = follow_conv(i, false);
    auto layer =
        std::make_unique<ConvLayer>(kernels_, node(i), input.channels, network_.weights[i], shape.shuffled, small);
    const ConvEnd end = layer->fast() ? follow_conv(i, true) : shape;
    layer->inputs.push_back(input);
    layer->finish = end.finish;
    if (end.other != kNone) layer->inputs.push_back(blocked(end.other));
    const std::size_t last = end.nodes.back();
    // A crop among the nodes leaves the stored size as it was.
    std::size_t size_node = last;
    for (const std::size_t k : end.nodes) {
        if (node(k).op == Op::kCrop) size_node = node(k).inputs[0];
    }
    const std::size_t value = add_value(node(last).out_channels, false, size_node);
    for (const std::size_t k : end.nodes) done_[k] = true;
    const std::size_t relu6 = layer->fast() ? relu6_reader(last) : kNone;
    if (relu6 != kNone) {
        layer->copy = add_value(node(last).out_channels, false, size_node);
        views_[relu6] = whole(layer->copy, relu6);
        done_[relu6] = true;
    }
    add_layer(std::move(layer), end.nodes, value);
    views_[last] = whole(value, last);
}

/// Appends a crop behind the last node if nothing else reads it; layers with planar output leave samples out.
std::size_t Fuser::follow_crop(std::vector<std::size_t>& nodes) const {
    if (is_only_reader(nodes.back(), Op::kCrop)) nodes.push_back(only_reader(nodes.back()));
    return nodes.back();
}

void Fuser::add_narrow(std::size_t i) {
    std::vector<std::size_t> nodes = {i};
    const bool denormalise = is_only_reader(i, Op::kDenormalise);
    if (denormalise) nodes.push_back(only_reader(i));
    const std::size_t from = node(i).inputs[0], last = follow_crop(nodes);
    auto layer =
        std::make_unique<NarrowTransposedLayer>(node(i), views_[from].channels, network_.weights[i], denormalise);
    layer->inputs.push_back(planar(from));
    for (const std::size_t k : nodes) done_[k] = true;
    const std::size_t value = add_value(node(last).out_channels, true, last);
    add_layer(std::move(layer), nodes, value);
    set_result(last, value);
}

void Fuser::add_shuffle_out(std::size_t i) {
    std::vector<std::size_t> nodes = {i};
    const bool denormalise = is_only_reader(i, Op::kDenormalise);
    if (denormalise) nodes.push_back(only_reader(i));
    const std::size_t last = follow_crop(nodes);
    auto layer = std::make_unique<ShuffleOutLayer>(node(i).factor, node(i).out_channels, denormalise);
    layer->inputs.push_back(views_[node(i).inputs[0]]);
    for (const std::size_t k : nodes) done_[k] = true;
    const std::size_t value = add_value(node(last).out_channels, true, last);
    add_layer(std::move(layer), nodes, value);
    set_result(last, value);
}

void Fuser::add_depthwise(std::size_t i) {
    auto layer = std::make_unique<DepthwiseLayer>(node(i).out_channels, network_.weights[i]);
    layer->inputs.push_back(blocked(node(i).inputs[0]));
    const std::size_t value = add_value(node(i).out_channels, false, i);
    add_layer(std::move(layer), {i}, value);
    set_result(i, value);
}

void Fuser::add_elementwise(std::size_t first) {
    // The layout of the value the chain starts with decides; a chain goes on while nobody else reads its value.
    constexpr std::size_t kMostInputs = 4;
    auto layer = std::make_unique<ElementwiseLayer>();
    std::vector<std::size_t> nodes;
    const std::size_t from = node(first).inputs[0];
    const bool planar = views_[from].planar;
    layer->inputs.push_back(views_[from]);
    const ValueInfo info{node(first).out_channels, planar, first};
    for (std::size_t i = first, chain = from; i != kNone; chain = i, i = only_reader(i)) {
        const auto op = elementwise_of(node(i).op);
        if (!op) break;
        ElementwiseLayer::Operation operation;
        operation.op = *op;
        if (node(i).inputs.size() == 2) {
            operation.chain_second = node(i).inputs[0] != chain;
            const std::size_t other = node(i).inputs[operation.chain_second ? 0 : 1];
            if (other >= first || layer->inputs.size() == kMostInputs) break;
            operation.other = layer->inputs.size();
            layer->inputs.push_back(converted(other, planar));
        } else if (*op == Elementwise::kScale || *op == Elementwise::kBatchNorm) {
            layer->set_parameters(operation, network_.weights[i], info);
        }
        layer->operations.push_back(operation);
        nodes.push_back(i);
    }
    for (const std::size_t k : nodes) done_[k] = true;
    const std::size_t last = nodes.back(), value = add_value(info.channels, planar, last);
    add_layer(std::move(layer), nodes, value);
    set_result(last, value);
}

void Fuser::add_rearrange(std::size_t i) {
    const bool planar_output = node(i).out_channels < kBlock;
    auto layer = std::make_unique<RearrangeLayer>(node(i), planar_output);
    for (const std::size_t input : node(i).inputs) layer->inputs.push_back(views_[input]);
    const std::size_t value = add_value(node(i).out_channels, planar_output, i);
    add_layer(std::move(layer), {i}, value);
    set_result(i, value);
}

void Fuser::add_layer_norm(std::size_t i) {
    auto layer = std::make_unique<LayerNormLayer>(network_.weights[i]);
    layer->inputs.push_back(simple(node(i).inputs[0]));
    const std::size_t value = add_value(node(i).out_channels, false, i);
    add_layer(std::move(layer), {i}, value);
    set_result(i, value);
}

void Fuser::add_elu_gate(std::size_t i) {
    auto layer = std::make_unique<EluGateLayer>();
    layer->inputs.push_back(blocked(node(i).inputs[0]));
    const std::size_t value = add_value(node(i).out_channels, false, i);
    add_layer(std::move(layer), {i}, value);
    set_result(i, value);
}

void Fuser::add_contract(std::size_t i) {
    auto layer = std::make_unique<ContractLayer>(graph_, i, network_);
    for (const std::size_t input : node(i).inputs) layer->inputs.push_back(views_[input]);
    const std::size_t value = add_value(node(i).out_channels, true, i);
    add_layer(std::move(layer), {i}, value);
    set_result(i, value);
}

/// 1x1 to 3 C channels, depthwise 3x3, attention: queries, keys and values are computed by layers of their own, because
/// only the values must be kept until all rows are known.
bool Fuser::add_attention_block(std::size_t i) {
    if (!is_only_reader(i, Op::kConv)) return false;
    const std::size_t spatial = only_reader(i);
    if (!DepthwiseLayer::supports(graph_, node(spatial)) || !is_only_reader(spatial, Op::kChannelAttention))
        return false;
    const std::size_t attention = only_reader(spatial), in = node(node(i).inputs[0]).out_channels;
    const Node& conv = node(i);
    const std::size_t channels = node(attention).out_channels;
    if (conv.groups != 1 || conv.kernel_rows * conv.kernel_cols * conv.stride != 1 ||
        conv.out_channels != 3 * channels || conv.pad_top + conv.pad_left + conv.pad_bottom + conv.pad_right != 0 ||
        !AttentionSumsLayer::supports(node(attention))) {
        return false;
    }
    const auto third = [&](std::span<const float> all, std::size_t t) {
        return all.empty() ? all : all.subspan(t * all.size() / 3, all.size() / 3);
    };
    const View input = blocked(conv.inputs[0]);
    std::array<View, 3> parts;
    for (std::size_t t = 0; t < 3; ++t) {
        Node part = conv;
        part.out_channels = channels;
        const Network::Weights& w = network_.weights[i];
        const Network::Weights& dw = network_.weights[spatial];
        auto mix = std::make_unique<ConvLayer>(kernels_, part, in,
                                               Network::Weights{third(w.weight, t), third(w.bias, t)}, false, false);
        mix->inputs.push_back(input);
        mix->mac_divisor = 3;
        const std::size_t mixed = add_value(channels, false, i);
        add_layer(std::move(mix), {i}, mixed);
        auto filter =
            std::make_unique<DepthwiseLayer>(channels, Network::Weights{third(dw.weight, t), third(dw.bias, t)});
        filter->inputs.push_back(whole(mixed, i));
        filter->mac_divisor = 3;
        const std::size_t filtered = add_value(channels, false, spatial);
        add_layer(std::move(filter), {spatial}, filtered);
        parts[t] = whole(filtered, spatial);
    }
    const AttentionShape shape{channels, node(attention).factor};
    auto sums = std::make_unique<AttentionSumsLayer>(shape);
    View queries_and_keys = parts[0];
    queries_and_keys.parts.push_back(parts[1].parts[0]);
    queries_and_keys.channels = 2 * channels;
    sums->inputs.push_back(queries_and_keys);
    sums->mac_divisor = 2;
    auto apply = std::make_unique<AttentionApplyLayer>(kernels_, shape, *sums, network_.weights[attention].weight);
    const std::size_t summed = add_value(0, true, spatial);
    apply->partner = add_layer(std::move(sums), {attention}, summed);
    apply->inputs.push_back(parts[2]);
    apply->mac_divisor = 2;
    apply->inputs.push_back(whole(summed, spatial));
    apply->inputs[1].parts[0].blocks = 0;
    const std::size_t value = add_value(channels, false, attention);
    add_layer(std::move(apply), {attention}, value);
    for (const std::size_t k : {i, spatial, attention}) done_[k] = true;
    set_result(attention, value);
    return true;
}

/// 1x1, depthwise 3x3, ELU gate, 1x1, all without bias, and the residual.
bool Fuser::add_feed_forward(std::size_t i) {
    std::array<std::size_t, 5> nodes{i};
    constexpr std::array<Op, 5> kOps = {Op::kConv, Op::kConv, Op::kEluGate, Op::kConv, Op::kAdd};
    for (std::size_t k = 1; k < nodes.size(); ++k) {
        if (!is_only_reader(nodes[k - 1], kOps[k])) return false;
        nodes[k] = only_reader(nodes[k - 1]);
    }
    const auto pointwise = [&](std::size_t k) {
        const Node& n = node(k);
        return n.groups == 1 && n.kernel_rows * n.kernel_cols * n.stride == 1 && network_.weights[k].bias.empty() &&
               n.pad_top + n.pad_left + n.pad_bottom + n.pad_right == 0;
    };
    const std::size_t channels = node(node(i).inputs[0]).out_channels, width = node(nodes[2]).out_channels;
    const Node& sum = node(nodes[4]);
    const std::size_t residual = sum.inputs[sum.inputs[0] == nodes[3] ? 1 : 0];
    if (!pointwise(i) || !pointwise(nodes[3]) || !DepthwiseLayer::supports(graph_, node(nodes[1])) ||
        !network_.weights[nodes[1]].bias.empty() || residual >= i || sum.out_channels != channels ||
        channels % kBlock != 0 || width % kBlock != 0) {
        return false;
    }
    const FeedForwardLayer::Weights weights{network_.weights[i].weight, network_.weights[nodes[1]].weight,
                                            network_.weights[nodes[3]].weight};
    auto layer = std::make_unique<FeedForwardLayer>(kernels_, channels, width, weights, threads_);
    layer->inputs.push_back(blocked(node(i).inputs[0]));
    layer->inputs.push_back(blocked(residual));
    const std::size_t value = add_value(channels, false, nodes[4]);
    for (const std::size_t k : nodes) done_[k] = true;
    add_layer(std::move(layer), {nodes.begin(), nodes.end()}, value);
    set_result(nodes[4], value);
    return true;
}

void Fuser::add_node(std::size_t i) {
    const Node& n = node(i);
    switch (n.op) {
        case Op::kInput:
            return add_input(i);
        case Op::kCrop:
            views_[i] = views_[n.inputs[0]];
            views_[i].node = i;
            return;
        case Op::kSlice:
            return add_slice(i);
        case Op::kConcat:
            return add_concat(i);
        case Op::kConv:
            if (add_attention_block(i) || add_feed_forward(i)) return;
            if (DepthwiseLayer::supports(graph_, n)) return add_depthwise(i);
            return ConvLayer::supports(graph_, n) ? add_conv(i) : add_contract(i);
        case Op::kConvTranspose:
            return NarrowTransposedLayer::supports(n) ? add_narrow(i) : add_conv(i);
        case Op::kLayerNorm:
            return add_layer_norm(i);
        case Op::kEluGate:
            return n.out_channels % kBlock == 0 ? add_elu_gate(i) : add_contract(i);
        case Op::kPixelShuffle:
            if (ShuffleOutLayer::supports(n) && !views_[n.inputs[0]].planar) return add_shuffle_out(i);
            return add_rearrange(i);
        default:
            break;
    }
    if (elementwise_of(n.op)) return add_elementwise(i);
    if (RearrangeLayer::supports(n.op)) return add_rearrange(i);
    add_contract(i);
}

/// Results must be planes that nobody else owns and that nothing was cropped from.
void Fuser::finish_outputs() {
    for (const std::size_t i : graph_.outputs) {
        const View& view = views_[i];
        const std::size_t first = view.parts[0].value;
        const bool input = std::find(out_.inputs.begin(), out_.inputs.end(), first) != out_.inputs.end();
        const bool taken = std::find(out_.outputs.begin(), out_.outputs.end(), first) != out_.outputs.end();
        if (view.planar && view.parts.size() == 1 && !input && !taken && out_.values[first].size_node == view.node &&
            out_.values[first].channels == view.channels) {
            out_.outputs.push_back(first);
            continue;
        }
        const std::size_t value = add_value(view.channels, true, view.node);
        auto layer = std::make_unique<ConvertLayer>(view.channels, true);
        layer->name = "result";
        layer->inputs.push_back(view);
        add_layer(std::move(layer), {i}, value);
        out_.layers.back()->nodes.clear();
        out_.outputs.push_back(value);
    }
}

FusedNetwork Fuser::fuse() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
        for (const std::size_t input : node(i).inputs) readers_[input].push_back(i);
    }
    for (const std::size_t i : graph_.outputs) is_output_[i] = true;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
        if (!done_[i]) add_node(i);
    }
    for (const std::size_t i : graph_.inputs) out_.inputs.push_back(views_[i].parts[0].value);
    finish_outputs();
    return std::move(out_);
}

}  // namespace

FusedNetwork fuse(const CpuKernels& kernels, std::size_t threads, const Network& network) {
    check_graph(network.graph);
    return Fuser(kernels, threads, network).fuse();
}

}  // namespace jpegai::cpu
