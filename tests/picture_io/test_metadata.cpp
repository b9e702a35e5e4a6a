// EXIF, and what PNG files carry beside their samples.
#include <gtest/gtest.h>

#include <png.h>

#include <array>

#include "base/error.h"
#include "picture_io/picture_io.h"
#include "tests/picture_io/metadata_samples.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

TEST(Metadata, Orientation) {
    EXPECT_EQ(exif_orientation(test::tiny_exif(6)), 6U);
    EXPECT_EQ(exif_orientation(test::tiny_exif(3, false)), 3U);
    EXPECT_EQ(exif_orientation(test::tiny_exif(9)), 1U) << "there are eight";
    EXPECT_EQ(exif_orientation({}), 1U);
    auto cut = test::tiny_exif(6);
    for (; !cut.empty(); cut.pop_back()) (void)exif_orientation(cut);
    auto far = test::tiny_exif(6);
    far[4] = 0xFF;
    EXPECT_EQ(exif_orientation(far), 1U) << "the directory lies beyond the end";
}

TEST(Metadata, PngKeepsProfileExifAndCodePoints) {
    Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, 2, 3);
    picture.metadata.icc = test::tiny_icc_profile();
    picture.metadata.exif = test::tiny_exif(1);
    picture.colour = RenderingInfo::Cicp{9, 16, 9, true, 2};
    const Picture read = decode_picture(PictureFormat::kPng, encode_picture(PictureFormat::kPng, picture));
    EXPECT_EQ(read.metadata.icc, picture.metadata.icc);
    EXPECT_EQ(read.metadata.exif, picture.metadata.exif);
    EXPECT_TRUE(read.metadata.notes.empty());
    EXPECT_EQ(read.colour, (RenderingInfo::Cicp{9, 16, 0, true, 2})) << "the samples of PNG are RGB";

    picture.metadata = {};
    picture.colour.reset();
    const Picture plain = decode_picture(PictureFormat::kPng, encode_picture(PictureFormat::kPng, picture));
    EXPECT_EQ(plain.metadata, PictureMetadata{});
    EXPECT_FALSE(plain.colour.has_value());
}

TEST(Metadata, ProfilesThatDoNotFitAreLeftOut) {
    Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, 2, 3);
    for (const auto& profile : {test::tiny_icc_profile("GRAY"), std::vector<std::uint8_t>(50)}) {
        picture.metadata.icc = profile;
        const Picture read = decode_picture(PictureFormat::kPng, encode_picture(PictureFormat::kPng, picture));
        EXPECT_TRUE(read.metadata.icc.empty());
        EXPECT_EQ(read.cols(), 3U);
    }
}

TEST(Metadata, OrientationIsNoted) {
    Picture picture = make_picture(ColourModel::kGrey, {1, 1}, 8, 2, 3);
    picture.metadata.exif = test::tiny_exif(8);
    const Picture read = decode_picture(PictureFormat::kPng, encode_picture(PictureFormat::kPng, picture));
    ASSERT_EQ(read.metadata.notes.size(), 1U);
    EXPECT_NE(read.metadata.notes[0].find("orientation 8"), std::string::npos);
    EXPECT_EQ(read.rows(), 2U);
}

/// A grey picture of one sample with the chunk gAMA.
std::vector<std::uint8_t> png_with_gamma(double gamma, bool srgb) {
    std::vector<std::uint8_t> file;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(
        png, &file,
        [](png_structp p, png_bytep data, std::size_t count) {
            auto* out = static_cast<std::vector<std::uint8_t>*>(png_get_io_ptr(p));
            out->insert(out->end(), data, data + count);
        },
        nullptr);
    png_set_IHDR(png, info, 1, 1, 8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_set_gAMA(png, info, gamma);
    if (srgb) png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    png_write_info(png, info);
    std::array<png_byte, 1> sample = {7};
    png_write_row(png, sample.data());
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return file;
}

TEST(Metadata, GammaIsNotedWhereItMatters) {
    EXPECT_EQ(decode_picture(PictureFormat::kPng, png_with_gamma(1.0, false)).metadata.notes.size(), 1U);
    EXPECT_TRUE(decode_picture(PictureFormat::kPng, png_with_gamma(0.45455, false)).metadata.notes.empty());
    EXPECT_TRUE(decode_picture(PictureFormat::kPng, png_with_gamma(0.45455, true)).metadata.notes.empty());
}

TEST(Metadata, FormatsThatAreOnlyRead) {
    const Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, 2, 3);
    for (const PictureFormat format : {PictureFormat::kJpeg, PictureFormat::kWebp, PictureFormat::kTiff}) {
        EXPECT_FALSE(can_write(format));
        EXPECT_EQ(test::thrown_code([&] { (void)encode_picture(format, picture); }), JPEGAI_ERROR_ARGUMENT);
        if (!can_read(format)) {
            EXPECT_EQ(test::thrown_code([&] { (void)decode_picture(format, {}); }), JPEGAI_ERROR_UNSUPPORTED);
        }
    }
    EXPECT_EQ(format_of_path("a.JPG"), PictureFormat::kJpeg);
    EXPECT_EQ(format_of_path("a.jpeg"), PictureFormat::kJpeg);
    EXPECT_EQ(format_of_path("a.webp"), PictureFormat::kWebp);
    EXPECT_EQ(format_of_path("a.tif"), PictureFormat::kTiff);
}

}  // namespace
}  // namespace jpegai
