// Picture files: PNG, PPM/PGM/PAM, Y4M, raw YUV and NPY; JPEG, WebP and TIFF are read where their libraries were found.
// Files are untrusted: sizes are checked against the limit and the data before anything is allocated.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "decoder/picture.h"

namespace jpegai {

enum class PictureFormat : std::uint8_t {
    kPng,   ///< 8 or 16 bit, grey or RGB
    kPnm,   ///< binary PGM (grey) or PPM (RGB), 8 or 16 bit
    kPam,   ///< grey or RGB, 8 or 16 bit
    kYuv,   ///< raw planes Y U V (or Y alone), 8 bit, or 16 bit little-endian above; no header
    kY4m,   ///< YUV4MPEG2, one frame
    kNpy,   ///< [plane][row][col], |u1 or <u2; written only
    kJpeg,  ///< of the 1992 standard, 8 bit grey or YCbCr; read only
    kWebp,  ///< still pictures; read only
    kTiff,  ///< first picture, 8 or 16 bit; read only
};

/// By file name extension (.png .ppm .pgm .pnm .pam .yuv .y4m .npy .jpg .jpeg .webp .tif .tiff, any
/// case); nullopt for others.
[[nodiscard]] std::optional<PictureFormat> format_of_path(const std::string& path);
/// Whether the name is that of a format which holds grey pictures only: .pgm, any case.
[[nodiscard]] bool names_grey_format(const std::string& path);
/// By the first bytes; nullopt when they are none of PNG, PNM, PAM, Y4M, JPEG, WebP, TIFF.
[[nodiscard]] std::optional<PictureFormat> format_of_bytes(std::span<const std::uint8_t> file);
/// "PNG", "PPM/PGM" ...
[[nodiscard]] const char* format_name(PictureFormat format);
/// Whether this build reads, and writes, the format.
[[nodiscard]] bool can_read(PictureFormat format);
[[nodiscard]] bool can_write(PictureFormat format);

/// Orientation 1 to 8 that EXIF data ask for (CIPA DC-008, tag 0x0112); 1, as stored, where they do not say.
[[nodiscard]] unsigned exif_orientation(std::span<const std::uint8_t> exif);

/// What to do with an alpha channel (or a transparent colour), which JPEG AI cannot carry.
enum class AlphaPolicy : std::uint8_t {
    kRejectTransparent,  ///< Error{unsupported} unless every sample is opaque
    kDrop,               ///< colours are taken as they are stored
};

/// Layout of a raw YUV file.
struct RawLayout {
    std::size_t rows = 0, cols = 0;
    ChromaFormat chroma{2, 2};
    bool grey = false;  ///< only Y
    unsigned bit_depth = 8;
    bool operator==(const RawLayout&) const = default;
};

/// Reads the layout from a file name in the manner of "name_WIDTHxHEIGHT_10bit_420.yuv": the last WIDTHxHEIGHT, the
/// last <n>bit or <n>b (8 without), the last of 444, 422, 420 and 400 that stands alone (420 without). nullopt without
/// a size.
[[nodiscard]] std::optional<RawLayout> raw_layout_of_name(const std::string& path);

struct ReadOptions {
    std::uint64_t max_pixels = 200'000'000;  ///< rows * cols
    AlphaPolicy alpha = AlphaPolicy::kRejectTransparent;
    /// Take the depth of a 16 bit PNG from its sBIT chunk, when that names one depth 8..15 for all colours: samples are
    /// shifted down to it. This undoes what write_picture does to depths that PNG does not have.
    bool significant_bits = true;
    std::optional<RawLayout> raw;  ///< required for raw YUV
};

struct WriteOptions {
    /// PNG of 9 to 15 bit content, stored as 16 bit shifted up: fill the freed low bits with ones, as the reference
    /// software does (03 section 17.4), instead of zeros.
    bool fill_low_bits = true;
    int png_level = 2;  ///< zlib level 0..9; higher ones take much longer for a few per cent
    /// PNG: the Paeth filter for all rows and no search for repetitions but runs (run_deflate.h). For photographs a
    /// fraction of zlib's time and as small; drawings become larger. The level does not matter then.
    bool png_photo = false;
};

/// Decodes the bytes of a picture file. PNG palettes become RGB, grey of 1, 2 and 4 bit becomes 8 bit; of several
/// frames the first is taken. ICC profile, EXIF and, for PNG, code points are kept; orientation is not applied. CMYK is
/// refused. Damaged or incomplete data are errors, whatever the libraries could make of them. Throws Error{truncated,
/// structure} with the offset of the offending byte, Error{limit} for more pixels than allowed, Error{unsupported} for
/// variants that are not read, Error{argument} for raw YUV without a layout or NPY, Error{unsupported} for a format
/// that this build does not read.
[[nodiscard]] Picture decode_picture(PictureFormat format, std::span<const std::uint8_t> file,
                                     const ReadOptions& options = {});

/// The bytes of a picture file. Throws Error{argument} when the picture contradicts itself or the format cannot hold
/// it: PNG, PNM and PAM hold grey and RGB, YUV and Y4M hold grey and YUV, NPY holds planes of one size; JPEG, WebP and
/// TIFF are not written. PNG keeps ICC profile (a valid one that fits the colours), EXIF and code points; other formats
/// lose them.
[[nodiscard]] std::vector<std::uint8_t> encode_picture(PictureFormat format, const Picture& picture,
                                                       const WriteOptions& options = {});

/// Receives the bytes of a file in parts, in order; what it throws is passed on.
using ByteSink = std::function<void(std::span<const std::uint8_t>)>;

/// The same in parts of a few hundred kilobytes. Nothing is handed over before the picture is known to fit the format.
void encode_picture(PictureFormat format, const Picture& picture, const WriteOptions& options, const ByteSink& sink);

/// Reads a file, by its first bytes, else by its extension; raw YUV by options.raw, else by its name. "-" is standard
/// input. Throws Error{io} and as decode_picture; Error{unsupported} for an unknown format.
[[nodiscard]] Picture read_picture(const std::string& path, const ReadOptions& options = {});

/// Writes a file by its extension, all or nothing. Throws Error{io} and as encode_picture; Error{argument} for an
/// unknown extension.
void write_picture(const std::string& path, const Picture& picture, const WriteOptions& options = {});
/// The same in a format whatever the name says; "-" is standard output.
void write_picture(const std::string& path, PictureFormat format, const Picture& picture,
                   const WriteOptions& options = {});

}  // namespace jpegai
