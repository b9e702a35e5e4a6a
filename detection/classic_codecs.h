// JPEG and WebP codings of pictures in memory, for comparison with JPEG AI; each needs its library in the build.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "decoder/picture.h"

namespace jpegai::detection {

enum class ClassicCodec : std::uint8_t { kJpeg, kWebp };

/// "JPEG", "WebP".
[[nodiscard]] const char* classic_name(ClassicCodec codec);
/// Whether this build has it.
[[nodiscard]] bool have_classic(ClassicCodec codec);

/// The bytes of a file: 4:2:0, quality 1..100. Pictures are RGB or grey and are rounded to 8 bit; WebP stores grey as
/// RGB. Throws Error{unsupported} without the library, for YUV and for sizes the format cannot hold (65,535 and 16,383
/// a side), Error{argument} for a quality out of range, Error{internal} for what the library reports.
[[nodiscard]] std::vector<std::uint8_t> encode_classic(ClassicCodec codec, const Picture& picture, int quality);

struct ClassicDecode {
    Picture picture;  ///< 8 bit, of the colour model of the original
    ClassicCodec codec{};
    int quality = 0;
    double bpp = 0;  ///< bits per sample position that it took
};

/// A coding of about so many bits per sample position and its decode: the highest quality that does not exceed them,
/// or one that comes within 3 % of it; quality 1 where all exceed them. WebP where the build has it and the picture is
/// not too large, else JPEG; nullopt without either.
[[nodiscard]] std::optional<ClassicDecode> classic_decode(const Picture& picture, double bpp);

}  // namespace jpegai::detection
