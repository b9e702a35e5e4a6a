// Convolution tiles over a SIMD interface V. Every output sample keeps its own accumulator, and its terms arrive in the
// order of spec/numeric_contract.md section 5: (input channel, kernel row, kernel column).
#pragma once

#include "backend/cpu/kernels.h"
#include "backend/cpu/math.inl"

namespace jpegai::cpu {

/// Constants of a ConvShape.
template <ConvShape kShape>
struct ShapeTraits {
    static constexpr std::size_t kCols = kShape == ConvShape::k1                                        ? 1
                                         : kShape == ConvShape::k2 || kShape == ConvShape::k2Descending ? 2
                                                                                                        : 3;
    static constexpr bool kPlanar = kShape == ConvShape::k3Stride2Planar;
    static constexpr std::size_t kStride = kShape == ConvShape::k3Stride2 || kPlanar ? 2 : 1;
    static constexpr bool kDescending = kShape == ConvShape::k2Descending;
    static constexpr std::size_t kLanes = kPlanar ? 1 : kBlock;  ///< channels behind one row pointer
    static constexpr std::size_t kStep = kPlanar ? 1 : kBlock;   ///< floats between columns
};

/// Vectors of kBlocks blocks.
template <class V, std::size_t kBlocks>
inline constexpr std::size_t kTileVectors = kBlocks* kBlock / V::kLanes;

/// Adds one input channel and kernel row to all accumulators. With shared broadcasts each input sample is loaded once
/// and used for every kernel column, and weights stay in registers; otherwise column by column.
template <class V, ConvShape kShape, std::size_t kPositions, std::size_t kVectors>
[[gnu::always_inline]] inline void add_kernel_row(typename V::F (&acc)[kPositions][kVectors], const float* x,
                                                  const float* w, bool skip_left, bool skip_right) {
    using F = typename V::F;
    using T = ShapeTraits<kShape>;
    constexpr std::size_t kTaps = (kPositions - 1) * T::kStride + T::kCols;
    if constexpr (V::kShareBroadcasts) {
        F weights[T::kCols][kVectors];
        unroll<T::kCols>([&](auto c) JPEGAI_INLINE_BODY {
            unroll<kVectors>([&](auto v) JPEGAI_INLINE_BODY {
                weights[c][v] = V::load_weights(w + (c * kVectors + v) * V::kLanes);
            });
        });
        unroll<kTaps>([&](auto step) JPEGAI_INLINE_BODY {
            constexpr std::size_t kTap = T::kDescending ? kTaps - 1 - step : step;
            if (T::kCols > 1 && kTap == 0 && skip_left) return;
            if (T::kCols > 1 && kTap == kTaps - 1 && skip_right) return;
            const F value = V::broadcast(x + kTap * T::kStep);
            unroll<T::kCols>([&](auto c) JPEGAI_INLINE_BODY {
                constexpr std::size_t kCol = T::kDescending ? T::kCols - 1 - c : c;  // column of the picture
                if constexpr (kTap >= kCol && (kTap - kCol) % T::kStride == 0 &&
                              (kTap - kCol) / T::kStride < kPositions) {
                    unroll<kVectors>([&](auto v) JPEGAI_INLINE_BODY {
                        V::accumulate(acc[(kTap - kCol) / T::kStride][v], weights[c][v], value);
                    });
                }
            });
        });
    } else {
        unroll<T::kCols>([&](auto c) JPEGAI_INLINE_BODY {
            constexpr std::size_t kCol = T::kDescending ? T::kCols - 1 - c : c;
            F weights[kVectors];
            unroll<kVectors>(
                [&](auto v) JPEGAI_INLINE_BODY { weights[v] = V::load_weights(w + (c * kVectors + v) * V::kLanes); });
            unroll<kPositions>([&](auto p) JPEGAI_INLINE_BODY {
                constexpr std::size_t kTap = p * T::kStride + kCol;
                if (T::kCols > 1 && kTap == 0 && skip_left) return;
                if (T::kCols > 1 && kTap == kTaps - 1 && skip_right) return;
                const F value = V::broadcast(x + kTap * T::kStep);
                unroll<kVectors>([&](auto v) JPEGAI_INLINE_BODY { V::accumulate(acc[p][v], weights[v], value); });
            });
        });
    }
}

/// body(acc, p, b, lane): for every accumulator, with its position, block and first lane.
template <class V, std::size_t kPositions, std::size_t kVectors, class Body>
[[gnu::always_inline]] inline void for_each_sum(typename V::F (&acc)[kPositions][kVectors], const Body& body) {
    constexpr std::size_t kPerBlock = kBlock / V::kLanes;
    unroll<kPositions>([&](auto p) JPEGAI_INLINE_BODY {
        unroll<kVectors>([&](auto v)
                             JPEGAI_INLINE_BODY { body(acc[p][v], p, v / kPerBlock, v % kPerBlock * V::kLanes); });
    });
}

/// `at`: floats from the first tile's outputs to this one's.
template <class V, std::size_t kPositions, std::size_t kVectors>
[[gnu::always_inline]] inline void start_sums(typename V::F (&acc)[kPositions][kVectors], const ConvTiles& t,
                                              std::size_t at) {
    using F = typename V::F;
    if (t.start != nullptr) {
        for_each_sum<V>(acc, [&](F& sum, std::size_t, std::size_t b, std::size_t lane)
                                 JPEGAI_INLINE_BODY { sum = V::load(t.start + b * kBlock + lane); });
    } else {
        for_each_sum<V>(acc, [&](F& sum, std::size_t p, std::size_t b, std::size_t lane)
                                 JPEGAI_INLINE_BODY { sum = V::load(t.out[b] + at + p * t.out_step + lane); });
    }
}

template <class V>
[[gnu::always_inline]] inline typename V::F finish_vector(typename V::F sum, Finish finish, const float* other) {
    switch (finish) {
        case Finish::kRelu:
            return relu<V>(sum);
        case Finish::kRelu6:
            return relu6<V>(sum);
        case Finish::kLeakyRelu:
            return leaky_relu<V>(sum);
        case Finish::kAdd:
            return V::add(V::load(other), sum);
        case Finish::kReluAdd:
            return V::add(V::load(other), relu<V>(sum));
        case Finish::kGate:
            return gate<V>(V::load(other), sum);
        default:
            return sum;
    }
}

/// Finishes sums[position][block][16] and stores them. Not part of the unrolled tiles, which would grow by far more
/// than the trip through the stack costs.
template <class V>
[[gnu::noinline]] void store_finished(const ConvTiles& t, std::size_t at, const float* sums, std::size_t positions,
                                      std::size_t blocks) {
    const bool has_other = t.finish == Finish::kAdd || t.finish == Finish::kReluAdd || t.finish == Finish::kGate;
    for (std::size_t b = 0; b < blocks; ++b) {
        float* const out = t.out[b] + at;
        const float* const other = has_other ? t.other[b] + at : out;
        float* const copy = t.relu6[0] != nullptr ? t.relu6[b] + at : nullptr;
        for (std::size_t p = 0; p < positions; ++p) {
            for (std::size_t lane = 0; lane < kBlock; lane += V::kLanes) {
                const std::size_t i = p * t.out_step + lane;
                const auto value =
                    finish_vector<V>(V::load(sums + (p * blocks + b) * kBlock + lane), t.finish, other + i);
                V::store(out + i, value);
                if (copy != nullptr) V::store(copy + i, relu6<V>(value));
            }
        }
    }
}

template <class V, std::size_t kPositions, std::size_t kVectors>
[[gnu::always_inline]] inline void finish_sums(typename V::F (&acc)[kPositions][kVectors], const ConvTiles& t,
                                               std::size_t at) {
    using F = typename V::F;
    constexpr std::size_t kBlocks = kVectors * V::kLanes / kBlock;
    const bool copied = t.relu6[0] != nullptr;
    if (t.finish == Finish::kNone && !copied) {
        for_each_sum<V>(acc, [&](F& sum, std::size_t p, std::size_t b, std::size_t lane)
                                 JPEGAI_INLINE_BODY { V::store(t.out[b] + at + p * t.out_step + lane, sum); });
    } else if (t.finish == Finish::kGate && !copied) {  // behind convolutions too small to hide the trip
        for_each_sum<V>(acc, [&](F& sum, std::size_t p, std::size_t b, std::size_t lane) JPEGAI_INLINE_BODY {
            const std::size_t i = at + p * t.out_step + lane;
            V::store(t.out[b] + i, gate<V>(V::load(t.other[b] + i), sum));
        });
    } else {
        alignas(64) float sums[kPositions * kBlocks * kBlock];
        for_each_sum<V>(acc, [&](F& sum, std::size_t p, std::size_t b, std::size_t lane)
                                 JPEGAI_INLINE_BODY { V::store(sums + (p * kBlocks + b) * kBlock + lane, sum); });
        store_finished<V>(t, at, sums, kPositions, kBlocks);
    }
}

/// All terms of one tile whose leftmost tap lies `first` floats from column 0.
template <class V, ConvShape kShape, std::size_t kPositions, std::size_t kVectors>
[[gnu::always_inline]] inline void sum_tile(typename V::F (&acc)[kPositions][kVectors], const ConvTiles& t,
                                            std::ptrdiff_t first, bool skip_left, bool skip_right) {
    using T = ShapeTraits<kShape>;
    constexpr std::size_t kRowWeights = T::kCols * kVectors * V::kLanes;
    constexpr std::ptrdiff_t kInStep = kPositions * T::kStride * T::kStep;
    const float* const* rows = t.rows;
    const float* weights = t.weights;
    const std::size_t kernel_rows = t.kernel_rows, channel_step = t.channel_step;
    for (std::size_t left = t.channels; left != 0; rows += kernel_rows) {
        const std::size_t lanes = left < T::kLanes ? left : T::kLanes;
        left -= lanes;
        std::size_t lane = 0;
        // What comes next: the following block of channels, or the first one of the following tile.
        const float* const* const next_rows = left != 0 ? rows + kernel_rows : t.rows;
        const std::ptrdiff_t next = left != 0 ? first : first + kInStep;
        if constexpr (kShape == ConvShape::k1) {
            constexpr std::size_t kUnroll = 4;  // a single tap is too little work for one turn of the loop
            constexpr std::ptrdiff_t kLines = (kPositions + kUnroll - 1) / kUnroll;
            if (kernel_rows == 1 && channel_step == kRowWeights) {
                const float* x = rows[0] + first;
                std::ptrdiff_t ahead = next;
                for (; lane + kUnroll <= lanes; lane += kUnroll, x += kUnroll, weights += kUnroll * kRowWeights) {
                    unroll<kLines>([&](auto line) JPEGAI_INLINE_BODY {
                        V::prefetch(next_rows[0], ahead + static_cast<std::ptrdiff_t>(line * kBlock));
                    });
                    ahead += kLines * static_cast<std::ptrdiff_t>(kBlock);
                    unroll<kUnroll>([&](auto u) JPEGAI_INLINE_BODY {
                        add_kernel_row<V, kShape>(acc, x + u, weights + u * kRowWeights, false, false);
                    });
                }
            }
        }
        for (; lane < lanes; ++lane, weights += channel_step) {
            const float* w = weights;
            for (std::size_t ky = 0; ky < kernel_rows; ++ky, w += kRowWeights) {
                add_kernel_row<V, kShape>(acc, rows[ky] + first + lane, w, skip_left, skip_right);
                if constexpr (!T::kPlanar) {
                    // The 16 channels of a block take turns, each with one column of the tile.
                    const std::ptrdiff_t ahead = next + static_cast<std::ptrdiff_t>(lane * kBlock);
                    V::prefetch(next_rows[ky], ahead);
                    constexpr std::ptrdiff_t kColumns = kBlock * kBlock;
                    if constexpr (kInStep > kColumns) V::prefetch(next_rows[ky], ahead + kColumns);
                }
            }
        }
    }
}

template <class V, ConvShape kShape, std::size_t kBlocks, std::size_t kPositions>
void conv_tiles(const ConvTiles& t) {
    using T = ShapeTraits<kShape>;
    constexpr std::ptrdiff_t kInStep = kPositions * T::kStride * T::kStep;
    std::ptrdiff_t first = t.first;
    std::size_t at = 0;
    for (std::size_t i = 0; i < t.count; ++i, first += kInStep, at += kPositions * t.out_step) {
        typename V::F acc[kPositions][kTileVectors<V, kBlocks>];
        start_sums<V>(acc, t, at);
        sum_tile<V, kShape>(acc, t, first, t.skip_left && i == 0, t.skip_right && i + 1 == t.count);
        finish_sums<V>(acc, t, at);
    }
}

template <class V>
void conv_point(const ConvPoint& t) {
    constexpr std::size_t kVectors = kTileVectors<V, 1>;
    typename V::F acc[kVectors];
    unroll<kVectors>([&](auto v) JPEGAI_INLINE_BODY { acc[v] = V::load(t.start + v * V::kLanes); });
    for (std::size_t c = 0; c < t.channels; ++c) {
        const float* const* rows = t.rows + c / t.lanes * t.kernel_rows;
        for (std::size_t ky = 0; ky < t.kernel_rows; ++ky) {
            const float* x = rows[ky] + t.first + c % t.lanes;
            const float* w = t.weights + c * t.channel_step + ky * t.row_step;
            for (std::size_t kx = 0; kx < t.kernel_cols; ++kx, x += t.tap_step, w += t.column_step) {
                const typename V::F value = V::broadcast(x);
                unroll<kVectors>([&](auto v) JPEGAI_INLINE_BODY {
                    V::accumulate(acc[v], V::load_weights(w + v * V::kLanes), value);
                });
            }
        }
    }
    unroll<kVectors>([&](auto v) JPEGAI_INLINE_BODY { V::store(t.out + v * V::kLanes, acc[v]); });
}

/// How many positions fit the registers of V beside the weights and one input sample.
template <class V, ConvShape kShape, std::size_t kBlocks>
constexpr std::size_t max_positions() {
    constexpr std::size_t kVectors = kTileVectors<V, kBlocks>;
    constexpr std::size_t kWeights = (V::kShareBroadcasts ? ShapeTraits<kShape>::kCols : 1) * kVectors;
    const std::size_t fitting = (V::kRegisters - 1 - kWeights) / kVectors;
    return fitting < kMaxTilePositions ? fitting : kMaxTilePositions;
}

/// The widths that exist: any run of positions is cut into equal tiles of the upper third, narrow layers need the
/// others.
template <ConvShape kShape, std::size_t kPositions, std::size_t kMax>
inline constexpr bool kHasTile = kShape == ConvShape::k3Stride2Planar ? kPositions == 1 || kPositions % 4 == 0
                                 : kMax > 14                          ? kPositions <= 2 || kPositions % 4 == 0
                                             : kPositions <= 2 || kPositions % 2 == 0 || 3 * kPositions > 2 * kMax;

/// Three and four blocks pay for 1x1 (fewer loads per product), three for 3x3 layers of 48 channels.
template <ConvShape kShape, std::size_t kBlocks>
inline constexpr bool kHasBlocks = kBlocks <= 2 || kShape == ConvShape::k1 || (kShape == ConvShape::k3 && kBlocks == 3);

template <class V, ConvShape kShape, std::size_t kBlocks>
constexpr void list_tiles(CpuKernels& table) {
    if constexpr (kHasBlocks<kShape, kBlocks> && kBlocks <= V::kMaxBlocks) {
        constexpr std::size_t kMax = max_positions<V, kShape, kBlocks>();
        unroll<kMax>([&](auto p) {
            if constexpr (kHasTile<kShape, p + 1, kMax>) {
                table.conv[static_cast<std::size_t>(kShape)][kBlocks][p + 1] = conv_tiles<V, kShape, kBlocks, p + 1>;
            }
        });
    }
}

template <class V>
constexpr void list_conv(CpuKernels& table) {
    unroll<kConvShapes>([&](auto s) {
        constexpr auto kShape = static_cast<ConvShape>(static_cast<std::size_t>(s));
        unroll<kMaxTileBlocks>([&](auto b) { list_tiles<V, kShape, b + 1>(table); });
    });
    table.conv_point = conv_point<V>;
}

}  // namespace jpegai::cpu
