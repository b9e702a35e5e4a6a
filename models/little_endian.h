// Little-endian numbers in byte buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace jpegai {

/// The T whose bytes begin at `at`; the caller has checked that they are there.
template <class T>
[[nodiscard]] T load_le(const std::uint8_t* at) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value |= static_cast<std::uint64_t>(at[i]) << (8 * i);
    return static_cast<T>(value);
}

template <class T>
void append_le(std::vector<std::uint8_t>& out, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * i)));
    }
}

}  // namespace jpegai
