// Synthesis transforms: from the latent to planes (03 section 10).
#pragma once

#include "networks/graph.h"
#include "spec/constants.h"

namespace jpegai {

/// Inputs: the luma latent (160 channels), for kSecondary also the chroma latent (96), both ceil(nominal / 16) large.
/// `nominal` is the size of the tile in luma samples. Output: 1 or 2 planes of the nominal size, 0..255, not rounded.
[[nodiscard]] Graph synthesis_graph(OperatingPoint point, Component component);

}  // namespace jpegai
