// The fast compressor of PNG data against the decoder of zlib.
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "picture_io/run_deflate.h"

namespace jpegai::picture_formats {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes compress(const Bytes& bytes, std::size_t piece) {
    RunDeflater deflater;
    Bytes made;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        deflater.add(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
        const Bytes part = deflater.take();
        made.insert(made.end(), part.begin(), part.end());
    }
    deflater.finish();
    const Bytes part = deflater.take();
    made.insert(made.end(), part.begin(), part.end());
    return made;
}

/// Decodes with zlib, which checks the Adler-32 at the end.
void expect_same(const Bytes& bytes, const char* what) {
    const Bytes packed = compress(bytes, 1000);
    Bytes back(bytes.size() + 1);
    uLongf length = back.size();
    ASSERT_EQ(uncompress(back.data(), &length, packed.data(), packed.size()), Z_OK) << what << ' ' << bytes.size();
    back.resize(length);
    EXPECT_TRUE(back == bytes) << what << ' ' << bytes.size();
}

TEST(RunDeflate, ZlibReadsWhatIsWritten) {
    std::mt19937 random(1);
    for (const std::size_t size : {0U, 1U, 3U, 4U, 5U, 258U, 259U, 263U, 131'072U, 131'073U, 300'001U}) {
        Bytes bytes(size);
        expect_same(bytes, "zeros");
        for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(random());
        expect_same(bytes, "noise");
        for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(std::max(0.0, 20 * std::log2(1 + random() % 4096)));
        expect_same(bytes, "skewed");
        // Runs of all lengths, also across blocks, between single bytes.
        for (std::size_t i = 0; i < size;) {
            const std::size_t run = 1 + random() % (random() % 2 == 0 ? 6 : 600);
            const auto value = static_cast<std::uint8_t>(random() % 3);
            for (std::size_t k = 0; k < run && i < size; ++k) bytes[i++] = value;
        }
        expect_same(bytes, "runs");
    }
}

TEST(RunDeflate, RunsTakeAlmostNothing) {
    EXPECT_LT(compress(Bytes(1'000'000), 5000).size(), 4000U);
}

/// Counts that grow like Fibonacci numbers make the deepest tree.
TEST(RunDeflate, CodesKeepTheirLimitAndAreComplete) {
    for (const unsigned limit : {7U, 15U}) {
        std::vector<std::uint32_t> counts = {1, 1};
        while (counts.size() < (limit == 7 ? 19U : 40U)) counts.push_back(counts.end()[-1] + counts.end()[-2]);
        std::vector<std::uint8_t> lengths(counts.size());
        huffman_lengths(counts, limit, lengths);
        std::uint64_t space = 0;
        for (const std::uint8_t length : lengths) {
            ASSERT_GE(length, 1);
            ASSERT_LE(length, limit);
            space += std::uint64_t{1} << (limit - length);
        }
        EXPECT_EQ(space, std::uint64_t{1} << limit);
    }
}

}  // namespace
}  // namespace jpegai::picture_formats
