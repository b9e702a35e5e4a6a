// Aligned floats for packed weights and for the values of a run.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>

#include "base/math.h"
#include "base/memory.h"

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
        auto memory = allocate_aligned(checked_mul(count, sizeof(float)));
        const FreeAligned free = memory.get_deleter();
        floats.data_ = {static_cast<float*>(memory.release()), free};
        return floats;
    }
    [[nodiscard]] float* data() { return data_.get(); }
    [[nodiscard]] const float* data() const { return data_.get(); }
    [[nodiscard]] std::size_t size() const { return count_; }
    /// What so many floats take.
    [[nodiscard]] static std::size_t bytes(std::size_t count) {
        return padded_bytes(checked_mul(count, sizeof(float)));
    }

private:
    std::size_t count_ = 0;
    std::unique_ptr<float[], FreeAligned> data_;
};

}  // namespace jpegai::cpu
