// Partition of the latents into regions (standard/01-codestream.md section 4.5).
#pragma once

#include <cstddef>
#include <vector>

#include "bitstream/headers.h"

namespace jpegai {

/// Half-open rectangle in samples of some grid.
struct Area {
    std::size_t row = 0, col = 0, rows = 0, cols = 0;
    bool operator==(const Area&) const = default;
};

/// The regions of the picture in raster order, in samples of the grid that is 2^log2_step times smaller than luma:
/// 0 luma, 4 y, 5 psi, 6 z. One area covering everything when the picture is not partitioned.
/// Throws Error{header} when the partition is degenerate (a region of zero size, 01 section 4.5).
[[nodiscard]] std::vector<Area> region_areas(const PictureHeader& picture, unsigned log2_step);

}  // namespace jpegai
