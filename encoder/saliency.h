// A quality map of our own making: finer steps where the eye is likely to look (standard/05-encoder.md section 5 leaves
// the choice of the map to the encoder).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/array.h"
#include "decoder/planes.h"

namespace jpegai {

/// How much each block of 16x16 luma samples stands out from its surroundings, [1][rows][cols] >= 0: differences of
/// mean luma, chroma and of local contrast between a block and the 9x9 blocks around it, each divided by its mean over
/// the picture, summed and smoothed over 3x3 blocks. `planes` are YUV 0..255 of any chroma format; blocks beyond their
/// end repeat the last ones. rows and cols are those of the latent grid.
[[nodiscard]] Array3<float> block_saliency(const Planes& planes, std::size_t rows, std::size_t cols);

/// A quality map with `strength` (1..8) in the quarter of the blocks that stand out most and -strength / 2 elsewhere.
/// All of it is 0 for a picture in which nothing stands out. Throws Error{argument} for another strength.
[[nodiscard]] Array3<std::int8_t> quality_map_from_saliency(const Planes& planes, std::size_t rows, std::size_t cols,
                                                            int strength);

}  // namespace jpegai
