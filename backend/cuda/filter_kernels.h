// The post-filters on planes of the device (spec/numeric_contract_filters.md sections 3, 4 and 6). Blocks as in
// picture_kernels.h.
#pragma once

#include "backend/cuda/picture_kernels.h"

namespace jpegai::cuda {

/// A rectangle of phase samples and its kernels; zeros are no taps.
struct EfeRegion {
    unsigned row, col, rows, cols;
    float chroma[4][16];  ///< by phase
    float luma[16];
};
inline constexpr unsigned kMaxEfeRegions = 6;

/// EFE-linear of one chroma plane; one thread per chroma sample.
struct EfeLinearParams {
    const float *luma, *chroma;
    float* to;
    unsigned luma_rows, luma_cols, rows, cols;  ///< of the planes
    unsigned phase_rows, phase_cols, ver, hor;  ///< size of the phase planes; chroma phases per direction
    float mean;
    unsigned regions;
    EfeRegion region[kMaxEfeRegions];
};
JPEGAI_DECLARE_KERNEL(efe_linear, EfeLinearParams)

/// EFE-nonlinear of one chroma plane, in place.
struct EfeNonlinearParams {
    const float* luma;
    float* chroma;
    const float* curves;  ///< per tile 8 weights, 8 biases
    unsigned rows, cols, luma_cols, ver, hor;
    unsigned tile_rows, tile_cols, grid_cols;
};
JPEGAI_DECLARE_KERNEL(efe_nonlinear, EfeNonlinearParams)

struct EfeBlendParams {
    const float* second;
    float* corrected;
    const std::uint8_t* mask;
    unsigned rows, cols, block, mask_cols;
};
JPEGAI_DECLARE_KERNEL(efe_blend, EfeBlendParams)

struct LefParams {
    const float* luma;
    float* to;
    const std::int16_t* scales;  ///< one channel
    unsigned rows, cols, scale_rows, scale_cols;
    std::int16_t threshold[3];
    float gain[3];
};
JPEGAI_DECLARE_KERNEL(lef, LefParams)

}  // namespace jpegai::cuda
