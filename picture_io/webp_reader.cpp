// WebP through libwebp.
#include <webp/decode.h>

#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/math.h"
#include "picture_io/foreign.h"

namespace jpegai::picture_formats {
namespace {

[[noreturn]] void fail(VP8StatusCode status, std::size_t size) {
    switch (status) {
        case VP8_STATUS_NOT_ENOUGH_DATA:
            throw Error(JPEGAI_ERROR_TRUNCATED, size, "WebP: the file ends early");
        case VP8_STATUS_OUT_OF_MEMORY:
            throw Error(JPEGAI_ERROR_MEMORY, "out of memory");
        case VP8_STATUS_UNSUPPORTED_FEATURE:
            throw Error(JPEGAI_ERROR_UNSUPPORTED, "WebP: a feature that libwebp does not decode");
        default:
            throw Error(JPEGAI_ERROR_STRUCTURE, 0, "WebP: the data are damaged");
    }
}

std::uint32_t little_endian(std::span<const std::uint8_t> bytes) {
    return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
           static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

bool is_named(std::span<const std::uint8_t> chunk, std::string_view name) {
    return std::equal(name.begin(), name.end(), chunk.begin(),
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

/// ICC profile and EXIF lie in RIFF chunks beside the picture's.
PictureMetadata metadata_of(std::span<const std::uint8_t> file) {
    constexpr std::size_t kFileHeader = 12, kChunkHeader = 8;
    PictureMetadata metadata;
    for (std::size_t at = kFileHeader; at <= file.size() && file.size() - at >= kChunkHeader;) {
        const std::size_t size = little_endian(file.subspan(at + 4, 4));
        if (size > file.size() - at - kChunkHeader) break;
        const auto payload = file.subspan(at + kChunkHeader, size);
        if (is_named(file.subspan(at, 4), "ICCP")) metadata.icc.assign(payload.begin(), payload.end());
        if (is_named(file.subspan(at, 4), "EXIF")) metadata.exif = exif_of(payload);
        at += kChunkHeader + size + size % 2;
    }
    note_orientation(metadata);
    return metadata;
}

}  // namespace

Picture decode_webp(std::span<const std::uint8_t> file, const ReadOptions& options) {
    WebPDecoderConfig config;
    if (WebPInitDecoderConfig(&config) == 0) throw Error(JPEGAI_ERROR_INTERNAL, "libwebp is not the one built against");
    const VP8StatusCode found = WebPGetFeatures(file.data(), file.size(), &config.input);
    if (found != VP8_STATUS_OK) fail(found, file.size());
    if (config.input.has_animation != 0) throw Error(JPEGAI_ERROR_UNSUPPORTED, "WebP: an animation, not a picture");
    const auto rows = static_cast<std::size_t>(config.input.height),
               cols = static_cast<std::size_t>(config.input.width);
    check_size(rows, cols, options);
    const bool alpha = config.input.has_alpha != 0;
    const std::size_t channels = alpha ? 4 : 3;
    std::vector<std::uint8_t> samples(checked_mul(checked_mul(rows, cols), channels));
    config.output.colorspace = alpha ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = samples.data();
    config.output.u.RGBA.stride = static_cast<int>(cols * channels);
    config.output.u.RGBA.size = samples.size();
    const VP8StatusCode status = WebPDecode(file.data(), file.size(), &config);
    WebPFreeDecBuffer(&config.output);
    if (status != VP8_STATUS_OK) fail(status, file.size());

    Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, rows, cols);
    picture.range = SampleRange::kFull;
    picture.metadata = metadata_of(file);
    unsigned smallest = picture.max_value();
    for (std::size_t y = 0; y < rows; ++y)
        smallest = std::min(smallest, scatter_row(samples.data() + y * cols * channels, channels, alpha, picture, y));
    check_alpha(smallest, picture.max_value(), options);
    return picture;
}

}  // namespace jpegai::picture_formats
