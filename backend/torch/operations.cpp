#include "backend/torch/operations.h"

#include <ATen/ops/abs.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/pixel_shuffle.h>
#include <ATen/ops/pixel_unshuffle.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/replication_pad2d.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include <array>
#include <vector>

#include "base/error.h"

namespace jpegai::torch_ops {

namespace {

using at::Tensor;

constexpr std::int64_t kChannelAxis = 1, kRowAxis = 2, kColAxis = 3;

std::int64_t to_index(std::size_t n) {
    return static_cast<std::int64_t>(n);
}

/// Whether an operation may write its result over x: nobody else refers to its memory.
bool is_ours(const Tensor& x) {
    return x.use_count() == 1 && x.storage().use_count() == 1 && x.is_non_overlapping_and_dense();
}

template <class InPlace, class Copying>
Tensor overwrite_or_copy(Tensor& x, const InPlace& in_place, const Copying& copying) {
    if (!is_ours(x)) return copying(x);
    in_place(x);
    return x;
}

Tensor convolve(const Node& n, const Parameters& p, const Tensor& x) {
    const std::array<std::int64_t, 2> stride = {to_index(n.stride), to_index(n.stride)}, dilation = {1, 1};
    const std::array<std::int64_t, 2> none = {0, 0}, both = {to_index(n.pad_top), to_index(n.pad_left)};
    if (n.pad_top == n.pad_bottom && n.pad_left == n.pad_right) {
        return at::conv2d(x, p.weight, p.bias, stride, both, dilation, to_index(n.groups));
    }
    const std::array<std::int64_t, 4> sides = {to_index(n.pad_left), to_index(n.pad_right), to_index(n.pad_top),
                                               to_index(n.pad_bottom)};
    return at::conv2d(at::constant_pad_nd(x, sides, 0), p.weight, p.bias, stride, none, dilation, to_index(n.groups));
}

Tensor convolve_transposed(const Node& n, const Parameters& p, const Tensor& x) {
    const std::array<std::int64_t, 2> stride = {2, 2}, padding = {1, 1};
    const std::array<std::int64_t, 2> output_padding = {to_index(n.output_padding), to_index(n.output_padding)};
    return at::conv_transpose2d(x, p.weight, p.bias, stride, padding, output_padding);
}

Tensor elu_gate(const Tensor& x) {
    const std::int64_t half = x.size(kChannelAxis) / 2;
    return at::elu(x.narrow(kChannelAxis, 0, half)).mul_(x.narrow(kChannelAxis, half, half));
}

Tensor layer_norm(const Parameters& p, const Tensor& x) {
    constexpr double kEpsilon = 1e-5;  // 03 section 2.7
    const std::array<std::int64_t, 1> channels = {x.size(kChannelAxis)};
    return at::layer_norm(x.permute({0, 2, 3, 1}), channels, p.weight, p.bias, kEpsilon).permute({0, 3, 1, 2});
}

/// 03 section 3.6: q and k are normalised before the product.
Tensor channel_attention(const Node& n, const Parameters& p, const Tensor& x) {
    constexpr double kEpsilon = 1e-12;  // 03 section 2.7
    const std::int64_t heads = to_index(n.factor);
    const Tensor qkv = x.reshape({3, heads, x.size(kChannelAxis) / (3 * heads), -1});
    const auto normalised = [](const Tensor& t) {
        const std::array<std::int64_t, 1> last = {-1};
        return t.div(at::linalg_vector_norm(t, 2, last, true).clamp_min_(kEpsilon));
    };
    const Tensor q = normalised(qkv.select(0, 0)), k = normalised(qkv.select(0, 1));
    const Tensor a = at::softmax(at::matmul(q, k.transpose(-2, -1)).mul_(p.weight), -1);
    return at::matmul(a, qkv.select(0, 2)).view({1, -1, x.size(kRowAxis), x.size(kColAxis)});
}

/// First sample and column of each phase in MCM order (03 section 2.2).
Tensor phase_of(const Tensor& x, std::size_t phase) {
    constexpr std::array<std::array<std::int64_t, 2>, 4> kOffsets = {{{0, 0}, {1, 1}, {0, 1}, {1, 0}}};
    const auto [row, col] = kOffsets.at(phase);
    return x.slice(kRowAxis, row, c10::nullopt, 2).slice(kColAxis, col, c10::nullopt, 2);
}

Tensor merge_phases(std::span<const Tensor> phases, Size size) {
    const Tensor& first = phases[0];
    Tensor out = at::empty({1, first.size(kChannelAxis), to_index(size.rows), to_index(size.cols)}, first.options());
    for (std::size_t phase = 0; phase < phases.size(); ++phase) phase_of(out, phase).copy_(phases[phase]);
    return out;
}

Tensor pad_right_bottom(const Tensor& x, Size size, bool replicate) {
    const std::array<std::int64_t, 4> sides = {0, to_index(size.cols) - x.size(kColAxis), 0,
                                               to_index(size.rows) - x.size(kRowAxis)};
    return replicate ? at::replication_pad2d(x, sides) : at::constant_pad_nd(x, sides, 0);
}

/// The four 2x2 filters LL, HL, LH, HH (04 section 4.2) for each of `channels` groups: [4 channels][1][2][2].
Tensor haar_filters(std::int64_t channels, const at::TensorOptions& options) {
    constexpr double h = 0.5;
    const Tensor filters = at::tensor({h, h, h, h, -h, h, -h, h, -h, -h, h, h, h, -h, -h, h}, options);
    return filters.view({4, 1, 2, 2}).repeat({channels, 1, 1, 1});
}

Tensor haar_split(const Tensor& x) {
    const std::int64_t channels = x.size(kChannelAxis);
    const std::array<std::int64_t, 2> one = {1, 1}, two = {2, 2}, none = {0, 0};
    return at::conv2d(x, haar_filters(channels, x.options()), {}, two, none, one, channels);
}

Tensor haar_merge(const Tensor& x) {
    const std::int64_t channels = x.size(kChannelAxis) / 4;
    const std::array<std::int64_t, 2> two = {2, 2}, none = {0, 0};
    return at::conv_transpose2d(x, haar_filters(channels, x.options()), {}, two, none, none, channels);
}

Tensor elementwise(Op op, Tensor& x) {
    const auto either = [&](const auto& in_place, const auto& copying) {
        return overwrite_or_copy(x, in_place, copying);
    };
    switch (op) {
        case Op::kRelu:
            return either([](Tensor& t) { t.relu_(); }, [](const Tensor& t) { return t.relu(); });
        case Op::kRelu6:
            return either([](Tensor& t) { t.clamp_(0, 6); }, [](const Tensor& t) { return t.clamp(0, 6); });
        case Op::kLeakyRelu:
            return either([](Tensor& t) { at::leaky_relu_(t, 0.01); },
                          [](const Tensor& t) { return at::leaky_relu(t, 0.01); });
        case Op::kSigmoid:
            return either([](Tensor& t) { t.sigmoid_(); }, [](const Tensor& t) { return t.sigmoid(); });
        case Op::kAbs:
            return either([](Tensor& t) { t.abs_(); }, [](const Tensor& t) { return t.abs(); });
        case Op::kNormalise:
            return x.sub(127.5).div_(128);
        case Op::kDenormalise:
            return x.mul(128).add_(127.5).clamp_(0, 255);
        default:
            throw Error(JPEGAI_ERROR_INTERNAL, std::string("torch has no operation ") + op_name(op));
    }
}

Tensor add(Tensor& a, const Tensor& b) {
    return overwrite_or_copy(
        a, [&](Tensor& t) { t.add_(b); }, [&](const Tensor& t) { return t.add(b); });
}

Tensor multiply(Tensor& a, const Tensor& b) {
    return overwrite_or_copy(
        a, [&](Tensor& t) { t.mul_(b); }, [&](const Tensor& t) { return t.mul(b); });
}

std::vector<std::int64_t> weight_shape(const Node& n, std::size_t in_channels) {
    const std::int64_t in = to_index(in_channels), out = to_index(n.out_channels);
    const std::int64_t rows = to_index(n.kernel_rows), cols = to_index(n.kernel_cols);
    switch (n.op) {
        case Op::kConv:
            return {out, in / to_index(n.groups), rows, cols};
        case Op::kConvTranspose:
            return {in, out, rows, cols};
        case Op::kChannelAttention:
            return {to_index(n.factor), 1, 1};
        case Op::kBatchNorm:
            return {1, out, 1, 1};
        default:
            return {-1};
    }
}

Tensor refer_to(std::span<const float> values) {
    // ATen has no tensor of constants; nothing here writes to parameters.
    return at::from_blob(const_cast<float*>(values.data()), {to_index(values.size())}, at::kFloat);
}

}  // namespace

Parameters shape_parameters(const Node& n, std::size_t in_channels, const Network::Weights& weights) {
    Parameters p;
    if (!weights.weight.empty()) p.weight = refer_to(weights.weight).view(weight_shape(n, in_channels));
    if (!weights.bias.empty()) p.bias = refer_to(weights.bias);
    if (n.op == Op::kBatchNorm) p.bias = p.bias.view({1, -1, 1, 1});
    return p;
}

Tensor apply(const Node& n, const Parameters& p, std::span<Tensor> inputs, Size size) {
    Tensor& x = inputs[0];
    switch (n.op) {
        case Op::kConv:
            return convolve(n, p, x);
        case Op::kConvTranspose:
            return convolve_transposed(n, p, x);
        case Op::kAdd:
            return add(x, inputs[1]);
        case Op::kMul:
            return multiply(x, inputs[1]);
        case Op::kGate:
            return at::addcmul(x, x, inputs[1]);
        case Op::kEluGate:
            return elu_gate(x);
        case Op::kLayerNorm:
            return layer_norm(p, x);
        case Op::kChannelAttention:
            return channel_attention(n, p, x);
        case Op::kPixelShuffle:
            return at::pixel_shuffle(x, to_index(n.factor));
        case Op::kPixelUnshuffle:
            return at::pixel_unshuffle(x, to_index(n.factor));
        case Op::kConcat:
            return at::cat(std::vector<Tensor>(inputs.begin(), inputs.end()), kChannelAxis);
        case Op::kSlice:
            return x.narrow(kChannelAxis, to_index(n.factor), to_index(n.out_channels));
        case Op::kPadReplicate:
            return pad_right_bottom(x, size, true);
        case Op::kPadZeroEven:
            return pad_right_bottom(x, size, false);
        case Op::kCrop:
            return x.narrow(kRowAxis, 0, to_index(size.rows)).narrow(kColAxis, 0, to_index(size.cols));
        case Op::kPhaseSplit:
            return phase_of(x, n.factor);
        case Op::kPhaseMerge:
            return merge_phases(inputs, size);
        case Op::kScale:
            return x.mul(p.weight);
        case Op::kBatchNorm:
            return at::addcmul(p.bias, x, p.weight);
        case Op::kHaarSplit:
            return haar_split(x);
        case Op::kHaarMerge:
            return haar_merge(x);
        default:
            return elementwise(n.op, x);
    }
}

}  // namespace jpegai::torch_ops
