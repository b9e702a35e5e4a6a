// What the formats share: sample layouts and checks.
#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/math.h"
#include "picture_io/formats.h"

namespace jpegai::picture_formats {
namespace {

ChromaFormat format_of(const RawLayout& layout) {
    return layout.grey ? ChromaFormat{1, 1} : layout.chroma;
}

void little_endian(const std::uint16_t* samples, std::size_t count, bool wide, std::uint8_t* out) {
    for (std::size_t i = 0; i < count; ++i) {
        if (wide) {
            out[2 * i] = static_cast<std::uint8_t>(samples[i] & 0xFF);
            out[2 * i + 1] = static_cast<std::uint8_t>(samples[i] >> 8);
        } else {
            out[i] = static_cast<std::uint8_t>(samples[i]);
        }
    }
}

/// Calls fill(first, count, out) for runs of `total` items of `item` bytes each, and hands over what it has written.
template <class Fill>
void put_runs(std::size_t total, std::size_t item, const ByteSink& sink, const Fill& fill) {
    const std::size_t most = kPartBytes / item;
    std::vector<std::uint8_t> part(std::min(most, total) * item);
    for (std::size_t first = 0; first < total; first += most) {
        const std::size_t count = std::min(most, total - first);
        fill(first, count, part.data());
        sink(std::span(part).first(count * item));
    }
}

}  // namespace

void check_size(std::uint64_t rows, std::uint64_t cols, const ReadOptions& options) {
    // Whatever the caller allows, sizes stay small enough that no count of bytes can overflow.
    constexpr std::uint64_t kMostPixels = std::uint64_t{1} << 40;
    if (rows == 0 || cols == 0) throw Error(JPEGAI_ERROR_STRUCTURE, 0, "picture without samples");
    const std::uint64_t most = std::min(options.max_pixels, kMostPixels);
    if (rows > most || cols > most / rows) {
        throw Error(JPEGAI_ERROR_LIMIT,
                    fmt::format("picture of {}x{}, at most {} pixels are allowed", cols, rows, most));
    }
}

void check_samples(const Picture& picture, std::uint64_t offset) {
    if (picture.bit_depth == 8 || picture.bit_depth == 16) return;
    unsigned largest = 0;
    for (const Array3<std::uint16_t>& plane : picture.planes) {
        for (const std::uint16_t sample : plane.span()) largest = std::max<unsigned>(largest, sample);
    }
    if (largest > picture.max_value()) {
        throw Error(JPEGAI_ERROR_STRUCTURE, offset,
                    fmt::format("a sample is {}, the picture has {} bit", largest, picture.bit_depth));
    }
}

void check_alpha(unsigned smallest, unsigned opaque, const ReadOptions& options) {
    if (smallest >= opaque || options.alpha == AlphaPolicy::kDrop) return;
    throw Error(JPEGAI_ERROR_UNSUPPORTED,
                "the picture is transparent in places, which JPEG AI cannot represent; drop the alpha channel first");
}

std::uint64_t planar_bytes(const RawLayout& layout) {
    const ChromaFormat chroma = format_of(layout);
    std::uint64_t samples = std::uint64_t{layout.rows} * layout.cols;
    if (!layout.grey)
        samples += 2 * std::uint64_t{ceil_div<std::size_t>(layout.rows, chroma.ver)} *
                   ceil_div<std::size_t>(layout.cols, chroma.hor);
    return samples * sample_bytes(layout.bit_depth);
}

Picture read_planar(std::span<const std::uint8_t> data, const RawLayout& layout, std::uint64_t offset) {
    Picture picture = make_picture(layout.grey ? ColourModel::kGrey : ColourModel::kYuv, format_of(layout),
                                   layout.bit_depth, layout.rows, layout.cols);
    const std::uint8_t* next = data.data();
    for (Array3<std::uint16_t>& plane : picture.planes) {
        std::uint16_t* out = plane.data();
        if (sample_bytes(layout.bit_depth) == 1) {
            std::copy_n(next, plane.size(), out);
        } else {
            for (std::size_t i = 0; i < plane.size(); ++i)
                out[i] = static_cast<std::uint16_t>(next[2 * i] | next[2 * i + 1] << 8);
        }
        next += plane.size() * sample_bytes(layout.bit_depth);
    }
    check_samples(picture, offset);
    return picture;
}

void put_text(const std::string& text, const ByteSink& sink) {
    sink({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void put_planar(const Picture& picture, const ByteSink& sink) {
    const std::size_t width = sample_bytes(picture.bit_depth);
    for (const Array3<std::uint16_t>& plane : picture.planes) {
        put_runs(plane.size(), width, sink, [&](std::size_t first, std::size_t count, std::uint8_t* out) {
            little_endian(plane.data() + first, count, width == 2, out);
        });
    }
}

unsigned read_interleaved(std::span<const std::uint8_t> data, std::size_t channels, Picture& picture) {
    const std::size_t count = picture.planes[0].size(), colours = picture.planes.size(),
                      width = sample_bytes(picture.bit_depth);
    const auto sample = [&](std::size_t pixel, std::size_t channel) -> unsigned {
        const std::uint8_t* bytes = data.data() + (pixel * channels + channel) * width;
        return width == 1 ? bytes[0] : static_cast<unsigned>(bytes[0]) << 8 | bytes[1];
    };
    for (std::size_t c = 0; c < colours; ++c) {
        std::uint16_t* out = picture.planes[c].data();
        for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint16_t>(sample(i, c));
    }
    unsigned smallest = picture.max_value();
    if (channels > colours) {
        for (std::size_t i = 0; i < count; ++i) smallest = std::min(smallest, sample(i, colours));
    }
    return smallest;
}

void put_interleaved(const Picture& picture, const ByteSink& sink) {
    const std::size_t width = sample_bytes(picture.bit_depth), step = picture.planes.size() * width;
    put_runs(picture.planes[0].size(), step, sink, [&](std::size_t first, std::size_t count, std::uint8_t* part) {
        for (std::size_t c = 0; c < picture.planes.size(); ++c) {
            const std::uint16_t* in = picture.planes[c].data() + first;
            std::uint8_t* out = part + c * width;
            for (std::size_t i = 0; i < count; ++i, out += step) {
                if (width == 2) {
                    out[0] = static_cast<std::uint8_t>(in[i] >> 8);
                    out[1] = static_cast<std::uint8_t>(in[i] & 0xFF);
                } else {
                    out[0] = static_cast<std::uint8_t>(in[i]);
                }
            }
        }
    });
}

void require_rgb(const Picture& picture, const char* format) {
    if (picture.model == ColourModel::kYuv)
        throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("{} cannot hold YUV; convert to RGB first", format));
}

void require_yuv(const Picture& picture, const char* format) {
    if (picture.model == ColourModel::kRgb)
        throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("{} cannot hold RGB", format));
}

}  // namespace jpegai::picture_formats
