// Telling the two dialects apart (01 section 1).
#include <gtest/gtest.h>

#include "bitstream/codestream.h"
#include "tests/bitstream/expect_error.h"
#include "tests/bitstream/sample_streams.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

/// Every list of synthesis transforms that profile `profile` may signal: some default of its set, then any of its ids.
std::vector<std::vector<std::uint8_t>> transform_lists(std::uint8_t profile) {
    std::vector<std::vector<std::uint8_t>> lists;
    for (std::uint8_t first = 0; first <= profile; ++first) {
        lists.push_back({first});
        for (std::uint8_t second = 0; second <= profile; ++second) {
            if (second == first) continue;
            lists.push_back({first, second});
            for (std::uint8_t third = 0; third <= profile; ++third) {
                if (third != first && third != second) lists.push_back({first, second, third});
            }
        }
    }
    return lists;
}

TEST(Dialects, EveryConformingHeaderIsTold) {
    std::vector<std::uint32_t> widths;
    for (std::uint32_t width = 64; width <= 65599; width += width < 400 ? 1 : 997) widths.push_back(width);
    for (unsigned bit = 0; bit < 16; ++bit) widths.push_back(64 + (1U << bit));
    widths.push_back(65599);
    std::size_t headers = 0;
    for (std::uint8_t profile = 0; profile <= 2; ++profile) {
        for (const auto& transforms : transform_lists(profile)) {
            for (const int level : {10, 11, 12, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52}) {
                for (const std::uint32_t width : widths) {
                    PictureHeader picture = plain_picture(width, 64 + width % 301);
                    picture.decoder_profile_id = profile;
                    picture.synthesis_transform_id = transforms;
                    picture.level_idc = static_cast<std::uint8_t>(level);
                    for (const Dialect dialect : {Dialect::kDis, Dialect::kIs}) {
                        ASSERT_EQ(detect_dialect(write_picture_header(picture, dialect), 0), dialect)
                            << int{profile} << " " << transforms.size() << " " << level << " " << width;
                        ++headers;
                    }
                }
            }
        }
    }
    EXPECT_GT(headers, 200'000U);
}

// In the simple profile the level is what tells the dialects apart, so no other level may pass.
TEST(Dialects, LevelsOfTheSimpleProfile) {
    PictureHeader picture = plain_picture(64, 64);
    picture.decoder_profile_id = 0;
    picture.synthesis_transform_id = {0};
    for (int level = 0; level < 256; ++level) {
        const bool known = level / 10 >= 1 && level / 10 <= 5 && level % 10 <= 2;
        picture.level_idc = static_cast<std::uint8_t>(level);
        for (const Dialect dialect : {Dialect::kDis, Dialect::kIs}) {
            bool told = false;
            const auto payload = write_picture_header(picture, dialect);
            (void)thrown_by([&] { told = detect_dialect(payload, 0) == dialect; });
            EXPECT_EQ(told, known) << level;
        }
    }
}

TEST(Dialects, NeitherFits) {
    // Simple profile, one transform, level 13.
    const auto level_13 = from_hex("00 00 D0 00 00 00 00 00");
    const Thrown thrown = thrown_by([&] { (void)detect_dialect(level_13, 77); });
    EXPECT_EQ(thrown.code, JPEGAI_ERROR_HEADER);
    EXPECT_EQ(thrown.offset, 77U);
    // An IS level 52 behind a transform id that is not 0.
    EXPECT_EQ(thrown_by([&] { (void)detect_dialect(from_hex("00 07 34 00"), 0); }).code, JPEGAI_ERROR_HEADER);
    EXPECT_EQ(thrown_by([&] { (void)detect_dialect({}, 0); }).code, JPEGAI_ERROR_TRUNCATED);
    EXPECT_EQ(thrown_by([&] { (void)detect_dialect(from_hex("00 00"), 0); }).code, JPEGAI_ERROR_TRUNCATED);
}

TEST(Dialects, AHeaderThatWouldBeMistakenIsNotWritten) {
    // The simple profile lists one transform; with two, DIS reads like IS, and IS like nothing known.
    CodestreamParts parts = sample_streams().front().parts;
    parts.picture.decoder_profile_id = 0;
    parts.picture.synthesis_transform_id = {0, 0};
    for (const Dialect dialect : {Dialect::kDis, Dialect::kIs}) {
        parts.dialect = dialect;
        EXPECT_EQ(thrown_by([&] { (void)write_codestream(parts); }).code, JPEGAI_ERROR_ARGUMENT);
    }
}

}  // namespace
}  // namespace jpegai::test
