// Hyper-scale decoder with AVX2.
#include "backend/cpu/hyper_scale_avx2.h"

namespace jpegai {
namespace {

struct Avx2 : HsAvx2 {
    static constexpr std::size_t kMaxCols = 5;
    /// Activations are at most 128, so a pair of products stays within -32768..32512: the 16-bit sums cannot saturate.
    static Vec dot(Vec acc, Vec activations, Vec weights) {
        const Vec pairs = _mm256_maddubs_epi16(activations, weights);
        return _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    }
};

}  // namespace

const HyperScaleKernels kHyperScaleAvx2 = {"avx2", false, HsFirstInput::kOffsetSplit, HsTile<Avx2>::hidden,
                                           HsTile<Avx2>::scale};

}  // namespace jpegai
