#include "base/array.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <thread>

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
        const auto memory = allocate_aligned(bytes);
        EXPECT_TRUE(aligned(memory.get(), kMemoryLine)) << bytes;
        auto* const values = static_cast<std::uint8_t*>(memory.get());
        values[0] = values[bytes - 1] = 1;
    }
    EXPECT_THROW((void)allocate_aligned(std::numeric_limits<std::size_t>::max() - 5), Error);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which end the process instead
    EXPECT_THROW((void)allocate_aligned(std::numeric_limits<std::size_t>::max() / 4), Error);
#endif
}

TEST(Memory, BlocksDoNotOverlap) {
    // In use and freed in changing orders, so that kept blocks are taken whole and in part, from several threads.
    const auto work = [](std::uint64_t tag) {
        std::vector<Array3<std::uint64_t>> arrays;
        for (std::size_t round = 0; round < 40; ++round) {
            const std::size_t pages = (round * 7 + tag * 5) % 17;
            Array3<std::uint64_t>& array =
                arrays.emplace_back(Array3<std::uint64_t>::uninitialized(1, kLargeBlock / 64, 1 + pages));
            for (std::size_t i = 0; i < array.size(); i += 511) array.data()[i] = tag << 32 | round << 24 | i;
            if (round % 3 == 2) arrays.erase(arrays.begin() + static_cast<std::ptrdiff_t>(round % arrays.size()));
            if (arrays.size() > 6) arrays.erase(arrays.begin(), arrays.begin() + 4);
            for (const Array3<std::uint64_t>& held : arrays) {
                const std::uint64_t mark = held.data()[0];
                EXPECT_EQ(mark >> 32, tag);
                for (std::size_t i = 0; i < held.size(); i += 511) ASSERT_EQ(held.data()[i], mark | i);
            }
        }
    };
    std::vector<std::thread> threads;
    for (std::uint64_t tag = 1; tag <= 3; ++tag) threads.emplace_back(work, tag);
    for (std::thread& thread : threads) thread.join();
}

template <class T>
Array3<T> counted(std::size_t channels, std::size_t rows, std::size_t cols) {
    Array3<T> array(channels, rows, cols);
    for (std::size_t i = 0; i < array.size(); ++i) array.data()[i] = static_cast<T>(i);
    return array;
}

TEST(Array3, LiesInMemoryOfSomebodyElse) {
    Array3<float> owner = counted<float>(2, 3, 16);
    std::size_t freed = 0;
    {
        const std::shared_ptr<float[]> memory(owner.data(), [&](float*) { ++freed; });
        Array3<float> array = Array3<float>::in_memory(memory, 2, 3, 16);
        EXPECT_EQ(array.data(), owner.data());
        EXPECT_EQ(array(1, 2, 15), 95.0F);
        const Array3<float> copy = array;
        EXPECT_NE(copy.data(), owner.data()) << "copies share nothing";
        const Array3<float> moved = std::move(array);
        EXPECT_EQ(moved.data(), owner.data());
        EXPECT_EQ(memory.use_count(), 2);
    }
    EXPECT_EQ(freed, 1U);
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
