// One plain function per operation of the float networks: their definition in code (spec/numeric_contract.md has it in
// words). All take and return planar arrays; shapes are those infer_shapes allows and are not checked again.
#pragma once

#include <span>

#include "base/array.h"
#include "networks/graph.h"

namespace jpegai::contract {

using Plane3 = Array3<float>;

/// kConv with the geometry of `n`: acc = bias or +0, then fma(w, x, acc) over (channel of the group, ky, kx).
[[nodiscard]] Plane3 convolve(const Plane3& x, const Node& n, std::span<const float> weight,
                              std::span<const float> bias);
/// kConvTranspose: the same over the taps that reach an output sample.
[[nodiscard]] Plane3 convolve_transposed(const Plane3& x, const Node& n, std::span<const float> weight,
                                         std::span<const float> bias);

/// Elementwise operations of one input: relu, relu6, leaky_relu, sigmoid, abs, normalise, denormalise.
[[nodiscard]] Plane3 apply_elementwise(Op op, const Plane3& x);
[[nodiscard]] Plane3 add(const Plane3& a, const Plane3& b);
[[nodiscard]] Plane3 multiply(const Plane3& a, const Plane3& b);
[[nodiscard]] Plane3 gate(const Plane3& x, const Plane3& m);
[[nodiscard]] Plane3 elu_gate(const Plane3& x);
[[nodiscard]] Plane3 scale(const Plane3& x, float factor);
[[nodiscard]] Plane3 batch_norm(const Plane3& x, std::span<const float> scale, std::span<const float> shift);
[[nodiscard]] Plane3 layer_norm(const Plane3& x, std::span<const float> weight, std::span<const float> bias);

/// Softmax of one row of n values, in place.
void softmax(float* row, std::size_t n);
/// The D x D matrices A of every head, [head][i][j], from q (channels 0..C-1) and k (C..2C-1) of x.
[[nodiscard]] Plane3 attention_matrix(const Plane3& x, std::size_t heads, std::span<const float> temperature);
/// kChannelAttention: A * v.
[[nodiscard]] Plane3 channel_attention(const Plane3& x, std::size_t heads, std::span<const float> temperature);

[[nodiscard]] Plane3 pixel_shuffle(const Plane3& x, std::size_t factor);
[[nodiscard]] Plane3 pixel_unshuffle(const Plane3& x, std::size_t factor);
[[nodiscard]] Plane3 concat(std::span<const Plane3* const> parts);
[[nodiscard]] Plane3 slice(const Plane3& x, std::size_t first, std::size_t channels);
/// The top left part of x, or x continued to the right and bottom by its last samples or by zeros.
[[nodiscard]] Plane3 crop(const Plane3& x, Size size);
[[nodiscard]] Plane3 pad_replicate(const Plane3& x, Size size);
[[nodiscard]] Plane3 pad_zero(const Plane3& x, Size size);
[[nodiscard]] Plane3 phase_split(const Plane3& x, std::size_t phase);
[[nodiscard]] Plane3 phase_merge(std::span<const Plane3* const> phases);
[[nodiscard]] Plane3 haar_split(const Plane3& x);
[[nodiscard]] Plane3 haar_merge(const Plane3& x);

}  // namespace jpegai::contract
