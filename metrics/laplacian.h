// Laplacian pyramid with the five-tap binomial filter of L2 norm 1 (sum sqrt 2 per direction), mirrored at the first
// and last sample: Burt, Adelson, "The Laplacian pyramid as a compact image code", 1983, in the scaling of the packages
// matlabPyrTools and pyrtools, in which IW-SSIM is defined.
#pragma once

#include <vector>

#include "metrics/planes.h"

namespace jpegai::metrics {

/// levels - 1 bands, finest first, then the low-pass rest. Each coarser level has ceil(size / 2) samples a side.
[[nodiscard]] std::vector<Plane> laplacian_pyramid(Plane plane, std::size_t levels);

}  // namespace jpegai::metrics
