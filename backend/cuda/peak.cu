#include "backend/cuda/peak.h"

#include "backend/cuda/kernel.cuh"

namespace jpegai::cuda {

JPEGAI_KERNEL(peak, PeakParams, 256) {
    const int thread = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    float acc[kPeakChains];
    JPEGAI_UNROLL
    for (int k = 0; k < kPeakChains; ++k) acc[k] = static_cast<float>(thread + k);
    const float x = p.factor + static_cast<float>(thread) * 1e-9F;
    for (int i = 0; i < p.steps; i += 8) {
        JPEGAI_UNROLL
        for (int n = 0; n < 8; ++n) {
            JPEGAI_UNROLL
            for (int k = 0; k < kPeakChains; ++k) acc[k] = contract::fma(acc[k], x, p.factor);
        }
    }
    float sum = 0.0F;
    JPEGAI_UNROLL
    for (int k = 0; k < kPeakChains; ++k) sum += acc[k];
    p.to[thread] = sum;
}
JPEGAI_DEFINE_KERNEL(peak, PeakParams)

}  // namespace jpegai::cuda
