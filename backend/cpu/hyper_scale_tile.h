// The convolution of the hyper-scale decoder over a vector type V (one per instruction set):
//   Vec, kLanes (int32 per vector), kMaxCols (columns computed at once),
//   load(int32 const*), weights(int8 const*), broadcast(uint8 const*): 4 activations in every lane,
//   dot(acc, activations, weights): acc + sum of 4 products per lane, modulo 2^32,
//   store_hidden(acc, shift, uint8*, plane): ReLU, clip 0..127, one 32-bit word per group of 4 lanes,
//   store_scale(acc, shift, int16*, stride): |x|, clip 0..3967, one row of 4 values per 4 lanes.
// A step computes kVectors vectors of outputs for up to kMaxCols columns; everything stays in registers.
#pragma once

#include "backend/cpu/hyper_scale_kernels.h"

namespace jpegai {
namespace {

constexpr std::size_t kHsVectors = 2;

template <class V>
struct HsTile {
    using Vec = typename V::Vec;
    /// Vectors per pair of blocks, and steps that cover it.
    static constexpr std::size_t kPairVectors = kHsPair / V::kLanes;
    static constexpr std::size_t kSteps = kPairVectors / kHsVectors;
    static constexpr std::size_t kWeightBytes = kHsPair * kHsGroup;  ///< of one group, both blocks

    /// Sums of columns col .. col + N - 1 of one row for vectors 2 * step and 2 * step + 1 of the pair.
    template <std::size_t N>
    static inline __attribute__((always_inline)) void accumulate(const HsConv& conv, std::size_t pair, std::size_t step,
                                                                 const HsActivations& in, std::size_t row,
                                                                 std::size_t col, Vec (&acc)[kHsVectors][N]) {
        const std::size_t output = pair * kHsPair + step * kHsVectors * V::kLanes;
        const Vec bias0 = V::load(conv.bias + output), bias1 = V::load(conv.bias + output + V::kLanes);
        for (std::size_t n = 0; n < N; ++n) {
            acc[0][n] = bias0;
            acc[1][n] = bias1;
        }
        const auto* weight = static_cast<const std::int8_t*>(conv.weight) +
                             pair * conv.taps * conv.groups * kWeightBytes + step * kHsVectors * V::kLanes * kHsGroup;
        const std::size_t radius = conv.taps == 9 ? 1 : 0, width = 2 * radius + 1;
        const std::uint8_t* origin = in.data + (row + 1 - radius) * in.stride + 4 * (col + 1 - radius);
        for (std::size_t tap = 0; tap < conv.taps; ++tap) {
            const std::uint8_t* source = origin + tap / width * in.stride + 4 * (tap % width);
            for (std::size_t group = 0; group < conv.groups; ++group) {
                const Vec w0 = V::weights(weight), w1 = V::weights(weight + V::kLanes * kHsGroup);
                for (std::size_t n = 0; n < N; ++n) {
                    const Vec x = V::broadcast(source + 4 * n);
                    acc[0][n] = V::dot(acc[0][n], x, w0);
                    acc[1][n] = V::dot(acc[1][n], x, w1);
                }
                weight += kWeightBytes;
                source += in.plane;
            }
        }
    }

    template <std::size_t N>
    static void hidden_step(const HsConv& conv, std::size_t pair, std::size_t step, const HsActivations& in,
                            const HsActivations& out, std::size_t row, std::size_t col) {
        Vec acc[kHsVectors][N];
        accumulate<N>(conv, pair, step, in, row, col, acc);
        for (std::size_t v = 0; v < kHsVectors; ++v) {
            const std::size_t output = pair * kHsPair + (step * kHsVectors + v) * V::kLanes;
            const Vec shift = V::load(conv.shift + output);
            std::uint8_t* target = out.data + output / kHsGroup * out.plane + (row + 1) * out.stride + 4 * (col + 1);
            for (std::size_t n = 0; n < N; ++n) V::store_hidden(acc[v][n], shift, target + 4 * n, out.plane);
        }
    }

    template <std::size_t N>
    static void scale_step(const HsConv& conv, std::size_t pair, std::size_t step, const HsActivations& in,
                           const HsScaleTile& out, std::size_t row, std::size_t tile_row, std::size_t col) {
        Vec acc[kHsVectors][N];
        accumulate<N>(conv, pair, step, in, row, col, acc);
        for (std::size_t v = 0; v < kHsVectors; ++v) {
            const std::size_t lane = (step * kHsVectors + v) * V::kLanes;  // 0..31: two channels of 4 x 4 samples
            const Vec shift = V::load(conv.shift + pair * kHsPair + lane);
            std::int16_t* target =
                out.channel[lane / kHsBlock] + (4 * tile_row + lane % kHsBlock / 4) * out.stride + 4 * col;
            for (std::size_t n = 0; n < N; ++n) V::store_scale(acc[v][n], shift, target + 4 * n, out.stride);
        }
    }

    /// Calls step(col, N as template argument) so that steps of nearly equal width cover all columns.
    template <std::size_t N, class Step>
    static inline __attribute__((always_inline)) void choose(std::size_t width, std::size_t col, const Step& step) {
        if (width == N) {
            step.template operator()<N>(col);
        } else if constexpr (N > 1) {
            choose<N - 1>(width, col, step);
        }
    }

    template <class Step>
    static inline __attribute__((always_inline)) void cover(std::size_t cols, const Step& step) {
        std::size_t tiles = (cols + V::kMaxCols - 1) / V::kMaxCols, col = 0;
        for (; tiles > 0; --tiles) {
            const std::size_t width = (cols - col + tiles - 1) / tiles;
            choose<V::kMaxCols>(width, col, step);
            col += width;
        }
    }

    static void hidden(const HsConv& conv, const HsActivations& in, const HsActivations& out) {
        for (std::size_t row = 0; row < in.rows; ++row) {
            for (std::size_t pair = 0; pair < conv.pairs; ++pair) {
                for (std::size_t step = 0; step < kSteps; ++step) {
                    cover(in.cols,
                          [&]<std::size_t N>(std::size_t col) { hidden_step<N>(conv, pair, step, in, out, row, col); });
                }
            }
        }
    }

    static void scale(const HsConv& conv, std::size_t pair, const HsActivations& in, std::size_t first_row,
                      std::size_t rows, const HsScaleTile& out) {
        for (std::size_t step = 0; step < kSteps; ++step) {
            for (std::size_t row = 0; row < rows; ++row) {
                cover(in.cols, [&]<std::size_t N>(std::size_t col) {
                    scale_step<N>(conv, pair, step, in, out, first_row + row, row, col);
                });
            }
        }
    }
};

}  // namespace
}  // namespace jpegai
