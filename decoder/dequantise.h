// From residual symbols to the dequantised residual (standard/02-entropy-and-latent.md section 10).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/array.h"
#include "decoder/region_layout.h"
#include "decoder/scale_maps.h"

namespace jpegai {

/// Dequantises the symbols of `layout` into `residual`, [channel][latent row][latent col] of the whole picture; every
/// value is written.
/// Per value, each operation rounded to float: x = r; with RVS or GRFS x = (x * inv) * 2^-16; with a quality map
/// x = x / (linear / 16); x = x / (scaler + 1e-9).
/// The first `decoded_channels` channels of the regions with present[r] are read, everything else becomes 0.
/// `rvs_likely` is needed with RVS only. Throws Error{argument} when `residual` has other rows and columns.
void dequantise(const ScaleSetup& setup, const RegionLayout& layout, std::span<const std::int16_t> symbols,
                const std::vector<bool>& present, std::size_t decoded_channels, const Array3<std::int16_t>& rvs_likely,
                Array3<float>& residual);

}  // namespace jpegai
