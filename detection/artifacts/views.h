// Pictures for people: heat maps, boxes, enlarged parts.
#pragma once

#include "decoder/picture.h"
#include "detection/artifacts.h"

namespace jpegai::detection {

/// 8 bit RGB of any picture; YUV as the decoder converts it, deeper samples rounded.
[[nodiscard]] Picture as_rgb8(const Picture& picture);

/// The map from black over red and yellow to white, `most` and above as white, laid over the grey picture.
[[nodiscard]] Picture heat_map(const Plane& map, double most, const Picture& original);

/// A frame of three samples' width around the box.
void draw_box(Picture& rgb8, const Box& box, std::array<std::uint16_t, 3> colour);

/// A part of an 8 bit RGB picture, each sample enlarged to zoom x zoom. Throws Error{argument} for a box that is empty
/// or leaves the picture.
[[nodiscard]] Picture enlarged(const Picture& rgb8, const Box& box, std::size_t zoom);

}  // namespace jpegai::detection
