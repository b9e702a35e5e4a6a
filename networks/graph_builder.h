// Writes graphs concisely: one call per layer, keys derived from the layer's name.
#pragma once

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "networks/graph.h"

namespace jpegai {

/// Builds one Graph. A Value is the index of a node. Layer names are appended to the key prefix of the builder; a layer
/// "conv1" with prefix "hyper_decoder." reads "hyper_decoder.conv1.weight" and, if it has one,
/// "hyper_decoder.conv1.bias".
class GraphBuilder {
public:
    using Value = std::size_t;
    enum class Bias : bool { kNo, kYes };

    explicit GraphBuilder(std::string graph_name, std::string key_prefix = "");

    [[nodiscard]] std::size_t channels(Value value) const { return graph_.nodes[value].out_channels; }

    Value input(std::string_view name, std::size_t channels);

    /// 1x1 convolution, stride 1 (no bias unless asked for: 03 section 2.1).
    Value conv1x1(Value x, std::string_view name, std::size_t out, Bias bias = Bias::kNo, std::size_t groups = 1);
    /// 3x3 convolution with padding 1.
    Value conv3x3(Value x, std::string_view name, std::size_t out, std::size_t stride = 1, Bias bias = Bias::kYes,
                  std::size_t groups = 1);
    /// Any stride-1 convolution with bias whose zero padding keeps the size: odd kernel sides.
    Value conv_same(Value x, std::string_view name, std::size_t out, std::size_t kernel_rows, std::size_t kernel_cols);
    /// conv2x2_pxl2 of 03 section 2.1: doubles the size; `out` channels after the shuffle; key NAME.conv.weight.
    Value conv2x2_shuffle(Value x, std::string_view name, std::size_t out);
    /// Transposed convolutions that double the size, with bias: kernel 4 (k4 s2 p1) or 3 (k3 s2 p1 op1).
    Value conv_transpose(Value x, std::string_view name, std::size_t out, std::size_t kernel);

    /// Operations on one value that keep the number of channels.
    Value relu(Value x) { return unary(Op::kRelu, x); }
    Value relu6(Value x) { return unary(Op::kRelu6, x); }
    Value leaky_relu(Value x) { return unary(Op::kLeakyRelu, x); }
    Value sigmoid(Value x) { return unary(Op::kSigmoid, x); }
    Value abs(Value x) { return unary(Op::kAbs, x); }
    Value normalise(Value x) { return unary(Op::kNormalise, x); }
    Value denormalise(Value x) { return unary(Op::kDenormalise, x); }
    Value pad_zero_even(Value x) { return unary(Op::kPadZeroEven, x); }
    Value pad_replicate(Value x, std::size_t multiple = 2) { return unary(Op::kPadReplicate, x, multiple); }
    /// Keeps ceil(nominal / divisor) rows and columns; divisor in luma samples for both components.
    Value crop(Value x, std::size_t divisor) { return unary(Op::kCrop, x, divisor); }
    Value phase_split(Value x, std::size_t phase) { return unary(Op::kPhaseSplit, x, phase); }
    Value scale(Value x, std::string_view key);
    Value batch_norm(Value x, std::string_view name);
    Value layer_norm(Value x, std::string_view name);

    Value add(Value a, Value b) { return binary(Op::kAdd, a, b); }
    Value mul(Value a, Value b) { return binary(Op::kMul, a, b); }
    Value gate(Value x, Value m) { return binary(Op::kGate, x, m); }
    Value elu_gate(Value x);
    Value channel_attention(Value qkv, std::string_view temperature_key, std::size_t heads);

    Value pixel_shuffle(Value x, std::size_t factor);
    Value haar_split(Value x);
    Value haar_merge(Value x);
    Value concat(std::initializer_list<Value> values) { return concat(std::vector<Value>(values)); }
    Value concat(const std::vector<Value>& values);
    Value slice(Value x, std::size_t first, std::size_t channels);
    Value phase_merge(const std::array<Value, 4>& phases);

    /// The finished graph, checked; the builder is empty afterwards.
    [[nodiscard]] Graph finish(std::vector<Value> outputs);

private:
    Value push(Node node);
    Value unary(Op op, Value x, std::size_t factor = 1);
    Value binary(Op op, Value a, Value b);
    Node weighted(Op op, Value x, std::string_view name, std::size_t out, Bias bias) const;

    Graph graph_;
    std::string prefix_;
};

}  // namespace jpegai
