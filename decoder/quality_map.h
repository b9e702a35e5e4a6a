// The quality map: one integer per latent position that both components share
// (standard/02-entropy-and-latent.md section 7.3).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/array.h"
#include "bitstream/headers.h"
#include "bitstream/me_tans.h"

namespace jpegai {

/// The map from its DPCM deltas, raster order: qp = delta + prediction; the prediction is 0 at (0,0), the left
/// neighbour in the first row, the upper one in the first column, otherwise floor((left + up) / 2). `offset` is that of
/// the payload, for the message. Throws Error{entropy} when a value leaves -8..8.
[[nodiscard]] Array3<std::int8_t> quality_map_from_deltas(const Array3<std::int16_t>& deltas, std::uint64_t offset);

/// The inverse of quality_map_from_deltas. Throws Error{argument} for a value outside -8..8.
[[nodiscard]] Array3<std::int16_t> quality_map_deltas(const Array3<std::int8_t>& map);

/// Decodes a SOQ payload (its lanes): a map of the picture's latent size.
/// Throws Error{entropy} for a corrupt payload or a value outside -8..8.
[[nodiscard]] Array3<std::int8_t> decode_quality_map(const PictureHeader& picture, std::span<const LaneBytes> lanes);

}  // namespace jpegai
