// Small conversions that the tests of the entropy stage share.
#pragma once

#include <bit>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/array.h"
#include "base/hash.h"

namespace jpegai::test {

/// SHA-256 of the values stored as little-endian To.
template <class To, class From>
[[nodiscard]] std::string sha256_as(std::span<const From> values) {
    static_assert(std::endian::native == std::endian::little);
    std::vector<std::uint8_t> bytes;
    for (const From value : values) {
        const To converted = static_cast<To>(value);
        const auto raw = std::bit_cast<std::array<std::uint8_t, sizeof(To)>>(converted);
        bytes.insert(bytes.end(), raw.begin(), raw.end());
    }
    return sha256_hex(bytes);
}

template <class T>
[[nodiscard]] Array3<T> array_of(const nlohmann::json& values, std::size_t channels, std::size_t rows,
                                 std::size_t cols) {
    Array3<T> array(channels, rows, cols);
    const auto list = values.get<std::vector<T>>();
    if (list.size() != array.size()) throw std::runtime_error("wrong number of values");
    std::copy(list.begin(), list.end(), array.data());
    return array;
}

template <class T>
[[nodiscard]] std::vector<T> values_of(const Array3<T>& array) {
    return {array.data(), array.data() + array.size()};
}

[[nodiscard]] inline std::vector<std::uint32_t> float_bits(std::span<const float> values) {
    std::vector<std::uint32_t> bits;
    for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
    return bits;
}

/// The reference repeats a block's value for every latent of the block.
[[nodiscard]] inline Array3<std::int16_t> expand_blocks(const Array3<std::int16_t>& blocks, std::size_t rows,
                                                        std::size_t cols) {
    Array3<std::int16_t> expanded(blocks.channels(), rows, cols);
    for (std::size_t c = 0; c < expanded.channels(); ++c) {
        for (std::size_t y = 0; y < rows; ++y) {
            for (std::size_t x = 0; x < cols; ++x) expanded(c, y, x) = blocks(c, y / 8, x / 8);
        }
    }
    return expanded;
}

}  // namespace jpegai::test
