// Operations on planes between and behind the networks (spec/numeric_contract_filters.md; the host's form is in
// decoder/). One thread computes one sample. All sizes in samples; planes are dense unless a stride says otherwise.
#pragma once

#include "backend/cuda/device.h"

namespace jpegai::cuda {

/// Blocks of the kernels below: kPlaneCols x kPlaneRows threads, grid.z the channel.
inline constexpr unsigned kPlaneCols = 64, kPlaneRows = 4, kPlaneThreads = kPlaneCols * kPlaneRows;

/// to[c][y][x] = from[c][y * row step][x * col step] for rows x cols samples; strides in samples.
struct CopyParams {
    const float* from;
    float* to;
    std::size_t from_channel, from_row, from_col;  ///< steps of the source
    std::size_t to_channel, to_row;
    unsigned rows, cols;
};
JPEGAI_DECLARE_KERNEL(plane_copy, CopyParams)

/// Section 2; one channel.
struct ResampleParams {
    const float* from;
    float* to;
    unsigned from_rows, from_cols, rows, cols;
    bool cubic;
};
JPEGAI_DECLARE_KERNEL(plane_resample, ResampleParams)

/// values = values / divisor where divide is set, else clamp(values, 0, high) * factor.
struct ScaleParams {
    float* values;
    std::size_t count;
    bool divides;
    float divisor, high, factor;
};
JPEGAI_DECLARE_KERNEL(plane_scale, ScaleParams)

/// LSBS (02 section 11); `likely` has ceil(rows / 8) x ceil(cols / 8) values per channel.
struct LsbsParams {
    float* y;
    const float* residual;
    const std::int16_t* likely;
    unsigned rows, cols;
    std::int16_t threshold[2];
    float mean[3], factor[3];
    float divisor;
};
JPEGAI_DECLARE_KERNEL(latent_lsbs, LsbsParams)

/// Section 7, in place.
struct RgbParams {
    float* plane[3];
    std::size_t count;
    bool scaled_chroma;
};
JPEGAI_DECLARE_KERNEL(plane_rgb, RgbParams)

/// Section 8; max 0 rounds as it is. Bytes, or 16 bit where `wide`.
struct QuantiseParams {
    const float* from;
    void* to;
    std::size_t count;
    float max;
    bool wide;
};
JPEGAI_DECLARE_KERNEL(plane_quantise, QuantiseParams)

}  // namespace jpegai::cuda
