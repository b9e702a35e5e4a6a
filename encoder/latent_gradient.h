// Which way latents have to move for a better picture: derivatives of sums over the synthesised samples.
#pragma once

#include <array>

#include "base/array.h"
#include "bitstream/headers.h"
#include "decoder/network_cache.h"

namespace jpegai {

/// Derivatives of some sum by the synthesised samples, at the coded luma size as synthesise() gives them.
struct SampleGradient {
    Array3<float> luma;    ///< [1][height][width]
    Array3<float> chroma;  ///< [2][height][width]; empty: the sum has no chroma in it
};

/// Whether the synthesis transform can be differentiated: SOP and BOP, not HOP.
[[nodiscard]] bool has_latent_gradient(OperatingPoint point);

/// The derivatives of the sum by the latents of both components, tile by tile; the luma latent's counts what it does to
/// chroma, too. The clamp of the samples counts as not there. `y_hat` is where the synthesis transform is linearised.
/// Throws Error{internal} unless has_latent_gradient(point), Error{model, cancelled, memory}.
[[nodiscard]] std::array<Array3<float>, kComponents> pull_back(const NetworkCache& networks,
                                                               const PictureHeader& picture, OperatingPoint point,
                                                               const std::array<Array3<float>, kComponents>& y_hat,
                                                               const SampleGradient& gradient, RunContext& context);

}  // namespace jpegai
