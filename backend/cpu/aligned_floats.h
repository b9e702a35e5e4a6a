// Aligned memory for packed weights and for the values of a run.
#pragma once

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/math.h"

namespace jpegai::cpu {

/// Floats on a 64-byte boundary.
class AlignedFloats {
public:
    AlignedFloats() = default;
    /// Zeros.
    explicit AlignedFloats(std::size_t count) : AlignedFloats(uninitialized(count)) {
        if (count != 0) std::memset(data_.get(), 0, count * sizeof(float));
    }
    /// For memory that is written as a whole anyway.
    [[nodiscard]] static AlignedFloats uninitialized(std::size_t count) {
        AlignedFloats floats;
        floats.count_ = count;
        const std::size_t bytes = checked_add(checked_mul(count, sizeof(float)), 63) / 64 * 64;
        if (bytes == 0) return floats;
        floats.data_.reset(static_cast<float*>(std::aligned_alloc(64, bytes)));
        if (floats.data_ == nullptr) throw Error(JPEGAI_ERROR_MEMORY, "out of memory");
        return floats;
    }
    [[nodiscard]] float* data() { return data_.get(); }
    [[nodiscard]] const float* data() const { return data_.get(); }
    [[nodiscard]] std::size_t size() const { return count_; }

private:
    struct Free {
        void operator()(float* memory) const { std::free(memory); }
    };
    std::size_t count_ = 0;
    std::unique_ptr<float[], Free> data_;
};

/// Memory of one run, not initialised, in large pages where the system has them: fewer faults when it is first touched,
/// and fewer misses of the address translation afterwards, which matter with rows of many blocks at a time.
class Workspace {
public:
    explicit Workspace(std::size_t floats) {
        const std::size_t padded = bytes(floats);
        if (padded == 0) return;
        const bool large = padded % kLargePage == 0;
        data_.reset(static_cast<float*>(std::aligned_alloc(large ? kLargePage : kLine, padded)));
        if (data_ == nullptr) throw Error(JPEGAI_ERROR_MEMORY, "out of memory");
#if defined(MADV_HUGEPAGE)
        if (large) (void)madvise(data_.get(), padded, MADV_HUGEPAGE);  // a hint: failing is no error
#endif
    }
    /// What so many floats take.
    [[nodiscard]] static std::size_t bytes(std::size_t floats) {
        const std::size_t needed = checked_mul(floats, sizeof(float));
        const std::size_t unit = needed < kLargePage ? kLine : kLargePage;
        return checked_add(needed, unit - 1) / unit * unit;
    }
    [[nodiscard]] float* data() {
        return data_.get();
    }

private:
    static constexpr std::size_t kLine = 64, kLargePage = std::size_t{2} * 1024 * 1024;
    struct Free {
        void operator()(float* memory) const { std::free(memory); }
    };
    std::unique_ptr<float[], Free> data_;
};

}  // namespace jpegai::cpu
