// IEEE 754 binary16 and binary32, bit by bit and without branches, so that loops over them vectorise.
#pragma once

#include <bit>
#include <cstdint>

namespace jpegai {

/// The float32 with the value of a float16; NaN payloads are kept.
[[nodiscard]] inline std::uint32_t half_to_float_bits(std::uint16_t half) {
    const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
    const std::uint32_t magnitude = half & 0x7FFFu;
    // Normal numbers: exponent bias 15 -> 127. Subnormals: the integer times 2^-24, exact in float32.
    const std::uint32_t normal = (magnitude << 13) + ((127u - 15u) << 23);
    const std::uint32_t special = (magnitude << 13) | 0x7F800000u;
    const float tiny = static_cast<float>(static_cast<std::int32_t>(magnitude)) * 0x1p-24f;
    const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(tiny);
    const std::uint32_t finite = magnitude < 0x0400u ? subnormal : normal;
    return sign | (magnitude >= 0x7C00u ? special : finite);
}

/// A float16 for a float32: exact where there is one, otherwise anything (the caller converts back and compares).
[[nodiscard]] inline std::uint16_t float_bits_to_half(std::uint32_t bits) {
    const std::uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7FFFFFFFu;
    std::uint32_t half = 0;
    if (magnitude >= 0x47800000u) {  // 65536 and more: infinity, NaN, or without equivalent
        half = 0x7C00u | (magnitude >> 13 & 0x3FFu);
    } else if (magnitude >= 0x38800000u) {  // at least 2^-14: normal
        half = (magnitude - ((127u - 15u) << 23)) >> 13;
    } else {  // a multiple of 2^-24 below 2^-14
        half = static_cast<std::uint32_t>(std::bit_cast<float>(magnitude) * 0x1p24f);
    }
    return static_cast<std::uint16_t>(sign | half);
}

}  // namespace jpegai
