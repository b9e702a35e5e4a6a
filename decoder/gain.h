// The gain unit: from a log gain to the linear scaler, the same on every platform
// (standard/02-entropy-and-latent.md section 7.2).
#pragma once

#include <cstdint>

namespace jpegai {

/// Range of gain_vector_log + beta_displacement_log that gain_scaler_q10 accepts.
inline constexpr int kGainSumMin = -4096, kGainSumMax = 4095;

/// scaler * 1024 (2..622564) for v = gain_vector_log + beta_displacement_log, kGainSumMin <= v <= kGainSumMax.
[[nodiscard]] std::int32_t gain_scaler_q10(int v);

/// The factor of the encoder, scaler = q10 / 1024 (exact in float).
[[nodiscard]] float gain_scaler(int v);

/// The divisor of the decoder, scaler + 1e-9f in float (02 section 10).
[[nodiscard]] float gain_divisor(int v);

}  // namespace jpegai
