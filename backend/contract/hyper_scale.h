// The integer hyper-scale decoder as plain loops: the definition that faster versions are compared with
// (standard/02-entropy-and-latent.md section 6).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/array.h"
#include "networks/hyper_scale.h"

namespace jpegai {

/// Scale index s0 (x128, 0..3967), [channel][latent row][latent col].
/// `z_hat` is [channel][hyper row][hyper col] of the whole picture; any int8 value is allowed.
/// Throws Error{argument} unless z_hat has the network's channels and covers the latent size
/// (4 * hyper size >= latent size).
[[nodiscard]] Array3<std::int16_t> contract_hyper_scale(const HyperScaleNetwork& network,
                                                        const Array3<std::int8_t>& z_hat, std::size_t latent_rows,
                                                        std::size_t latent_cols);

}  // namespace jpegai
