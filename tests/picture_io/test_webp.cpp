// WebP files, made with libwebp.
#include <gtest/gtest.h>

#include <webp/encode.h>

#include <string_view>

#include "base/error.h"
#include "picture_io/picture_io.h"
#include "tests/picture_io/metadata_samples.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using test::thrown_code;
using Bytes = std::vector<std::uint8_t>;

constexpr int kWidth = 13, kHeight = 9;

Bytes samples(std::size_t channels, std::uint8_t alpha) {
    Bytes values(static_cast<std::size_t>(kWidth * kHeight) * channels);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = channels == 4 && i % 4 == 3 ? alpha : static_cast<std::uint8_t>(i * 7);
    return values;
}

Bytes taken(std::uint8_t* memory, std::size_t size) {
    Bytes file(memory, memory + size);
    WebPFree(memory);
    return file;
}

Bytes lossless_rgb() {
    std::uint8_t* out = nullptr;
    const std::size_t size = WebPEncodeLosslessRGB(samples(3, 0).data(), kWidth, kHeight, kWidth * 3, &out);
    return taken(out, size);
}

Bytes lossless_rgba(std::uint8_t alpha) {
    std::uint8_t* out = nullptr;
    const std::size_t size = WebPEncodeLosslessRGBA(samples(4, alpha).data(), kWidth, kHeight, kWidth * 4, &out);
    return taken(out, size);
}

Bytes lossy_rgb() {
    std::uint8_t* out = nullptr;
    const std::size_t size = WebPEncodeRGB(samples(3, 0).data(), kWidth, kHeight, kWidth * 3, 50, &out);
    return taken(out, size);
}

void append(Bytes& file, std::string_view text) {
    file.insert(file.end(), text.begin(), text.end());
}

void append_chunk(Bytes& file, std::string_view name, const Bytes& payload) {
    append(file, name);
    for (unsigned i = 0; i < 4; ++i) file.push_back(static_cast<std::uint8_t>(payload.size() >> (8 * i)));
    file.insert(file.end(), payload.begin(), payload.end());
    if (payload.size() % 2 != 0) file.push_back(0);
}

/// The extended container around a simple file.
Bytes with_metadata(const Bytes& simple, const Bytes& icc, const Bytes& exif) {
    Bytes body;
    append(body, "WEBP");
    append_chunk(body, "VP8X", {0x28, 0, 0, 0, kWidth - 1, 0, 0, kHeight - 1, 0, 0});
    append_chunk(body, "ICCP", icc);
    body.insert(body.end(), simple.begin() + 12, simple.end());
    append_chunk(body, "EXIF", exif);
    Bytes file;
    append_chunk(file, "RIFF", body);
    return file;
}

Picture decode(const Bytes& file, const ReadOptions& options = {}) {
    return decode_picture(PictureFormat::kWebp, file, options);
}

TEST(Webp, LosslessAndLossy) {
    const Picture picture = decode(lossless_rgb());
    EXPECT_EQ(picture.model, ColourModel::kRgb);
    ASSERT_EQ(picture.rows(), 9U);
    const Bytes expected = samples(3, 0);
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(picture.planes[i % 3].data()[i / 3], expected[i]);
    EXPECT_EQ(decode(lossy_rgb()).cols(), 13U);
    EXPECT_EQ(format_of_bytes(lossy_rgb()), PictureFormat::kWebp);
}

TEST(Webp, Alpha) {
    EXPECT_EQ(decode(lossless_rgba(255)).planes.size(), 3U);
    EXPECT_EQ(thrown_code([] { (void)decode(lossless_rgba(254)); }), JPEGAI_ERROR_UNSUPPORTED);
    ReadOptions drop;
    drop.alpha = AlphaPolicy::kDrop;
    EXPECT_EQ(decode(lossless_rgba(254), drop).planes[1].data()[0], 7);
}

TEST(Webp, ProfileAndExif) {
    const Bytes icc = test::tiny_icc_profile();
    Bytes prefixed = {'E', 'x', 'i', 'f', 0, 0};
    const Bytes exif = test::tiny_exif(3, false);
    prefixed.insert(prefixed.end(), exif.begin(), exif.end());
    for (const Bytes& stored : {exif, prefixed}) {
        const Picture picture = decode(with_metadata(lossless_rgb(), icc, stored));
        EXPECT_EQ(picture.metadata.icc, icc);
        EXPECT_EQ(picture.metadata.exif, exif);
        EXPECT_EQ(picture.metadata.notes.size(), 1U);
    }
}

TEST(Webp, CutsAndDamage) {
    for (const Bytes& whole : {lossless_rgb(), lossy_rgb(), with_metadata(lossy_rgb(), test::tiny_icc_profile(), {})}) {
        const bool padded = whole[4] % 2 != 0;
        for (std::size_t size = 0; size + 24 < whole.size() && !padded; ++size) {
            const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            EXPECT_NE(thrown_code([&] { (void)decode(cut); }), JPEGAI_OK) << size << " of " << whole.size();
        }
        for (std::size_t i = 0; i < whole.size(); ++i) {
            Bytes bad = whole;
            bad[i] ^= 0x21;
            ReadOptions options;
            options.max_pixels = 1U << 16;
            const jpegai_error code = thrown_code([&] { (void)decode(bad, options); });
            EXPECT_NE(code, JPEGAI_ERROR_INTERNAL);
        }
    }
}

TEST(Webp, Limit) {
    ReadOptions small;
    small.max_pixels = kWidth * kHeight - 1;
    EXPECT_EQ(thrown_code([&] { (void)decode(lossless_rgb(), small); }), JPEGAI_ERROR_LIMIT);
}

}  // namespace
}  // namespace jpegai
