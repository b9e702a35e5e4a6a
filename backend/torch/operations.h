// One function of ATen calls per operation of the float networks, written from the standard's description (03 and 04),
// not from backend/contract: agreement of the two is what tests look for.
#pragma once

#include <ATen/core/ivalue.h>  // for at::Tensor; Clang 14 wants the whole of IValue before the operators' headers

#include <span>

#include "networks/graph.h"

namespace jpegai::torch_ops {

/// Weight and bias of one node in the shapes that ATen wants; undefined where the node has none.
struct Parameters {
    at::Tensor weight, bias;
};

/// Shapes the flat weights of node `n` (input channels `in_channels`) for apply(). The tensors refer to the spans.
[[nodiscard]] Parameters shape_parameters(const Node& n, std::size_t in_channels, const Network::Weights& weights);

/// Value of node `n` for inputs of shape [1][channels][rows][cols]; `size` is the size of the result. The result may
/// share memory with an input. Inputs that nobody else refers to may be overwritten.
[[nodiscard]] at::Tensor apply(const Node& n, const Parameters& parameters, std::span<at::Tensor> inputs, Size size);

}  // namespace jpegai::torch_ops
