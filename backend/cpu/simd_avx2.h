// The SIMD interface for AVX2 and FMA: 8 lanes, 16 registers. See simd_scalar.h for the meaning of every function.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "backend/cpu/unroll.h"

namespace jpegai::cpu::avx2 {

struct Simd {
    using F = __m256;
    using I = __m256i;
    using M = __m256;
    static constexpr std::size_t kLanes = 8;
    static constexpr std::size_t kRegisters = 16;
    static constexpr bool kShareBroadcasts = false;
    static constexpr std::size_t kMaxBlocks = 1;

#define JPEGAI_SIMD_FN [[gnu::always_inline]] static inline
    JPEGAI_SIMD_FN F zero() {
        return _mm256_setzero_ps();
    }
    JPEGAI_SIMD_FN F set(float x) {
        return _mm256_set1_ps(x);
    }
    JPEGAI_SIMD_FN F load(const float* p) {
        return _mm256_loadu_ps(p);
    }
    JPEGAI_SIMD_FN void store(float* p, F x) {
        _mm256_storeu_ps(p, x);
    }
    JPEGAI_SIMD_FN void store_pairs(float* p, F even, F odd) {
        const F low = _mm256_unpacklo_ps(even, odd), high = _mm256_unpackhi_ps(even, odd);
        store(p, _mm256_permute2f128_ps(low, high, 0x20));
        store(p + kLanes, _mm256_permute2f128_ps(low, high, 0x31));
    }
    JPEGAI_SIMD_FN F add(F a, F b) {
        return _mm256_add_ps(a, b);
    }
    JPEGAI_SIMD_FN F sub(F a, F b) {
        return _mm256_sub_ps(a, b);
    }
    JPEGAI_SIMD_FN F mul(F a, F b) {
        return _mm256_mul_ps(a, b);
    }
    JPEGAI_SIMD_FN F div(F a, F b) {
        return _mm256_div_ps(a, b);
    }
    JPEGAI_SIMD_FN F sqrt(F a) {
        return _mm256_sqrt_ps(a);
    }
    JPEGAI_SIMD_FN F fma(F a, F b, F c) {
        return _mm256_fmadd_ps(a, b, c);
    }
    JPEGAI_SIMD_FN F at_least(F x, F low) {
        return _mm256_max_ps(x, low);
    }
    JPEGAI_SIMD_FN F at_most(F x, F high) {
        return _mm256_min_ps(x, high);
    }
    JPEGAI_SIMD_FN M greater(F a, F b) {
        return _mm256_cmp_ps(a, b, _CMP_GT_OQ);
    }
    JPEGAI_SIMD_FN M not_less(F a, F b) {
        return _mm256_cmp_ps(a, b, _CMP_GE_OQ);
    }
    JPEGAI_SIMD_FN M ordered(F a) {
        return _mm256_cmp_ps(a, a, _CMP_ORD_Q);
    }
    JPEGAI_SIMD_FN F select(M m, F yes, F no) {
        return _mm256_blendv_ps(no, yes, m);
    }
    JPEGAI_SIMD_FN I bits(F a) {
        return _mm256_castps_si256(a);
    }
    JPEGAI_SIMD_FN F from_bits(I a) {
        return _mm256_castsi256_ps(a);
    }
    JPEGAI_SIMD_FN I set_int(int x) {
        return _mm256_set1_epi32(x);
    }
    JPEGAI_SIMD_FN I add_int(I a, I b) {
        return _mm256_add_epi32(a, b);
    }
    JPEGAI_SIMD_FN I sub_int(I a, I b) {
        return _mm256_sub_epi32(a, b);
    }
    JPEGAI_SIMD_FN I and_int(I a, I b) {
        return _mm256_and_si256(a, b);
    }
    JPEGAI_SIMD_FN I xor_int(I a, I b) {
        return _mm256_xor_si256(a, b);
    }
    JPEGAI_SIMD_FN I halve_int(I a) {
        return _mm256_srai_epi32(a, 1);
    }
    JPEGAI_SIMD_FN I to_exponent(I a) {
        return _mm256_slli_epi32(a, 23);
    }

    // Volatile for the reason given in simd_avx512.h.
    JPEGAI_SIMD_FN F broadcast(const float* p) {
        F r;
        asm volatile("vbroadcastss %1, %0" : "=x"(r) : "m"(*p));
        return r;
    }
    JPEGAI_SIMD_FN F load_weights(const float* p) {
        F r;
        asm volatile("vmovups %1, %0" : "=x"(r) : "m"(*reinterpret_cast<const Memory*>(p)));
        return r;
    }
    JPEGAI_SIMD_FN void prefetch(const float* p, std::ptrdiff_t floats) {
        const auto address = reinterpret_cast<std::uintptr_t>(p) + static_cast<std::uintptr_t>(floats) * sizeof(float);
        _mm_prefetch(reinterpret_cast<const char*>(address), _MM_HINT_T0);
    }
    JPEGAI_SIMD_FN void accumulate(F& acc, F weights, F x) {
        asm volatile("vfmadd231ps %2, %1, %0" : "+x"(acc) : "x"(weights), "x"(x));
    }

    JPEGAI_SIMD_FN void transpose16(const float* in, std::size_t in_stride, float* out, std::size_t out_stride) {
        unroll<2>([&](auto r) JPEGAI_INLINE_BODY {
            unroll<2>([&](auto c) JPEGAI_INLINE_BODY {
                transpose8(in + 8 * r * in_stride + 8 * c, in_stride, out + 8 * c * out_stride + 8 * r, out_stride);
            });
        });
    }

private:
    struct Memory {
        float lane[kLanes];
    };
    JPEGAI_SIMD_FN void transpose8(const float* in, std::size_t in_stride, float* out, std::size_t out_stride) {
        F a[8], b[8];
        unroll<8>([&](auto i) JPEGAI_INLINE_BODY { a[i] = load(in + i * in_stride); });
        unroll<4>([&](auto i) JPEGAI_INLINE_BODY {
            b[2 * i] = _mm256_unpacklo_ps(a[2 * i], a[2 * i + 1]);
            b[2 * i + 1] = _mm256_unpackhi_ps(a[2 * i], a[2 * i + 1]);
        });
        unroll<2>([&](auto i) JPEGAI_INLINE_BODY {
            a[4 * i] = _mm256_shuffle_ps(b[4 * i], b[4 * i + 2], 0x44);
            a[4 * i + 1] = _mm256_shuffle_ps(b[4 * i], b[4 * i + 2], 0xEE);
            a[4 * i + 2] = _mm256_shuffle_ps(b[4 * i + 1], b[4 * i + 3], 0x44);
            a[4 * i + 3] = _mm256_shuffle_ps(b[4 * i + 1], b[4 * i + 3], 0xEE);
        });
        unroll<4>([&](auto i) JPEGAI_INLINE_BODY {
            store(out + i * out_stride, _mm256_permute2f128_ps(a[i], a[4 + i], 0x20));
            store(out + (4 + i) * out_stride, _mm256_permute2f128_ps(a[i], a[4 + i], 0x31));
        });
    }
#undef JPEGAI_SIMD_FN
};

}  // namespace jpegai::cpu::avx2
