#include "backend/cuda/filter_kernels.h"

#include "backend/cuda/kernel.cuh"
#include "backend/picture_math.h"

namespace jpegai::cuda {

namespace {

constexpr unsigned kTaps = 4;

JPEGAI_DEVICE unsigned row_of_thread() {
    return blockIdx.y * blockDim.y + threadIdx.y;
}
JPEGAI_DEVICE unsigned col_of_thread() {
    return blockIdx.x * blockDim.x + threadIdx.x;
}

/// Phase sample at - 1 + tap, held inside the phase plane, as a sample of a plane with `step` phases and `size`
/// samples.
JPEGAI_DEVICE unsigned phase_sample(unsigned at, unsigned tap, unsigned phase_size, unsigned step, unsigned phase,
                                    unsigned size) {
    const unsigned wanted = at + tap;  // one more than the phase sample, which may be -1
    unsigned index = wanted > 0 ? wanted - 1 : 0;
    index = index < phase_size ? index : phase_size - 1;
    index = step * index + (step == 2 ? phase : 0);
    return index < size ? index : size - 1;
}

/// A plane seen as phase planes, of which one is read.
struct PhasePlane {
    const float* samples;
    unsigned rows, cols, ver, hor, dy, dx;
    float subtract;
};

/// sum + weight * sample over the taps that are not zero, in raster order.
JPEGAI_DEVICE float add_taps(float sum, const float* kernel, const PhasePlane& plane, const EfeLinearParams& p,
                             unsigned y, unsigned x) {
    for (unsigned i = 0; i < kTaps; ++i) {
        const float* row =
            plane.samples + std::size_t{phase_sample(y, i, p.phase_rows, plane.ver, plane.dy, plane.rows)} * plane.cols;
        for (unsigned j = 0; j < kTaps; ++j) {
            const float weight = kernel[i * kTaps + j];
            if (weight == 0.0F) continue;
            const float sample =
                row[phase_sample(x, j, p.phase_cols, plane.hor, plane.dx, plane.cols)] - plane.subtract;
            sum = sum + weight * sample;
        }
    }
    return sum;
}

JPEGAI_DEVICE float rectified(float x) {
    return x > 0.0F ? x : 0.0F;
}

JPEGAI_DEVICE float unit(const LefParams& p, unsigned y, unsigned x) {
    return divide(p.luma[std::size_t{y} * p.cols + x], 255.0F);
}

JPEGAI_DEVICE float lef_gain(const LefParams& p, unsigned y, unsigned x) {
    const std::size_t row = picture_math::nearest(y, p.scale_rows, p.rows);
    const std::size_t col = picture_math::nearest(x, p.scale_cols, p.cols);
    const std::int16_t scale = p.scales[row * p.scale_cols + col];
    float gain = 1.0F;
    for (unsigned i = 0; i < 3; ++i) {
        if (scale >= p.threshold[i]) gain = p.gain[i];
    }
    return gain;
}

/// Taps are summed in raster order.
JPEGAI_DEVICE float smoothed(const LefParams& p, unsigned y, unsigned x) {
    float sum = 0.0F;
    for (unsigned i = 0; i < 3; ++i) {
        for (unsigned j = 0; j < 3; ++j) {
            const float weight = i == 1 && j == 1 ? picture_math::kLefCentre : picture_math::kLefSide;
            const float product = weight * unit(p, y + i - 1, x + j - 1);
            sum = i == 0 && j == 0 ? product : sum + product;
        }
    }
    return sum;
}

}  // namespace

JPEGAI_KERNEL(efe_linear, EfeLinearParams, kPlaneThreads) {
    const unsigned row = row_of_thread(), col = col_of_thread();
    if (row >= p.rows || col >= p.cols) return;
    const unsigned y = row / p.ver, dy = row % p.ver, x = col / p.hor, dx = col % p.hor;
    unsigned r = 0;
    for (unsigned i = 0; i < p.regions; ++i) {
        const EfeRegion& region = p.region[i];
        if (y >= region.row && y < region.row + region.rows && x >= region.col && x < region.col + region.cols) r = i;
    }
    const PhasePlane chroma{p.chroma, p.rows, p.cols, p.ver, p.hor, dy, dx, p.mean};
    const PhasePlane luma{p.luma, p.luma_rows, p.luma_cols, 2, 2, dy, dx, 0.0F};
    const float sum = add_taps(p.mean, p.region[r].chroma[2 * dy + dx], chroma, p, y, x);
    const float luma_sum = add_taps(0.0F, p.region[r].luma, luma, p, y, x);
    p.to[std::size_t{row} * p.cols + col] = sum + luma_sum;
}
JPEGAI_DEFINE_KERNEL(efe_linear, EfeLinearParams)

JPEGAI_KERNEL(efe_nonlinear, EfeNonlinearParams, kPlaneThreads) {
    const unsigned row = row_of_thread(), col = col_of_thread();
    if (row >= p.rows || col >= p.cols) return;
    const float* weight = p.curves + (std::size_t{row / p.tile_rows} * p.grid_cols + col / p.tile_cols) * 16;
    const float* bias = weight + 8;
    const float y = p.luma[std::size_t{row} * p.ver * p.luma_cols + std::size_t{col} * p.hor];
    float& chroma = p.chroma[std::size_t{row} * p.cols + col];
    float sum = rectified(bias[0] + (weight[0] * y + chroma));
    for (unsigned k = 1; k < 8; ++k) sum = sum + weight[k] * rectified(y + bias[k]);
    chroma = sum;
}
JPEGAI_DEFINE_KERNEL(efe_nonlinear, EfeNonlinearParams)

JPEGAI_KERNEL(efe_blend, EfeBlendParams, kPlaneThreads) {
    const unsigned row = row_of_thread(), col = col_of_thread();
    if (row >= p.rows || col >= p.cols) return;
    const std::uint8_t mask = p.mask[std::size_t{row / p.block} * p.mask_cols + col / p.block];
    const std::size_t i = std::size_t{row} * p.cols + col;
    if (mask == 2) {
        p.corrected[i] = p.second[i];
    } else if (mask == 1) {
        p.corrected[i] = divide(p.second[i] + p.corrected[i], 2.0F);
    }
}
JPEGAI_DEFINE_KERNEL(efe_blend, EfeBlendParams)

JPEGAI_KERNEL(lef, LefParams, kPlaneThreads) {
    const unsigned row = row_of_thread(), col = col_of_thread();
    if (row >= p.rows || col >= p.cols) return;
    const float here = unit(p, row, col);
    float out = here;
    if (row > 0 && row + 1 < p.rows && col > 0 && col + 1 < p.cols) {
        const float smooth = picture_math::clamp(smoothed(p, row, col), 0.0F, 1.0F);
        out = smooth + (here - smooth) * lef_gain(p, row, col);
    }
    p.to[std::size_t{row} * p.cols + col] = picture_math::clamp(out, 0.0F, 1.0F) * 255.0F;
}
JPEGAI_DEFINE_KERNEL(lef, LefParams)

}  // namespace jpegai::cuda
