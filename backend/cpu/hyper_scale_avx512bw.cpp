// Hyper-scale decoder with AVX-512BW.
#include "backend/cpu/hyper_scale_avx512.h"

namespace jpegai {
namespace {

struct Bw512 : HsAvx512 {
    static constexpr std::size_t kMaxCols = 12;
    /// Activations are at most 128, so a pair of products stays within -32768..32512: the 16-bit sums cannot saturate.
    static Vec dot(Vec acc, Vec activations, Vec weights) {
        const Vec pairs = _mm512_maddubs_epi16(activations, weights);
        return _mm512_add_epi32(acc, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
    }
};

}  // namespace

const HyperScaleKernels kHyperScaleAvx512Bw = {"avx512bw", false, HsFirstInput::kOffsetSplit, HsTile<Bw512>::hidden,
                                               HsTile<Bw512>::scale};

}  // namespace jpegai
