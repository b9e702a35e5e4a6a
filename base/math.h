// Small integer helpers whose meaning the standard fixes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/error.h"

namespace jpegai {

/// ceil(a / b) for non-negative a and positive b.
template <class T>
[[nodiscard]] constexpr T ceil_div(T a, T b) noexcept {
    return a / b + (a % b != 0);
}

/// a * b, or an Error{limit} when the product does not fit in size_t.
[[nodiscard]] inline std::size_t checked_mul(std::size_t a, std::size_t b) {
    std::size_t product;
    if (__builtin_mul_overflow(a, b, &product)) throw Error(JPEGAI_ERROR_LIMIT, "size overflows");
    return product;
}

/// a + b, or an Error{limit} when the sum does not fit in size_t.
[[nodiscard]] inline std::size_t checked_add(std::size_t a, std::size_t b) {
    std::size_t sum;
    if (__builtin_add_overflow(a, b, &sum)) throw Error(JPEGAI_ERROR_LIMIT, "size overflows");
    return sum;
}

}  // namespace jpegai
