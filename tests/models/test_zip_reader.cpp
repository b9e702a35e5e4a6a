#include <gtest/gtest.h>

#include "base/error.h"
#include "models/crc32.h"
#include "models/zip_reader.h"
#include "tests/models/archive_builder.h"
#include "tests/support/thrown.h"

namespace jpegai::test {
namespace {

ZipReader open_zip(const Bytes& archive) {
    return ZipReader(memory_source("archive", archive));
}

TEST(Crc32, GivesTheCheckValueAndIsTheSameForEveryLength) {
    EXPECT_EQ(crc32(to_bytes("123456789")), 0xCBF43926u);
    EXPECT_EQ(crc32({}), 0u);
    // Against the definition, bit by bit, around the 16 bytes taken at once.
    Bytes bytes;
    for (std::uint32_t n = 0; n < 70; ++n) {
        std::uint32_t remainder = 0xFFFFFFFF;
        for (const std::uint8_t byte : bytes) {
            remainder ^= byte;
            for (int bit = 0; bit < 8; ++bit)
                remainder = (remainder & 1) != 0 ? remainder >> 1 ^ 0xEDB88320u : remainder >> 1;
        }
        EXPECT_EQ(crc32(bytes), ~remainder) << n;
        bytes.push_back(static_cast<std::uint8_t>(n * 37 + 11));
    }
}

TEST(ZipReader, ReadsEveryStyleThatTorchMayWrite) {
    for (const bool zip64 : {false, true}) {
        for (const bool descriptor : {false, true}) {
            for (const std::size_t alignment : {std::size_t{1}, std::size_t{64}}) {
                ZipBuilder zip;
                const ZipStyle style{zip64, descriptor, alignment};
                zip.add("a/x", to_bytes("first"), style);
                zip.add("a/y", {}, style);
                zip.add("a/z", Bytes(1000, 7), style);
                const Bytes archive = zip.finish({zip64}, alignment > 1 ? "a comment" : "");
                const ZipReader reader = open_zip(archive);
                EXPECT_EQ(reader.entries().size(), 3u);
                EXPECT_EQ(reader.read("a/x", 5).bytes, to_bytes("first"));
                EXPECT_EQ(reader.read("a/x", 5).offset % alignment, 0u);
                EXPECT_TRUE(reader.read("a/y", 0).bytes.empty());
                EXPECT_EQ(reader.read("a/z", 1000).bytes, Bytes(1000, 7));
            }
        }
    }
}

TEST(ZipReader, ReportsMissingTooLargeAndDamagedEntries) {
    ZipBuilder zip;
    zip.add("a", to_bytes("hello"));
    Bytes archive = zip.finish();
    EXPECT_EQ(thrown_code([&] { (void)open_zip(archive).read("b", 100); }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(thrown_code([&] { (void)open_zip(archive).read("a", 4); }), JPEGAI_ERROR_MODEL);
    archive[31 + 2] ^= 1;  // inside the content
    EXPECT_EQ(thrown_code([&] { (void)open_zip(archive).read("a", 5); }), JPEGAI_ERROR_MODEL);
}

TEST(ZipReader, RefusesWhatIsNotStoredPlainly) {
    ZipStyle compressed, encrypted, longer, huge;
    compressed.method = 8;
    encrypted.flags = 1;
    longer.declared_extra = 100000;
    huge.zip64 = true;
    huge.declared_extra = std::int64_t{1} << 62;
    for (const ZipStyle& style : {compressed, encrypted, longer, huge}) {
        ZipBuilder zip;
        zip.add("a", to_bytes("hello"), style);
        const Bytes archive = zip.finish();
        EXPECT_EQ(thrown_code([&] { (void)open_zip(archive); }), JPEGAI_ERROR_MODEL);
    }
    ZipBuilder twice;
    twice.add("a", to_bytes("1"));
    twice.add("a", to_bytes("2"));
    const Bytes archive = twice.finish();
    EXPECT_EQ(thrown_code([&] { (void)open_zip(archive); }), JPEGAI_ERROR_MODEL);
}

TEST(ZipReader, ContentMayNotReachIntoTheEnd) {
    ZipStyle longer;
    longer.declared_extra = 180;  // still inside the file when counted from the header, not from the content
    ZipBuilder zip;
    zip.add("a", Bytes(60, 1), longer);
    zip.add("b", Bytes(20, 1));
    const Bytes archive = zip.finish();
    const ZipReader reader = open_zip(archive);
    EXPECT_EQ(thrown_code([&] { (void)reader.read("a", 1000); }), JPEGAI_ERROR_MODEL);
}

TEST(ZipReader, EveryTruncationIsReported) {
    for (const bool zip64 : {false, true}) {
        ZipBuilder zip;
        zip.add("a/data.pkl", to_bytes("hello"), {zip64});
        zip.add("a/data/0", Bytes(40, 3), {zip64});
        const Bytes archive = zip.finish({zip64});
        for (std::size_t length = 0; length < archive.size(); ++length) {
            const Bytes part(archive.begin(), archive.begin() + static_cast<std::ptrdiff_t>(length));
            EXPECT_EQ(thrown_code([&] { (void)open_zip(part); }), JPEGAI_ERROR_MODEL) << length;
        }
    }
}

}  // namespace
}  // namespace jpegai::test
