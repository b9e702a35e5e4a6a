// Zero-initialised floats on a 64-byte boundary.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/math.h"

namespace jpegai::cpu {

class AlignedFloats {
public:
    AlignedFloats() = default;
    explicit AlignedFloats(std::size_t count) : count_(count) {
        const std::size_t bytes = checked_add(checked_mul(count, sizeof(float)), 63) / 64 * 64;
        if (bytes == 0) return;
        data_.reset(static_cast<float*>(std::aligned_alloc(64, bytes)));
        if (data_ == nullptr) throw Error(JPEGAI_ERROR_MEMORY, "out of memory");
        std::memset(data_.get(), 0, bytes);
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

}  // namespace jpegai::cpu
