// A picture as files hold it: integer samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/array.h"
#include "bitstream/headers.h"

namespace jpegai {

/// Chroma sub-sampling: luma samples per chroma sample in each direction. (1,1) 4:4:4, (1,2) 4:2:2, (2,2) 4:2:0.
struct ChromaFormat {
    std::uint8_t ver = 1, hor = 1;
    bool operator==(const ChromaFormat&) const = default;
    [[nodiscard]] bool is_444() const { return ver == 1 && hor == 1; }
    /// One of the three formats that the standard has.
    [[nodiscard]] bool valid() const { return (ver == 1 && (hor == 1 || hor == 2)) || (ver == 2 && hor == 2); }
    /// "4:2:0" and so on; "2x1" style for others.
    [[nodiscard]] std::string name() const;
};

enum class ColourModel : std::uint8_t { kGrey, kYuv, kRgb };

/// Meaning of the extreme sample values, as far as a file says it. JPEG AI itself is full range.
enum class SampleRange : std::uint8_t { kUnspecified, kFull, kLimited };

/// What a file says beside the samples, unchanged; empty where it says nothing. Code points (CICP) are Picture::colour.
struct PictureMetadata {
    std::vector<std::uint8_t> icc;   ///< ICC profile
    std::vector<std::uint8_t> exif;  ///< EXIF, from its byte order mark ("II" or "MM") on
    std::vector<std::string> notes;  ///< what the file says that is neither kept nor applied, for people
    bool operator==(const PictureMetadata&) const = default;
};

/// One (grey) or three planes of integer samples. Chroma planes have ceil(rows / ver) rows and ceil(cols / hor)
/// columns.
struct Picture {
    ColourModel model = ColourModel::kRgb;
    ChromaFormat chroma;     ///< 4:4:4 unless model is kYuv
    unsigned bit_depth = 8;  ///< 8..16; samples are 0 .. 2^bit_depth - 1
    SampleRange range = SampleRange::kUnspecified;
    std::optional<RenderingInfo::Cicp> colour;  ///< code points of RDI or of the file, if any
    PictureMetadata metadata;
    std::vector<Array3<std::uint16_t>> planes;  ///< one channel each: grey; Y U V; R G B

    [[nodiscard]] std::size_t rows() const { return planes.empty() ? 0 : planes[0].rows(); }
    [[nodiscard]] std::size_t cols() const { return planes.empty() ? 0 : planes[0].cols(); }
    [[nodiscard]] unsigned max_value() const { return (1U << bit_depth) - 1; }
};

/// A picture of zeros. Throws Error{argument} for an empty size, a bit depth outside 8..16 or sub-sampling of a picture
/// that is not YUV, Error{memory}.
[[nodiscard]] Picture make_picture(ColourModel model, ChromaFormat chroma, unsigned bit_depth, std::size_t rows,
                                   std::size_t cols);

/// Throws Error{argument} unless the number, sizes and sample values of the planes agree with the description.
void check_picture(const Picture& picture);

/// MD5 of each plane in hexadecimal: the samples in raster order, one byte each for 8 bit and two, low byte first,
/// above.
[[nodiscard]] std::vector<std::string> plane_md5(const Picture& picture);

}  // namespace jpegai
