// Parts of pictures, and pictures at another size, as attacks make them and as the search for them undoes them.
#pragma once

#include <cstddef>

#include "decoder/geometry.h"
#include "decoder/picture.h"
#include "networks/graph.h"

namespace jpegai::detection {

/// The part `area` of a picture of one sampling (grey, RGB, YUV 4:4:4). Throws Error{argument} for other formats and
/// for an area that is empty or not inside.
[[nodiscard]] Picture cut_picture(const Picture& picture, const Area& area);

/// `window` of the picture resampled to size.rows x size.cols: bicubic (A = -0.5), with the kernel widened when the
/// picture becomes smaller, centres of the corner samples half a sample inside; samples are rounded to the depth of
/// the picture. Only what the window needs is computed. Throws as cut_picture.
[[nodiscard]] Picture resize_picture(const Picture& picture, Size size, const Area& window);
[[nodiscard]] Picture resize_picture(const Picture& picture, Size size);

/// RGB or grey of any picture; sub-sampled YUV becomes RGB, others stay. Throws Error{argument}.
[[nodiscard]] Picture to_plain(const Picture& picture);

}  // namespace jpegai::detection
