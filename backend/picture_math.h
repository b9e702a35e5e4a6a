// Arithmetic of single samples behind the synthesis networks, for rows on a CPU and for GPU kernels alike
// (spec/numeric_contract_filters.md, whose sections are named). Compiled without contraction everywhere.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/host_device.h"

namespace jpegai::picture_math {

/// Source position of an output row or column of a resampling (section 2): floor and fraction.
struct Position {
    std::size_t floor = 0;
    float fraction = 0;
};

JPEGAI_HD inline Position position(std::size_t i, std::size_t in, std::size_t out) {
    const float scale = out > 1 ? static_cast<float>(in - 1) / static_cast<float>(out - 1) : 0.0F;
    const float floor = std::floor(scale * static_cast<float>(i));
    // The product is not rounded here: the reference's library contracts this expression (03 section 17.2).
    return {static_cast<std::size_t>(floor), std::fma(scale, static_cast<float>(i), -floor)};
}

/// Convolution kernel up to distance 1 and from 1 to 2, contracted as the reference's library does.
JPEGAI_HD inline float cubic_near(float t) {
    constexpr float kA = -0.75F;
    return std::fma(std::fma(kA + 2.0F, t, -(kA + 3.0F)) * t, t, 1.0F);
}
JPEGAI_HD inline float cubic_far(float u) {
    constexpr float kA = -0.75F;
    return std::fma(std::fma(std::fma(kA, u, -(5.0F * kA)), u, 8.0F * kA), u, -(4.0F * kA));
}

/// The samples that make one output sample in one direction, and their weights.
template <std::size_t N>
struct Taps {
    std::uint32_t index[N];
    float weight[N];
};

JPEGAI_HD inline std::uint32_t last_or(std::size_t index, std::size_t size) {
    return static_cast<std::uint32_t>(index < size ? index : size - 1);
}

JPEGAI_HD inline Taps<4> cubic_taps(std::size_t i, std::size_t in, std::size_t out) {
    const Position at = position(i, in, out);
    Taps<4> taps{};
    for (std::size_t k = 0; k < 4; ++k) {
        const std::size_t next = at.floor + k;  // one more than the tap, which may be -1
        taps.index[k] = last_or(next > 0 ? next - 1 : 0, in);
    }
    const float rest = 1.0F - at.fraction;
    taps.weight[0] = cubic_far(at.fraction + 1.0F);
    taps.weight[1] = cubic_near(at.fraction);
    taps.weight[2] = cubic_near(rest);
    taps.weight[3] = cubic_far(rest + 1.0F);
    return taps;
}

JPEGAI_HD inline Taps<2> linear_taps(std::size_t i, std::size_t in, std::size_t out) {
    const Position at = position(i, in, out);
    Taps<2> taps{};
    taps.index[0] = last_or(at.floor, in);
    taps.index[1] = last_or(at.floor + 1, in);
    taps.weight[0] = 1.0F - at.fraction;
    taps.weight[1] = at.fraction;
    return taps;
}

template <std::size_t N>
JPEGAI_HD inline float weighted(const float (&value)[N], const float (&weight)[N]) {
    float sum = value[0] * weight[0];
    for (std::size_t k = 1; k < N; ++k) sum = sum + value[k] * weight[k];
    return sum;
}

/// clamp(x, lo, hi) of spec/numeric_contract.md; NaN becomes lo.
JPEGAI_HD inline float clamp(float x, float lo, float hi) {
    const float raised = x > lo ? x : lo;
    return raised < hi ? raised : hi;
}

/// Index of the source of output i, nearest neighbour with a float32 ratio (section 6).
JPEGAI_HD inline std::size_t nearest(std::size_t i, std::size_t in, std::size_t out) {
    const float ratio = static_cast<float>(in) / static_cast<float>(out);
    const auto source = static_cast<std::size_t>(std::floor(static_cast<float>(i) * ratio));
    return source < in - 1 ? source : in - 1;
}

/// BT.709 with full range; the quotients are formed in double precision and then rounded (section 7).
inline constexpr float kRedFromV = 1.5748F;
inline constexpr float kGreenFromU = static_cast<float>(0.0722 * 1.8556 / 0.7152);
inline constexpr float kGreenFromV = static_cast<float>(0.2126 * 1.5748 / 0.7152);
inline constexpr float kBlueFromU = 1.8556F;

/// Weights of LEF's smoothing (section 6).
inline constexpr float kLefSide = 5.0F / 64, kLefCentre = 24.0F / 64;

/// Integer nearest to a non-negative value below 2^22, halves to even: the first sum has no fraction bits left.
JPEGAI_HD inline std::uint16_t round_sample(float level) {
    constexpr float kShift = 12582912.0F;  // 1.5 * 2^23
    return static_cast<std::uint16_t>(static_cast<std::int32_t>((level + kShift) - kShift));
}

}  // namespace jpegai::picture_math
