// From the entropy stage to planes: hyper decoder, context model, merging of regions, synthesis tiles
// (standard/03-networks.md sections 13 to 15).
#pragma once

#include <span>

#include "base/array.h"
#include "decoder/geometry.h"
#include "decoder/latents.h"
#include "decoder/network_cache.h"

namespace jpegai {

/// Runs the hyper decoder of one component on every region and merges psi (4C channels on the psi grid of the picture).
[[nodiscard]] Array3<float> decode_psi(const NetworkCache& networks, const PictureHeader& picture, Component component,
                                       std::span<const RegionWindow> regions, const Array3<std::int8_t>& z_hat,
                                       RunContext& context);

/// The latent before LSBS: the context model (luma) or residual + mean (chroma) on every region, merged.
[[nodiscard]] Array3<float> decode_latent(const NetworkCache& networks, const PictureHeader& picture,
                                          Component component, std::span<const RegionWindow> regions,
                                          const Array3<float>& psi, const Array3<float>& residual, RunContext& context);

/// Synthesis of one component over its tiles: [1][H][W] luma or [2][H][W] chroma at the coded luma size, 0..255, not
/// rounded. `luma` is the luma latent, `chroma` the chroma latent (kSecondary only, else nullptr). Tiles whose core
/// lies outside `wanted` are not run; their samples are zero.
[[nodiscard]] Array3<float> synthesise(const NetworkCache& networks, const PictureHeader& picture, OperatingPoint point,
                                       Component component, const Array3<float>& luma, const Array3<float>* chroma,
                                       const Area& wanted, RunContext& context);

}  // namespace jpegai
