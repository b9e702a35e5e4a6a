// The one inner loop of all long sums: several rows of accumulators, each its own chain of fused multiply-adds.
#pragma once

#include <cstddef>
#include <span>

#include "backend/contract/elementary.h"
#include "backend/contract/isa.h"

namespace jpegai::contract {

/// One term of a sum for the outputs [first, first + count) of a row: acc[first + i] = fma(w, in[i * step], acc[first +
/// i]) with w = weights[weight] of the output channel at hand.
struct Tap {
    const float* in;
    std::size_t first, count;
    std::size_t weight;
};

/// Adds all taps, in order, to `rows` rows of accumulators that lie `acc_stride` floats apart; the weights of row r
/// start at weights + r * weight_stride. The step between inputs of one tap is kStep.
template <std::size_t kStep>
void accumulate_rows(float* acc, std::size_t rows, std::size_t acc_stride, std::span<const Tap> taps,
                     const float* weights, std::size_t weight_stride) {
    run_vectorised([&]() JPEGAI_VECTOR_BODY {
        std::size_t r = 0;
        for (; r + 4 <= rows; r += 4) {
            const float* const w = weights + r * weight_stride;
            for (const Tap& tap : taps) {
                const float w0 = w[tap.weight], w1 = w[weight_stride + tap.weight];
                const float w2 = w[2 * weight_stride + tap.weight], w3 = w[3 * weight_stride + tap.weight];
                float* const a0 = acc + r * acc_stride + tap.first;
                float* const a1 = a0 + acc_stride;
                float* const a2 = a1 + acc_stride;
                float* const a3 = a2 + acc_stride;
                const float* const in = tap.in;
                JPEGAI_INDEPENDENT_ITERATIONS
                for (std::size_t i = 0; i < tap.count; ++i) {
                    const float x = in[i * kStep];
                    a0[i] = fma(w0, x, a0[i]);
                    a1[i] = fma(w1, x, a1[i]);
                    a2[i] = fma(w2, x, a2[i]);
                    a3[i] = fma(w3, x, a3[i]);
                }
            }
        }
        for (; r < rows; ++r) {
            const float* const w = weights + r * weight_stride;
            for (const Tap& tap : taps) {
                const float w0 = w[tap.weight];
                float* const a0 = acc + r * acc_stride + tap.first;
                const float* const in = tap.in;
                JPEGAI_INDEPENDENT_ITERATIONS
                for (std::size_t i = 0; i < tap.count; ++i) a0[i] = fma(w0, in[i * kStep], a0[i]);
            }
        }
    });
}

}  // namespace jpegai::contract
