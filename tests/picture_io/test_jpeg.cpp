// JPEG files, made with libjpeg.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>

#include "base/error.h"
#include "picture_io/picture_io.h"
#include "tests/picture_io/metadata_samples.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using test::thrown_code;

struct Variant {
    int components = 3;
    bool progressive = false;
    std::vector<std::uint8_t> icc, exif;
};

constexpr unsigned kWidth = 37, kHeight = 21;

/// Smooth, so that little is lost: component c at (x, y) is 40 + 3 x + 2 y + 10 c.
unsigned sample(unsigned x, unsigned y, unsigned c) {
    return 40 + 3 * x + 2 * y + 10 * c;
}

std::vector<std::uint8_t> make_jpeg(const Variant& variant) {
    jpeg_compress_struct codec{};
    jpeg_error_mgr errors{};
    codec.err = jpeg_std_error(&errors);
    jpeg_create_compress(&codec);
    unsigned char* memory = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&codec, &memory, &size);
    codec.image_width = kWidth;
    codec.image_height = kHeight;
    codec.input_components = variant.components;
    codec.in_color_space = variant.components == 1 ? JCS_GRAYSCALE : variant.components == 3 ? JCS_RGB : JCS_CMYK;
    jpeg_set_defaults(&codec);
    jpeg_set_quality(&codec, 98, TRUE);
    if (variant.progressive) jpeg_simple_progression(&codec);
    jpeg_start_compress(&codec, TRUE);
    if (!variant.exif.empty()) {
        std::vector<std::uint8_t> payload = {'E', 'x', 'i', 'f', 0, 0};
        payload.insert(payload.end(), variant.exif.begin(), variant.exif.end());
        jpeg_write_marker(&codec, JPEG_APP0 + 1, payload.data(), static_cast<unsigned>(payload.size()));
    }
    if (!variant.icc.empty())
        jpeg_write_icc_profile(&codec, variant.icc.data(), static_cast<unsigned>(variant.icc.size()));
    const auto channels = static_cast<unsigned>(variant.components);
    std::vector<std::uint8_t> row(kWidth * channels);
    for (unsigned y = 0; y < kHeight; ++y) {
        for (unsigned i = 0; i < row.size(); ++i)
            row[i] = static_cast<std::uint8_t>(sample(i / channels, y, i % channels));
        JSAMPROW rows[] = {row.data()};
        jpeg_write_scanlines(&codec, rows, 1);
    }
    jpeg_finish_compress(&codec);
    jpeg_destroy_compress(&codec);
    std::vector<std::uint8_t> file(memory, memory + size);
    std::free(memory);
    return file;
}

Picture decode(const std::vector<std::uint8_t>& file, const ReadOptions& options = {}) {
    return decode_picture(PictureFormat::kJpeg, file, options);
}

void expect_samples(const Picture& picture, ColourModel model) {
    EXPECT_EQ(picture.model, model);
    EXPECT_EQ(picture.bit_depth, 8U);
    ASSERT_EQ(picture.cols(), kWidth);
    ASSERT_EQ(picture.rows(), kHeight);
    for (unsigned c = 0; c < picture.planes.size(); ++c) {
        for (unsigned y = 0; y < kHeight; ++y) {
            for (unsigned x = 0; x < kWidth; ++x)
                EXPECT_NEAR(picture.planes[c](0, y, x), sample(x, y, c), 6) << c << ' ' << y << ' ' << x;
        }
    }
}

TEST(Jpeg, GreyRgbProgressive) {
    expect_samples(decode(make_jpeg({1, false, {}, {}})), ColourModel::kGrey);
    expect_samples(decode(make_jpeg({3, false, {}, {}})), ColourModel::kRgb);
    expect_samples(decode(make_jpeg({3, true, {}, {}})), ColourModel::kRgb);
    EXPECT_EQ(format_of_bytes(make_jpeg({})), PictureFormat::kJpeg);
}

TEST(Jpeg, ProfileAndExif) {
    std::vector<std::uint8_t> profile = test::tiny_icc_profile();
    profile.resize(100'000, 7);  // takes two markers
    const Picture picture = decode(make_jpeg({3, false, profile, test::tiny_exif(6)}));
    EXPECT_EQ(picture.metadata.icc, profile);
    EXPECT_EQ(picture.metadata.exif, test::tiny_exif(6));
    ASSERT_EQ(picture.metadata.notes.size(), 1U);
    EXPECT_NE(picture.metadata.notes[0].find("orientation 6"), std::string::npos);
    EXPECT_EQ(decode(make_jpeg({})).metadata, PictureMetadata{});
}

TEST(Jpeg, CmykIsRefused) {
    const auto file = make_jpeg({4, false, {}, {}});
    EXPECT_EQ(thrown_code([&] { (void)decode(file); }), JPEGAI_ERROR_UNSUPPORTED);
}

TEST(Jpeg, EveryCutIsRefused) {
    for (const bool progressive : {false, true}) {
        const auto whole = make_jpeg({3, progressive, {}, {}});
        // The end marker alone is missed by nobody.
        for (std::size_t size = 0; size + 2 < whole.size(); ++size) {
            const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            const jpegai_error code = thrown_code([&] { (void)decode(cut); });
            EXPECT_TRUE(code == JPEGAI_ERROR_TRUNCATED || code == JPEGAI_ERROR_STRUCTURE) << size << ' ' << code;
        }
    }
}

TEST(Jpeg, DamageIsAnErrorOrAPicture) {
    const auto good = make_jpeg({3, true, test::tiny_icc_profile(), test::tiny_exif(1)});
    ReadOptions options;
    options.max_pixels = 1U << 16;
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        bad[i] ^= 0x11;
        try {
            check_picture(decode(bad, options));
        } catch (const Error& error) {
            EXPECT_NE(error.code(), JPEGAI_ERROR_INTERNAL);
            EXPECT_TRUE(error.offset() == kNoOffset || error.offset() <= bad.size());
        }
    }
}

TEST(Jpeg, OtherVariants) {
    auto twelve_bits = make_jpeg({});
    for (std::size_t i = 0; i + 5 < twelve_bits.size(); ++i) {
        if (twelve_bits[i] == 0xFF && twelve_bits[i + 1] == 0xC0) twelve_bits[i + 4] = 12;
    }
    EXPECT_EQ(thrown_code([&] { (void)decode(twelve_bits); }), JPEGAI_ERROR_UNSUPPORTED);
    ReadOptions small;
    small.max_pixels = kWidth * kHeight - 1;
    EXPECT_EQ(thrown_code([&] { (void)decode(make_jpeg({}), small); }), JPEGAI_ERROR_LIMIT);
}

}  // namespace
}  // namespace jpegai
