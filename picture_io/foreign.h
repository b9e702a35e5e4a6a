// What the readers of JPEG, WebP and TIFF share: formats that other libraries decode, and that are only read.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "picture_io/formats.h"

namespace jpegai::picture_formats {

/// EXIF data as they are kept: from the byte order mark on, without the "Exif" prefix that JPEG and some WebP files
/// have. Empty when they are none.
[[nodiscard]] std::vector<std::uint8_t> exif_of(std::span<const std::uint8_t> bytes);

/// Notes in `metadata` what is known to be lost or not applied, such as an orientation.
void note_orientation(PictureMetadata& metadata);

/// One row of interleaved 8 bit samples into the planes of a grey or RGB picture; gives the smallest alpha value, 255
/// without alpha. `channels` is at least the number of planes; alpha is the channel after them.
template <class Sample>
[[nodiscard]] unsigned scatter_row(const Sample* row, std::size_t channels, bool alpha, Picture& picture,
                                   std::size_t y) {
    for (std::size_t c = 0; c < picture.planes.size(); ++c) {
        std::uint16_t* out = picture.planes[c].row(0, y);
        for (std::size_t x = 0; x < picture.cols(); ++x) out[x] = row[x * channels + c];
    }
    unsigned smallest = picture.max_value();
    if (alpha) {
        for (std::size_t x = 0; x < picture.cols(); ++x)
            smallest = std::min<unsigned>(smallest, row[x * channels + picture.planes.size()]);
    }
    return smallest;
}

}  // namespace jpegai::picture_formats
