#include "base/memory.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <span>

#include "base/error.h"
#include "base/math.h"

// Sanitizers look after the blocks of the C library only.
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define JPEGAI_LARGE_BLOCKS
#endif

namespace jpegai {
namespace {

constexpr std::size_t kLargePage = std::size_t{2} << 20;

#if defined(JPEGAI_LARGE_BLOCKS)

/// Whole large pages from the system; null when it has none.
void* map_block(std::size_t bytes) {
    const std::size_t all = checked_add(bytes, kLargePage);
    void* const mapped = ::mmap(nullptr, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    auto* const start = static_cast<std::uint8_t*>(mapped);
    const std::size_t before = (kLargePage - reinterpret_cast<std::uintptr_t>(start) % kLargePage) % kLargePage;
    if (before != 0) ::munmap(start, before);
    ::munmap(start + before + bytes, kLargePage - before);
#if defined(MADV_HUGEPAGE)
    (void)::madvise(start + before, bytes, MADV_HUGEPAGE);  // a hint: failing is no error
#endif
    return start + before;
}

/// Large blocks that are in use, counted, and freed ones that are kept.
class LargeBlocks {
public:
    /// `bytes` are whole large pages.
    void* take(std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        void* memory = take_kept(bytes);
        if (memory == nullptr) {
            while (count_ > 0 && used_ + kept_bytes_ + bytes > most_) release();
            memory = map_block(bytes);
        }
        if (memory == nullptr) return nullptr;
        used_ += bytes;
        most_ = std::max(most_, used_);
        return memory;
    }
    void give(void* memory, std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        used_ -= bytes;
        if (count_ == kept_.size() || kept_bytes_ + bytes > kMostKeptBlocks) {
            ::munmap(memory, bytes);
            return;
        }
        kept_[count_++] = {memory, bytes};
        kept_bytes_ += bytes;
    }
    std::size_t used() {
        const std::lock_guard lock(mutex_);
        return used_;
    }

private:
    struct Block {
        void* memory;
        std::size_t bytes;
    };

    /// The smallest kept block that is large enough, without what it has in excess; or null.
    void* take_kept(std::size_t bytes) {
        Block* best = nullptr;
        for (Block& block : kept()) {
            if (block.bytes >= bytes && (best == nullptr || block.bytes < best->bytes)) best = &block;
        }
        if (best == nullptr) return nullptr;
        const Block block = *best;
        forget(*best);
        if (block.bytes > bytes) ::munmap(static_cast<std::uint8_t*>(block.memory) + bytes, block.bytes - bytes);
        return block.memory;
    }
    void release() {
        const Block block = kept_[0];
        forget(kept_[0]);
        ::munmap(block.memory, block.bytes);
    }
    void forget(Block& block) {
        kept_bytes_ -= block.bytes;
        block = kept_[--count_];
    }
    std::span<Block> kept() { return {kept_.data(), count_}; }

    std::mutex mutex_;
    std::array<Block, kMostKeptBlocks / kLargeBlock> kept_{};
    std::size_t count_ = 0, kept_bytes_ = 0;
    std::size_t used_ = 0, most_ = 0;  ///< bytes in use now, and at most until now
};

/// Never destroyed: arrays may outlive everything else.
LargeBlocks& large_blocks() {
    static auto* const blocks = new LargeBlocks;
    return *blocks;
}

#endif

}  // namespace

std::size_t padded_bytes(std::size_t bytes) {
    const std::size_t unit = bytes < kLargeBlock ? kMemoryLine : kLargePage;
    return checked_add(bytes, unit - 1) / unit * unit;
}

void FreeAligned::operator()(void* memory) const noexcept {
#if defined(JPEGAI_LARGE_BLOCKS)
    if (bytes >= kLargeBlock) return large_blocks().give(memory, padded_bytes(bytes));
#endif
    std::free(memory);
}

std::unique_ptr<void, FreeAligned> allocate_aligned(std::size_t bytes) {
    const std::size_t padded = padded_bytes(bytes);
    if (padded == 0) return nullptr;
#if defined(JPEGAI_LARGE_BLOCKS)
    void* const memory = bytes < kLargeBlock ? std::aligned_alloc(kMemoryLine, padded) : large_blocks().take(padded);
#else
    void* const memory = std::aligned_alloc(kMemoryLine, padded);
#endif
    if (memory == nullptr) throw Error(JPEGAI_ERROR_MEMORY, "out of memory");
    return {memory, FreeAligned{bytes}};
}

std::size_t large_block_bytes() {
#if defined(JPEGAI_LARGE_BLOCKS)
    return large_blocks().used();
#else
    return 0;
#endif
}

}  // namespace jpegai
