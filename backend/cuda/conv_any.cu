#include "backend/cuda/chain.cuh"
#include "backend/cuda/conv.h"

namespace jpegai::cuda {

/// Weights as in the graph: [out][in of the group][rows][cols]. Blocks of 256 threads, one output each.
JPEGAI_KERNEL(conv_any, ConvParams, 256) {
    const int rows = (p.out.rows + p.shuffle - 1) / p.shuffle, cols = (p.out.cols + p.shuffle - 1) / p.shuffle;
    const long long index = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
    const int x = static_cast<int>(index % cols), y = static_cast<int>(index / cols % rows);
    const long long o = index / cols / rows;
    if (o >= static_cast<long long>(p.groups) * p.out_per_group) return;
    const int channel = static_cast<int>(o), first = channel / p.out_per_group * p.in_per_group;
    const int kernel = p.kernel_rows * p.kernel_cols;
    const float* w = p.weights + o * p.in_per_group * kernel;
    float acc = p.bias != nullptr ? p.bias[channel] : 0.0F;
    for (int c = 0; c < p.in_per_group; ++c) {
        for (int ky = 0; ky < p.kernel_rows; ++ky) {
            const int in_y = y * p.stride + ky - p.pad_top;
            for (int kx = 0; kx < p.kernel_cols; ++kx) {
                const int in_x = x * p.stride + kx - p.pad_left;
                if (in_y >= 0 && in_y < p.in.rows && in_x >= 0 && in_x < p.in.cols) {
                    acc = contract::fma(w[ky * p.kernel_cols + kx], *sample(p.in, first + c, in_y, in_x), acc);
                }
            }
        }
        w += kernel;
    }
    const int f = p.shuffle, out_channel = channel / (f * f);
    const int out_y = f * y + channel / f % f, out_x = f * x + channel % f;
    if (out_y >= p.out.rows || out_x >= p.out.cols) return;
    *sample(p.out, out_channel, out_y, out_x) = apply_chain(p.chain, acc, out_channel, out_y, out_x);
}
JPEGAI_DEFINE_KERNEL(conv_any, ConvParams)

// A block has 32 x 4 input positions of one output channel; a thread makes the four outputs of its position.
JPEGAI_KERNEL(conv_narrow_transposed3, ConvParams, 128) {
    const int thread = static_cast<int>(threadIdx.y * 32 + threadIdx.x), channel = static_cast<int>(blockIdx.z);
    float* const weights = shared_memory<float>();  // 12 floats per input channel, of which 9 are used
    for (int i = thread; i < 9 * p.in_per_group; i += 128) {
        weights[i / 9 * 12 + i % 9] = p.weights[(i / 9 * p.out_per_group + channel) * 9 + i % 9];
    }
    sync_threads();
    const int x = static_cast<int>(blockIdx.x * 32 + threadIdx.x), y = static_cast<int>(blockIdx.y * 4 + threadIdx.y);
    if (x >= p.in.cols || y >= p.in.rows) return;
    const bool right = x + 1 < p.in.cols, below = y + 1 < p.in.rows;
    const float start = p.bias != nullptr ? p.bias[channel] : 0.0F;
    float acc[4] = {start, start, start, start};  // (0,0), (0,1), (1,0), (1,1)
    const float* from = sample(p.in, 0, y, x);
    JPEGAI_UNROLL_4
    for (int c = 0; c < p.in_per_group; ++c, from += p.in.plane_stride) {
        const float4 w0 = *reinterpret_cast<const float4*>(weights + 12 * c);
        const float4 w1 = *reinterpret_cast<const float4*>(weights + 12 * c + 4);
        const float w22 = weights[12 * c + 8];
        const float here = from[0], next = right ? from[1] : 0.0F;
        const float under = below ? from[p.in.row_stride] : 0.0F;
        const float across = right && below ? from[p.in.row_stride + 1] : 0.0F;
        // w0: rows 0 and the start of row 1 of the kernel: 00 01 02 10; w1: 11 12 20 21.
        acc[0] = contract::fma(w1.x, here, acc[0]);
        if (right) acc[1] = contract::fma(w0.w, next, acc[1]);
        acc[1] = contract::fma(w1.y, here, acc[1]);
        if (below) acc[2] = contract::fma(w0.y, under, acc[2]);
        acc[2] = contract::fma(w1.w, here, acc[2]);
        if (right && below) acc[3] = contract::fma(w0.x, across, acc[3]);
        if (below) acc[3] = contract::fma(w0.z, under, acc[3]);
        if (right) acc[3] = contract::fma(w1.z, next, acc[3]);
        acc[3] = contract::fma(w22, here, acc[3]);
    }
    JPEGAI_UNROLL
    for (int k = 0; k < 4; ++k) {
        const int out_y = 2 * y + k / 2, out_x = 2 * x + k % 2;
        if (out_y < p.out.rows && out_x < p.out.cols) {
            *sample(p.out, channel, out_y, out_x) = apply_chain(p.chain, acc[k], channel, out_y, out_x);
        }
    }
}
JPEGAI_DEFINE_KERNEL(conv_narrow_transposed3, ConvParams)

}  // namespace jpegai::cuda
