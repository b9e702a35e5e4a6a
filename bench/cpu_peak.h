// The largest rate of fused multiply-adds that one core reaches with an instruction set, to compare other rates with.
#pragma once

#include <algorithm>
#include <chrono>

#include "backend/cpu/cpu_level.h"

namespace jpegai::bench {

/// Multiply-accumulates per second: the best of `tries` runs of about a millisecond.
inline double peak_macs(CpuLevel level, int tries = 100) {
    const cpu::CpuKernels& kernels = cpu::kernels_of(level);
    constexpr std::size_t kRounds = 20000;
    double best = 0;
    float sink[16] = {0.0F, 1.0F};
    for (int i = 0; i < tries; ++i) {
        const auto start = std::chrono::steady_clock::now();
        const double flops = kernels.peak(kRounds, sink);
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
        best = std::max(best, flops / 2 / time.count());
        sink[0] = 0.0F;
        sink[1] = 1.0F;
    }
    return best;
}

}  // namespace jpegai::bench
