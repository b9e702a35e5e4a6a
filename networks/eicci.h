// Enhancement networks of the eICCI post-filter (04 section 4.2).
#pragma once

#include <cstddef>

#include "networks/graph.h"

namespace jpegai {

/// Inputs: planes Y, U, V of one tile, 4:4:4, 0..1, nominal size. Output: the enhanced Y plane, not clamped.
[[nodiscard]] Graph eicci_luma_graph();

/// Same inputs. Outputs: the enhanced U and V planes, not clamped.
[[nodiscard]] Graph eicci_chroma_graph();

/// Networks of one bank: mse012, mse025, mse050, mse075, mse100, mss012 .. mss100.
inline constexpr std::size_t kEicciNetworks = 10;

}  // namespace jpegai
