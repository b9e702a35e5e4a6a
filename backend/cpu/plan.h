// The order in which the layers of a network compute rows for given sizes, and where the rows lie in memory.
//
// Rows are produced when a later layer asks for them, a few at a time, so that what one layer writes is still in the
// cache when the next reads it; values keep only the rows that are still wanted.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/cpu/fused_network.h"

namespace jpegai::cpu {

struct Step {
    std::size_t layer;
    Range units;
};

struct Plan {
    struct Place {
        std::size_t offset = 0;  ///< floats from the start of the workspace
        std::size_t row_stride = 0, block_stride = 0, ring_rows = 0;
    };
    std::vector<LayerSizes> sizes;       ///< per layer
    std::vector<std::size_t> max_units;  ///< per layer: most units of one step
    std::vector<Place> places;           ///< per value; inputs and outputs lie elsewhere
    std::vector<std::size_t> scratch;    ///< per layer: offset
    std::vector<Step> steps;
    std::size_t floats = 0;       ///< of the workspace
    std::size_t extra_bytes = 0;  ///< what layers allocate themselves
};

/// `shapes` of all graph nodes. `threads`: more threads get more rows at a time.
[[nodiscard]] Plan make_plan(const FusedNetwork& network, std::span<const Shape> shapes, std::size_t threads);

}  // namespace jpegai::cpu
