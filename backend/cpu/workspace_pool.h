// Keeps the memory of the last run for the next one: fresh pages have to be cleared by the system, which takes longer
// than the layers of small networks that move samples.
#pragma once

#include <mutex>
#include <optional>

#include "backend/backend.h"
#include "backend/cpu/aligned_floats.h"

namespace jpegai::cpu {

class WorkspacePool {
    struct Block {
        AlignedFloats memory;
        std::size_t bytes;
    };

public:
    /// Memory for one run; given back to the pool when it goes out of scope.
    class Loan {
    public:
        Loan(WorkspacePool& pool, std::size_t floats) : pool_(pool), block_(pool.take(floats)) {}
        ~Loan() { pool_.keep(std::move(block_)); }
        Loan(const Loan&) = delete;
        Loan& operator=(const Loan&) = delete;
        [[nodiscard]] float* data() { return block_.memory.data(); }

    private:
        WorkspacePool& pool_;
        Block block_;
    };

private:
    /// The kept block if it is large enough; otherwise it is freed first, so that both never exist together.
    Block take(std::size_t floats) {
        const std::size_t bytes = AlignedFloats::bytes(floats);
        std::optional<Block> block;
        {
            const std::lock_guard lock(mutex_);
            block.swap(kept_);
        }
        if (block && block->bytes >= bytes) return std::move(*block);
        block.reset();
        return {AlignedFloats::uninitialized(floats), bytes};
    }
    void keep(Block block) {
        if (block.bytes > kKeptWorkspace) return;
        const std::lock_guard lock(mutex_);
        if (!kept_ || kept_->bytes < block.bytes) kept_ = std::move(block);
    }

    std::mutex mutex_;
    std::optional<Block> kept_;
};

}  // namespace jpegai::cpu
