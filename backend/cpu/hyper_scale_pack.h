// Weights of the hyper-scale decoder in the order in which the kernels read them.
#pragma once

#include "backend/cpu/hyper_scale_kernels.h"
#include "base/array.h"
#include "networks/hyper_scale.h"

namespace jpegai {

/// Owns one packed layer.
class HsPackedConv {
public:
    /// `input` is kSigned for all layers but the first. Throws Error{model} when the arrays of `conv` contradict its
    /// shape.
    HsPackedConv(const IntegerConv& conv, HsFirstInput input, bool wide_weights);
    [[nodiscard]] HsConv view() const;

private:
    Array3<std::int8_t> weight_;  ///< raw bytes of either layout
    Array3<std::int32_t> bias_, shift_;
    std::size_t pairs_ = 0, groups_ = 0, taps_ = 0;
};

/// Owns activations, border included, zeroed.
class HsBuffer {
public:
    HsBuffer(std::size_t groups, std::size_t rows, std::size_t cols);
    [[nodiscard]] const HsActivations& view() const { return view_; }

private:
    Array3<std::uint8_t> memory_;
    HsActivations view_{};
};

}  // namespace jpegai
