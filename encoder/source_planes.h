// From a picture to what the analysis networks see: colour, padding, chroma formats (standard/05-encoder.md section 2
// and 3.1, 03-networks.md section 18.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/array.h"
#include "decoder/picture.h"
#include "decoder/planes.h"
#include "decoder/rows.h"

namespace jpegai {

/// What is not evident from the picture itself.
struct SourceOptions {
    std::optional<ChromaFormat> coded_chroma;  ///< default: as the source; 4:2:2 and 4:2:0 only from 4:4:4
    /// Columns at the right and rows at the bottom (0..63) that are coded, but not displayed (diff_display_img_*).
    std::size_t hidden_cols = 0, hidden_rows = 0;
};

/// A picture ready for the encoder. All samples are YUV on the scale 0..255, not rounded and not clamped.
struct SourcePlanes {
    Planes original;     ///< displayed size, source chroma format: what reconstructions are compared with
    Array3<float> luma;  ///< [1][height][width] at the coded size: input of the luma analysis
    /// [12][ceil(height / 2)][ceil(width / 2)]: four luma phases, then eight chroma planes; input of the chroma
    /// analysis
    Array3<float> support;
    ChromaFormat source, coded;
    bool from_rgb = false;  ///< colour_transform_idx 1 (RGB and grey pictures), otherwise 0

    [[nodiscard]] std::size_t height() const { return luma.rows(); }
    [[nodiscard]] std::size_t width() const { return luma.cols(); }
};

/// BT.709 full range YUV of RGB and grey pictures (03 section 18.1), YUV pictures as they are, on the scale 0..255
/// whatever the depth. Throws Error{argument} for a picture that contradicts itself.
[[nodiscard]] Planes to_yuv(const Picture& picture, const RowRunner& rows = serial_rows);

/// Prepares a picture of 1..65599 samples a side. Sides below 64 are extended to 64 by repeating the last row and
/// column, which are not displayed. Throws Error{argument} for an invalid picture, a size out of range or more hidden
/// samples than syntax and picture allow, Error{unsupported} for a conversion of chroma formats that does not exist.
[[nodiscard]] SourcePlanes prepare_source(const Picture& picture, const SourceOptions& options = {},
                                          const RowRunner& rows = serial_rows);

}  // namespace jpegai
