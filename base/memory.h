// Aligned memory for arrays, weights and working memory.
#pragma once

#include <cstddef>
#include <cstdlib>

namespace jpegai {

/// Where every block begins: a line of the cache, the longest vector.
inline constexpr std::size_t kMemoryLine = 64;

/// Blocks from this size on lie in large pages of the system where it has them. One that is touched for the first time
/// costs the system a fault for every 2 MiB then instead of one for every 4 KiB (12 microseconds each on a virtual
/// machine, longer than most of what is done to 4 KiB here), and address translation misses less often.
inline constexpr std::size_t kLargeBlock = std::size_t{4} << 20;

/// Bytes that a block of `bytes` really takes: whole lines, or whole large pages.
[[nodiscard]] std::size_t padded_bytes(std::size_t bytes);

/// At least `bytes` bytes, not initialised, on a line; null for 0 bytes. Throws Error{memory}.
[[nodiscard]] void* allocate_aligned(std::size_t bytes);

/// Frees what allocate_aligned gave.
struct FreeAligned {
    void operator()(void* memory) const noexcept { std::free(memory); }
};

}  // namespace jpegai
