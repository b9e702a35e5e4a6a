// Analysis transforms: from planes to the latent (03 section 4).
#pragma once

#include "networks/graph.h"
#include "spec/constants.h"

namespace jpegai {

/// Input, 0..255: for kPrimary the luma plane of the tile (nominal size); for kSecondary the 12 half-resolution planes
/// of 03 section 18.1 (ceil(nominal / 2)). Output: y, ceil(nominal / 16) large. kSop has no analysis of its own and
/// uses that of kBop (03 section 1.1).
[[nodiscard]] Graph analysis_graph(OperatingPoint point, Component component);

}  // namespace jpegai
