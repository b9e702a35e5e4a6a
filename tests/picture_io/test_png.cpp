// PNG variants, made with libpng directly.
#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/error.h"
#include "picture_io/picture_io.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using test::thrown_code;

struct Variant {
    int colour_type = PNG_COLOR_TYPE_RGB;
    int bit_depth = 8;
    int interlace = PNG_INTERLACE_NONE;
    std::function<void(png_structp, png_infop)> extra;  ///< sets optional chunks
};

/// A file whose rows are given as stored bytes.
std::vector<std::uint8_t> make_png(const Variant& variant, std::uint32_t width,
                                   std::vector<std::vector<std::uint8_t>> rows) {
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
    png_set_IHDR(png, info, width, static_cast<std::uint32_t>(rows.size()), variant.bit_depth, variant.colour_type,
                 variant.interlace, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (variant.extra) variant.extra(png, info);
    png_write_info(png, info);
    std::vector<png_bytep> pointers;
    for (auto& row : rows) pointers.push_back(row.data());
    png_write_image(png, pointers.data());
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return file;
}

std::vector<unsigned> samples(const Picture& picture, std::size_t plane) {
    return {picture.planes[plane].data(), picture.planes[plane].data() + picture.planes[plane].size()};
}

Picture decode(const std::vector<std::uint8_t>& file, const ReadOptions& options = {}) {
    return decode_picture(PictureFormat::kPng, file, options);
}

using Samples = std::vector<unsigned>;

TEST(Png, WrittenAsPhotoHasTheSameSamples) {
    unsigned state = 1;
    for (const ColourModel model : {ColourModel::kRgb, ColourModel::kGrey}) {
        for (const unsigned depth : {8U, 10U, 16U}) {
            for (const auto& [rows, cols] : {std::pair{50U, 70U}, {3U, 1U}, {1U, 200U}}) {
                Picture picture = make_picture(model, {1, 1}, depth, rows, cols);
                for (auto& plane : picture.planes) {
                    for (std::size_t i = 0; i < plane.size(); ++i) {
                        state = state * 1664525U + 1013904223U;
                        plane.data()[i] = static_cast<std::uint16_t>((i * 5 + (state >> 28)) % (1U << depth));
                    }
                }
                WriteOptions options;
                options.png_photo = true;
                const auto file = encode_picture(PictureFormat::kPng, picture, options);
                EXPECT_NE(file, encode_picture(PictureFormat::kPng, picture));
                const Picture back = decode(file);
                ASSERT_EQ(back.bit_depth, depth);
                for (std::size_t c = 0; c < picture.planes.size(); ++c) EXPECT_EQ(samples(back, c), samples(picture, c));
            }
        }
    }
}

TEST(Png, LowBitGreyBecomes8Bit) {
    const Picture one = decode(make_png({PNG_COLOR_TYPE_GRAY, 1, PNG_INTERLACE_NONE, {}}, 4, {{0xA0}}));
    EXPECT_EQ(one.model, ColourModel::kGrey);
    EXPECT_EQ(one.bit_depth, 8U);
    EXPECT_EQ(samples(one, 0), (Samples{255, 0, 255, 0}));
    EXPECT_EQ(samples(decode(make_png({PNG_COLOR_TYPE_GRAY, 4, PNG_INTERLACE_NONE, {}}, 2, {{0x3F}})), 0),
              (Samples{0x33, 0xFF}));
}

TEST(Png, Palette) {
    const auto palette = [](png_structp png, png_infop info) {
        const png_color colours[2] = {{1, 2, 3}, {10, 20, 30}};
        png_set_PLTE(png, info, colours, 2);
    };
    const Picture picture = decode(make_png({PNG_COLOR_TYPE_PALETTE, 8, PNG_INTERLACE_NONE, palette}, 3, {{1, 0, 1}}));
    EXPECT_EQ(picture.model, ColourModel::kRgb);
    EXPECT_EQ(samples(picture, 0), (Samples{10, 1, 10}));
    EXPECT_EQ(samples(picture, 2), (Samples{30, 3, 30}));
}

TEST(Png, TransparentColourAndAlpha) {
    const auto transparent = [](png_structp png, png_infop info) {
        png_color_16 colour{};
        colour.gray = 7;
        png_set_tRNS(png, info, nullptr, 0, &colour);
    };
    const Variant grey{PNG_COLOR_TYPE_GRAY, 8, PNG_INTERLACE_NONE, transparent};
    EXPECT_EQ(samples(decode(make_png(grey, 2, {{5, 6}})), 0), (Samples{5, 6}))
        << "no sample has the transparent colour";
    const auto with_seven = make_png(grey, 2, {{5, 7}});
    EXPECT_EQ(thrown_code([&] { (void)decode(with_seven); }), JPEGAI_ERROR_UNSUPPORTED);
    ReadOptions drop;
    drop.alpha = AlphaPolicy::kDrop;
    EXPECT_EQ(samples(decode(with_seven, drop), 0), (Samples{5, 7}));

    const Variant rgba{PNG_COLOR_TYPE_RGB_ALPHA, 16, PNG_INTERLACE_NONE, {}};
    const auto opaque = make_png(rgba, 1, {{1, 2, 3, 4, 5, 6, 255, 255}}),
               clear = make_png(rgba, 1, {{1, 2, 3, 4, 5, 6, 255, 254}});
    const Picture picture = decode(opaque);
    EXPECT_EQ(picture.bit_depth, 16U);
    EXPECT_EQ(picture.planes.size(), 3U);
    EXPECT_EQ(samples(picture, 1), (Samples{0x0304}));
    EXPECT_EQ(thrown_code([&] { (void)decode(clear); }), JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(samples(decode(clear, drop), 2), (Samples{0x0506}));
}

TEST(Png, Interlaced) {
    std::vector<std::vector<std::uint8_t>> rows(9, std::vector<std::uint8_t>(11 * 3));
    for (std::size_t y = 0; y < 9; ++y) {
        for (std::size_t x = 0; x < 33; ++x) rows[y][x] = static_cast<std::uint8_t>(y * 33 + x);
    }
    const Picture plain = decode(make_png({}, 11, rows));
    const Picture interlaced = decode(make_png({PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_ADAM7, {}}, 11, rows));
    for (std::size_t p = 0; p < 3; ++p) EXPECT_EQ(samples(interlaced, p), samples(plain, p));
    EXPECT_EQ(plain.planes[1](0, 2, 3), rows[2][10]);
}

TEST(Png, TenBitInSixteen) {
    Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 10, 1, 2);
    picture.planes[0].data()[0] = 1023;
    picture.planes[1].data()[1] = 5;
    WriteOptions zeros;
    zeros.fill_low_bits = false;
    ReadOptions as_stored;
    as_stored.significant_bits = false;
    const Picture filled = decode(encode_picture(PictureFormat::kPng, picture), as_stored);
    EXPECT_EQ(filled.bit_depth, 16U);
    EXPECT_EQ(samples(filled, 0), (Samples{65535, 63})) << "v * 64 + 63, as the reference writes it";
    EXPECT_EQ(samples(filled, 1), (Samples{63, 5 * 64 + 63}));
    const Picture shifted = decode(encode_picture(PictureFormat::kPng, picture, zeros), as_stored);
    EXPECT_EQ(samples(shifted, 0), (Samples{1023 * 64, 0}));
    EXPECT_EQ(samples(decode(encode_picture(PictureFormat::kPng, picture, zeros)), 1), (Samples{0, 5}));
}

TEST(Png, SignificantBitsThatDiffer) {
    const auto bits = [](png_structp png, png_infop info) {
        png_color_8 significant{};
        significant.red = 10;
        significant.green = 12;
        significant.blue = 10;
        png_set_sBIT(png, info, &significant);
    };
    EXPECT_EQ(decode(make_png({PNG_COLOR_TYPE_RGB, 16, PNG_INTERLACE_NONE, bits}, 1, {{1, 2, 3, 4, 5, 6}})).bit_depth,
              16U);
}

TEST(Png, CodePointsAreWritten) {
    Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, 1, 1);
    const auto plain = encode_picture(PictureFormat::kPng, picture);
    picture.colour = RenderingInfo::Cicp{9, 16, 9, true, 2};
    const auto tagged = encode_picture(PictureFormat::kPng, picture);
    const std::uint8_t chunk[] = {0, 0, 0, 4, 'c', 'I', 'C', 'P', 9, 16, 0, 1};
    EXPECT_NE(std::search(tagged.begin(), tagged.end(), std::begin(chunk), std::end(chunk)), tagged.end());
    EXPECT_EQ(tagged.size(), plain.size() + 16);
    EXPECT_EQ(samples(decode(tagged), 0), (Samples{0}));
}

TEST(Png, DamageIsAnErrorWithAPlace) {
    Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, 20, 20);
    for (std::size_t i = 0; i < 400; ++i) picture.planes[0].data()[i] = static_cast<std::uint16_t>(i % 251);
    const auto good = encode_picture(PictureFormat::kPng, picture);
    std::size_t failures = 0;
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        bad[i] ^= 0x10;
        try {
            (void)decode(bad);
        } catch (const Error& error) {
            ++failures;
            EXPECT_TRUE(error.code() == JPEGAI_ERROR_STRUCTURE || error.code() == JPEGAI_ERROR_TRUNCATED ||
                        error.code() == JPEGAI_ERROR_LIMIT)
                << error.what();
            if (error.code() != JPEGAI_ERROR_LIMIT) {
                EXPECT_LE(error.offset(), bad.size());
            }
        }
    }
    EXPECT_GT(failures, good.size() * 9 / 10);
}

TEST(Png, LimitBeforeAllocation) {
    // A header that promises 2^31 - 1 columns and rows.
    auto file = make_png({PNG_COLOR_TYPE_GRAY, 8, PNG_INTERLACE_NONE, {}}, 1, {{1}});
    ReadOptions options;
    options.max_pixels = 1;
    EXPECT_EQ(thrown_code([&] { (void)decode(file, options); }), JPEGAI_OK);
    file = make_png({PNG_COLOR_TYPE_GRAY, 8, PNG_INTERLACE_NONE, {}}, 2, {{1, 2}});
    EXPECT_EQ(thrown_code([&] { (void)decode(file, options); }), JPEGAI_ERROR_LIMIT);
}

}  // namespace
}  // namespace jpegai
