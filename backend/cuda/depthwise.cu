#include "backend/cuda/chain.cuh"
#include "backend/cuda/map.h"

namespace jpegai::cuda {

namespace {

constexpr int kRowsPerThread = 8;

/// Three neighbours of a row; those outside the picture stay what they were.
struct Triple {
    float value[3];
};

JPEGAI_DEVICE Triple load_triple(const View& in, int c, int y, int x) {
    Triple t = {};
    if (y < 0 || y >= in.rows) return t;
    const float* const at = sample(in, c, y, x);
    if (x > 0) t.value[0] = at[-1];
    t.value[1] = at[0];
    if (x + 1 < in.cols) t.value[2] = at[1];
    return t;
}

/// Taps of one kernel row, those outside skipped.
JPEGAI_DEVICE float add_taps(float acc, const Triple& t, const float* w, bool row_inside, bool left, bool right) {
    if (row_inside) {
        if (left) acc = contract::fma(w[0], t.value[0], acc);
        acc = contract::fma(w[1], t.value[1], acc);
        if (right) acc = contract::fma(w[2], t.value[2], acc);
    }
    return acc;
}

/// The column of results of one channel that a thread computes.
JPEGAI_DEVICE void filter_column(const DepthwiseParams& p, int c, int y0, int x, float (&result)[kRowsPerThread]) {
    float w[9];
    JPEGAI_UNROLL
    for (int i = 0; i < 9; ++i) w[i] = p.weights[9 * c + i];
    const float start = p.bias != nullptr ? p.bias[c] : 0.0F;
    const bool left = x > 0, right = x + 1 < p.in.cols;
    Triple above = load_triple(p.in, c, y0 - 1, x), here = load_triple(p.in, c, y0, x);
    JPEGAI_UNROLL
    for (int i = 0; i < kRowsPerThread; ++i) {
        const int y = y0 + i;
        const Triple below = load_triple(p.in, c, y + 1, x);
        float acc = add_taps(start, above, w, y > 0, left, right);
        acc = add_taps(acc, here, w + 3, true, left, right);
        result[i] = add_taps(acc, below, w + 6, y + 1 < p.in.rows, left, right);
        above = here;
        here = below;
    }
}

}  // namespace

JPEGAI_KERNEL(depthwise, DepthwiseParams, 128) {
    const int block = static_cast<int>(blockIdx.x);
    const int x = block % p.tiles_x * 32 + static_cast<int>(threadIdx.x);
    const int y0 = (block / p.tiles_x % p.tiles_y * 4 + static_cast<int>(threadIdx.y)) * kRowsPerThread;
    const int c = block / p.tiles_x / p.tiles_y;
    if (x >= p.out.cols || y0 >= p.out.rows) return;
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
        if (y0 + i < p.out.rows) *sample(p.out, c, y0 + i, x) = result[i];
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
