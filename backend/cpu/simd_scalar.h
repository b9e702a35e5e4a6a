// The SIMD interface in plain C++, for every CPU; also the description of what each function means.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backend/cpu/unroll.h"

namespace jpegai::cpu::scalar {

/// All operations are IEEE binary32, round to nearest even, one rounding each (spec/numeric_contract.md section 1).
struct Simd {
    static constexpr std::size_t kLanes = 4;
    struct F {
        float lane[kLanes];
    };
    struct I {
        std::int32_t lane[kLanes];
    };
    struct M {
        bool lane[kLanes];
    };
    static constexpr std::size_t kRegisters = 16;    ///< vectors that inner loops may keep alive
    static constexpr bool kShareBroadcasts = false;  ///< use a broadcast input for all kernel columns at once
    static constexpr std::size_t kMaxBlocks = 1;     ///< largest number of output blocks of one convolution tile

#define JPEGAI_SIMD_FN [[gnu::always_inline]] static inline
    JPEGAI_SIMD_FN F zero() {
        return set(0.0F);
    }
    JPEGAI_SIMD_FN F set(float x) {
        return map([x](std::size_t) JPEGAI_INLINE_BODY { return x; });
    }
    /// kLanes floats at any address.
    JPEGAI_SIMD_FN F load(const float* p) {
        return map([p](std::size_t i) JPEGAI_INLINE_BODY { return p[i]; });
    }
    JPEGAI_SIMD_FN void store(float* p, F x) {
        for (std::size_t i = 0; i < kLanes; ++i) p[i] = x.lane[i];
    }
    /// even[0], odd[0], even[1], odd[1] .. at p.
    JPEGAI_SIMD_FN void store_pairs(float* p, F even, F odd) {
        for (std::size_t i = 0; i < kLanes; ++i) {
            p[2 * i] = even.lane[i];
            p[2 * i + 1] = odd.lane[i];
        }
    }
    JPEGAI_SIMD_FN F add(F a, F b) {
        return map([&](std::size_t i) JPEGAI_INLINE_BODY { return a.lane[i] + b.lane[i]; });
    }
    JPEGAI_SIMD_FN F sub(F a, F b) {
        return map([&](std::size_t i) JPEGAI_INLINE_BODY { return a.lane[i] - b.lane[i]; });
    }
    JPEGAI_SIMD_FN F mul(F a, F b) {
        return map([&](std::size_t i) JPEGAI_INLINE_BODY { return a.lane[i] * b.lane[i]; });
    }
    JPEGAI_SIMD_FN F div(F a, F b) {
        return map([&](std::size_t i) JPEGAI_INLINE_BODY { return a.lane[i] / b.lane[i]; });
    }
    JPEGAI_SIMD_FN F sqrt(F a) {
        return map([&](std::size_t i) JPEGAI_INLINE_BODY { return __builtin_sqrtf(a.lane[i]); });
    }
    /// a * b + c with one rounding.
    JPEGAI_SIMD_FN F fma(F a, F b, F c) {
        return map([&](std::size_t i) JPEGAI_INLINE_BODY { return __builtin_fmaf(a.lane[i], b.lane[i], c.lane[i]); });
    }
    /// x > low ? x : low and x < high ? x : high.
    JPEGAI_SIMD_FN F at_least(F x, F low) {
        return map([&](std::size_t i) JPEGAI_INLINE_BODY { return x.lane[i] > low.lane[i] ? x.lane[i] : low.lane[i]; });
    }
    JPEGAI_SIMD_FN F at_most(F x, F high) {
        return map([&](std::size_t i)
                       JPEGAI_INLINE_BODY { return x.lane[i] < high.lane[i] ? x.lane[i] : high.lane[i]; });
    }
    /// a > b, a >= b, a is no NaN; select takes `yes` where the mask holds.
    JPEGAI_SIMD_FN M greater(F a, F b) {
        return compare([&](std::size_t i) JPEGAI_INLINE_BODY { return a.lane[i] > b.lane[i]; });
    }
    JPEGAI_SIMD_FN M not_less(F a, F b) {
        return compare([&](std::size_t i) JPEGAI_INLINE_BODY { return a.lane[i] >= b.lane[i]; });
    }
    JPEGAI_SIMD_FN M ordered(F a) {
        return compare([&](std::size_t i) JPEGAI_INLINE_BODY { return a.lane[i] == a.lane[i]; });
    }
    JPEGAI_SIMD_FN F select(M m, F yes, F no) {
        return map([&](std::size_t i) JPEGAI_INLINE_BODY { return m.lane[i] ? yes.lane[i] : no.lane[i]; });
    }
    /// Bit patterns and 32-bit integers.
    JPEGAI_SIMD_FN I bits(F a) {
        return map_int([&](std::size_t i) JPEGAI_INLINE_BODY { return __builtin_bit_cast(std::int32_t, a.lane[i]); });
    }
    JPEGAI_SIMD_FN F from_bits(I a) {
        return map([&](std::size_t i) JPEGAI_INLINE_BODY { return __builtin_bit_cast(float, a.lane[i]); });
    }
    JPEGAI_SIMD_FN I set_int(int x) {
        return map_int([x](std::size_t) JPEGAI_INLINE_BODY { return x; });
    }
    JPEGAI_SIMD_FN I add_int(I a, I b) {
        return map_int([&](std::size_t i) JPEGAI_INLINE_BODY { return a.lane[i] + b.lane[i]; });
    }
    JPEGAI_SIMD_FN I sub_int(I a, I b) {
        return map_int([&](std::size_t i) JPEGAI_INLINE_BODY { return a.lane[i] - b.lane[i]; });
    }
    JPEGAI_SIMD_FN I and_int(I a, I b) {
        return map_int([&](std::size_t i) JPEGAI_INLINE_BODY { return a.lane[i] & b.lane[i]; });
    }
    JPEGAI_SIMD_FN I xor_int(I a, I b) {
        return map_int([&](std::size_t i) JPEGAI_INLINE_BODY { return a.lane[i] ^ b.lane[i]; });
    }
    /// Arithmetic shift right by one; shift left by 23.
    JPEGAI_SIMD_FN I halve_int(I a) {
        return map_int([&](std::size_t i) JPEGAI_INLINE_BODY { return a.lane[i] >> 1; });
    }
    JPEGAI_SIMD_FN I to_exponent(I a) {
        return map_int([&](std::size_t i) JPEGAI_INLINE_BODY {
            return static_cast<std::int32_t>(static_cast<std::uint32_t>(a.lane[i]) << 23);
        });
    }

    /// The three instructions of the convolutions' inner loops: one float in all lanes, kLanes weights, acc =
    /// fma(weights, x, acc). Kept in program order where that matters for speed.
    JPEGAI_SIMD_FN F broadcast(const float* p) {
        return set(*p);
    }
    JPEGAI_SIMD_FN F load_weights(const float* p) {
        return load(p);
    }
    /// Asks for the cache line `floats` floats behind p, which may lie anywhere.
    JPEGAI_SIMD_FN void prefetch(const float* p, std::ptrdiff_t floats) {
        const auto address = reinterpret_cast<std::uintptr_t>(p) + static_cast<std::uintptr_t>(floats) * sizeof(float);
        __builtin_prefetch(reinterpret_cast<const void*>(address));
    }
    JPEGAI_SIMD_FN void accumulate(F& acc, F weights, F x) {
        acc = fma(weights, x, acc);
    }

    /// in[r * in_stride + c] -> out[c * out_stride + r] for r, c < 16.
    JPEGAI_SIMD_FN void transpose16(const float* in, std::size_t in_stride, float* out, std::size_t out_stride) {
        for (std::size_t c = 0; c < 16; ++c) {
            for (std::size_t r = 0; r < 16; ++r) out[c * out_stride + r] = in[r * in_stride + c];
        }
    }

private:
    template <class Body>
    JPEGAI_SIMD_FN F map(const Body& body) {
        F out;
        for (std::size_t i = 0; i < kLanes; ++i) out.lane[i] = body(i);
        return out;
    }
    template <class Body>
    JPEGAI_SIMD_FN I map_int(const Body& body) {
        I out;
        for (std::size_t i = 0; i < kLanes; ++i) out.lane[i] = body(i);
        return out;
    }
    template <class Body>
    JPEGAI_SIMD_FN M compare(const Body& body) {
        M out;
        for (std::size_t i = 0; i < kLanes; ++i) out.lane[i] = body(i);
        return out;
    }
#undef JPEGAI_SIMD_FN
};

}  // namespace jpegai::cpu::scalar
