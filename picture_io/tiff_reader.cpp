// TIFF through libtiff: the first picture of a file.
#include <tiffio.h>

#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "base/error.h"
#include "base/math.h"
#include "picture_io/foreign.h"

namespace jpegai::picture_formats {
namespace {

/// A file in memory, as libtiff wants to see one.
struct MemoryFile {
    std::span<const std::uint8_t> bytes;
    std::uint64_t position = 0;
};

MemoryFile& file_of(thandle_t handle) {
    return *static_cast<MemoryFile*>(handle);
}

tmsize_t on_read(thandle_t handle, void* out, tmsize_t count) {
    MemoryFile& file = file_of(handle);
    if (count <= 0 || file.position >= file.bytes.size()) return 0;
    const auto there = static_cast<std::size_t>(
        std::min<std::uint64_t>(static_cast<std::uint64_t>(count), file.bytes.size() - file.position));
    std::memcpy(out, file.bytes.data() + file.position, there);
    file.position += there;
    return static_cast<tmsize_t>(there);
}

tmsize_t on_write(thandle_t, void*, tmsize_t) {
    return 0;
}

toff_t on_seek(thandle_t handle, toff_t offset, int whence) {
    MemoryFile& file = file_of(handle);
    const std::uint64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file.position : file.bytes.size();
    file.position = base + offset;
    return file.position;
}

int on_close(thandle_t) {
    return 0;
}

toff_t on_size(thandle_t handle) {
    return file_of(handle).bytes.size();
}

/// libtiff only reads from a map.
int on_map(thandle_t handle, void** base, toff_t* size) {
    MemoryFile& file = file_of(handle);
    *base = const_cast<std::uint8_t*>(file.bytes.data());
    *size = file.bytes.size();
    return 1;
}

void on_unmap(thandle_t, void*, toff_t) {}

struct CloseTiff {
    void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using TiffHandle = std::unique_ptr<TIFF, CloseTiff>;

TiffHandle open(MemoryFile& file) {
    // Its messages would go to standard error; the errors thrown here say what failed.
    static const bool silent = [] {
        TIFFSetErrorHandler(nullptr);
        TIFFSetWarningHandler(nullptr);
        return true;
    }();
    static_cast<void>(silent);
    TiffHandle tiff(
        TIFFClientOpen("TIFF", "r", &file, on_read, on_write, on_seek, on_close, on_size, on_map, on_unmap));
    if (tiff == nullptr) throw Error(JPEGAI_ERROR_STRUCTURE, 0, "TIFF: the header or first directory is damaged");
    return tiff;
}

struct Shape {
    std::uint32_t rows = 0, cols = 0;
    std::uint16_t bits = 1, samples = 1, photometric = 0, format = SAMPLEFORMAT_UINT, planar = PLANARCONFIG_CONTIG,
                  orientation = ORIENTATION_TOPLEFT;
    bool alpha = false, tiled = false;
};

std::uint16_t field(TIFF* tiff, std::uint32_t tag) {
    std::uint16_t value = 0;
    TIFFGetFieldDefaulted(tiff, tag, &value);
    return value;
}

Shape shape_of(TIFF* tiff) {
    Shape shape;
    if (TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &shape.cols) == 0 ||
        TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &shape.rows) == 0) {
        throw Error(JPEGAI_ERROR_STRUCTURE, 0, "TIFF: the directory gives no size");
    }
    shape.bits = field(tiff, TIFFTAG_BITSPERSAMPLE);
    shape.samples = field(tiff, TIFFTAG_SAMPLESPERPIXEL);
    shape.format = field(tiff, TIFFTAG_SAMPLEFORMAT);
    shape.planar = field(tiff, TIFFTAG_PLANARCONFIG);
    shape.orientation = field(tiff, TIFFTAG_ORIENTATION);
    if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &shape.photometric) == 0)
        throw Error(JPEGAI_ERROR_STRUCTURE, 0, "TIFF: the directory does not say what the samples mean");
    std::uint16_t extra = 0, *kinds = nullptr;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra, &kinds);
    shape.alpha = extra > 0 && kinds != nullptr && kinds[0] != EXTRASAMPLE_UNSPECIFIED;
    shape.tiled = TIFFIsTiled(tiff) != 0;
    return shape;
}

void check_shape(const Shape& shape, const ReadOptions& options) {
    check_size(shape.rows, shape.cols, options);
    if (shape.photometric == PHOTOMETRIC_SEPARATED) {
        throw Error(JPEGAI_ERROR_UNSUPPORTED,
                    "TIFF: the picture is CMYK; convert it to RGB first, which needs its colour profile");
    }
    if (shape.format != SAMPLEFORMAT_UINT && shape.format != SAMPLEFORMAT_VOID)
        throw Error(JPEGAI_ERROR_UNSUPPORTED, "TIFF: samples that are not unsigned integers");
}

/// Rows of 8 or 16 bit grey or RGB, which can be taken as they are stored.
bool is_plain(const Shape& shape) {
    const bool grey = shape.photometric == PHOTOMETRIC_MINISBLACK && shape.samples >= 1;
    const bool rgb = shape.photometric == PHOTOMETRIC_RGB && shape.samples >= 3;
    return (grey || rgb) && (shape.bits == 8 || shape.bits == 16) && !shape.tiled && shape.samples <= 8;
}

[[noreturn]] void fail_row(std::size_t y, std::uint64_t size) {
    throw Error(JPEGAI_ERROR_TRUNCATED, size, fmt::format("TIFF: row {} is missing or damaged", y));
}

unsigned scatter(const std::uint8_t* row, const Shape& shape, Picture& picture, std::size_t y) {
    const bool alpha = shape.alpha && shape.samples > picture.planes.size();
    if (shape.bits == 8) return scatter_row(row, shape.samples, alpha, picture, y);
    std::vector<std::uint16_t> samples(picture.cols() * shape.samples);
    std::memcpy(samples.data(), row, samples.size() * 2);
    return scatter_row(samples.data(), shape.samples, alpha, picture, y);
}

/// Samples of one colour per row of the file.
unsigned scatter_plane(const std::uint8_t* row, const Shape& shape, std::size_t plane, Picture& picture,
                       std::size_t y) {
    unsigned smallest = picture.max_value();
    for (std::size_t x = 0; x < picture.cols(); ++x) {
        std::uint16_t sample = row[x];
        if (shape.bits == 16) std::memcpy(&sample, row + 2 * x, 2);
        if (plane < picture.planes.size())
            picture.planes[plane](0, y, x) = sample;
        else
            smallest = std::min<unsigned>(smallest, sample);
    }
    return smallest;
}

Picture read_plain(TIFF* tiff, const Shape& shape, std::uint64_t size, unsigned& smallest) {
    const bool rgb = shape.photometric == PHOTOMETRIC_RGB;
    Picture picture =
        make_picture(rgb ? ColourModel::kRgb : ColourModel::kGrey, {1, 1}, shape.bits, shape.rows, shape.cols);
    const bool separate = shape.planar == PLANARCONFIG_SEPARATE && shape.samples > 1;
    const std::size_t needed = checked_mul(checked_mul(shape.cols, separate ? 1U : shape.samples), shape.bits / 8U);
    const tmsize_t row_bytes = TIFFScanlineSize(tiff);
    if (row_bytes < 0 || static_cast<std::size_t>(row_bytes) < needed)
        throw Error(JPEGAI_ERROR_STRUCTURE, 0, "TIFF: rows are shorter than the picture is wide");
    std::vector<std::uint8_t> row(static_cast<std::size_t>(row_bytes));
    smallest = picture.max_value();
    const std::size_t planes = separate ? picture.planes.size() + (shape.alpha ? 1 : 0) : 1;
    for (std::size_t p = 0; p < std::min<std::size_t>(planes, separate ? shape.samples : 1); ++p) {
        for (std::uint32_t y = 0; y < shape.rows; ++y) {
            if (TIFFReadScanline(tiff, row.data(), y, static_cast<std::uint16_t>(p)) != 1) fail_row(y, size);
            smallest = std::min(smallest, separate ? scatter_plane(row.data(), shape, p, picture, y)
                                                   : scatter(row.data(), shape, picture, y));
        }
    }
    return picture;
}

/// Everything else that libtiff itself turns into 8 bit RGB: palettes, bilevel, YCbCr, tiles.
Picture read_converted(TIFF* tiff, const Shape& shape, std::uint64_t size, unsigned& smallest) {
    char reason[1024] = {};
    if (shape.bits > 8) throw Error(JPEGAI_ERROR_UNSUPPORTED, fmt::format("TIFF: {} bit in this layout", shape.bits));
    if (TIFFRGBAImageOK(tiff, reason) == 0) throw Error(JPEGAI_ERROR_UNSUPPORTED, fmt::format("TIFF: {}", reason));
    std::vector<std::uint32_t> raster(checked_mul(shape.rows, shape.cols));
    if (TIFFReadRGBAImageOriented(tiff, shape.cols, shape.rows, raster.data(), ORIENTATION_TOPLEFT, 1) == 0)
        fail_row(0, size);
    Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, shape.rows, shape.cols);
    smallest = picture.max_value();
    for (std::size_t i = 0; i < raster.size(); ++i) {
        picture.planes[0].data()[i] = TIFFGetR(raster[i]);
        picture.planes[1].data()[i] = TIFFGetG(raster[i]);
        picture.planes[2].data()[i] = TIFFGetB(raster[i]);
        smallest = std::min(smallest, TIFFGetA(raster[i]));
    }
    return picture;
}

PictureMetadata metadata_of(TIFF* tiff, const Shape& shape, bool plain) {
    PictureMetadata metadata;
    std::uint32_t size = 0;
    void* profile = nullptr;
    if (TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &size, &profile) != 0 && profile != nullptr) {
        const auto* bytes = static_cast<const std::uint8_t*>(profile);
        metadata.icc.assign(bytes, bytes + size);
    }
    toff_t exif = 0;
    if (TIFFGetField(tiff, TIFFTAG_EXIFIFD, &exif) != 0)
        metadata.notes.emplace_back("the EXIF directory of a TIFF file is not carried");
    if (plain && shape.orientation != ORIENTATION_TOPLEFT) {
        metadata.notes.push_back(
            fmt::format("TIFF asks for orientation {}, which is not applied to the samples", shape.orientation));
    }
    return metadata;
}

}  // namespace

Picture decode_tiff(std::span<const std::uint8_t> bytes, const ReadOptions& options) {
    MemoryFile file{bytes};
    const TiffHandle tiff = open(file);
    const Shape shape = shape_of(tiff.get());
    check_shape(shape, options);
    const bool plain = is_plain(shape);
    unsigned smallest = 0;
    Picture picture = plain ? read_plain(tiff.get(), shape, bytes.size(), smallest)
                            : read_converted(tiff.get(), shape, bytes.size(), smallest);
    picture.range = SampleRange::kFull;
    picture.metadata = metadata_of(tiff.get(), shape, plain);
    check_alpha(smallest, picture.max_value(), options);
    return picture;
}

}  // namespace jpegai::picture_formats
