// `jpegai info --header-txt` equals the listings that the reference software made of the same streams.
#include <filesystem>

#include <gtest/gtest.h>

#include "bitstream/codestream.h"
#include "tests/support/test_data.h"
#include "tests/tools/process.h"
#include "tools/info.h"

namespace jpegai::test {
namespace {

std::string expected_listing(const std::filesystem::path& folder) {
    // The stock reference stops in the middle of a quality map's header; "fixed" listings are complete.
    const bool fixed = std::filesystem::exists(folder / "fixed_header.txt");
    const std::vector<std::uint8_t> bytes = load_bytes(folder / (fixed ? "fixed_header.txt" : "header.txt"));
    return {bytes.begin(), bytes.end()};
}

TEST(HeaderListing, EqualsTheReferenceForEveryVector) {
    JPEGAI_NEEDS_SHARED();
    std::size_t compared = 0;
    for (const char* collection : {"vectors", "models/vectors"}) {
        for (const std::filesystem::path& folder : stream_cases(collection)) {
            const Codestream stream = parse_codestream(load_bytes(folder / "stream.bits"));
            EXPECT_EQ(tools::header_listing(stream), expected_listing(folder)) << folder;
            ++compared;
        }
    }
    EXPECT_GT(compared, 100U);
}

TEST(HeaderListing, TheProgramPrintsIt) {
    for (const char* name : {"quality_map_threads4", "filters_all", "regions_dependent_1x2", "photo_bop"}) {
        const std::filesystem::path path = data_path(std::string("streams/") + name + ".bits");
        const ProcessResult result = run_jpegai({"info", "--header-txt", path.string()});
        EXPECT_EQ(result.exit_code, 0);
        EXPECT_EQ(result.out, tools::header_listing(parse_codestream(load_bytes(path))));
        const std::vector<std::uint8_t> listing = load_bytes(data_path(std::string("streams/") + name + ".txt"));
        EXPECT_EQ(result.out, std::string(listing.begin(), listing.end())) << name;
    }
}

}  // namespace
}  // namespace jpegai::test
