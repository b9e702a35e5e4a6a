// What the card can do at most, for benchmarks.
#pragma once

#include "backend/cuda/device.h"

namespace jpegai::cuda {

/// kPeakChains independent chains of fused multiply-adds per thread, `steps` long; blocks of 256 threads. Writes one float
/// per thread.
inline constexpr int kPeakChains = 16;
struct PeakParams {
    float* to;
    float factor;
    int steps;
};
JPEGAI_DECLARE_KERNEL(peak, PeakParams)

}  // namespace jpegai::cuda
