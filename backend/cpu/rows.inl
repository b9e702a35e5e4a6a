// Everything but convolution tiles: operations on rows over a SIMD interface V (spec/numeric_contract.md sections 4,
// 6).
#pragma once

#include "backend/cpu/kernels.h"
#include "backend/cpu/math.inl"

namespace jpegai::cpu {

template <class V, Elementwise kOp>
void elementwise(float* out, const float* a, const float* b, std::size_t n) {
    using F = typename V::F;
    for (std::size_t i = 0; i < n; i += V::kLanes) {
        const F x = V::load(a + i);
        F y = x;
        if constexpr (kOp == Elementwise::kRelu) y = relu<V>(x);
        if constexpr (kOp == Elementwise::kRelu6) y = relu6<V>(x);
        if constexpr (kOp == Elementwise::kLeakyRelu) y = leaky_relu<V>(x);
        if constexpr (kOp == Elementwise::kSigmoid) y = sigmoid<V>(x);
        if constexpr (kOp == Elementwise::kAbs) y = V::from_bits(V::and_int(V::bits(x), V::set_int(0x7FFFFFFF)));
        if constexpr (kOp == Elementwise::kNormalise) y = normalise<V>(x);
        if constexpr (kOp == Elementwise::kDenormalise) y = denormalise<V>(x);
        if constexpr (kOp == Elementwise::kScale) y = V::mul(x, V::set(b[0]));
        if constexpr (kOp == Elementwise::kBatchNorm) {
            y = V::fma(x, V::load(b + i % kBlock), V::load(b + kBlock + i % kBlock));
        }
        if constexpr (kOp == Elementwise::kAdd) y = V::add(x, V::load(b + i));
        if constexpr (kOp == Elementwise::kMul) y = V::mul(x, V::load(b + i));
        if constexpr (kOp == Elementwise::kGate) y = gate<V>(x, V::load(b + i));
        if constexpr (kOp == Elementwise::kEluGate) y = V::mul(elu<V>(x), V::load(b + i));
        V::store(out + i, y);
    }
}

/// Sums of kPositions neighbouring columns. `left` / `right`: the column before / after them lies inside the picture.
template <class V, std::size_t kPositions>
[[gnu::always_inline]] inline void depthwise_sums(const DepthwiseRow& r, std::size_t x, std::size_t lane, bool left,
                                                  bool right, typename V::F (&acc)[kPositions]) {
    using F = typename V::F;
    unroll<kPositions>([&](auto p) JPEGAI_INLINE_BODY { acc[p] = V::load(r.start + lane); });
    for (std::size_t ky = 0; ky < 3; ++ky) {
        if (r.rows[ky] == nullptr) continue;
        const float* const in = r.rows[ky] + x * kBlock + lane;
        const float* const w = r.weights + ky * 3 * kBlock + lane;
        const F w0 = V::load(w), w1 = V::load(w + kBlock), w2 = V::load(w + 2 * kBlock);
        if (left) acc[0] = V::fma(w0, V::load(in - kBlock), acc[0]);
        unroll<kPositions>([&](auto p) JPEGAI_INLINE_BODY {
            const F value = V::load(in + p * kBlock);
            if constexpr (p > 0) acc[p - 1] = V::fma(w2, value, acc[p - 1]);
            acc[p] = V::fma(w1, value, acc[p]);
            if constexpr (p + 1 < kPositions) acc[p + 1] = V::fma(w0, value, acc[p + 1]);
        });
        if (right) acc[kPositions - 1] = V::fma(w2, V::load(in + kPositions * kBlock), acc[kPositions - 1]);
    }
}

/// Calls tile(positions, x, left, right) for tiles that cover [begin, end); `positions` converts to a constant. The
/// last tile overlaps its neighbour; what both compute is the same.
template <std::size_t kWide, class Tile>
[[gnu::always_inline]] inline void for_each_tile(const DepthwiseRow& r, const Tile& tile) {
    if (r.end - r.begin < kWide) {
        for (std::size_t x = r.begin; x < r.end; ++x) {
            tile(std::integral_constant<std::size_t, 1>{}, x, x > 0, x + 1 < r.cols);
        }
        return;
    }
    for (std::size_t x = r.begin; x < r.end; x += kWide) {
        if (x + kWide > r.end) x = r.end - kWide;
        tile(std::integral_constant<std::size_t, kWide>{}, x, x > 0, x + kWide < r.cols);
    }
}

template <class V>
void depthwise(const DepthwiseRow& r) {
    for_each_tile<(V::kRegisters >= 31 ? 8 : 4)>(r, [&](auto positions, std::size_t x, bool left,
                                                        bool right) JPEGAI_INLINE_BODY {
        for (std::size_t lane = 0; lane < kBlock; lane += V::kLanes) {
            typename V::F acc[positions];
            depthwise_sums<V, positions>(r, x, lane, left, right, acc);
            unroll<positions>([&](auto p) JPEGAI_INLINE_BODY { V::store(r.out + (x + p) * kBlock + lane, acc[p]); });
        }
    });
}

/// elu(a) * b of two depthwise rows that differ in rows and weights only; a.out is written.
template <class V>
void depthwise_gate(const DepthwiseRow& a, const DepthwiseRow& b) {
    for_each_tile<(V::kRegisters >= 31 ? 8 : 4)>(
        a, [&](auto positions, std::size_t x, bool left, bool right) JPEGAI_INLINE_BODY {
            for (std::size_t lane = 0; lane < kBlock; lane += V::kLanes) {
                typename V::F first[positions], second[positions];
                depthwise_sums<V, positions>(a, x, lane, left, right, first);
                depthwise_sums<V, positions>(b, x, lane, left, right, second);
                unroll<positions>([&](auto p) JPEGAI_INLINE_BODY {
                    V::store(a.out + (x + p) * kBlock + lane, V::mul(elu<V>(first[p]), second[p]));
                });
            }
        });
}

/// Sums over 16 lanes for 16 positions at a time: lanes[position][lane] -> sums[position], halves added as in sum16.
template <class V>
[[gnu::always_inline]] inline void add_lanes(const float* lanes, float* sums) {
    using F = typename V::F;
    alignas(64) float columns[kBlock * kBlock];
    V::transpose16(lanes, kBlock, columns, kBlock);
    for (std::size_t i = 0; i < kBlock; i += V::kLanes) {
        F lane[kBlock];
        unroll<kBlock>([&](auto l) JPEGAI_INLINE_BODY { lane[l] = V::load(columns + l * kBlock + i); });
        unroll<8>([&](auto l) JPEGAI_INLINE_BODY { lane[l] = V::add(lane[l], lane[l + 8]); });
        unroll<4>([&](auto l) JPEGAI_INLINE_BODY { lane[l] = V::add(lane[l], lane[l + 4]); });
        unroll<2>([&](auto l) JPEGAI_INLINE_BODY { lane[l] = V::add(lane[l], lane[l + 2]); });
        V::store(sums + i, V::add(lane[0], lane[1]));
    }
}

template <class V>
[[gnu::always_inline]] inline void layer_norm_16(const LayerNormRow& r, const float* x, float* out) {
    using F = typename V::F;
    alignas(64) float lanes[kBlock * kBlock], mean[kBlock], inverse[kBlock];
    const F channels = V::set(static_cast<float>(r.blocks * kBlock));
    for (std::size_t i = 0; i < kBlock * kBlock; i += V::kLanes) {
        F sum = V::zero();
        for (std::size_t b = 0; b < r.blocks; ++b) sum = V::add(sum, V::load(x + b * r.x_block_step + i));
        V::store(lanes + i, sum);
    }
    add_lanes<V>(lanes, mean);
    for (std::size_t i = 0; i < kBlock; i += V::kLanes) V::store(mean + i, V::div(V::load(mean + i), channels));
    for (std::size_t i = 0; i < kBlock * kBlock; i += V::kLanes) {
        const F m = V::set(mean[i / kBlock]);
        F sum = V::zero();
        for (std::size_t b = 0; b < r.blocks; ++b) {
            const F d = V::sub(V::load(x + b * r.x_block_step + i), m);
            sum = V::fma(d, d, sum);
        }
        V::store(lanes + i, sum);
    }
    add_lanes<V>(lanes, inverse);
    for (std::size_t i = 0; i < kBlock; i += V::kLanes) {
        const F variance = V::div(V::load(inverse + i), channels);
        V::store(inverse + i, V::div(V::set(1.0F), V::sqrt(V::add(variance, V::set(1e-5F)))));
    }
    for (std::size_t b = 0; b < r.blocks; ++b) {
        for (std::size_t i = 0; i < kBlock * kBlock; i += V::kLanes) {
            const F d = V::sub(V::load(x + b * r.x_block_step + i), V::set(mean[i / kBlock]));
            const F scaled = V::mul(d, V::set(inverse[i / kBlock]));
            const std::size_t c = b * kBlock + i % kBlock;
            V::store(out + b * r.out_block_step + i, V::fma(scaled, V::load(r.weight + c), V::load(r.bias + c)));
        }
    }
}

template <class V>
void layer_norm(const LayerNormRow& r) {
    for (std::size_t p = 0; p < r.positions; p += kBlock) layer_norm_16<V>(r, r.x + p * kBlock, r.out + p * kBlock);
}

/// Rows [i, i + kRows) of q * k^T for one block of k.
template <class V, std::size_t kRows>
[[gnu::always_inline]] inline void attention_rows(const AttentionSegment& s, std::size_t i, std::size_t block) {
    using F = typename V::F;
    constexpr std::size_t kVectors = kBlock / V::kLanes;
    F acc[kRows][kVectors];
    unroll<kRows>([&](auto r) JPEGAI_INLINE_BODY {
        unroll<kVectors>([&](auto v) JPEGAI_INLINE_BODY { acc[r][v] = V::zero(); });
    });
    const float* q = s.q[i / kBlock] + i % kBlock;
    const float* k = s.k[block];
    for (std::size_t x = 0; x < s.count; ++x, q += kBlock, k += kBlock) {
        F keys[kVectors];
        unroll<kVectors>([&](auto v) JPEGAI_INLINE_BODY { keys[v] = V::load_weights(k + v * V::kLanes); });
        unroll<kRows>([&](auto r) JPEGAI_INLINE_BODY {
            const F query = V::broadcast(q + r);
            unroll<kVectors>([&](auto v) JPEGAI_INLINE_BODY { V::accumulate(acc[r][v], keys[v], query); });
        });
    }
    unroll<kRows>([&](auto r) JPEGAI_INLINE_BODY {
        unroll<kVectors>([&](auto v) JPEGAI_INLINE_BODY {
            V::store(s.qk + (i + r) * s.blocks * kBlock + block * kBlock + v * V::kLanes, acc[r][v]);
        });
    });
}

/// Both at a time, because either alone waits for its own sums.
template <class V>
[[gnu::always_inline]] inline void sum_squares(const float* q, const float* k, std::size_t count, float* qq,
                                               float* kk) {
    using F = typename V::F;
    for (std::size_t lane = 0; lane < kBlock; lane += V::kLanes) {
        F sum_q = V::zero(), sum_k = V::zero();
        for (std::size_t p = lane; p < count * kBlock; p += kBlock) {
            const F value_q = V::load(q + p), value_k = V::load(k + p);
            sum_q = V::fma(value_q, value_q, sum_q);
            sum_k = V::fma(value_k, value_k, sum_k);
        }
        V::store(qq + lane, sum_q);
        V::store(kk + lane, sum_k);
    }
}

template <class V>
void attention_segment(const AttentionSegment& s) {
    constexpr std::size_t kRows = V::kRegisters * V::kLanes >= 512 ? 16 : 4;  // of q; divides a block
    for (std::size_t b = 0; b < s.blocks; ++b) {
        for (std::size_t i = 0; i < s.blocks * kBlock; i += kRows) attention_rows<V, kRows>(s, i, b);
        sum_squares<V>(s.q[b], s.k[b], s.count, s.qq + b * kBlock, s.kk + b * kBlock);
    }
}

/// n is a multiple of 16.
template <class V>
void softmax(float* row, std::size_t n) {
    using F = typename V::F;
    float largest = row[0], sum = 0.0F;
    for (std::size_t j = 1; j < n; ++j) largest = row[j] > largest ? row[j] : largest;
    for (std::size_t j = 0; j < n; j += V::kLanes) {
        V::store(row + j, exp<V>(V::sub(V::load(row + j), V::set(largest))));
    }
    for (std::size_t j = 0; j < n; ++j) sum = sum + row[j];
    const F total = V::set(sum);
    for (std::size_t j = 0; j < n; j += V::kLanes) V::store(row + j, V::div(V::load(row + j), total));
}

/// The four phases of kGroups * kLanes input columns from x on. `next`: with kBorder, whether column x + lane + 1
/// exists; otherwise all of them do.
template <class V, std::size_t kGroups, bool kBorder>
[[gnu::always_inline]] inline void narrow_transposed_columns(const NarrowTransposed& r, std::size_t x,
                                                             typename V::M next, typename V::F (&sum)[kGroups][4]) {
    using F = typename V::F;
    unroll<kGroups>([&](auto g) JPEGAI_INLINE_BODY {
        unroll<4>([&](auto phase) JPEGAI_INLINE_BODY { sum[g][phase] = V::set(r.start); });
    });
    const auto add_pair = [&](F& acc, const float* row, const F& beside, const F& above) JPEGAI_INLINE_BODY {
        const F added = V::fma(beside, V::load(row + 1), acc);
        acc = V::fma(above, V::load(row), kBorder ? V::select(next, added, acc) : added);
    };
    for (std::size_t c = 0; c < r.channels; ++c) {
        const float* const upper = r.upper + c * r.channel_stride + x;
        F w[9];
        unroll<9>([&](auto k) JPEGAI_INLINE_BODY { w[k] = V::set(r.weights[9 * c + k]); });
        unroll<kGroups>([&](auto g) JPEGAI_INLINE_BODY {
            const float* const row = upper + g * V::kLanes;
            sum[g][0] = V::fma(w[4], V::load(row), sum[g][0]);
            add_pair(sum[g][1], row, w[3], w[5]);
        });
        if (r.lower != nullptr) {
            const float* const lower = r.lower + c * r.channel_stride + x;
            unroll<kGroups>([&](auto g) JPEGAI_INLINE_BODY {
                const float* const row = lower + g * V::kLanes;
                sum[g][2] = V::fma(w[1], V::load(row), sum[g][2]);
                add_pair(sum[g][3], row, w[0], w[2]);
            });
        }
        unroll<kGroups>([&](auto g) JPEGAI_INLINE_BODY {
            const float* const row = upper + g * V::kLanes;
            sum[g][2] = V::fma(w[7], V::load(row), sum[g][2]);
            add_pair(sum[g][3], row, w[6], w[8]);
        });
    }
}

/// Stores the phases of `count` <= kLanes columns that begin at column x.
template <class V>
[[gnu::always_inline]] inline void store_phases(const NarrowTransposed& r, std::size_t x, std::size_t count,
                                                typename V::F (&sum)[4]) {
    if (r.denormalise) {
        unroll<4>([&](auto phase) JPEGAI_INLINE_BODY { sum[phase] = denormalise<V>(sum[phase]); });
    }
    float pairs[2 * V::kLanes];
    for (std::size_t row = 0; row < 2; ++row) {
        float* const out = r.out[row] + 2 * (x - r.begin);
        if (count == V::kLanes) {
            V::store_pairs(out, sum[2 * row], sum[2 * row + 1]);
        } else {
            V::store_pairs(pairs, sum[2 * row], sum[2 * row + 1]);
            for (std::size_t i = 0; i < 2 * count; ++i) out[i] = pairs[i];
        }
    }
}

template <class V>
void narrow_transposed(const NarrowTransposed& r) {
    using F = typename V::F;
    constexpr std::size_t kGroups = V::kRegisters >= 31 ? 4 : 2, kWide = kGroups * V::kLanes;
    std::size_t x = r.begin;
    for (; x + kWide <= r.end && x + kWide < r.cols; x += kWide) {
        F sum[kGroups][4];
        narrow_transposed_columns<V, kGroups, false>(r, x, V::greater(V::zero(), V::zero()), sum);
        unroll<kGroups>([&](auto g) JPEGAI_INLINE_BODY { store_phases<V>(r, x + g * V::kLanes, V::kLanes, sum[g]); });
    }
    for (; x < r.end; x += V::kLanes) {
        float has_next[V::kLanes];
        for (std::size_t i = 0; i < V::kLanes; ++i) has_next[i] = x + i + 1 < r.cols ? 1.0F : 0.0F;
        F sum[1][4];
        narrow_transposed_columns<V, 1, true>(r, x, V::greater(V::load(has_next), V::zero()), sum);
        store_phases<V>(r, x, r.end - x < V::kLanes ? r.end - x : V::kLanes, sum[0]);
    }
}

template <class V>
void transpose16(const float* in, std::size_t in_stride, float* out, std::size_t out_stride) {
    V::transpose16(in, in_stride, out, out_stride);
}

template <class V>
double measure_peak(std::size_t rounds, float* sink) {
    using F = typename V::F;
    constexpr std::size_t kChains = 12, kRepeats = 4;
    F acc[kChains];
    const F a = V::set(sink[0]), b = V::set(sink[1]);
    unroll<kChains>([&](auto i) JPEGAI_INLINE_BODY { acc[i] = V::zero(); });
    for (std::size_t round = 0; round < rounds; ++round) {
        unroll<kRepeats>([&](auto) JPEGAI_INLINE_BODY {
            unroll<kChains>([&](auto i) JPEGAI_INLINE_BODY { V::accumulate(acc[i], a, b); });
        });
    }
    F sum = acc[0];
    unroll<kChains>([&](auto i) JPEGAI_INLINE_BODY { sum = V::add(sum, acc[i]); });
    V::store(sink, sum);
    return 2.0 * static_cast<double>(rounds * kRepeats * kChains * V::kLanes);
}

template <class V>
constexpr void list_rows(CpuKernels& table) {
    unroll<kElementwiseOps>([&](auto op) {
        table.elementwise[op] = elementwise<V, static_cast<Elementwise>(static_cast<std::size_t>(op))>;
    });
    table.depthwise = depthwise<V>;
    table.depthwise_gate = depthwise_gate<V>;
    table.layer_norm = layer_norm<V>;
    table.attention_segment = attention_segment<V>;
    table.softmax = softmax<V>;
    table.narrow_transposed = narrow_transposed<V>;
    table.transpose16 = transpose16<V>;
    table.peak = measure_peak<V>;
}

}  // namespace jpegai::cpu
