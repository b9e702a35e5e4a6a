// JPEG, WebP and AVIF codings of pictures, for comparison with JPEG AI. The first two need their library in the build,
// AVIF the programs avifenc and avifdec (Debian: libavif-bin).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "decoder/picture.h"

namespace jpegai::detection {

enum class ClassicCodec : std::uint8_t { kJpeg, kWebp, kAvif };

/// "JPEG", "WebP", "AVIF".
[[nodiscard]] const char* classic_name(ClassicCodec codec);
/// Whether this build, or for AVIF this machine, has it.
[[nodiscard]] bool have_classic(ClassicCodec codec);

/// The bytes of a file: 4:2:0, quality 1..100. Pictures are RGB or grey and are rounded to 8 bit; WebP stores grey as
/// RGB. Throws Error{unsupported} without the library or program, for YUV and for sizes the format cannot hold (65,535,
/// 16,383 and 65,535 a side), Error{argument} for a quality out of range, Error{internal, io} for what the library or
/// program reports.
[[nodiscard]] std::vector<std::uint8_t> encode_classic(ClassicCodec codec, const Picture& picture, int quality);
/// Its decode, RGB or grey of 8 bit.
[[nodiscard]] Picture decode_classic(ClassicCodec codec, const std::vector<std::uint8_t>& bytes);

/// AVIF by its own quantiser, 0 (finest) to 63, in place of a quality, with chroma at half the resolution (4:2:0) or at
/// the full one. Throws as encode_classic.
[[nodiscard]] std::vector<std::uint8_t> encode_avif(const Picture& picture, int quantiser, bool half_chroma);
[[nodiscard]] Picture decode_avif(const std::vector<std::uint8_t>& bytes);

struct ClassicDecode {
    Picture picture;  ///< 8 bit, of the colour model of the original
    ClassicCodec codec{};
    int quality = 0;
    double bpp = 0;  ///< bits per sample position that it took
};

/// A coding of about so many bits per sample position and its decode: the highest quality that does not exceed them,
/// or one that comes within 3 % of it; quality 1 where all exceed them. Without `wanted` WebP where the build has it
/// and the picture is not too large, else JPEG; nullopt without either. Throws as encode_classic.
[[nodiscard]] std::optional<ClassicDecode> classic_decode(const Picture& picture, double bpp,
                                                          std::optional<ClassicCodec> wanted = std::nullopt);

}  // namespace jpegai::detection
