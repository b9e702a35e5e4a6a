// Aligned memory for arrays, weights and working memory.
#pragma once

#include <cstddef>
#include <memory>

namespace jpegai {

/// Where every block begins: a line of the cache, the longest vector.
inline constexpr std::size_t kMemoryLine = 64;

/// Blocks from this size on come from the system in large pages where it has them, apart from the heap. Memory that is
/// touched for the first time costs the system a fault for every 2 MiB then instead of one for every 4 KiB (12
/// microseconds each on some virtual machines, longer than most of what is done to 4 KiB here), address translation
/// misses less often, and the heap is not cut up.
inline constexpr std::size_t kLargeBlock = std::size_t{4} << 20;

/// Most bytes of freed large blocks that are kept for the next ones. They are given back before the process would need
/// more memory with them than it has needed without.
inline constexpr std::size_t kMostKeptBlocks = std::size_t{64} << 20;

/// Bytes that a block of `bytes` really takes: whole lines, or whole large pages.
[[nodiscard]] std::size_t padded_bytes(std::size_t bytes);

/// Frees what allocate_aligned(bytes) gave.
struct FreeAligned {
    std::size_t bytes = 0;
    void operator()(void* memory) const noexcept;
};

/// At least `bytes` bytes, not initialised, on a line; null for 0 bytes. From any thread. Throws Error{memory}.
[[nodiscard]] std::unique_ptr<void, FreeAligned> allocate_aligned(std::size_t bytes);

/// Bytes that blocks apart from the heap take now, without freed ones that are kept; 0 in builds with sanitizers, which
/// look after the heap only.
[[nodiscard]] std::size_t large_block_bytes();

}  // namespace jpegai
