#include "models/crc32.h"

#include <array>
#include <cstring>

namespace jpegai {
namespace {

constexpr std::size_t kSlices = 16;
using Tables = std::array<std::array<std::uint32_t, 256>, kSlices>;

// Table s advances the remainder of a byte over s further zero bytes, so that 16 bytes are taken in one step.
constexpr Tables make_tables() {
    Tables tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t remainder = i;
        for (int bit = 0; bit < 8; ++bit) remainder = remainder >> 1 ^ (0xEDB88320u & (0u - (remainder & 1u)));
        tables[0][i] = remainder;
    }
    for (std::size_t s = 1; s < kSlices; ++s) {
        for (std::size_t i = 0; i < 256; ++i) {
            tables[s][i] = tables[s - 1][i] >> 8 ^ tables[0][tables[s - 1][i] & 0xFF];
        }
    }
    return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
    std::uint32_t remainder = ~std::uint32_t{0};
    const std::uint8_t* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= kSlices; left -= kSlices, at += kSlices) {
        std::array<std::uint8_t, kSlices> piece{};
        std::memcpy(piece.data(), at, kSlices);
        for (std::size_t i = 0; i < 4; ++i) piece[i] = static_cast<std::uint8_t>(piece[i] ^ (remainder >> (8 * i)));
        remainder = 0;
        for (std::size_t i = 0; i < kSlices; ++i) remainder ^= kTables[kSlices - 1 - i][piece[i]];
    }
    for (; left > 0; --left, ++at) remainder = remainder >> 8 ^ kTables[0][(remainder ^ *at) & 0xFF];
    return ~remainder;
}

}  // namespace jpegai
