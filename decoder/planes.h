// From the planes of the synthesis networks to the samples of a file: crop, chroma formats, colour, rounding
// (standard/03-networks.md section 17, 04-postfilters.md sections 7 and 8). The exact order of every float operation is
// written down in spec/numeric_contract_filters.md; results do not depend on the row runner.
#pragma once

#include <array>
#include <string>

#include "base/array.h"
#include "bitstream/regions.h"
#include "decoder/picture.h"
#include "decoder/rows.h"
#include "networks/graph.h"

namespace jpegai {

/// Three planes of float samples on the scale 0..255 for every bit depth, one channel each: Y U V, or R G B.
/// Chroma planes have ceil(rows / ver) rows and ceil(cols / hor) columns.
struct Planes {
    std::array<Array3<float>, 3> plane;
    ChromaFormat chroma;
    bool rgb = false;

    [[nodiscard]] std::size_t rows() const { return plane[0].rows(); }
    [[nodiscard]] std::size_t cols() const { return plane[0].cols(); }
    /// Size of plane i (0..2) as the format demands it.
    [[nodiscard]] Size size(std::size_t i) const;
};

/// Throws Error{argument} unless the planes have one channel and the sizes of their format.
void check_planes(const Planes& planes);

/// Keeps the displayed part (first display.rows x display.cols samples) of the synthesised luma [1][H][W] and chroma
/// [2][H][W], and every ver-th row and hor-th column of the latter, without a filter (03 section 17.1).
/// Throws Error{argument} when the sizes do not fit together.
[[nodiscard]] Planes make_planes(Array3<float> luma, Array3<float> chroma, Size display, ChromaFormat coded,
                                 const RowRunner& rows = serial_rows);

/// Resamples one-channel planes with aligned corners (03 section 17.2): bicubic with A = -0.75, and bilinear without
/// low-pass. Nothing is clamped. Throws Error{argument} for an empty size.
[[nodiscard]] Array3<float> resample_bicubic(const Array3<float>& in, Size out, const RowRunner& rows = serial_rows);
[[nodiscard]] Array3<float> resample_bilinear(const Array3<float>& in, Size out, const RowRunner& rows = serial_rows);

/// Brings both chroma planes to another format: bicubic up to 4:4:4, bilinear down from 4:4:4, nothing when it is the
/// same. Throws Error{unsupported} between 4:2:0 and 4:2:2, which the standard has no rule for.
void convert_chroma(Planes& planes, ChromaFormat target, const RowRunner& rows = serial_rows);

/// YUV (BT.709, full range) to RGB and clamp to 0..255 (03 section 17.3). Sub-sampled chroma is first brought to 4:4:4,
/// on the scale 0..1. Throws Error{argument} when the planes are RGB already.
void yuv_to_rgb(Planes& planes, const RowRunner& rows = serial_rows);

/// Clamps all samples to 0..255; NaN becomes 0.
void clamp_planes(Planes& planes, const RowRunner& rows = serial_rows);

/// Colour post-processing of the decoder by colour_transform_idx: 0 clamps, 1 converts to RGB (03 section 17.3).
/// Throws Error{unsupported} for 2 (user matrix: the reference cannot run it and its meaning is not settled) and
/// Error{header} for 3.
void finish_colour(Planes& planes, unsigned colour_transform_idx, const RowRunner& rows = serial_rows);

/// Rounds to integers of the given depth, half to even (03 section 17.4): RGB as for PNG, always through x / 255 * max;
/// YUV as for raw files, where 8 bit is rounded as it is. NaN becomes 0. `colour` is left empty. Throws Error{argument}
/// for a depth outside 8..16.
[[nodiscard]] Picture quantise(const Planes& planes, unsigned bit_depth, const RowRunner& rows = serial_rows);
/// The same, and frees each plane when its samples are made.
[[nodiscard]] Picture quantise(Planes&& planes, unsigned bit_depth, const RowRunner& rows = serial_rows);

// Rules that planes on the host and on a device (device_planes.h) share.

/// Size of plane i of a picture of `luma` samples.
[[nodiscard]] Size plane_size(Size luma, ChromaFormat chroma, std::size_t i);
/// The part of plane i that a window in luma samples covers.
[[nodiscard]] Area window_of_plane(const Area& window, ChromaFormat chroma, std::size_t i);
/// Throws Error{argument} unless synthesised luma and chroma fit the displayed size.
void check_synthesised(const Shape& luma, const Shape& chroma, Size display, ChromaFormat coded);
/// Throws Error{unsupported} when there is no conversion between the formats.
void require_conversion(ChromaFormat from, ChromaFormat to);
/// Throws unless colour_transform_idx is 0 or 1 (see finish_colour).
void require_colour_transform(unsigned colour_transform_idx);
/// The largest sample value, or 0 where samples are rounded as they are (see quantise).
[[nodiscard]] float quantise_max(bool rgb, unsigned bit_depth);

/// MD5 of the float samples of each plane in raster order, little-endian, in hexadecimal (03 section 17.7). Unlike the
/// reference's, these are the same on every machine.
[[nodiscard]] std::array<std::string, 3> plane_md5(const Planes& planes);

}  // namespace jpegai
