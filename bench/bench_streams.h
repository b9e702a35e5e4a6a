// Streams and weights that the benchmarks of whole decodes share.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/weight_set.h"
#include "networks/graph.h"

namespace jpegai::bench {

/// The default weights, and made-up synthesis networks where they have none: their time does not depend on the values.
[[nodiscard]] std::shared_ptr<const WeightSet> completed_weights();

/// The latents of the photograph in tests/data repeated to `size`, with all three synthesis transforms allowed.
[[nodiscard]] std::vector<std::uint8_t> make_photo_stream(const WeightSet& weights, Size size);

}  // namespace jpegai::bench
