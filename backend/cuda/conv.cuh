// The body of all tiled convolutions. A block computes `tile_channels` output channels of a tile of positions; each
// thread keeps 8 channels x 8 columns of one row as accumulators, one chain per output in the order (input channel, row,
// column) of the contract. Input channels pass through shared memory a chunk at a time: while one chunk is computed, the
// next is copied.
//
// Taps outside the picture are skipped, not multiplied by zero: only blocks at the border pay for the tests.
#pragma once

#include "backend/cuda/chain.cuh"
#include "backend/cuda/conv.h"

namespace jpegai::cuda {

/// How the columns of a kernel row meet the 8 output columns of a thread: kernel column kx adds input column
/// input(kx, p) of the thread's window to output output(kx, p), p < kPositions.
template <int kCols, int kWide = 8>
struct PlainTaps {
    static constexpr int kColumns = kCols, kPositions = kWide, kStep = kWide, kWindow = kWide + kCols - 1, kBefore = 0;
    static constexpr int kStride = 1, kOutputs = kWide;
    static constexpr bool kTransposed = false;
    JPEGAI_DEVICE static constexpr int input(int kx, int p) { return p + kx; }
    JPEGAI_DEVICE static constexpr int output(int, int p) { return p; }
};
template <int kWide = 8>
struct Stride2Taps {
    static constexpr int kColumns = 3, kPositions = kWide, kStep = 2 * kWide, kWindow = 2 * kWide + 1, kBefore = 0;
    static constexpr int kStride = 2, kOutputs = kWide;
    static constexpr bool kTransposed = false;
    JPEGAI_DEVICE static constexpr int input(int kx, int p) { return 2 * p + kx; }
    JPEGAI_DEVICE static constexpr int output(int, int p) { return p; }
};
/// Output column 2 n takes kernel column 1 from input column n (and 3 from n - 1), 2 n + 1 takes 0 from n + 1 and 2 from
/// n. The window starts one column before the first n.
template <int kCols, int kWide = 4>
struct TransposedTaps {
    static constexpr int kColumns = kCols, kPositions = kWide, kStep = kWide, kWindow = kWide + 2, kBefore = 1;
    static constexpr int kStride = 1, kOutputs = 2 * kWide;
    static constexpr bool kTransposed = true;
    JPEGAI_DEVICE static constexpr int input(int kx, int p) { return p + (kx == 0 ? 2 : kx == 3 ? 0 : 1); }
    JPEGAI_DEVICE static constexpr int output(int kx, int p) { return 2 * p + (kx % 2 == 0 ? 1 : 0); }
};

/// ReLU6 of an input; on the GPU its minimum and maximum give what the contract's selections give: NaN becomes 0, and
/// the larger of two zeros is +0.
JPEGAI_DEVICE float relu6_of_input(float x) {
#if defined(__CUDACC__)
    return fminf(fmaxf(x, 0.0F), 6.0F);
#else
    return contract::relu6(x);
#endif
}

/// Floats of a window as the thread reads them: four at a time, but for a single position.
template <class Taps>
JPEGAI_DEVICE constexpr int padded_window() {
    return Taps::kPositions == 1 ? Taps::kWindow : (Taps::kWindow + 3) / 4 * 4;
}

JPEGAI_DEVICE bool is_aligned(const float* at) {
    return reinterpret_cast<std::uintptr_t>(at) % 16 == 0;
}

/// Where a block and its threads stand.
struct ConvPlace {
    int group, first_channel;  ///< of the block's output channels within the group
    int phase;                 ///< row parity of a transposed convolution
    int y0, x0;                ///< first position of the tile
    int channel_thread, tx, ty;
};

JPEGAI_DEVICE ConvPlace conv_place(const ConvParams& p, int phases) {
    ConvPlace place;
    int block = static_cast<int>(blockIdx.x);
    const int channel_tiles = p.groups * p.tiles_per_group;
    const int tile = block % channel_tiles;
    block /= channel_tiles;
    place.group = tile / p.tiles_per_group;
    place.first_channel = tile % p.tiles_per_group * p.tile_channels;
    place.phase = phases - 1 - block % phases;  // the longer one first
    block /= phases;
    const int channel_threads = p.tile_channels / kConvChannels;
    const int thread = static_cast<int>(threadIdx.x);
    place.channel_thread = thread % channel_threads;
    const int position = thread / channel_threads;
    place.tx = position % p.threads_x;
    place.ty = position / p.threads_x;
    place.y0 = block / p.tiles_x * p.tile_rows;
    place.x0 = block % p.tiles_x;
    return place;
}

/// Rows and columns of the inputs of a tile in shared memory.
struct ConvPatch {
    int rows, pitch, cols;
    int row0, col0;  ///< in the picture
    bool vector;     ///< to be copied 16 bytes at a time
};

/// Queues the copies of input channels [first, first + count) and their weights.
template <int kRows, class Taps>
JPEGAI_DEVICE void load_chunk(const ConvParams& p, const ConvPatch& patch, const float* weights, const float* in,
                              float* to_weights, float* to_patch, int first, int count) {
    const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
    const int per_channel = kRows * Taps::kColumns * p.tile_channels;
    const float* const from = weights + static_cast<long long>(first) * per_channel;
    for (int i = 4 * thread; i < count * per_channel; i += 4 * threads) cp_async_16(to_weights + i, from + i);
    // A warp takes whole channels; rows and columns outside the picture stay unwritten.
    const int lane = thread % 32, warp = thread / 32, warps = threads / 32;
    const int begin = patch.row0 < 0 ? -patch.row0 : 0;
    const int end = patch.row0 + patch.rows > p.in.rows ? p.in.rows - patch.row0 : patch.rows;
    const int patch_size = patch.rows * patch.pitch;
    const float* const corner = in + (first + warp) * p.in.plane_stride +
                                static_cast<long long>(patch.row0 + begin) * p.in.row_stride + patch.col0;
    float* const to = to_patch + warp * patch_size + begin * patch.pitch;
    const long long channel_step = warps * p.in.plane_stride;
    if (patch.vector) {  // one row, all of it inside
        for (int x = 4 * lane; x < patch.cols; x += 128) {
            const float* source = corner + x;
            float* at = to + x;
            for (int c = warp; c < count; c += warps, source += channel_step, at += warps * patch_size) {
                cp_async_16(at, source);
            }
        }
        return;
    }
    for (int x = lane; x < patch.cols; x += 32) {
        if (patch.col0 + x < 0 || patch.col0 + x >= p.in.cols) continue;
        const float* channel = corner + x;
        float* at_channel = to + x;
        for (int c = warp; c < count; c += warps, channel += channel_step, at_channel += warps * patch_size) {
            const float* source = channel;
            float* at = at_channel;
            for (int y = begin; y < end; ++y, source += p.in.row_stride, at += patch.pitch) cp_async_4(at, source);
        }
    }
}

/// What a block has to test: nothing; rows, and the first and last column of each window; everything.
enum class Border { kNone, kEdges, kAll };

/// Adds the terms of `count` input channels.
template <int kRows, class Taps, Border kBorder, bool kRelu6>
JPEGAI_DEVICE void add_chunk(const ConvParams& p, const ConvPatch& patch, const ConvPlace& place, const float* weights,
                             const float* window, int count, float (&acc)[kConvChannels][Taps::kOutputs]) {
    const int row = patch.row0 + place.ty * Taps::kStride, col = patch.col0 + place.tx * Taps::kStep;
    const int half = p.tile_channels / 2;
    const bool first_inside = col >= 0 && col < p.in.cols;
    const bool last_inside = col + Taps::kWindow - 1 >= 0 && col + Taps::kWindow - 1 < p.in.cols;
    for (int c = 0; c < count; ++c) {
        JPEGAI_UNROLL
        for (int t = 0; t < kRows; ++t) {
            const int patch_row = Taps::kTransposed ? kRows - 1 - t : t;
            const bool row_inside =
                kBorder == Border::kNone || (row + patch_row >= 0 && row + patch_row < p.in.rows);
            if (row_inside) {
                float x[padded_window<Taps>()];
                const float* const from = window + patch_row * patch.pitch;
                if (Taps::kPositions == 1) {
                    JPEGAI_UNROLL
                    for (int i = 0; i < Taps::kWindow; ++i) x[i] = from[i];
                } else {
                    JPEGAI_UNROLL
                    for (int i = 0; i + 3 < padded_window<Taps>(); i += 4) {
                        const float4 four = *reinterpret_cast<const float4*>(from + i);
                        x[i] = four.x;
                        x[i + 1] = four.y;
                        x[i + 2] = four.z;
                        x[i + 3] = four.w;
                    }
                }
                if (kRelu6) {
                    JPEGAI_UNROLL
                    for (int i = 0; i < Taps::kWindow; ++i) x[i] = relu6_of_input(x[i]);
                }
                JPEGAI_UNROLL
                for (int kx = 0; kx < Taps::kColumns; ++kx) {
                    const float* const w = weights + (t * Taps::kColumns + kx) * p.tile_channels;
                    const float4 low = *reinterpret_cast<const float4*>(w);
                    const float4 high = *reinterpret_cast<const float4*>(w + half);
                    const float factor[kConvChannels] = {low.x,  low.y,  low.z,  low.w,
                                                         high.x, high.y, high.z, high.w};
                    JPEGAI_UNROLL
                    for (int k = 0; k < Taps::kPositions; ++k) {
                        const int i = Taps::input(kx, k), o = Taps::output(kx, k);
                        const bool tested = kBorder == Border::kAll ||
                                            (kBorder == Border::kEdges && (i == 0 || i == Taps::kWindow - 1));
                        const bool inside = i == 0 ? first_inside : i == Taps::kWindow - 1 ? last_inside
                                                                  : col + i >= 0 && col + i < p.in.cols;
                        JPEGAI_UNROLL
                        for (int n = 0; n < kConvChannels; ++n) {
                            const float sum = contract::fma(factor[n], x[i], acc[n][o]);
                            acc[n][o] = !tested || inside ? sum : acc[n][o];
                        }
                    }
                }
            }
        }
        weights += kRows * Taps::kColumns * p.tile_channels;
        window += patch.rows * patch.pitch;
    }
}

/// One step on 8 values: what is chosen is chosen once.
JPEGAI_DEVICE void apply_to_row(Step step, float (&v)[8], const float (&other)[8]) {
    switch (step) {
        case Step::kRelu:
            JPEGAI_UNROLL
            for (int i = 0; i < 8; ++i) v[i] = contract::relu(v[i]);
            break;
        case Step::kRelu6:
            JPEGAI_UNROLL
            for (int i = 0; i < 8; ++i) v[i] = contract::relu6(v[i]);
            break;
        case Step::kLeakyRelu:
            JPEGAI_UNROLL
            for (int i = 0; i < 8; ++i) v[i] = contract::leaky_relu(v[i]);
            break;
        case Step::kDenormalise:
            JPEGAI_UNROLL
            for (int i = 0; i < 8; ++i) v[i] = contract::denormalise(v[i]);
            break;
        case Step::kAdd:
            JPEGAI_UNROLL
            for (int i = 0; i < 8; ++i) v[i] = v[i] + other[i];
            break;
        case Step::kMul:
            JPEGAI_UNROLL
            for (int i = 0; i < 8; ++i) v[i] = v[i] * other[i];
            break;
        case Step::kGate:
            JPEGAI_UNROLL
            for (int i = 0; i < 8; ++i) v[i] = contract::gate(other[i], v[i]);
            break;
        default:
            JPEGAI_UNROLL
            for (int i = 0; i < 8; ++i) v[i] = contract::gate(v[i], other[i]);
    }
}

/// All steps on 8 columns of one channel, from (y, x) of the result on.
JPEGAI_DEVICE void end_row(const ConvParams& p, float (&v)[8], int channel, int y, int x) {
    for (int k = 0; k < p.chain.count; ++k) {
        const Chain::Entry& entry = p.chain.entries[k];
        float other[8] = {};
        if (has_other(entry.step)) {
            const float* const from = sample(p.chain.others[entry.other], channel, y, x);
            if (x + 8 <= p.out.cols && is_aligned(from)) {
                JPEGAI_UNROLL
                for (int i = 0; i < 8; i += 4) {
                    const float4 four = *reinterpret_cast<const float4*>(from + i);
                    other[i] = four.x;
                    other[i + 1] = four.y;
                    other[i + 2] = four.z;
                    other[i + 3] = four.w;
                }
            } else {
                JPEGAI_UNROLL
                for (int i = 0; i < 8; ++i) {
                    if (x + i < p.out.cols) other[i] = from[i];
                }
            }
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
JPEGAI_DEVICE void store_shuffled(const ConvParams& p, float (&v)[kConvChannels][8], int first, int channel, int y,
                                  int x) {
    const float none[8] = {};
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
            for (int i = 0; i < 8; i += 2) {
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
    for (int i = 0; i < 8; ++i) {
        store_four(p, to + f * i, out_x + f * i, v[first][i], v[first + 1][i], v[first + 2][i], v[first + 3][i]);
    }
}

/// Ends and stores 8 columns of one output channel. `x` is the first column.
JPEGAI_DEVICE void store_row(const ConvParams& p, float (&v)[8], int channel, int y, int x) {
    if (y >= p.out.rows || x >= p.out.cols) return;
    end_row(p, v, channel, y, x);
    float* const to = sample(p.out, channel, y, x);
    store_four(p, to, x, v[0], v[1], v[2], v[3]);
    store_four(p, to + 4, x + 4, v[4], v[5], v[6], v[7]);
}

/// Ends and stores the columns of a thread that has few of them.
template <std::size_t kOutputs>
JPEGAI_DEVICE void store_few(const ConvParams& p, const float (&v)[kOutputs], int channel, int y, int x) {
    const int f = p.shuffle, out_channel = f == 1 ? channel : channel / (f * f);
    const int out_y = f == 1 ? y : f * y + channel / f % f;
    JPEGAI_UNROLL
    for (int i = 0; i < static_cast<int>(kOutputs); ++i) {
        const int out_x = f == 1 ? x + i : f * (x + i) + channel % f;
        if (out_y < p.out.rows && out_x < p.out.cols) {
            *sample(p.out, out_channel, out_y, out_x) = apply_chain(p.chain, v[i], out_channel, out_y, out_x);
        }
    }
}

/// Ends and stores what a thread has computed; `half`: distance of its two quads of channels.
template <bool kTransposed>
JPEGAI_DEVICE void store_all(const ConvParams& p, float (&acc)[kConvChannels][8], int group_channel, int channel0,
                             int half, int y, int x) {
    if (!kTransposed && p.shuffle > 1) {
        if (channel0 < p.out_per_group) store_shuffled(p, acc, 0, group_channel + channel0, y, x);
        if (channel0 + half < p.out_per_group) store_shuffled(p, acc, 4, group_channel + channel0 + half, y, x);
        return;
    }
    JPEGAI_UNROLL
    for (int n = 0; n < kConvChannels; ++n) {
        const int channel = channel0 + n % 4 + n / 4 * half;
        if (channel < p.out_per_group) store_row(p, acc[n], group_channel + channel, y, x);
    }
}
template <bool kTransposed, std::size_t kOutputs>
JPEGAI_DEVICE void store_all(const ConvParams& p, float (&acc)[kConvChannels][kOutputs], int group_channel,
                             int channel0, int half, int y, int x) {
    JPEGAI_UNROLL
    for (int n = 0; n < kConvChannels; ++n) {
        const int channel = channel0 + n % 4 + n / 4 * half;
        if (channel < p.out_per_group) store_few(p, acc[n], group_channel + channel, y, x);
    }
}

/// One block with kRows kernel rows (of the phase, where transposed).
template <int kRows, class Taps, bool kRelu6>
JPEGAI_DEVICE void conv_block(const ConvParams& p, const ConvPlace& place, long long weights_offset) {
    constexpr int kColsPerThread = Taps::kPositions;
    const int rows = Taps::kTransposed ? p.in.rows : (p.out.rows + p.shuffle - 1) / p.shuffle;
    const int cols = Taps::kTransposed ? p.in.cols : (p.out.cols + p.shuffle - 1) / p.shuffle;
    const int tile_cols = p.threads_x * kColsPerThread;
    int x0 = place.x0 * tile_cols;
    // The last tile of a row moves left to end with the picture: what it shares with its neighbour is computed twice, and
    // only first and last columns of windows can lie outside.
    const bool fits = Taps::kColumns > 1 && Taps::kPositions > 1 && cols >= tile_cols && p.pad_left <= 1;
    if (fits && x0 > cols - tile_cols) x0 = cols - tile_cols;
    ConvPatch patch;
    patch.rows = (p.tile_rows - 1) * Taps::kStride + kRows;
    patch.cols = (p.threads_x - 1) * Taps::kStep + Taps::kWindow;
    patch.pitch = ((p.threads_x - 1) * Taps::kStep + padded_window<Taps>() + 3) / 4 * 4;
    // Transposed: row taps are m + 1, m (odd rows) and m, m - 1 (even rows; m alone for 3x3).
    patch.row0 = Taps::kTransposed ? place.y0 + (kRows == 1 || place.phase == 1 ? 0 : -1)
                                   : place.y0 * Taps::kStride - p.pad_top;
    patch.col0 = Taps::kTransposed ? x0 - Taps::kBefore : x0 * Taps::kStride - p.pad_left;
    patch.vector = kRows == 1 && Taps::kWindow == Taps::kStep && patch.rows == 1 && patch.cols % 4 == 0 &&
                   patch.row0 < p.in.rows && patch.col0 + patch.cols <= p.in.cols && p.in.plane_stride % 4 == 0 &&
                   is_aligned(p.in.data + static_cast<long long>(patch.row0) * p.in.row_stride + patch.col0);

    const int stage = p.chunk * (kRows * Taps::kColumns * p.tile_channels + patch.rows * patch.pitch);
    float* const shared = shared_memory<float>();
    const float* const in = p.in.data + static_cast<long long>(place.group) * p.in_per_group * p.in.plane_stride;
    const float* const weights = p.weights + weights_offset;

    const int channel0 = place.first_channel + 4 * place.channel_thread;  // within the group; and half behind it
    const int half = p.tile_channels / 2;
    const int group_channel = place.group * p.out_per_group;
    const int y = place.y0 + place.ty, x = x0 + place.tx * kColsPerThread;
    const bool active = y < rows && x < cols && channel0 < p.out_per_group;

    float acc[kConvChannels][Taps::kOutputs];
    JPEGAI_UNROLL
    for (int n = 0; n < kConvChannels; ++n) {
        const int channel = channel0 + n % 4 + n / 4 * half;
        const float start = p.bias != nullptr && channel < p.out_per_group ? p.bias[group_channel + channel] : 0.0F;
        JPEGAI_UNROLL
        for (int i = 0; i < Taps::kOutputs; ++i) acc[n][i] = start;
    }
    constexpr bool kHasBorder = kRows > 1 || Taps::kColumns > 1;  // of 1x1 only what nobody stores lies outside
    const bool border = kHasBorder && (patch.row0 < 0 || patch.col0 < 0 || patch.row0 + patch.rows > p.in.rows ||
                        patch.col0 + patch.cols > p.in.cols);

    const int weights_size = p.chunk * kRows * Taps::kColumns * p.tile_channels;
    int count = p.in_per_group < p.chunk ? p.in_per_group : p.chunk, buffer = 0;
    load_chunk<kRows, Taps>(p, patch, weights, in, shared, shared + weights_size, 0, count);
    cp_async_commit();
    for (int first = 0; first < p.in_per_group;) {
        cp_async_wait<0>();
        sync_threads();
        const int next = first + count, left = p.in_per_group - next;
        const int next_count = left < p.chunk ? left : p.chunk;
        const float* const now = shared + buffer * stage;
        buffer ^= 1;
        if (next_count > 0) {
            float* const later = shared + buffer * stage;
            load_chunk<kRows, Taps>(p, patch, weights, in, later, later + weights_size, next, next_count);
            cp_async_commit();
        }
        if (active) {
            const float* const own_weights = now + 4 * place.channel_thread;
            const float* const window =
                now + weights_size + place.ty * Taps::kStride * patch.pitch + place.tx * Taps::kStep;
            if (Taps::kPositions == 1) {
                add_chunk<kRows, Taps, Border::kAll, kRelu6>(p, patch, place, own_weights, window, count, acc);
            } else if (!border) {
                add_chunk<kRows, Taps, Border::kNone, kRelu6>(p, patch, place, own_weights, window, count, acc);
            } else if (fits) {
                add_chunk<kRows, Taps, Border::kEdges, kRelu6>(p, patch, place, own_weights, window, count, acc);
            } else {
                add_chunk<kRows, Taps, Border::kAll, kRelu6>(p, patch, place, own_weights, window, count, acc);
            }
        }
        first = next;
        count = next_count;
    }
    if (!active) return;
    const int out_y = Taps::kTransposed ? 2 * y + place.phase : y, out_x = Taps::kTransposed ? 2 * x : x;
    store_all<Taps::kTransposed>(p, acc, group_channel, channel0, half, out_y, out_x);
}

template <int kRows, class Taps, bool kRelu6>
JPEGAI_DEVICE void conv_plain(const ConvParams& p) {
    const ConvPlace place = conv_place(p, 1);
    const long long tile = place.group * p.tiles_per_group + place.first_channel / p.tile_channels;
    conv_block<kRows, Taps, kRelu6>(p, place, tile * p.in_per_group * kRows * Taps::kColumns * p.tile_channels);
}

// Weights of a tile of a transposed convolution: those of even rows, then those of odd rows.
template <int kWide>
JPEGAI_DEVICE void conv_transposed3_any(const ConvParams& p) {
    const ConvPlace place = conv_place(p, 2);
    const long long tile = place.first_channel / p.tile_channels;
    const long long row = static_cast<long long>(p.in_per_group) * 3 * p.tile_channels;
    if (place.phase == 0) {
        conv_block<1, TransposedTaps<3, kWide>, false>(p, place, tile * 3 * row);
    } else {
        conv_block<2, TransposedTaps<3, kWide>, false>(p, place, tile * 3 * row + row);
    }
}

template <int kWide>
JPEGAI_DEVICE void conv_transposed4_any(const ConvParams& p) {
    const ConvPlace place = conv_place(p, 2);
    const long long tile = place.first_channel / p.tile_channels;
    const long long rows = static_cast<long long>(p.in_per_group) * 8 * p.tile_channels;
    conv_block<2, TransposedTaps<4, kWide>, false>(p, place, (2 * tile + place.phase) * rows);
}

}  // namespace jpegai::cuda
