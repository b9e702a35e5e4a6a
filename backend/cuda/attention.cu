#include "backend/cuda/attention.h"

#include "backend/cuda/chain.cuh"

namespace jpegai::cuda {

JPEGAI_KERNEL(attention_sums, AttentionSumsParams, 256) {
    const int d = p.head_channels, thread = static_cast<int>(threadIdx.x), threads = 256;
    const int segment = static_cast<int>(blockIdx.x), head = static_cast<int>(blockIdx.y);
    const int y = segment / p.segments_per_row, x0 = segment % p.segments_per_row * 256;
    const int count = p.in.cols - x0 < 256 ? p.in.cols - x0 : 256;
    float* const q = shared_memory<float>();  // [column][channel], one more than d apart
    float* const k = q + kAttentionColumns * (d + 1);
    const int first_pair = static_cast<int>(blockIdx.z) * kPairs * threads + thread;
    float acc[kPairs] = {}, square = 0.0F;
    int row[kPairs], col[kPairs];
    JPEGAI_UNROLL
    for (int n = 0; n < kPairs; ++n) {
        const int pair = first_pair + n * threads;
        row[n] = pair < d * d ? pair / d : 0;
        col[n] = pair < d * d ? pair % d : 0;
    }
    const bool squares = blockIdx.z == 0 && thread < 2 * d;
    for (int first = 0; first < count; first += kAttentionColumns) {
        const int columns = count - first < kAttentionColumns ? count - first : kAttentionColumns;
        sync_threads();
        for (int i = thread; i < 2 * d * kAttentionColumns; i += threads) {
            const int x = i % kAttentionColumns, c = i / kAttentionColumns;
            if (x < columns) {
                const int channel = c < d ? head * d + c : p.channels + head * d + c - d;
                (c < d ? q : k)[x * (d + 1) + c % d] = *sample(p.in, channel, y, x0 + first + x);
            }
        }
        sync_threads();
        for (int x = 0; x < columns; ++x) {
            const float* const qx = q + x * (d + 1);
            const float* const kx = k + x * (d + 1);
            JPEGAI_UNROLL
            for (int n = 0; n < kPairs; ++n) acc[n] = contract::fma(qx[row[n]], kx[col[n]], acc[n]);
            if (squares) {
                const float v = thread < d ? qx[thread] : kx[thread - d];
                square = contract::fma(v, v, square);
            }
        }
    }
    const int length = d * d + 2 * d;
    float* const to = p.sums + (static_cast<long long>(segment) * p.heads + head) * length;
    JPEGAI_UNROLL
    for (int n = 0; n < kPairs; ++n) {
        if (first_pair + n * threads < d * d) to[first_pair + n * threads] = acc[n];
    }
    if (squares) to[d * d + thread] = square;
}
JPEGAI_DEFINE_KERNEL(attention_sums, AttentionSumsParams)

// A group of 32 neighbours is a whole subtree of the pairwise sum, but for the last one, whose odd ones move up.
JPEGAI_KERNEL(attention_tree, AttentionTreeParams, 128) {
    const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i >= p.length) return;
    const int first = static_cast<int>(blockIdx.y) * kAttentionGroup;
    const int count = p.parts - first < kAttentionGroup ? p.parts - first : kAttentionGroup;
    const float* const from = p.from + static_cast<long long>(first) * p.length + i;
    float v[kAttentionGroup];
    JPEGAI_UNROLL
    for (int n = 0; n < kAttentionGroup; ++n) v[n] = n < count ? from[static_cast<long long>(n) * p.length] : 0.0F;
    JPEGAI_UNROLL
    for (int step = 1; step < kAttentionGroup; step *= 2) {
        JPEGAI_UNROLL
        for (int n = 0; n + step < kAttentionGroup; n += 2 * step) {
            if (n + step < count) v[n] = v[n] + v[n + step];
        }
    }
    p.to[static_cast<long long>(blockIdx.y) * p.length + i] = v[0];
}
JPEGAI_DEFINE_KERNEL(attention_tree, AttentionTreeParams)

JPEGAI_KERNEL(attention_matrix, AttentionMatrixParams, 128) {
    const int d = p.head_channels, i = static_cast<int>(threadIdx.x), head = static_cast<int>(blockIdx.x);
    if (i >= d) return;
    const float* const sums = p.sums + static_cast<long long>(head) * (d * d + 2 * d);
    float* const row = p.scratch + static_cast<long long>(head * d + i) * d;
    const float floor = 0x1.197998p-40F;  // 1e-12
    const float q_norm = contract::at_least(square_root(sums[d * d + i]), floor);
    float largest = 0.0F;
    for (int j = 0; j < d; ++j) {
        const float k_norm = contract::at_least(square_root(sums[d * d + d + j]), floor);
        const float a = divide(sums[i * d + j], q_norm * k_norm) * p.temperature[head];
        row[j] = a;
        largest = j == 0 ? a : contract::at_least(a, largest);
    }
    float sum = 0.0F;
    for (int j = 0; j < d; ++j) {
        const float e = contract::exp(row[j] - largest);
        row[j] = e;
        sum = sum + e;
    }
    const int tile = head * p.tiles_per_group + i / p.tile_channels;
    float* const to = p.weights + static_cast<long long>(tile) * d * p.tile_channels + i % p.tile_channels;
    for (int j = 0; j < d; ++j) to[j * p.tile_channels] = divide(row[j], sum);
}
JPEGAI_DEFINE_KERNEL(attention_matrix, AttentionMatrixParams)

}  // namespace jpegai::cuda
