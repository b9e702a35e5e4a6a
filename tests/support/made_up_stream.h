// Codestreams of any size and with any tools whose symbols are made up: what a decode costs does not depend on what is
// in the picture.
#pragma once

#include <cstdint>
#include <vector>

#include "models/weight_set.h"
#include "spec/constants.h"

namespace jpegai::test {

struct MadeUpStream {
    std::uint32_t width = 64, height = 64;
    std::size_t model_id = 1;
    std::vector<OperatingPoint> transforms = {OperatingPoint::kBop, OperatingPoint::kSop};
    std::uint8_t region_rows = 1, region_cols = 1;  ///< dependent regions
    std::uint32_t tile_size = 0;                    ///< of the synthesis in luma samples, a multiple of 16; 0: no tiles
    bool lef = false, lsbs = false, yuv420 = false;
};

/// A conforming stream for the weights, from small random hyper latents and no residual.
[[nodiscard]] std::vector<std::uint8_t> make_stream(const WeightSet& weights, const MadeUpStream& what);

}  // namespace jpegai::test
