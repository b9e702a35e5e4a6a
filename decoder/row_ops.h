// Operations on runs of samples. One operation per loop: GCC turns a clamp whose result is used further into branches,
// and a loop with branches into scalar code.
#pragma once

#include <cstddef>

namespace jpegai {

/// clamp(x, lo, hi) of spec/numeric_contract.md; NaN becomes lo.
inline void clamp_row(const float* in, float* out, std::size_t count, float lo, float hi) {
    for (std::size_t x = 0; x < count; ++x) {
        const float raised = in[x] > lo ? in[x] : lo;
        out[x] = raised < hi ? raised : hi;
    }
}

/// IEEE division.
inline void divide_row(const float* in, float* out, std::size_t count, float divisor) {
    for (std::size_t x = 0; x < count; ++x) out[x] = in[x] / divisor;
}

inline void multiply_row(const float* in, float* out, std::size_t count, float factor) {
    for (std::size_t x = 0; x < count; ++x) out[x] = in[x] * factor;
}

}  // namespace jpegai
