// Damaged streams: an Error or a consistent result, never anything else.
#include <gtest/gtest.h>

#include <random>

#include "bitstream/codestream.h"
#include "tests/bitstream/expect_error.h"
#include "tests/bitstream/sample_streams.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// The sample streams, and the shorter reference streams where they are installed.
std::vector<Bytes> seeds() {
    std::vector<Bytes> files;
    for (const SampleStream& sample : sample_streams()) files.push_back(write_codestream(sample.parts));
    if (!have_shared()) return files;
    for (const auto& folder : stream_cases("vectors")) {
        if (std::filesystem::file_size(folder / "stream.bits") < 2500)
            files.push_back(load_bytes(folder / "stream.bits"));
    }
    return files;
}

bool inside(const ByteRange& inner, const ByteRange& outer) {
    return inner.offset >= outer.offset && inner.size <= outer.size &&
           inner.offset - outer.offset <= outer.size - inner.size;
}

void expect_block_consistent(const LaneBlock& block, std::size_t threads, const ByteRange& file) {
    EXPECT_TRUE(inside(block.block, file));
    ASSERT_EQ(block.lanes.size(), threads);
    std::uint64_t next = block.lanes[0].offset;
    for (const ByteRange& lane : block.lanes) {
        EXPECT_TRUE(inside(lane, block.block));
        EXPECT_EQ(lane.offset, next);
        next += lane.size;
    }
    EXPECT_EQ(next, block.block.offset + block.block.size);
}

/// True when the file was accepted; then everything refers to bytes of the file and is written again to the same
/// content.
bool expect_error_or_consistency(const Bytes& file) {
    Codestream stream;
    const Thrown thrown = thrown_by([&] { stream = parse_codestream(file); });
    if (thrown.code != JPEGAI_OK) {
        EXPECT_LE(thrown.offset, file.size()) << thrown.message;
        EXPECT_NE(thrown.code, JPEGAI_ERROR_INTERNAL);
        return false;
    }
    const ByteRange whole{0, stream.size};
    EXPECT_LE(stream.size, file.size());
    expect_block_consistent(stream.hyper, stream.picture.num_threads_z, whole);
    if (stream.quality_map) expect_block_consistent(*stream.quality_map, stream.picture.num_threads_q, whole);
    for (std::size_t c = 0; c < kComponents; ++c) {
        for (const auto& block : stream.residual[c]) {
            if (block) expect_block_consistent(*block, stream.picture.component[c].num_threads_r, whole);
        }
    }
    const Bytes again = write_codestream(take_parts(stream, file));
    const Codestream reread = parse_codestream(again);
    EXPECT_EQ(reread.dialect, stream.dialect);
    EXPECT_EQ(reread.picture, stream.picture);
    EXPECT_EQ(reread.tools, stream.tools);
    EXPECT_EQ(reread.rendering, stream.rendering);
    return true;
}

TEST(HostileStreams, TruncatedAtEveryByte) {
    const auto files = seeds();
    EXPECT_GE(files.size(), 10U);
    for (const Bytes& file : files) {
        for (std::size_t size = 0; size < file.size(); ++size) {
            const Thrown thrown = thrown_by([&] { (void)parse_codestream(std::span(file).first(size)); });
            ASSERT_EQ(thrown.code, JPEGAI_ERROR_TRUNCATED) << size << " of " << file.size() << ": " << thrown.message;
            ASSERT_EQ(thrown.offset, size);
        }
    }
}

TEST(HostileStreams, EveryByteOfTheHeadersChanged) {
    for (const SampleStream& sample : sample_streams()) {
        SCOPED_TRACE(sample.name);
        Bytes file = write_codestream(sample.parts);
        const std::size_t headers = parse_codestream(file).residual[kPrimary][0]->block.offset;
        for (std::size_t i = 0; i < headers; ++i) {
            const std::uint8_t original = file[i];
            for (const unsigned change : {0x01U, 0x02U, 0x04U, 0x08U, 0x10U, 0x20U, 0x40U, 0x80U, 0xFFU}) {
                file[i] = static_cast<std::uint8_t>(original ^ change);
                expect_error_or_consistency(file);
            }
            file[i] = original;
        }
    }
}

TEST(HostileStreams, RandomDamage) {
    std::mt19937 random(7);
    const auto files = seeds();
    constexpr std::size_t runs = 20'000;
    std::size_t accepted = 0;
    for (std::size_t run = 0; run < runs; ++run) {
        Bytes file = files[random() % files.size()];
        const std::size_t changes = 1 + random() % 4;
        for (std::size_t i = 0; i < changes; ++i) {
            // Half of the changes hit the headers and the sizes at the front.
            const std::size_t reach = random() % 2 == 0 ? std::min<std::size_t>(file.size(), 64) : file.size();
            file[random() % reach] = static_cast<std::uint8_t>(random());
        }
        if (random() % 8 == 0) file.resize(random() % file.size());
        if (expect_error_or_consistency(file)) ++accepted;
    }
    EXPECT_GT(accepted, runs / 20);  // otherwise the test would only see errors
    EXPECT_LT(accepted, runs);
}

}  // namespace
}  // namespace jpegai::test
