// Loops that the compiler must unroll completely, so that arrays of vectors stay in registers.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace jpegai::cpu {

/// After the parameter list of a lambda: its body becomes part of the caller at every optimisation level.
#define JPEGAI_INLINE_BODY __attribute__((always_inline))

template <class Body, std::size_t... kIndex>
[[gnu::always_inline]] constexpr void unroll_indices(const Body& body, std::index_sequence<kIndex...> /*indices*/) {
    (body(std::integral_constant<std::size_t, kIndex>{}), ...);
}

/// body(0), ..., body(kCount - 1); the argument converts to a constant.
template <std::size_t kCount, class Body>
[[gnu::always_inline]] constexpr void unroll(const Body& body) {
    unroll_indices(body, std::make_index_sequence<kCount>{});
}

}  // namespace jpegai::cpu
