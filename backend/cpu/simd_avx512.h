// The SIMD interface for AVX-512F: 16 lanes, 32 registers. See simd_scalar.h for the meaning of every function.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "backend/cpu/unroll.h"

namespace jpegai::cpu::avx512 {

struct Simd {
    using F = __m512;
    using I = __m512i;
    using M = __mmask16;
    static constexpr std::size_t kLanes = 16;
    static constexpr std::size_t kRegisters = 31;  // of 32: compilers want one to spare
    static constexpr bool kShareBroadcasts = true;
    static constexpr std::size_t kMaxBlocks = 4;

#define JPEGAI_SIMD_FN [[gnu::always_inline]] static inline
    JPEGAI_SIMD_FN F zero() {
        return _mm512_setzero_ps();
    }
    JPEGAI_SIMD_FN F set(float x) {
        return _mm512_set1_ps(x);
    }
    JPEGAI_SIMD_FN F load(const float* p) {
        return _mm512_loadu_ps(p);
    }
    JPEGAI_SIMD_FN void store(float* p, F x) {
        _mm512_storeu_ps(p, x);
    }
    JPEGAI_SIMD_FN void store_pairs(float* p, F even, F odd) {
        const I low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const I high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
        store(p, _mm512_permutex2var_ps(even, low, odd));
        store(p + kLanes, _mm512_permutex2var_ps(even, high, odd));
    }
    JPEGAI_SIMD_FN F add(F a, F b) {
        return _mm512_add_ps(a, b);
    }
    JPEGAI_SIMD_FN F sub(F a, F b) {
        return _mm512_sub_ps(a, b);
    }
    JPEGAI_SIMD_FN F mul(F a, F b) {
        return _mm512_mul_ps(a, b);
    }
    JPEGAI_SIMD_FN F div(F a, F b) {
        return _mm512_div_ps(a, b);
    }
    JPEGAI_SIMD_FN F sqrt(F a) {
        return _mm512_sqrt_ps(a);
    }
    JPEGAI_SIMD_FN F fma(F a, F b, F c) {
        return _mm512_fmadd_ps(a, b, c);
    }
    JPEGAI_SIMD_FN F at_least(F x, F low) {
        return _mm512_max_ps(x, low);
    }
    JPEGAI_SIMD_FN F at_most(F x, F high) {
        return _mm512_min_ps(x, high);
    }
    JPEGAI_SIMD_FN M greater(F a, F b) {
        return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
    }
    JPEGAI_SIMD_FN M not_less(F a, F b) {
        return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ);
    }
    JPEGAI_SIMD_FN M ordered(F a) {
        return _mm512_cmp_ps_mask(a, a, _CMP_ORD_Q);
    }
    JPEGAI_SIMD_FN F select(M m, F yes, F no) {
        return _mm512_mask_blend_ps(m, no, yes);
    }
    JPEGAI_SIMD_FN I bits(F a) {
        return _mm512_castps_si512(a);
    }
    JPEGAI_SIMD_FN F from_bits(I a) {
        return _mm512_castsi512_ps(a);
    }
    JPEGAI_SIMD_FN I set_int(int x) {
        return _mm512_set1_epi32(x);
    }
    JPEGAI_SIMD_FN I add_int(I a, I b) {
        return _mm512_add_epi32(a, b);
    }
    JPEGAI_SIMD_FN I sub_int(I a, I b) {
        return _mm512_sub_epi32(a, b);
    }
    JPEGAI_SIMD_FN I and_int(I a, I b) {
        return _mm512_and_si512(a, b);
    }
    JPEGAI_SIMD_FN I xor_int(I a, I b) {
        return _mm512_xor_si512(a, b);
    }
    JPEGAI_SIMD_FN I halve_int(I a) {
        return _mm512_srai_epi32(a, 1);
    }
    JPEGAI_SIMD_FN I to_exponent(I a) {
        return _mm512_slli_epi32(a, 23);
    }

    // Volatile, so that the compiler keeps the order and shape of the inner loops: left alone it hoists broadcasts
    // until it runs out of registers.
    JPEGAI_SIMD_FN F broadcast(const float* p) {
        F r;
        asm volatile("vbroadcastss %1, %0" : "=v"(r) : "m"(*p));
        return r;
    }
    JPEGAI_SIMD_FN F load_weights(const float* p) {
        F r;
        asm volatile("vmovups %1, %0" : "=v"(r) : "m"(*reinterpret_cast<const Memory*>(p)));
        return r;
    }
    JPEGAI_SIMD_FN void prefetch(const float* p, std::ptrdiff_t floats) {
        const auto address = reinterpret_cast<std::uintptr_t>(p) + static_cast<std::uintptr_t>(floats) * sizeof(float);
        _mm_prefetch(reinterpret_cast<const char*>(address), _MM_HINT_T0);
    }
    JPEGAI_SIMD_FN void accumulate(F& acc, F weights, F x) {
        asm volatile("vfmadd231ps %2, %1, %0" : "+v"(acc) : "v"(weights), "v"(x));
    }

    /// in[r * in_stride + c] -> out[c * out_stride + r] for r, c < 16.
    JPEGAI_SIMD_FN void transpose16(const float* in, std::size_t in_stride, float* out, std::size_t out_stride) {
        F a[16], b[16];
        unroll<16>([&](auto i) JPEGAI_INLINE_BODY { a[i] = load(in + i * in_stride); });
        unroll<8>([&](auto i) JPEGAI_INLINE_BODY {
            b[2 * i] = _mm512_unpacklo_ps(a[2 * i], a[2 * i + 1]);
            b[2 * i + 1] = _mm512_unpackhi_ps(a[2 * i], a[2 * i + 1]);
        });
        unroll<4>([&](auto i) JPEGAI_INLINE_BODY {  // a[4 g + q], 128-bit part L: column 4 L + q of rows 4 g .. 4 g + 3
            a[4 * i] = unpack_low_pairs(b[4 * i], b[4 * i + 2]);
            a[4 * i + 1] = unpack_high_pairs(b[4 * i], b[4 * i + 2]);
            a[4 * i + 2] = unpack_low_pairs(b[4 * i + 1], b[4 * i + 3]);
            a[4 * i + 3] = unpack_high_pairs(b[4 * i + 1], b[4 * i + 3]);
        });
        unroll<4>([&](auto i) JPEGAI_INLINE_BODY {
            b[i] = _mm512_shuffle_f32x4(a[i], a[4 + i], 0x88);
            b[4 + i] = _mm512_shuffle_f32x4(a[i], a[4 + i], 0xDD);
            b[8 + i] = _mm512_shuffle_f32x4(a[8 + i], a[12 + i], 0x88);
            b[12 + i] = _mm512_shuffle_f32x4(a[8 + i], a[12 + i], 0xDD);
        });
        unroll<8>([&](auto i) JPEGAI_INLINE_BODY {
            store(out + i * out_stride, _mm512_shuffle_f32x4(b[i], b[8 + i], 0x88));
            store(out + (8 + i) * out_stride, _mm512_shuffle_f32x4(b[i], b[8 + i], 0xDD));
        });
    }

private:
    struct Memory {
        float lane[kLanes];
    };
    JPEGAI_SIMD_FN F unpack_low_pairs(F a, F b) {
        return _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
    }
    JPEGAI_SIMD_FN F unpack_high_pairs(F a, F b) {
        return _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
    }
#undef JPEGAI_SIMD_FN
};

}  // namespace jpegai::cpu::avx512
