#include <gtest/gtest.h>

#include "bitstream/bit_reader.h"
#include "bitstream/bit_writer.h"
#include "tests/bitstream/expect_error.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

jpegai_error code_of(const std::function<void()>& action) {
    return thrown_by(action).code;
}

TEST(BitIo, StandardVectorsOfExpGolombCodes) {
    const auto vectors = load_json(data_path("standard/expgolomb.json"));
    for (const auto& run : vectors["ue"]) {
        BitWriter writer;
        for (const std::uint32_t value : run["values"]) writer.ue(value);
        const auto bytes = from_hex(run["bytes"]);
        EXPECT_EQ(std::move(writer).take(), bytes);
        BitReader reader(bytes);
        for (const std::uint32_t value : run["values"]) EXPECT_EQ(reader.ue(), value);
        EXPECT_TRUE(reader.byte_align());
        EXPECT_EQ(reader.bytes_used(), bytes.size());
    }
    for (const auto& run : vectors["se"]) {
        BitWriter writer;
        for (const std::int32_t value : run["values"]) writer.se(value);
        const auto bytes = from_hex(run["bytes"]);
        EXPECT_EQ(std::move(writer).take(), bytes);
        BitReader reader(bytes);
        for (const std::int32_t value : run["values"]) EXPECT_EQ(reader.se(), value);
        EXPECT_TRUE(reader.byte_align());
        EXPECT_EQ(reader.bytes_used(), bytes.size());
    }
    const auto& example = vectors["example"];
    BitWriter writer;
    for (const std::int32_t value : example["deltas"]) writer.se(value);
    EXPECT_EQ(std::move(writer).take(), from_hex(example["prefix"]));
}

// 01 section 2.
TEST(BitIo, ExamplesOfTheText) {
    const std::vector<std::pair<std::uint32_t, std::string>> examples = {{0, "80"},          {1, "40"},
                                                                         {2, "60"},          {3, "20"},
                                                                         {5, "30"},          {6, "38"},
                                                                         {7, "10"},          {16, "08 80"},
                                                                         {126, "03 F8"},     {127, "01 00"},
                                                                         {128, "01 02"},     {255, "00 80 00"},
                                                                         {1243, "00 26 E0"}, {32767, "00 01 00 00"}};
    for (const auto& [value, hex] : examples) {
        BitWriter writer;
        writer.ue(value);
        EXPECT_EQ(std::move(writer).take(), from_hex(hex)) << value;
    }
}

TEST(BitIo, FixedWidthsAtEveryAlignment) {
    for (unsigned shift = 0; shift < 8; ++shift) {
        BitWriter writer;
        writer.u(0, shift);
        for (unsigned n = 0; n <= 32; ++n) writer.u(n == 0 ? 0 : 0xA5C3F196U >> (32 - n), n);
        EXPECT_EQ(writer.bits_written(), shift + 32 * 33 / 2);
        const auto bytes = std::move(writer).take();
        BitReader reader(bytes);
        EXPECT_EQ(reader.u(shift), 0U);
        for (unsigned n = 0; n <= 32; ++n) EXPECT_EQ(reader.u(n), n == 0 ? 0 : 0xA5C3F196U >> (32 - n));
        EXPECT_LT(reader.bits_left(), 8U);
    }
}

TEST(BitIo, LargestCodes) {
    for (const std::uint32_t value : {0x7FFFFFFEU, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFEU}) {
        BitWriter writer;
        writer.ue(value);
        const auto bytes = std::move(writer).take();
        EXPECT_EQ(BitReader(bytes).ue(), value);
    }
    for (const std::int32_t value : {2147483647, -2147483647, 1073741824, -1073741824}) {
        BitWriter writer;
        writer.se(value);
        const auto bytes = std::move(writer).take();
        EXPECT_EQ(BitReader(bytes).se(), value);
    }
    BitWriter writer;
    EXPECT_EQ(code_of([&] { writer.ue(0xFFFFFFFFU); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code_of([&] { writer.se(-2147483647 - 1); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code_of([&] { writer.u(2, 1); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code_of([&] { writer.u(0, 33); }), JPEGAI_ERROR_ARGUMENT);
}

TEST(BitIo, CodesOfMoreThan32BitsAreRefused) {
    const std::vector<std::uint8_t> zeros(16, 0);
    const Thrown thrown = thrown_by([&] { (void)BitReader(zeros, 100).ue(); });
    EXPECT_EQ(thrown.code, JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(thrown.offset, 100U);
    auto bytes = from_hex("00 00 00 00 80 00 00 00 00");  // 32 zeros, then a one
    EXPECT_EQ(code_of([&] { (void)BitReader(bytes).ue(); }), JPEGAI_ERROR_STRUCTURE);
}

TEST(BitIo, TheEndOfTheDataIsReported) {
    const std::vector<std::uint8_t> bytes = {0x00, 0x01};
    BitReader reader(bytes, 50);
    EXPECT_EQ(reader.u(12), 0U);
    EXPECT_EQ(reader.file_offset(), 51U);
    const Thrown thrown = thrown_by([&] { (void)reader.u(5); });
    EXPECT_EQ(thrown.code, JPEGAI_ERROR_TRUNCATED);
    EXPECT_EQ(thrown.offset, 52U);
    EXPECT_EQ(reader.u(4), 1U);
    EXPECT_EQ(reader.bits_left(), 0U);
    EXPECT_EQ(code_of([&] { (void)BitReader(bytes).ue(); }), JPEGAI_ERROR_TRUNCATED);  // needs 15 more bits
    EXPECT_EQ(code_of([&] { (void)BitReader({}).u(1); }), JPEGAI_ERROR_TRUNCATED);
    EXPECT_EQ(BitReader({}).u(0), 0U);
}

TEST(BitIo, AligningTellsWhetherItSkippedZeros) {
    const std::vector<std::uint8_t> bytes = {0x80, 0x81};
    BitReader reader(bytes);
    EXPECT_TRUE(reader.byte_align());
    EXPECT_EQ(reader.u(1), 1U);
    EXPECT_TRUE(reader.byte_align());
    EXPECT_EQ(reader.u(1), 1U);
    EXPECT_FALSE(reader.byte_align());
    EXPECT_EQ(reader.bytes_used(), 2U);
}

}  // namespace
}  // namespace jpegai::test
