// How convolutions end: the steps fused behind them on all columns of a thread at once, and the stores.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backend/cuda/chain.cuh"
#include "backend/cuda/conv.h"

namespace jpegai::cuda {

/// Values of one channel in neighbouring columns, and of several channels. Registers, as long as indices are constants.
template <int kCols>
struct Row {
    float values[static_cast<std::size_t>(kCols)];
    JPEGAI_DEVICE float& operator[](int i) { return values[i]; }
    JPEGAI_DEVICE float operator[](int i) const { return values[i]; }
};
template <int kChannels, int kCols>
struct Rows {
    Row<kCols> rows[static_cast<std::size_t>(kChannels)];
    JPEGAI_DEVICE Row<kCols>& operator[](int n) { return rows[n]; }
    JPEGAI_DEVICE const Row<kCols>& operator[](int n) const { return rows[n]; }
};

JPEGAI_DEVICE bool is_aligned(const float* at) {
    return reinterpret_cast<std::uintptr_t>(at) % 16 == 0;
}

/// One step on the kCols values of a row: what is chosen is chosen once.
template <int kCols>
JPEGAI_DEVICE void apply_to_row(Step step, Row<kCols>& v, const Row<kCols>& other) {
    switch (step) {
        case Step::kRelu:
            JPEGAI_UNROLL
            for (int i = 0; i < kCols; ++i) v[i] = contract::relu(v[i]);
            break;
        case Step::kRelu6:
            JPEGAI_UNROLL
            for (int i = 0; i < kCols; ++i) v[i] = contract::relu6(v[i]);
            break;
        case Step::kLeakyRelu:
            JPEGAI_UNROLL
            for (int i = 0; i < kCols; ++i) v[i] = contract::leaky_relu(v[i]);
            break;
        case Step::kDenormalise:
            JPEGAI_UNROLL
            for (int i = 0; i < kCols; ++i) v[i] = contract::denormalise(v[i]);
            break;
        case Step::kAdd:
            JPEGAI_UNROLL
            for (int i = 0; i < kCols; ++i) v[i] = v[i] + other[i];
            break;
        case Step::kMul:
            JPEGAI_UNROLL
            for (int i = 0; i < kCols; ++i) v[i] = v[i] * other[i];
            break;
        case Step::kGate:
            JPEGAI_UNROLL
            for (int i = 0; i < kCols; ++i) v[i] = contract::gate(other[i], v[i]);
            break;
        default:
            JPEGAI_UNROLL
            for (int i = 0; i < kCols; ++i) v[i] = contract::gate(v[i], other[i]);
    }
}

/// kCols values from `from` on, those at and behind column `cols` (of the picture; `x` is the first one's) not read.
template <int kCols>
JPEGAI_DEVICE void load_row(const float* from, int x, int cols, Row<kCols>& to) {
    if constexpr (kCols % 4 == 0) {
        if (x + kCols <= cols && is_aligned(from)) {
            JPEGAI_UNROLL
            for (int i = 0; i < kCols; i += 4) {
                const float4 four = *reinterpret_cast<const float4*>(from + i);
                to[i] = four.x;
                to[i + 1] = four.y;
                to[i + 2] = four.z;
                to[i + 3] = four.w;
            }
            return;
        }
    }
    JPEGAI_UNROLL
    for (int i = 0; i < kCols; ++i) {
        if (x + i < cols) to[i] = from[i];
    }
}

/// All steps on the columns of one channel, from (y, x) of the result on.
template <int kCols>
JPEGAI_DEVICE void end_row(const ConvParams& p, Row<kCols>& v, int channel, int y, int x) {
    for (int k = 0; k < p.chain.count; ++k) {
        const Chain::Entry& entry = p.chain.entries[k];
        Row<kCols> other{};
        if (has_other(entry.step)) {
            load_row(sample(p.chain.others[entry.other], channel, y, x), x, p.out.cols, other);
        }
        apply_to_row(entry.step, v, other);
    }
}

JPEGAI_DEVICE void store_four(const ConvParams& p, float* to, int x, float a, float b, float c, float d) {
    if (x + 4 <= p.out.cols && is_aligned(to)) {
        *reinterpret_cast<float4*>(to) = make_float4(a, b, c, d);
        return;
    }
    if (x < p.out.cols) to[0] = a;
    if (x + 1 < p.out.cols) to[1] = b;
    if (x + 2 < p.out.cols) to[2] = c;
    if (x + 3 < p.out.cols) to[3] = d;
}

/// Ends and stores four neighbouring channels, the first one a multiple of 4, of a result behind a pixel shuffle.
template <int kChannels, int kCols>
JPEGAI_DEVICE void store_shuffled(const ConvParams& p, Rows<kChannels, kCols>& v, int first, int channel, int y,
                                  int x) {
    const Row<kCols> none{};
    for (int k = 0; k < p.chain.count; ++k) {  // nothing with other values: make_layers
        JPEGAI_UNROLL
        for (int n = 0; n < 4; ++n) apply_to_row(p.chain.entries[k].step, v[first + n], none);
    }
    const int f = p.shuffle;
    if (f == 2) {
        JPEGAI_UNROLL
        for (int dy = 0; dy < 2; ++dy) {
            if (2 * y + dy >= p.out.rows) return;
            float* const to = sample(p.out, channel / 4, 2 * y + dy, 2 * x);
            JPEGAI_UNROLL
            for (int i = 0; i < kCols; i += 2) {
                store_four(p, to + 2 * i, 2 * x + 2 * i, v[first + 2 * dy][i], v[first + 2 * dy + 1][i],
                           v[first + 2 * dy][i + 1], v[first + 2 * dy + 1][i + 1]);
            }
        }
        return;
    }
    const int out_y = f * y + channel / f % f, out_x = f * x + channel % f;  // f is a multiple of 4
    if (out_y >= p.out.rows) return;
    float* const to = sample(p.out, channel / (f * f), out_y, out_x);
    JPEGAI_UNROLL
    for (int i = 0; i < kCols; ++i) {
        store_four(p, to + f * i, out_x + f * i, v[first][i], v[first + 1][i], v[first + 2][i], v[first + 3][i]);
    }
}

/// Ends and stores the columns of one output channel, from `x` on.
template <int kCols>
JPEGAI_DEVICE void store_row(const ConvParams& p, Row<kCols>& v, int channel, int y, int x) {
    if (y >= p.out.rows || x >= p.out.cols) return;
    end_row(p, v, channel, y, x);
    float* const to = sample(p.out, channel, y, x);
    if constexpr (kCols % 4 == 0) {
        JPEGAI_UNROLL
        for (int i = 0; i < kCols; i += 4) store_four(p, to + i, x + i, v[i], v[i + 1], v[i + 2], v[i + 3]);
    } else {
        JPEGAI_UNROLL
        for (int i = 0; i < kCols; ++i) {
            if (x + i < p.out.cols) to[i] = v[i];
        }
    }
}

/// Which channel channel n of a thread is, from its first one on: quads are `quad_step` apart.
JPEGAI_DEVICE int quad_channel(int n, int quad_step) {
    return n % 4 + n / 4 * quad_step;
}

/// Asks early for the values of other arrays that the steps behind a convolution need.
JPEGAI_DEVICE void prefetch_others(const ConvParams& p, int channels, int channel, int quad_step, int y, int x) {
    for (int k = 0; k < p.chain.count; ++k) {
        const Chain::Entry& entry = p.chain.entries[k];
        if (!has_other(entry.step)) continue;
        JPEGAI_UNROLL
        for (int n = 0; n < channels; ++n) {
            const View& other = p.chain.others[entry.other];
            const int c = channel + quad_channel(n, quad_step);
            if (c < other.channels) prefetch(sample(other, c, y, x));
        }
    }
}

/// Ends and stores what a thread has computed: quads of channels, `quad_step` apart, the first one at `channel0` of the
/// group, whose first channel is `group_channel`.
template <bool kShuffles, int kChannels, int kCols>
JPEGAI_DEVICE void store_all(const ConvParams& p, Rows<kChannels, kCols>& acc, int group_channel, int channel0,
                             int quad_step, int y, int x) {
    if constexpr (kShuffles) {
        if (p.shuffle > 1) {
            JPEGAI_UNROLL
            for (int n = 0; n < kChannels; n += 4) {
                const int channel = channel0 + quad_channel(n, quad_step);
                if (channel < p.out_per_group) store_shuffled(p, acc, n, group_channel + channel, y, x);
            }
            return;
        }
    }
    JPEGAI_UNROLL
    for (int n = 0; n < kChannels; ++n) {
        const int channel = channel0 + quad_channel(n, quad_step);
        if (channel < p.out_per_group) store_row(p, acc[n], group_channel + channel, y, x);
    }
}

/// Ends and stores one value, of (y, x) of the convolution's own result.
JPEGAI_DEVICE void store_one(const ConvParams& p, float v, int channel, int y, int x) {
    const int f = p.shuffle, out_channel = channel / (f * f);
    const int out_y = f * y + channel / f % f, out_x = f * x + channel % f;
    if (out_y >= p.out.rows || out_x >= p.out.cols) return;
    *sample(p.out, out_channel, out_y, out_x) = apply_chain(p.chain, v, out_channel, out_y, out_x);
}

}  // namespace jpegai::cuda
