// Picture files of every format: what is read is a consistent picture and survives writing and reading again.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "fuzz/require.h"
#include "picture_io/picture_io.h"

namespace {

using namespace jpegai;
using fuzz::require;

constexpr std::uint64_t kMaxPixels = 1U << 16;

/// Raw YUV has no header: the first four bytes stand in for one.
RawLayout layout_of(std::span<const std::uint8_t> bytes) {
    constexpr ChromaFormat kFormats[] = {{1, 1}, {1, 2}, {2, 2}};
    RawLayout layout;
    layout.rows = bytes[0];
    layout.cols = bytes[1];
    layout.chroma = kFormats[bytes[2] % 3];
    layout.grey = bytes[2] >= 128;
    layout.bit_depth = 8 + bytes[3] % 9;
    return layout;
}

bool same(const Picture& a, const Picture& b) {
    if (a.model != b.model || a.chroma != b.chroma || a.bit_depth != b.bit_depth ||
        a.planes.size() != b.planes.size()) {
        return false;
    }
    for (std::size_t p = 0; p < a.planes.size(); ++p) {
        const auto x = a.planes[p].span(), y = b.planes[p].span();
        if (a.planes[p].cols() != b.planes[p].cols() || !std::equal(x.begin(), x.end(), y.begin(), y.end()))
            return false;
    }
    return true;
}

void check_round_trip(const Picture& picture, PictureFormat format, const ReadOptions& options) {
    WriteOptions write;
    write.png_level = 1;
    require(same(decode_picture(format, encode_picture(format, picture, write), options), picture),
            "written pictures are read back the same");
}

void check(PictureFormat format, std::span<const std::uint8_t> file, const ReadOptions& options) {
    Picture picture;
    try {
        picture = decode_picture(format, file, options);
    } catch (const Error& error) {
        require(error.code() != JPEGAI_ERROR_INTERNAL && error.code() != JPEGAI_ERROR_ARGUMENT,
                "errors blame the input");
        require(error.offset() == kNoOffset || error.offset() <= file.size(), "offsets lie in the file");
        return;
    }
    check_picture(picture);
    require(std::uint64_t{picture.rows()} * picture.cols() <= kMaxPixels, "the limit holds");
    if (can_write(format)) check_round_trip(picture, format, options);
    const bool yuv = picture.model == ColourModel::kYuv;
    check_round_trip(picture, yuv ? PictureFormat::kY4m : PictureFormat::kPng, options);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    ReadOptions options;
    options.max_pixels = kMaxPixels;
    for (const AlphaPolicy policy : {AlphaPolicy::kRejectTransparent, AlphaPolicy::kDrop}) {
        options.alpha = policy;
        if (const auto format = format_of_bytes({data, size})) check(*format, {data, size}, options);
    }
    if (size > 4) {
        options.raw = layout_of({data, size});
        check(PictureFormat::kYuv, {data + 4, size - 4}, options);
    }
    return 0;
}
