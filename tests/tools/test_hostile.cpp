// Damaged streams never surprise the three outputs of `jpegai info`.
#include <random>

#include <gtest/gtest.h>

#include "tests/tools/streams.h"
#include "tools/info.h"

namespace jpegai::test {
namespace {

/// Whether the bytes parse; if they do, everything that info prints is made. Only typed errors may come out.
bool describe(const std::vector<std::uint8_t>& bytes) {
    tools::LoadedStream loaded;
    loaded.path = "damaged";
    loaded.file = bytes;
    try {
        ParseOptions options;
        options.max_pixels = UINT64_MAX;
        loaded.stream = parse_codestream(loaded.file, options);
    } catch (const Error&) {
        return false;
    }
    const auto violations = check_picture(loaded.stream.picture, loaded.stream.dialect);
    EXPECT_FALSE(tools::info_json(loaded, violations).dump().empty());
    EXPECT_FALSE(tools::info_text(loaded, violations, {.fields = true, .verbose = true}).empty());
    EXPECT_FALSE(tools::header_listing(loaded.stream).empty());
    return true;
}

TEST(Hostile, DamagedHeaders) {
    std::mt19937 random(20);
    std::size_t parsed = 0;
    for (const char* name : {"quality_map_threads4", "filters_all", "regions_dependent_1x2"}) {
        const std::vector<std::uint8_t> whole = load_bytes(stream_path(name));
        for (int round = 0; round < 700; ++round) {
            std::vector<std::uint8_t> bytes = whole;
            const std::size_t flips = 1 + random() % 3;
            for (std::size_t i = 0; i < flips; ++i)
                bytes[random() % 300] ^= static_cast<std::uint8_t>(1U << random() % 8);
            parsed += describe(bytes);
        }
    }
    EXPECT_GT(parsed, 200U);  // enough of them get past the parser to mean something
}

}  // namespace
}  // namespace jpegai::test
