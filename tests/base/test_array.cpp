#include "base/array.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace jpegai {
namespace {

bool aligned(const void* memory, std::size_t bytes) {
    return reinterpret_cast<std::uintptr_t>(memory) % bytes == 0;
}

TEST(Memory, LinesAndLargePages) {
    EXPECT_EQ(padded_bytes(0), 0U);
    EXPECT_EQ(padded_bytes(65), 128U);
    EXPECT_EQ(padded_bytes(kLargeBlock - 1), kLargeBlock);
    EXPECT_EQ(padded_bytes(kLargeBlock + 1), kLargeBlock + (std::size_t{2} << 20));
    EXPECT_EQ(allocate_aligned(0), nullptr);
    for (const std::size_t bytes : {std::size_t{1}, kLargeBlock - 64, kLargeBlock, 9 * kLargeBlock + 5}) {
        const std::unique_ptr<std::uint8_t[], FreeAligned> memory(static_cast<std::uint8_t*>(allocate_aligned(bytes)));
        EXPECT_TRUE(aligned(memory.get(), bytes < kLargeBlock ? kMemoryLine : std::size_t{2} << 20)) << bytes;
        memory[0] = memory[bytes - 1] = 1;
    }
    EXPECT_THROW((void)allocate_aligned(std::numeric_limits<std::size_t>::max() - 5), Error);
}

template <class T>
Array3<T> counted(std::size_t channels, std::size_t rows, std::size_t cols) {
    Array3<T> array(channels, rows, cols);
    for (std::size_t i = 0; i < array.size(); ++i) array.data()[i] = static_cast<T>(i);
    return array;
}

TEST(Array3, SplitsIntoChannels) {
    for (const std::size_t cols : {16U, 5U}) {  // channels that begin on lines, and others
        const Array3<float> whole = counted<float>(3, 4, cols);
        Array3<float> given = whole;
        const float* const memory = given.data();
        std::vector<Array3<float>> parts = Array3<float>::split_channels(std::move(given));
        EXPECT_TRUE(given.empty());
        ASSERT_EQ(parts.size(), 3U);
        EXPECT_EQ(parts[0].data() == memory, cols == 16);
        parts[0] = {};  // the others live on
        for (std::size_t c = 1; c < 3; ++c) {
            ASSERT_EQ(parts[c].channels(), 1U);
            EXPECT_TRUE(aligned(parts[c].data(), kMemoryLine));
            EXPECT_TRUE(std::equal(parts[c].span().begin(), parts[c].span().end(), whole.plane(c)));
        }
        Array3<float> copy = parts[1];
        copy(0, 0, 0) = -1;
        EXPECT_EQ(parts[1](0, 0, 0), whole(1, 0, 0)) << "copies share nothing";
    }
    EXPECT_TRUE(Array3<float>::split_channels({}).empty());
}

}  // namespace
}  // namespace jpegai
