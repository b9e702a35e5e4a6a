// Hyper-scale decoder with AVX-512 VNNI: 64 products per instruction, exact for any unsigned input.
#include "backend/cpu/hyper_scale_avx512.h"

namespace jpegai {
namespace {

struct Vnni512 : HsAvx512 {
    static constexpr std::size_t kMaxCols = 14;
    static Vec dot(Vec acc, Vec activations, Vec weights) { return _mm512_dpbusd_epi32(acc, activations, weights); }
};

}  // namespace

const HyperScaleKernels kHyperScaleAvx512Vnni = {"avx512vnni", false, HsFirstInput::kOffset, HsTile<Vnni512>::hidden,
                                                 HsTile<Vnni512>::scale};

}  // namespace jpegai
