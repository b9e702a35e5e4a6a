// Elementary functions of the numeric contract (spec/numeric_contract.md section 3): one fixed sequence of IEEE
// operations each, for every backend. Usable in CUDA device code; compile with contraction off.
#pragma once

#include <cfloat>
#include <cstdint>

static_assert(FLT_EVAL_METHOD == 0, "float expressions must be evaluated in float (spec/numeric_contract.md)");

#if defined(__CUDACC__)
#define JPEGAI_CONTRACT_FUNCTION __host__ __device__ inline
#else
#define JPEGAI_CONTRACT_FUNCTION [[gnu::always_inline]] inline
#endif

namespace jpegai::contract {

/// a * b + c with one rounding.
JPEGAI_CONTRACT_FUNCTION float fma(float a, float b, float c) {
    return __builtin_fmaf(a, b, c);
}

/// x > low ? x : low; the second operand where either is NaN or both are zeros (x86 maxps).
JPEGAI_CONTRACT_FUNCTION float at_least(float x, float low) {
    return x > low ? x : low;
}
/// x < high ? x : high; the second operand where either is NaN or both are zeros (x86 minps).
JPEGAI_CONTRACT_FUNCTION float at_most(float x, float high) {
    return x < high ? x : high;
}
/// at_most(at_least(x, low), high): NaN becomes low.
JPEGAI_CONTRACT_FUNCTION float clamp(float x, float low, float high) {
    return at_most(at_least(x, low), high);
}

JPEGAI_CONTRACT_FUNCTION std::int32_t float_bits(float x) {
    std::int32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}
JPEGAI_CONTRACT_FUNCTION float float_from_bits(std::int32_t bits) {
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}
/// 2^exponent for -126..127.
JPEGAI_CONTRACT_FUNCTION float power_of_two(std::int32_t exponent) {
    return float_from_bits((exponent + 127) * 8388608);
}

namespace exp_constants {
inline constexpr float kMax = 89.0F, kMin = -104.0F;  // beyond them the result is +infinity or +0
inline constexpr float kLog2E = 0x1.715476p+0F;
inline constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer
inline constexpr float kLn2High = 0x1.62e43p-1F, kLn2Low = -0x1.05c61p-29F;
inline constexpr float kC2 = 0x1.fffffcp-2F, kC3 = 0x1.555492p-3F, kC4 = 0x1.5558bp-5F, kC5 = 0x1.123988p-7F,
                       kC6 = 0x1.6a4ce4p-10F;
}  // namespace exp_constants

/// e^x, at most 1 ulp off wherever the result is a normal number; +0 and +infinity beyond the range of float, NaN for
/// NaN.
JPEGAI_CONTRACT_FUNCTION float exp(float x) {
    using namespace exp_constants;
    const float limited = at_least(at_most(x, kMax), kMin);
    const float shifted = fma(limited, kLog2E, kRounder);
    const float k = shifted - kRounder;
    const std::int32_t exponent = float_bits(shifted) - float_bits(kRounder);
    const float r = fma(k, -kLn2Low, fma(k, -kLn2High, limited));
    float p = fma(kC6, r, kC5);
    p = fma(p, r, kC4);
    p = fma(p, r, kC3);
    p = fma(p, r, kC2);
    p = fma(p, r, 1.0F);
    p = fma(p, r, 1.0F);
    const std::int32_t half = exponent >> 1;
    const float scaled = (p * power_of_two(half)) * power_of_two(exponent - half);
    return x == x ? scaled : x;
}

/// 1 / (1 + e^-x)
JPEGAI_CONTRACT_FUNCTION float sigmoid(float x) {
    return 1.0F / (1.0F + exp(-x));
}

/// x > 0 ? x : e^x - 1
JPEGAI_CONTRACT_FUNCTION float elu(float x) {
    return x > 0.0F ? x : exp(x) - 1.0F;
}

JPEGAI_CONTRACT_FUNCTION float relu(float x) {
    return at_least(x, 0.0F);
}
JPEGAI_CONTRACT_FUNCTION float relu6(float x) {
    return clamp(x, 0.0F, 6.0F);
}
JPEGAI_CONTRACT_FUNCTION float leaky_relu(float x) {
    return x >= 0.0F ? x : 0.01F * x;
}

/// x * (1 + m)
JPEGAI_CONTRACT_FUNCTION float gate(float x, float m) {
    return x * (1.0F + m);
}

/// (x - 127.5) / 128 and clamp(x * 128 + 127.5, 0, 255), each with two roundings.
JPEGAI_CONTRACT_FUNCTION float normalise(float x) {
    return (x - 127.5F) * 0.0078125F;
}
JPEGAI_CONTRACT_FUNCTION float denormalise(float x) {
    return clamp(x * 128.0F + 127.5F, 0.0F, 255.0F);
}

}  // namespace jpegai::contract
