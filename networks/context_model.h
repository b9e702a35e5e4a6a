// From psi and the dequantised residual to the latent: multi-stage context model (luma) and chroma mean (03 sections 8,
// 9).
#pragma once

#include "networks/graph.h"
#include "spec/constants.h"

namespace jpegai {

/// Inputs: residual (160 channels, ceil(nominal / 16) large) and psi (640, ceil(nominal / 32)). Output: y_hat.
/// Key prefix "context.MCM.".
[[nodiscard]] Graph context_model_graph();

/// The predictor of one phase alone, as the encoder needs it. Inputs: psi_j (160 channels) and y_hat of phases
/// 0..phase-1, all of one size; output: mu_j. `nominal` is not used. `phase` is 0..3.
[[nodiscard]] Graph context_phase_graph(std::size_t phase);

/// Inputs: residual (96 channels, ceil(nominal / 16) large) and psi (384, ceil(nominal / 32)). Output: the chroma
/// y_hat. No weights.
[[nodiscard]] Graph chroma_mean_graph();

/// Input: psi (384 channels); output: the mean alone that chroma_mean_graph adds to the residual, as the encoder needs
/// it. No weights.
[[nodiscard]] Graph chroma_psi_mean_graph();

}  // namespace jpegai
