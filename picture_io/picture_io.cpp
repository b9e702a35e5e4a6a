#include "picture_io/picture_io.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "base/error.h"
#include "base/file.h"
#include "base/npy.h"
#include "picture_io/formats.h"

namespace jpegai {
namespace {

struct Extension {
    std::string_view name;
    PictureFormat format;
};

constexpr std::array<Extension, 13> kExtensions = {{{".png", PictureFormat::kPng},
                                                    {".ppm", PictureFormat::kPnm},
                                                    {".pgm", PictureFormat::kPnm},
                                                    {".pnm", PictureFormat::kPnm},
                                                    {".pam", PictureFormat::kPam},
                                                    {".yuv", PictureFormat::kYuv},
                                                    {".y4m", PictureFormat::kY4m},
                                                    {".npy", PictureFormat::kNpy},
                                                    {".jpg", PictureFormat::kJpeg},
                                                    {".jpeg", PictureFormat::kJpeg},
                                                    {".webp", PictureFormat::kWebp},
                                                    {".tif", PictureFormat::kTiff},
                                                    {".tiff", PictureFormat::kTiff}}};

bool starts_with(std::span<const std::uint8_t> file, std::string_view magic) {
    return file.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), file.begin(),
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

/// Most bytes a file of so many pixels can reasonably have: 4 channels of 16 bit, and room for headers and
/// incompressible data.
std::uint64_t max_bytes(const ReadOptions& options) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
    return std::min(options.max_pixels, kMost) * 9 + (1U << 24);
}

/// The extension in small letters, with its dot; empty without one.
std::string extension_of(const std::string& path) {
    const std::size_t dot = path.rfind('.');
    std::string extension = dot == std::string::npos ? std::string() : path.substr(dot);
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return extension;
}

}  // namespace

bool names_grey_format(const std::string& path) {
    return extension_of(path) == ".pgm";
}

std::optional<PictureFormat> format_of_path(const std::string& path) {
    const std::string extension = extension_of(path);
    const auto* known =
        std::find_if(kExtensions.begin(), kExtensions.end(), [&](const Extension& e) { return e.name == extension; });
    return known == kExtensions.end() ? std::nullopt : std::optional(known->format);
}

std::optional<PictureFormat> format_of_bytes(std::span<const std::uint8_t> file) {
    if (starts_with(file, "\x89PNG\r\n\x1a\n")) return PictureFormat::kPng;
    if (starts_with(file, "YUV4MPEG2")) return PictureFormat::kY4m;
    if (starts_with(file, "\xFF\xD8\xFF")) return PictureFormat::kJpeg;
    if (starts_with(file, "RIFF") && file.size() >= 12 && starts_with(file.subspan(8), "WEBP"))
        return PictureFormat::kWebp;
    // Classic TIFF and BigTIFF in both byte orders.
    for (const std::string_view magic : {std::string_view("II*\0", 4), std::string_view("MM\0*", 4),
                                         std::string_view("II+\0", 4), std::string_view("MM\0+", 4)}) {
        if (starts_with(file, magic)) return PictureFormat::kTiff;
    }
    if (starts_with(file, "P7\n")) return PictureFormat::kPam;
    if (file.size() > 2 && file[0] == 'P' && file[1] >= '1' && file[1] <= '6') return PictureFormat::kPnm;
    return std::nullopt;
}

const char* format_name(PictureFormat format) {
    switch (format) {
        case PictureFormat::kPng:
            return "PNG";
        case PictureFormat::kPnm:
            return "PPM/PGM";
        case PictureFormat::kPam:
            return "PAM";
        case PictureFormat::kYuv:
            return "raw YUV";
        case PictureFormat::kY4m:
            return "Y4M";
        case PictureFormat::kNpy:
            return "NPY";
        case PictureFormat::kJpeg:
            return "JPEG";
        case PictureFormat::kWebp:
            return "WebP";
        case PictureFormat::kTiff:
            return "TIFF";
    }
    return "unknown";
}

bool can_read(PictureFormat format) {
    switch (format) {
        case PictureFormat::kJpeg:
#ifdef JPEGAI_WITH_JPEG
            return true;
#else
            return false;
#endif
        case PictureFormat::kWebp:
#ifdef JPEGAI_WITH_WEBP
            return true;
#else
            return false;
#endif
        case PictureFormat::kTiff:
#ifdef JPEGAI_WITH_TIFF
            return true;
#else
            return false;
#endif
        default:
            return format != PictureFormat::kNpy;
    }
}

bool can_write(PictureFormat format) {
    return format != PictureFormat::kJpeg && format != PictureFormat::kWebp && format != PictureFormat::kTiff;
}

Picture decode_picture(PictureFormat format, std::span<const std::uint8_t> file, const ReadOptions& options) {
    switch (format) {
        case PictureFormat::kPng:
            return picture_formats::decode_png(file, options);
        case PictureFormat::kPnm:
            return picture_formats::decode_pnm(file, options);
        case PictureFormat::kPam:
            return picture_formats::decode_pam(file, options);
        case PictureFormat::kYuv:
            return picture_formats::decode_yuv(file, options);
        case PictureFormat::kY4m:
            return picture_formats::decode_y4m(file, options);
        case PictureFormat::kJpeg:
#ifdef JPEGAI_WITH_JPEG
            return picture_formats::decode_jpeg(file, options);
#else
            break;
#endif
        case PictureFormat::kWebp:
#ifdef JPEGAI_WITH_WEBP
            return picture_formats::decode_webp(file, options);
#else
            break;
#endif
        case PictureFormat::kTiff:
#ifdef JPEGAI_WITH_TIFF
            return picture_formats::decode_tiff(file, options);
#else
            break;
#endif
        case PictureFormat::kNpy:
            throw Error(JPEGAI_ERROR_ARGUMENT, "NPY pictures are not read");
    }
    throw Error(JPEGAI_ERROR_UNSUPPORTED, std::string("this program was built without ") + format_name(format));
}

void encode_picture(PictureFormat format, const Picture& picture, const WriteOptions& options, const ByteSink& sink) {
    check_picture(picture);
    switch (format) {
        case PictureFormat::kPng:
            return picture_formats::encode_png(picture, options, sink);
        case PictureFormat::kPnm:
            return picture_formats::encode_pnm(picture, sink);
        case PictureFormat::kPam:
            return picture_formats::encode_pam(picture, sink);
        case PictureFormat::kYuv:
            return picture_formats::encode_yuv(picture, sink);
        case PictureFormat::kY4m:
            return picture_formats::encode_y4m(picture, sink);
        case PictureFormat::kNpy:
            return picture_formats::encode_npy(picture, sink);
        case PictureFormat::kJpeg:
        case PictureFormat::kWebp:
        case PictureFormat::kTiff:
            throw Error(JPEGAI_ERROR_ARGUMENT, std::string(format_name(format)) + " pictures are not written");
    }
    throw Error(JPEGAI_ERROR_ARGUMENT, "unknown picture format");
}

std::vector<std::uint8_t> encode_picture(PictureFormat format, const Picture& picture, const WriteOptions& options) {
    std::vector<std::uint8_t> file;
    encode_picture(format, picture, options,
                   [&](std::span<const std::uint8_t> part) { file.insert(file.end(), part.begin(), part.end()); });
    return file;
}

Picture read_picture(const std::string& path, const ReadOptions& options) {
    const std::vector<std::uint8_t> file = read_file(path, max_bytes(options));
    std::optional<PictureFormat> format = format_of_path(path);
    // A raw file may begin with anything, so its name decides.
    if (format != PictureFormat::kYuv) {
        if (const auto found = format_of_bytes(file)) format = found;
    }
    if (!format && options.raw) format = PictureFormat::kYuv;
    if (!format) throw Error(JPEGAI_ERROR_UNSUPPORTED, path + " is in no picture format that is known here");
    ReadOptions complete = options;
    if (format == PictureFormat::kYuv && !options.raw) complete.raw = raw_layout_of_name(path);
    return decode_picture(*format, file, complete);
}

void write_picture(const std::string& path, const Picture& picture, const WriteOptions& options) {
    const std::optional<PictureFormat> format = format_of_path(path);
    if (!format)
        throw Error(JPEGAI_ERROR_ARGUMENT,
                    path + ": the name tells no picture format (.png .ppm .pgm .pam .yuv .y4m .npy)");
    write_picture(path, *format, picture, options);
}

void write_picture(const std::string& path, PictureFormat format, const Picture& picture, const WriteOptions& options) {
    OutputFile file(path);
    encode_picture(format, picture, options, [&](std::span<const std::uint8_t> part) { file.write(part); });
    file.commit();
}

namespace picture_formats {

void encode_npy(const Picture& picture, const ByteSink& sink) {
    if (!picture.chroma.is_444())
        throw Error(JPEGAI_ERROR_ARGUMENT, "NPY holds planes of one size; chroma is " + picture.chroma.name());
    const std::array<std::size_t, 3> shape = {picture.planes.size(), picture.rows(), picture.cols()};
    sink(format_npy(picture.bit_depth > 8 ? "<u2" : "|u1", shape, {}));
    put_planar(picture, sink);
}

}  // namespace picture_formats
}  // namespace jpegai
