// The single formats behind picture_io.h, and what they share.
#pragma once

#include "picture_io/picture_io.h"

namespace jpegai::picture_formats {

[[nodiscard]] Picture decode_png(std::span<const std::uint8_t> file, const ReadOptions& options);
[[nodiscard]] Picture decode_jpeg(std::span<const std::uint8_t> file, const ReadOptions& options);
[[nodiscard]] Picture decode_webp(std::span<const std::uint8_t> file, const ReadOptions& options);
[[nodiscard]] Picture decode_tiff(std::span<const std::uint8_t> file, const ReadOptions& options);
[[nodiscard]] Picture decode_pnm(std::span<const std::uint8_t> file, const ReadOptions& options);
[[nodiscard]] Picture decode_pam(std::span<const std::uint8_t> file, const ReadOptions& options);
[[nodiscard]] Picture decode_y4m(std::span<const std::uint8_t> file, const ReadOptions& options);
[[nodiscard]] Picture decode_yuv(std::span<const std::uint8_t> file, const ReadOptions& options);

// The picture has passed check_picture.
void encode_png(const Picture& picture, const WriteOptions& options, const ByteSink& sink);
void encode_pnm(const Picture& picture, const ByteSink& sink);
void encode_pam(const Picture& picture, const ByteSink& sink);
void encode_y4m(const Picture& picture, const ByteSink& sink);
void encode_yuv(const Picture& picture, const ByteSink& sink);
void encode_npy(const Picture& picture, const ByteSink& sink);

/// Bytes of a file that are handed to a sink together.
inline constexpr std::size_t kPartBytes = std::size_t{1} << 18;

/// Hands text over.
void put_text(const std::string& text, const ByteSink& sink);

/// Throws Error{limit} for more than max_pixels and Error{structure} for an empty picture.
void check_size(std::uint64_t rows, std::uint64_t cols, const ReadOptions& options);

/// Throws Error{structure} when a sample exceeds the picture's bit depth; `offset` is where the samples begin.
void check_samples(const Picture& picture, std::uint64_t offset);

/// Throws Error{unsupported} when the smallest alpha value is below `opaque` and the options do not allow to drop it.
void check_alpha(unsigned smallest, unsigned opaque, const ReadOptions& options);

/// Bytes of one stored sample.
[[nodiscard]] inline std::size_t sample_bytes(unsigned bit_depth) {
    return bit_depth > 8 ? 2 : 1;
}

/// Bytes of all samples of a picture of this kind.
[[nodiscard]] std::uint64_t planar_bytes(const RawLayout& layout);

/// Planes Y U V (or Y alone) as raw files and Y4M frames hold them; `data` has planar_bytes of them, at `offset` of the
/// file.
[[nodiscard]] Picture read_planar(std::span<const std::uint8_t> data, const RawLayout& layout, std::uint64_t offset);
void put_planar(const Picture& picture, const ByteSink& sink);

/// Interleaved samples, high byte first in 16 bit, as PNM and PAM hold them. `channels` 1 to 4: grey, grey alpha, RGB,
/// RGB alpha; the planes of `picture` exist. Gives the smallest alpha value, or `opaque` without alpha.
[[nodiscard]] unsigned read_interleaved(std::span<const std::uint8_t> data, std::size_t channels, Picture& picture);
void put_interleaved(const Picture& picture, const ByteSink& sink);

/// Throws Error{argument} naming the format unless the picture is grey or RGB (YUV or grey).
void require_rgb(const Picture& picture, const char* format);
void require_yuv(const Picture& picture, const char* format);

}  // namespace jpegai::picture_formats
