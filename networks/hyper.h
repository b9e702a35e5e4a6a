// Hyper encoder and float hyper decoder (03 sections 5 and 6).
#pragma once

#include "networks/graph.h"
#include "spec/constants.h"

namespace jpegai {

/// Input: the latent y of one analysis tile, ceil(nominal / 16) large. Output: z before clamping and rounding,
/// ceil(nominal / 64) large. Same channels in and out.
[[nodiscard]] Graph hyper_encoder_graph(Component component);

/// Input: z_hat as float, ceil(nominal / 64) large. Output: psi with four times the latent channels, ceil(nominal /
/// 32).
[[nodiscard]] Graph hyper_decoder_graph(Component component);

}  // namespace jpegai
