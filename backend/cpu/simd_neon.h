// The SIMD interface for 64-bit ARM: 4 lanes, 32 registers. See simd_scalar.h for the meaning of every function.
#pragma once

#include <arm_neon.h>

#include <cstddef>
#include <cstdint>

#include "backend/cpu/unroll.h"

namespace jpegai::cpu::neon {

struct Simd {
    using F = float32x4_t;
    using I = int32x4_t;
    using M = uint32x4_t;
    static constexpr std::size_t kLanes = 4;
    static constexpr std::size_t kRegisters = 32;
    static constexpr bool kShareBroadcasts = false;
    static constexpr std::size_t kMaxBlocks = 1;

#define JPEGAI_SIMD_FN [[gnu::always_inline]] static inline
    JPEGAI_SIMD_FN F zero() {
        return vdupq_n_f32(0.0F);
    }
    JPEGAI_SIMD_FN F set(float x) {
        return vdupq_n_f32(x);
    }
    JPEGAI_SIMD_FN F load(const float* p) {
        return vld1q_f32(p);
    }
    JPEGAI_SIMD_FN void store(float* p, F x) {
        vst1q_f32(p, x);
    }
    JPEGAI_SIMD_FN void store_pairs(float* p, F even, F odd) {
        vst2q_f32(p, float32x4x2_t{{even, odd}});
    }
    JPEGAI_SIMD_FN F add(F a, F b) {
        return vaddq_f32(a, b);
    }
    JPEGAI_SIMD_FN F sub(F a, F b) {
        return vsubq_f32(a, b);
    }
    JPEGAI_SIMD_FN F mul(F a, F b) {
        return vmulq_f32(a, b);
    }
    JPEGAI_SIMD_FN F div(F a, F b) {
        return vdivq_f32(a, b);
    }
    JPEGAI_SIMD_FN F sqrt(F a) {
        return vsqrtq_f32(a);
    }
    JPEGAI_SIMD_FN F fma(F a, F b, F c) {
        return vfmaq_f32(c, a, b);
    }
    // Not vmaxq and vminq, which return NaN for NaN and tell zeros apart.
    JPEGAI_SIMD_FN F at_least(F x, F low) {
        return vbslq_f32(vcgtq_f32(x, low), x, low);
    }
    JPEGAI_SIMD_FN F at_most(F x, F high) {
        return vbslq_f32(vcltq_f32(x, high), x, high);
    }
    JPEGAI_SIMD_FN M greater(F a, F b) {
        return vcgtq_f32(a, b);
    }
    JPEGAI_SIMD_FN M not_less(F a, F b) {
        return vcgeq_f32(a, b);
    }
    JPEGAI_SIMD_FN M ordered(F a) {
        return vceqq_f32(a, a);
    }
    JPEGAI_SIMD_FN F select(M m, F yes, F no) {
        return vbslq_f32(m, yes, no);
    }
    JPEGAI_SIMD_FN I bits(F a) {
        return vreinterpretq_s32_f32(a);
    }
    JPEGAI_SIMD_FN F from_bits(I a) {
        return vreinterpretq_f32_s32(a);
    }
    JPEGAI_SIMD_FN I set_int(int x) {
        return vdupq_n_s32(x);
    }
    JPEGAI_SIMD_FN I add_int(I a, I b) {
        return vaddq_s32(a, b);
    }
    JPEGAI_SIMD_FN I sub_int(I a, I b) {
        return vsubq_s32(a, b);
    }
    JPEGAI_SIMD_FN I and_int(I a, I b) {
        return vandq_s32(a, b);
    }
    JPEGAI_SIMD_FN I xor_int(I a, I b) {
        return veorq_s32(a, b);
    }
    JPEGAI_SIMD_FN I halve_int(I a) {
        return vshrq_n_s32(a, 1);
    }
    JPEGAI_SIMD_FN I to_exponent(I a) {
        return vshlq_n_s32(a, 23);
    }

    JPEGAI_SIMD_FN F broadcast(const float* p) {
        return vld1q_dup_f32(p);
    }
    JPEGAI_SIMD_FN F load_weights(const float* p) {
        return vld1q_f32(p);
    }
    JPEGAI_SIMD_FN void prefetch(const float* p, std::ptrdiff_t floats) {
        const auto address = reinterpret_cast<std::uintptr_t>(p) + static_cast<std::uintptr_t>(floats) * sizeof(float);
        __builtin_prefetch(reinterpret_cast<const void*>(address));
    }
    JPEGAI_SIMD_FN void accumulate(F& acc, F weights, F x) {
        acc = vfmaq_f32(acc, weights, x);
    }

    JPEGAI_SIMD_FN void transpose16(const float* in, std::size_t in_stride, float* out, std::size_t out_stride) {
        for (std::size_t r = 0; r < 16; r += 4) {
            for (std::size_t c = 0; c < 16; c += 4) {
                transpose4(in + r * in_stride + c, in_stride, out + c * out_stride + r, out_stride);
            }
        }
    }

private:
    JPEGAI_SIMD_FN void transpose4(const float* in, std::size_t in_stride, float* out, std::size_t out_stride) {
        const float32x4x2_t low = vtrnq_f32(load(in), load(in + in_stride));
        const float32x4x2_t high = vtrnq_f32(load(in + 2 * in_stride), load(in + 3 * in_stride));
        unroll<2>([&](auto i) JPEGAI_INLINE_BODY {
            store(out + i * out_stride, vcombine_f32(vget_low_f32(low.val[i]), vget_low_f32(high.val[i])));
            store(out + (2 + i) * out_stride, vcombine_f32(vget_high_f32(low.val[i]), vget_high_f32(high.val[i])));
        });
    }
#undef JPEGAI_SIMD_FN
};

}  // namespace jpegai::cpu::neon
