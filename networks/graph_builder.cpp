#include "networks/graph_builder.h"

#include <utility>

namespace jpegai {

GraphBuilder::GraphBuilder(std::string graph_name, std::string key_prefix) : prefix_(std::move(key_prefix)) {
    graph_.name = std::move(graph_name);
}

GraphBuilder::Value GraphBuilder::push(Node node) {
    graph_.nodes.push_back(std::move(node));
    return graph_.nodes.size() - 1;
}

Node GraphBuilder::weighted(Op op, Value x, std::string_view name, std::size_t out, Bias bias) const {
    Node node;
    node.op = op;
    node.inputs = {x};
    node.out_channels = out;
    node.name = prefix_ + std::string(name);
    node.weight = node.name + ".weight";
    if (bias == Bias::kYes) node.bias = node.name + ".bias";
    return node;
}

GraphBuilder::Value GraphBuilder::unary(Op op, Value x, std::size_t factor) {
    Node node;
    node.op = op;
    node.inputs = {x};
    node.out_channels = channels(x);
    node.factor = factor;
    node.name = op_name(op);
    return push(std::move(node));
}

GraphBuilder::Value GraphBuilder::binary(Op op, Value a, Value b) {
    Node node;
    node.op = op;
    node.inputs = {a, b};
    node.out_channels = channels(a);
    node.name = op_name(op);
    return push(std::move(node));
}

GraphBuilder::Value GraphBuilder::input(std::string_view name, std::size_t channels) {
    Node node;
    node.out_channels = channels;
    node.name = name;
    const Value value = push(std::move(node));
    graph_.inputs.push_back(value);
    return value;
}

GraphBuilder::Value GraphBuilder::conv1x1(Value x, std::string_view name, std::size_t out, Bias bias,
                                          std::size_t groups) {
    Node node = weighted(Op::kConv, x, name, out, bias);
    node.groups = groups;
    return push(std::move(node));
}

GraphBuilder::Value GraphBuilder::conv3x3(Value x, std::string_view name, std::size_t out, std::size_t stride,
                                          Bias bias, std::size_t groups) {
    Node node = weighted(Op::kConv, x, name, out, bias);
    node.kernel_rows = node.kernel_cols = 3;
    node.stride = stride;
    node.groups = groups;
    node.pad_top = node.pad_left = node.pad_bottom = node.pad_right = 1;
    return push(std::move(node));
}

GraphBuilder::Value GraphBuilder::conv_same(Value x, std::string_view name, std::size_t out, std::size_t kernel_rows,
                                            std::size_t kernel_cols) {
    Node node = weighted(Op::kConv, x, name, out, Bias::kYes);
    node.kernel_rows = kernel_rows;
    node.kernel_cols = kernel_cols;
    node.pad_top = node.pad_bottom = kernel_rows / 2;
    node.pad_left = node.pad_right = kernel_cols / 2;
    return push(std::move(node));
}

GraphBuilder::Value GraphBuilder::conv2x2_shuffle(Value x, std::string_view name, std::size_t out) {
    Node node = weighted(Op::kConv, x, std::string(name) + ".conv", 4 * out, Bias::kNo);
    node.kernel_rows = node.kernel_cols = 2;
    node.pad_bottom = node.pad_right = 1;
    return pixel_shuffle(push(std::move(node)), 2);
}

GraphBuilder::Value GraphBuilder::conv_transpose(Value x, std::string_view name, std::size_t out, std::size_t kernel) {
    Node node = weighted(Op::kConvTranspose, x, name, out, Bias::kYes);
    node.kernel_rows = node.kernel_cols = kernel;
    node.stride = 2;
    node.output_padding = kernel == 3 ? 1 : 0;
    return push(std::move(node));
}

GraphBuilder::Value GraphBuilder::scale(Value x, std::string_view key) {
    Node node = weighted(Op::kScale, x, key, channels(x), Bias::kNo);
    node.weight = node.name;
    return push(std::move(node));
}

GraphBuilder::Value GraphBuilder::batch_norm(Value x, std::string_view name) {
    Node node = weighted(Op::kBatchNorm, x, name, channels(x), Bias::kNo);
    node.weight = node.name;
    return push(std::move(node));
}

GraphBuilder::Value GraphBuilder::layer_norm(Value x, std::string_view name) {
    return push(weighted(Op::kLayerNorm, x, name, channels(x), Bias::kYes));
}

GraphBuilder::Value GraphBuilder::elu_gate(Value x) {
    const Value value = unary(Op::kEluGate, x);
    graph_.nodes[value].out_channels = channels(x) / 2;
    return value;
}

GraphBuilder::Value GraphBuilder::channel_attention(Value qkv, std::string_view temperature_key, std::size_t heads) {
    Node node = weighted(Op::kChannelAttention, qkv, temperature_key, channels(qkv) / 3, Bias::kNo);
    node.weight = node.name;
    node.factor = heads;
    return push(std::move(node));
}

GraphBuilder::Value GraphBuilder::pixel_shuffle(Value x, std::size_t factor) {
    const Value value = unary(Op::kPixelShuffle, x, factor);
    graph_.nodes[value].out_channels = channels(x) / (factor * factor);
    return value;
}

GraphBuilder::Value GraphBuilder::haar_split(Value x) {
    const Value value = unary(Op::kHaarSplit, x);
    graph_.nodes[value].out_channels = 4 * channels(x);
    return value;
}

GraphBuilder::Value GraphBuilder::haar_merge(Value x) {
    const Value value = unary(Op::kHaarMerge, x);
    graph_.nodes[value].out_channels = channels(x) / 4;
    return value;
}

GraphBuilder::Value GraphBuilder::concat(const std::vector<Value>& values) {
    if (values.size() == 1) return values.front();
    Node node;
    node.op = Op::kConcat;
    node.inputs = values;
    for (const Value value : values) node.out_channels += channels(value);
    node.name = op_name(node.op);
    return push(std::move(node));
}

GraphBuilder::Value GraphBuilder::slice(Value x, std::size_t first, std::size_t channels) {
    const Value value = unary(Op::kSlice, x, first);
    graph_.nodes[value].out_channels = channels;
    return value;
}

GraphBuilder::Value GraphBuilder::phase_merge(const std::array<Value, 4>& phases) {
    Node node;
    node.op = Op::kPhaseMerge;
    node.inputs.assign(phases.begin(), phases.end());
    node.out_channels = channels(phases[0]);
    node.name = op_name(node.op);
    return push(std::move(node));
}

Graph GraphBuilder::finish(std::vector<Value> outputs) {
    graph_.outputs = std::move(outputs);
    check_graph(graph_);
    return std::exchange(graph_, {});
}

}  // namespace jpegai
