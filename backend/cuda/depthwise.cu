#include "backend/cuda/chain.cuh"
#include "backend/cuda/map.h"

namespace jpegai::cuda {

namespace {

constexpr int kRowsPerThread = 8;

/// The column of results of one channel that a thread computes. A warp has 32 neighbouring columns and takes the
/// neighbours of a sample from its own lanes; all loads come first.
JPEGAI_DEVICE void filter_column(const DepthwiseParams& p, int c, int y0, int x, float (&result)[kRowsPerThread]) {
    const int lane = static_cast<int>(threadIdx.x);
    const bool first = lane == 0, last = lane == 31;
    const int at = x < p.in.cols ? x : p.in.cols - 1;
    const int beside = first ? (x > 0 ? x - 1 : 0) : (x + 1 < p.in.cols ? x + 1 : p.in.cols - 1);
    float here[kRowsPerThread + 2], edge[kRowsPerThread + 2];
    JPEGAI_UNROLL
    for (int i = 0; i < kRowsPerThread + 2; ++i) {
        const int y = y0 + i - 1, row = y < 0 ? 0 : y < p.in.rows ? y : p.in.rows - 1;
        const float* const from = sample(p.in, c, row, 0);
        here[i] = from[at];
        edge[i] = first || last ? from[beside] : 0.0F;
    }
    float w[9], acc[kRowsPerThread];
    JPEGAI_UNROLL
    for (int i = 0; i < 9; ++i) w[i] = p.weights[9 * c + i];
    const float start = p.bias != nullptr ? p.bias[c] : 0.0F;
    JPEGAI_UNROLL
    for (int i = 0; i < kRowsPerThread; ++i) acc[i] = start;
    const bool left_inside = x > 0, right_inside = x + 1 < p.in.cols;
    JPEGAI_UNROLL
    for (int i = 0; i < kRowsPerThread + 2; ++i) {
        const float up = shuffle_up(here[i], 1), down = shuffle_down(here[i], 1);
        const float left = first ? edge[i] : up, right = last ? edge[i] : down;
        const int y = y0 + i - 1;
        if (y < 0 || y >= p.in.rows) continue;
        JPEGAI_UNROLL
        for (int ky = 0; ky < 3; ++ky) {  // this input row is row ky of the kernel of output row i - ky
            const int o = i - ky;
            if (o < 0 || o >= kRowsPerThread) continue;
            if (left_inside) acc[o] = contract::fma(w[3 * ky], left, acc[o]);
            acc[o] = contract::fma(w[3 * ky + 1], here[i], acc[o]);
            if (right_inside) acc[o] = contract::fma(w[3 * ky + 2], right, acc[o]);
        }
    }
    JPEGAI_UNROLL
    for (int i = 0; i < kRowsPerThread; ++i) result[i] = acc[i];
}

}  // namespace

JPEGAI_KERNEL(depthwise, DepthwiseParams, 128) {
    const int block = static_cast<int>(blockIdx.x);
    const int x = block % p.tiles_x * 32 + static_cast<int>(threadIdx.x);
    const int y0 = (block / p.tiles_x % p.tiles_y * 4 + static_cast<int>(threadIdx.y)) * kRowsPerThread;
    const int c = block / p.tiles_x / p.tiles_y;
    float result[kRowsPerThread];
    filter_column(p, c, y0, x, result);
    if (p.elu_gate != 0) {
        float second[kRowsPerThread];
        filter_column(p, c + p.out.channels, y0, x, second);
        JPEGAI_UNROLL
        for (int i = 0; i < kRowsPerThread; ++i) result[i] = contract::elu(result[i]) * second[i];
    }
    JPEGAI_UNROLL
    for (int i = 0; i < kRowsPerThread; ++i) {
        if (x < p.out.cols && y0 + i < p.out.rows) *sample(p.out, c, y0 + i, x) = result[i];
    }
}
JPEGAI_DEFINE_KERNEL(depthwise, DepthwiseParams)

JPEGAI_KERNEL(layer_norm, LayerNormParams, 128) {
    constexpr int kLanes = 16;
    const int x = static_cast<int>(blockIdx.x * 32 + threadIdx.x), y = static_cast<int>(blockIdx.y * 4 + threadIdx.y);
    if (x >= p.out.cols || y >= p.out.rows) return;
    const int channels = p.in.channels;
    const auto count = static_cast<float>(channels);
    const float* const from = sample(p.in, 0, y, x);
    float* const to = sample(p.out, 0, y, x);
    float lanes[kLanes], mean = 0.0F, inverse = 0.0F;
    for (int pass = 0; pass < 2; ++pass) {
        JPEGAI_UNROLL
        for (int l = 0; l < kLanes; ++l) lanes[l] = 0.0F;
        for (int c = 0; c < channels; c += kLanes) {
            JPEGAI_UNROLL
            for (int l = 0; l < kLanes; ++l) {
                const float v = from[(c + l) * p.in.plane_stride];
                const float d = v - mean;
                lanes[l] = pass == 0 ? lanes[l] + v : contract::fma(d, d, lanes[l]);
            }
        }
        JPEGAI_UNROLL
        for (int half = kLanes / 2; half > 0; half /= 2) {
            JPEGAI_UNROLL
            for (int l = 0; l < kLanes / 2; ++l) {
                if (l < half) lanes[l] = lanes[l] + lanes[l + half];
            }
        }
        if (pass == 0) {
            mean = divide(lanes[0], count);
        } else {
            inverse = divide(1.0F, square_root(divide(lanes[0], count) + 1e-5F));
        }
    }
    for (int c = 0; c < channels; ++c) {
        to[c * p.out.plane_stride] =
            contract::fma((from[c * p.in.plane_stride] - mean) * inverse, p.weight[c], p.bias[c]);
    }
}
JPEGAI_DEFINE_KERNEL(layer_norm, LayerNormParams)

}  // namespace jpegai::cuda
