// The region splits of EFE-linear (standard/04-postfilters.md section 3.1).
#pragma once

#include <vector>

#include "bitstream/regions.h"
#include "networks/graph.h"

namespace jpegai {

/// Number of splits; best_cand_idx is the split plus one.
inline constexpr std::size_t kEfeSplits = 8;

/// Regions of a split (0..7) of a phase plane, in the order in which their weights are coded; some may be empty.
/// Together they partition the plane.
[[nodiscard]] std::vector<Area> efe_regions(std::size_t split, Size phase_plane);

/// Number of regions of a split.
[[nodiscard]] std::size_t efe_region_count(std::size_t split);

}  // namespace jpegai
