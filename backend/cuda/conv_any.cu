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

}  // namespace jpegai::cuda
