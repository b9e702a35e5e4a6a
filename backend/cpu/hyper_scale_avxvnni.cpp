// Hyper-scale decoder with AVX-VNNI (256 bits, CPUs without AVX-512): exact for any unsigned input.
#include "backend/cpu/hyper_scale_avx2.h"

namespace jpegai {
namespace {

struct Vnni256 : HsAvx2 {
    static constexpr std::size_t kMaxCols = 6;
    static Vec dot(Vec acc, Vec activations, Vec weights) { return _mm256_dpbusd_avx_epi32(acc, activations, weights); }
};

}  // namespace

const HyperScaleKernels kHyperScaleAvxVnni = {"avxvnni", false, HsFirstInput::kOffset, HsTile<Vnni256>::hidden,
                                              HsTile<Vnni256>::scale};

}  // namespace jpegai
