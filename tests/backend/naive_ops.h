// The sums of spec/numeric_contract.md written down once more, sample by sample and without regard for speed: what
// backend/contract must equal bit for bit. Kept independent of its code.
#pragma once

#include <span>
#include <vector>

#include "base/array.h"
#include "networks/graph.h"

namespace jpegai::test::naive {

[[nodiscard]] Array3<float> convolve(const Array3<float>& x, const Node& n, std::span<const float> w,
                                     std::span<const float> bias);
[[nodiscard]] Array3<float> convolve_transposed(const Array3<float>& x, const Node& n, std::span<const float> w,
                                                std::span<const float> bias);
[[nodiscard]] Array3<float> layer_norm(const Array3<float>& x, std::span<const float> weight,
                                       std::span<const float> bias);
[[nodiscard]] Array3<float> channel_attention(const Array3<float>& x, std::size_t heads,
                                              std::span<const float> temperature);

/// The same in double precision, formulated otherwise: convolutions scatter each input sample, the attention
/// normalises q and k before the products as the standard's text does.
[[nodiscard]] std::vector<double> exact_convolve(const Array3<float>& x, const Node& n, std::span<const float> w,
                                                 std::span<const float> bias);
[[nodiscard]] std::vector<double> exact_convolve_transposed(const Array3<float>& x, const Node& n,
                                                            std::span<const float> w, std::span<const float> bias);
[[nodiscard]] std::vector<double> exact_layer_norm(const Array3<float>& x, std::span<const float> weight,
                                                   std::span<const float> bias);
[[nodiscard]] std::vector<double> exact_attention(const Array3<float>& x, std::size_t heads,
                                                  std::span<const float> temperature);

}  // namespace jpegai::test::naive
