// Damaged streams through container, headers and entropy stage: a normal result or a typed error, nothing else. The
// sanitizer builds run the same code.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "bitstream/codestream.h"
#include "decoder/latents.h"
#include "tests/support/entropy_models.h"
#include "tests/support/test_data.h"

namespace jpegai {
namespace {

constexpr std::array<const char*, 10> kStreams = {
    "bop_64x64",       "hop_65x127", "bop_full",          "bop_qmap_threads4",          "bop_threads16",
    "bop_rvs_grfs_m0", "bop_efelin", "bop_yuv420_75x101", "bop_depreg128_ov11_256x192", "bop_force_all"};

/// Small enough that a damaged picture size does not make the test slow.
constexpr std::uint64_t kMaxPixels = 1 << 18;

/// What became of a stream: true for a result, false for a typed error with a reason. Anything else ends the test.
bool survives(std::span<const std::uint8_t> file) {
    try {
        ParseOptions options;
        options.max_pixels = kMaxPixels;
        const Codestream stream = parse_codestream(file, options);
        EntropyOptions entropy;
        entropy.keep_intermediates = false;
        (void)decode_latents(stream, file, test::entropy_models(false, stream.picture.model_id), entropy);
        return true;
    } catch (const Error& error) {
        EXPECT_NE(error.code(), JPEGAI_ERROR_INTERNAL) << error.what();
        EXPECT_NE(error.code(), JPEGAI_OK);
        EXPECT_FALSE(std::string(error.what()).empty());
        EXPECT_TRUE(error.offset() == kNoOffset || error.offset() <= file.size()) << error.what();
        return false;
    }
}

std::vector<std::uint8_t> stream_of(const char* name) {
    return test::load_bytes(test::shared_dir() / "vectors" / name / "stream.bits");
}

TEST(HostilePayloads, TruncationAtEveryByte) {
    JPEGAI_NEEDS_SHARED();
    for (const char* name : kStreams) {
        const auto file = stream_of(name);
        ASSERT_TRUE(survives(file)) << name;
        for (std::size_t n = 0; n < file.size(); ++n) ASSERT_FALSE(survives({file.data(), n})) << name << ' ' << n;
    }
}

/// 100,000 with JPEGAI_HOSTILE_FLIPS=100000; fewer by default to keep the suite quick.
TEST(HostilePayloads, RandomByteFlips) {
    JPEGAI_NEEDS_SHARED();
    const char* wanted = std::getenv("JPEGAI_HOSTILE_FLIPS");
    const int flips = wanted != nullptr ? std::atoi(wanted) : 3000;
    std::mt19937 random(20261123);
    std::size_t results = 0;
    for (const char* name : kStreams) {
        const auto original = stream_of(name);
        for (int i = 0; i < flips / static_cast<int>(kStreams.size()); ++i) {
            auto file = original;
            const std::size_t count = 1 + random() % 3;
            for (std::size_t k = 0; k < count; ++k) {
                // Half of the flips go to the headers, which are a small part of the file.
                const std::size_t range = random() % 2 == 0 ? std::min<std::size_t>(file.size(), 64) : file.size();
                file[random() % range] ^= static_cast<std::uint8_t>(1 + random() % 255);
            }
            results += survives(file);
        }
    }
    std::printf("%d damaged streams, %zu still gave latents\n", flips, results);
}

/// Every substream's size field set to the extremes that its length can express, and to lengths around the true one.
TEST(HostilePayloads, LengthFieldsAtTheirExtremes) {
    JPEGAI_NEEDS_SHARED();
    for (const char* name : kStreams) {
        const auto original = stream_of(name);
        for (const Substream& substream : parse_codestream(original).substreams) {
            const auto first = static_cast<std::size_t>(substream.marker_offset) + 2;
            const auto last = static_cast<std::size_t>(substream.payload.offset);
            for (const int extreme : {0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF}) {
                const auto value = static_cast<std::uint8_t>(extreme);
                for (std::size_t at = first; at < last; ++at) {
                    auto file = original;
                    file[at] = value;
                    (void)survives(file);
                    for (std::size_t rest = at; rest < last; ++rest) file[rest] = value;
                    (void)survives(file);
                }
            }
        }
    }
}

}  // namespace
}  // namespace jpegai
