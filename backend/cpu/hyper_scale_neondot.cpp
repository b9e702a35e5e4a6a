// Hyper-scale decoder with the dot product instructions of Arm v8.2: signed inputs, exact.
#include <arm_neon.h>

#include "backend/cpu/hyper_scale_tile.h"
#include "spec/constants.h"

namespace jpegai {
namespace {

struct NeonDot {
    using Vec = int32x4_t;
    static constexpr std::size_t kLanes = 4, kMaxCols = 12;

    static Vec load(const std::int32_t* values) { return vld1q_s32(values); }
    static Vec weights(const std::int8_t* values) { return vreinterpretq_s32_s8(vld1q_s8(values)); }
    static Vec broadcast(const std::uint8_t* word) {
        std::int32_t value;
        __builtin_memcpy(&value, word, 4);
        return vdupq_n_s32(value);
    }
    static Vec dot(Vec acc, Vec activations, Vec weights) {
        return vdotq_s32(acc, vreinterpretq_s8_s32(weights), vreinterpretq_s8_s32(activations));
    }
    static void store_hidden(Vec acc, Vec shift, std::uint8_t* target, std::size_t /*plane*/) {
        acc = vshlq_s32(acc, vnegq_s32(shift));
        acc = vminq_s32(vmaxq_s32(acc, vdupq_n_s32(0)), vdupq_n_s32(127));
        const int16x4_t halves = vmovn_s32(acc);
        const int8x8_t bytes = vmovn_s16(vcombine_s16(halves, halves));
        const std::uint32_t word = vget_lane_u32(vreinterpret_u32_s8(bytes), 0);
        __builtin_memcpy(target, &word, 4);
    }
    static void store_scale(Vec acc, Vec shift, std::int16_t* target, std::size_t /*stride*/) {
        acc = vabsq_s32(vshlq_s32(acc, vnegq_s32(shift)));
        acc = vminq_s32(vmaxq_s32(acc, vdupq_n_s32(0)), vdupq_n_s32(kScaleLogMax));
        vst1_s16(target, vmovn_s32(acc));
    }
};

}  // namespace

const HyperScaleKernels kHyperScaleNeonDot = {"neondot", false, HsFirstInput::kSigned, HsTile<NeonDot>::hidden,
                                              HsTile<NeonDot>::scale};

}  // namespace jpegai
