// Cube flags: where every latent is coded whatever its scale (standard/02-entropy-and-latent.md section 8).
#pragma once

#include <cstdint>

#include "base/array.h"
#include "bitstream/headers.h"

namespace jpegai {

/// 1 where all channels are coded, one plane of the picture's latent size; empty when the component uses no cube flags.
/// Flag (phase, a, b) = 0 covers the positions with 2 * (y & 1) + (x & 1) = phase, y / 16 = a, x / 16 = b.
/// Throws Error{argument} when the header's number of flags does not fit the picture.
[[nodiscard]] Array3<std::uint8_t> forced_positions(const PictureHeader& picture, Component component);

}  // namespace jpegai
