// Reverse-mode differentiation on the graph representation: the derivative of a network is a network again, so every
// backend runs it and all give the same bits.
#pragma once

#include <cstddef>

#include "networks/graph.h"

namespace jpegai {

/// Whether differentiate() knows the derivative of every operation of the graph: true for the synthesis transforms SOP
/// and BOP, false where there is attention (HOP).
[[nodiscard]] bool is_differentiable(const Graph& graph);

/// The transposed Jacobian of a network with one output as a network of its own: its inputs are those of `forward` and
/// then the derivative of some sum by the output, its outputs the derivatives of that sum by the inputs of `forward` in
/// their order. `nominal` of a run is that of `forward`.
///
/// The derivative by the output is given before the final crop: zeros fill its rows and columns up to multiples of
/// gradient_multiple(). The clamp of kDenormalise counts as not there. Throws Error{internal} unless
/// is_differentiable(forward.graph).
[[nodiscard]] Network differentiate(const Network& forward);

/// What the sides of the derivative by the output have to be multiples of.
[[nodiscard]] std::size_t gradient_multiple(const Graph& forward);

}  // namespace jpegai
