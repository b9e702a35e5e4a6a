// TIFF files, made with libtiff.
#include <gtest/gtest.h>

#include <tiffio.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "picture_io/picture_io.h"
#include "tests/picture_io/metadata_samples.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using test::thrown_code;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint32_t kWidth = 11, kHeight = 7;

struct Variant {
    std::uint16_t bits = 8, samples = 3, photometric = PHOTOMETRIC_RGB, planar = PLANARCONFIG_CONTIG;
    std::uint16_t compression = COMPRESSION_NONE;
    const char* mode = "w";  ///< "wb": big-endian
    std::function<void(TIFF*)> extra;
};

/// Value of sample number i of the picture, before the bits are cut to what the variant has.
unsigned value(std::size_t i, unsigned bits) {
    return static_cast<unsigned>(i * 1237) & ((1U << bits) - 1);
}

Bytes make_tiff(const Variant& v) {
    const auto path = std::filesystem::temp_directory_path() / ("jpegai_tiff_" + std::to_string(::getpid()) + ".tif");
    TIFF* tiff = TIFFOpen(path.c_str(), v.mode);
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, kWidth);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, kHeight);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, v.bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, v.samples);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, v.photometric);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, v.planar);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, v.compression);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 3);
    if (v.extra) v.extra(tiff);
    const bool separate = v.planar == PLANARCONFIG_SEPARATE;
    const std::size_t row_samples = kWidth * (separate ? 1U : v.samples);
    for (std::uint16_t p = 0; p < (separate ? v.samples : 1); ++p) {
        for (std::uint32_t y = 0; y < kHeight; ++y) {
            Bytes row(row_samples * 2);
            for (std::size_t i = 0; i < row_samples; ++i) {
                const std::size_t index = separate ? (y * kWidth + i) * v.samples + p : y * row_samples + i;
                const unsigned sample = value(index, v.bits);
                if (v.bits == 16) {
                    row[2 * i] = static_cast<std::uint8_t>(sample & 0xFF);
                    row[2 * i + 1] = static_cast<std::uint8_t>(sample >> 8);
                } else {
                    row[i] = static_cast<std::uint8_t>(sample);
                }
            }
            TIFFWriteScanline(tiff, row.data(), y, p);
        }
    }
    TIFFClose(tiff);
    Bytes file = read_file(path.string());
    std::filesystem::remove(path);
    return file;
}

Picture decode(const Bytes& file, const ReadOptions& options = {}) {
    return decode_picture(PictureFormat::kTiff, file, options);
}

void expect_samples(const Variant& variant, std::size_t planes) {
    const Picture picture = decode(make_tiff(variant));
    EXPECT_EQ(picture.bit_depth, variant.bits);
    ASSERT_EQ(picture.planes.size(), planes);
    ASSERT_EQ(picture.cols(), kWidth);
    for (std::size_t i = 0; i < kWidth * kHeight; ++i) {
        for (std::size_t c = 0; c < planes; ++c)
            EXPECT_EQ(picture.planes[c].data()[i], value(i * variant.samples + c, variant.bits)) << i << ' ' << c;
    }
}

TEST(Tiff, SamplesAsStored) {
    expect_samples({}, 3);
    expect_samples({8, 1, PHOTOMETRIC_MINISBLACK, PLANARCONFIG_CONTIG, COMPRESSION_LZW, "w", {}}, 1);
    expect_samples({16, 3, PHOTOMETRIC_RGB, PLANARCONFIG_CONTIG, COMPRESSION_NONE, "wb", {}}, 3);
    expect_samples({16, 3, PHOTOMETRIC_RGB, PLANARCONFIG_SEPARATE, COMPRESSION_NONE, "w", {}}, 3);
    expect_samples({8, 3, PHOTOMETRIC_RGB, PLANARCONFIG_SEPARATE, COMPRESSION_PACKBITS, "w8", {}}, 3);
    EXPECT_EQ(format_of_bytes(make_tiff({})), PictureFormat::kTiff);
}

TEST(Tiff, Palette) {
    const auto palette = [](TIFF* tiff) {
        std::vector<std::uint16_t> red(256), green(256), blue(256);
        for (std::size_t i = 0; i < 256; ++i) {
            red[i] = static_cast<std::uint16_t>(i * 257);
            green[i] = static_cast<std::uint16_t>((255 - i) * 257);
        }
        TIFFSetField(tiff, TIFFTAG_COLORMAP, red.data(), green.data(), blue.data());
    };
    const Picture picture =
        decode(make_tiff({8, 1, PHOTOMETRIC_PALETTE, PLANARCONFIG_CONTIG, COMPRESSION_NONE, "w", palette}));
    EXPECT_EQ(picture.model, ColourModel::kRgb);
    EXPECT_EQ(picture.planes[0].data()[12], value(12, 8));
    EXPECT_EQ(picture.planes[1].data()[12], 255 - value(12, 8));
}

TEST(Tiff, Alpha) {
    const auto alpha = [](TIFF* tiff) {
        const std::uint16_t kinds[] = {EXTRASAMPLE_UNASSALPHA};
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, kinds);
    };
    const auto file = make_tiff({8, 4, PHOTOMETRIC_RGB, PLANARCONFIG_CONTIG, COMPRESSION_NONE, "w", alpha});
    EXPECT_EQ(thrown_code([&] { (void)decode(file); }), JPEGAI_ERROR_UNSUPPORTED);
    ReadOptions drop;
    drop.alpha = AlphaPolicy::kDrop;
    EXPECT_EQ(decode(file, drop).planes[2].data()[1], value(6, 8));
}

TEST(Tiff, CmykAndFloatAreRefused) {
    const auto cmyk = make_tiff({8, 4, PHOTOMETRIC_SEPARATED, PLANARCONFIG_CONTIG, COMPRESSION_NONE, "w", {}});
    EXPECT_EQ(thrown_code([&] { (void)decode(cmyk); }), JPEGAI_ERROR_UNSUPPORTED);
    const auto floats = [](TIFF* tiff) { TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP); };
    const auto file = make_tiff({16, 3, PHOTOMETRIC_RGB, PLANARCONFIG_CONTIG, COMPRESSION_NONE, "w", floats});
    EXPECT_EQ(thrown_code([&] { (void)decode(file); }), JPEGAI_ERROR_UNSUPPORTED);
}

TEST(Tiff, ProfileAndOrientation) {
    const Bytes profile = test::tiny_icc_profile();
    const auto extra = [&](TIFF* tiff) {
        TIFFSetField(tiff, TIFFTAG_ICCPROFILE, static_cast<std::uint32_t>(profile.size()), profile.data());
        TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_RIGHTTOP);
    };
    const Picture picture =
        decode(make_tiff({8, 3, PHOTOMETRIC_RGB, PLANARCONFIG_CONTIG, COMPRESSION_NONE, "w", extra}));
    EXPECT_EQ(picture.metadata.icc, profile);
    ASSERT_EQ(picture.metadata.notes.size(), 1U);
    EXPECT_NE(picture.metadata.notes[0].find("orientation 6"), std::string::npos);
}

TEST(Tiff, CutsDamageAndLimits) {
    const auto whole = make_tiff({16, 3, PHOTOMETRIC_RGB, PLANARCONFIG_CONTIG, COMPRESSION_LZW, "w", {}});
    ReadOptions options;
    options.max_pixels = 1U << 16;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        // The directory lies at the end of what libtiff writes.
        const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_NE(thrown_code([&] { (void)decode(cut, options); }), JPEGAI_OK) << size << " of " << whole.size();
    }
    for (std::size_t i = 0; i < whole.size(); ++i) {
        Bytes bad = whole;
        bad[i] ^= 0x41;
        EXPECT_NE(thrown_code([&] { (void)decode(bad, options); }), JPEGAI_ERROR_INTERNAL);
    }
    options.max_pixels = kWidth * kHeight - 1;
    EXPECT_EQ(thrown_code([&] { (void)decode(whole, options); }), JPEGAI_ERROR_LIMIT);
}

}  // namespace
}  // namespace jpegai
