// The integer hyper-scale decoder (standard/02-entropy-and-latent.md section 6): weights and shape.
#pragma once

#include <cstdint>
#include <vector>

#include "models/weight_set.h"
#include "spec/constants.h"

namespace jpegai {

/// One integer convolution: out = (bias + sum w * clip(x, -128, 127)) >> shift, int32 with wrap-around.
struct IntegerConv {
    std::size_t out_channels = 0, in_channels = 0, kernel = 1;  ///< kernel 1, or 3 with zero padding 1
    std::vector<std::int8_t> weight;                            ///< [out][in][ky][kx]
    std::vector<std::int32_t> bias;                             ///< [out]
    std::vector<std::uint8_t> shift;                            ///< [out], 0..31
};

/// conv1 (1x1, ReLU), depthwise (a full 3x3, ReLU), pointwise (1x1, 16C), pixel shuffle 4, crop, |x|, clip 0..3967.
struct HyperScaleNetwork {
    std::size_t channels = 0;
    IntegerConv conv1, depthwise, pointwise;
};

/// Reads hyper_scale_decoder.* of one checkpoint and checks shapes, types and shifts. Throws Error{model}.
[[nodiscard]] HyperScaleNetwork load_hyper_scale(const WeightSet& weights, std::string_view file, std::size_t channels);

}  // namespace jpegai
