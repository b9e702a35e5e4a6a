#include "backend/cuda/picture_kernels.h"

#include "backend/cuda/kernel.cuh"
#include "backend/picture_math.h"

namespace jpegai::cuda {

namespace {

/// Sample of this thread in a grid of plane blocks.
struct At {
    unsigned channel, y, x;
};
JPEGAI_DEVICE At plane_position() {
    return {blockIdx.z, blockIdx.y * blockDim.y + threadIdx.y, blockIdx.x * blockDim.x + threadIdx.x};
}

/// Columns first, then rows; rows are not blended where their number stays.
template <std::size_t N, class TapsOf>
JPEGAI_DEVICE float resampled(const ResampleParams& p, unsigned y, unsigned x, TapsOf taps_of) {
    const picture_math::Taps<N> cols = taps_of(x, p.from_cols, p.cols);
    const bool blends = p.from_rows != p.rows;
    picture_math::Taps<N> rows{};
    if (blends) rows = taps_of(y, p.from_rows, p.rows);
    float line[N];
    for (std::size_t r = 0; r < (blends ? N : 1); ++r) {
        const float* from = p.from + std::size_t{blends ? rows.index[r] : y} * p.from_cols;
        float value[N];
        for (std::size_t k = 0; k < N; ++k) value[k] = from[cols.index[k]];
        line[r] = picture_math::weighted(value, cols.weight);
    }
    return blends ? picture_math::weighted(line, rows.weight) : line[0];
}

struct CubicTaps {
    JPEGAI_HD picture_math::Taps<4> operator()(unsigned i, unsigned in, unsigned out) const {
        return picture_math::cubic_taps(i, in, out);
    }
};
struct LinearTaps {
    JPEGAI_HD picture_math::Taps<2> operator()(unsigned i, unsigned in, unsigned out) const {
        return picture_math::linear_taps(i, in, out);
    }
};

JPEGAI_DEVICE std::size_t first_index() {
    return std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
}
JPEGAI_DEVICE std::size_t index_step() {
    return std::size_t{gridDim.x} * blockDim.x;
}

}  // namespace

JPEGAI_KERNEL(plane_copy, CopyParams, kPlaneThreads) {
    const At at = plane_position();
    if (at.y >= p.rows || at.x >= p.cols) return;
    p.to[at.channel * p.to_channel + at.y * p.to_row + at.x] =
        p.from[at.channel * p.from_channel + at.y * p.from_row + at.x * p.from_col];
}
JPEGAI_DEFINE_KERNEL(plane_copy, CopyParams)

JPEGAI_KERNEL(plane_resample, ResampleParams, kPlaneThreads) {
    const At at = plane_position();
    if (at.y >= p.rows || at.x >= p.cols) return;
    p.to[std::size_t{at.y} * p.cols + at.x] =
        p.cubic ? resampled<4>(p, at.y, at.x, CubicTaps{}) : resampled<2>(p, at.y, at.x, LinearTaps{});
}
JPEGAI_DEFINE_KERNEL(plane_resample, ResampleParams)

JPEGAI_KERNEL(plane_scale, ScaleParams, kPlaneThreads) {
    for (std::size_t i = first_index(); i < p.count; i += index_step()) {
        const float x = p.values[i];
        p.values[i] = p.divides ? divide(x, p.divisor) : picture_math::clamp(x, 0.0F, p.high) * p.factor;
    }
}
JPEGAI_DEFINE_KERNEL(plane_scale, ScaleParams)

JPEGAI_KERNEL(latent_lsbs, LsbsParams, kPlaneThreads) {
    constexpr unsigned kBlock = 8;
    const At at = plane_position();
    if (at.y >= p.rows || at.x >= p.cols) return;
    const unsigned block_rows = (p.rows + kBlock - 1) / kBlock, block_cols = (p.cols + kBlock - 1) / kBlock;
    const int likely = p.likely[(std::size_t{at.channel} * block_rows + at.y / kBlock) * block_cols + at.x / kBlock];
    const int bucket = (likely > p.threshold[0] ? 1 : 0) + (likely > p.threshold[1] ? 1 : 0);
    const std::size_t i = (std::size_t{at.channel} * p.rows + at.y) * p.cols + at.x;
    const float y = p.y[i], residual = p.residual[i];
    const float mean_part = p.mean[bucket] * (y - residual);
    p.y[i] = y + divide(mean_part + p.factor[bucket] * residual, p.divisor);
}
JPEGAI_DEFINE_KERNEL(latent_lsbs, LsbsParams)

JPEGAI_KERNEL(plane_rgb, RgbParams, kPlaneThreads) {
    using picture_math::clamp;
    for (std::size_t i = first_index(); i < p.count; i += index_step()) {
        const float y = divide(p.plane[0][i], 255.0F);
        float u = p.plane[1][i], v = p.plane[2][i];
        if (!p.scaled_chroma) {
            u = divide(u, 255.0F);
            v = divide(v, 255.0F);
        }
        u = u - 0.5F;
        v = v - 0.5F;
        const float red = (y + picture_math::kRedFromV * v) * 255.0F;
        const float green = ((y - picture_math::kGreenFromU * u) - picture_math::kGreenFromV * v) * 255.0F;
        const float blue = (y + picture_math::kBlueFromU * u) * 255.0F;
        p.plane[0][i] = clamp(red, 0.0F, 255.0F);
        p.plane[1][i] = clamp(green, 0.0F, 255.0F);
        p.plane[2][i] = clamp(blue, 0.0F, 255.0F);
    }
}
JPEGAI_DEFINE_KERNEL(plane_rgb, RgbParams)

JPEGAI_KERNEL(plane_quantise, QuantiseParams, kPlaneThreads) {
    for (std::size_t i = first_index(); i < p.count; i += index_step()) {
        float level = picture_math::clamp(p.from[i], 0.0F, 255.0F);
        if (p.max > 0.0F) level = divide(level, 255.0F) * p.max;
        const std::uint16_t sample = picture_math::round_sample(level);
        if (p.wide) {
            static_cast<std::uint16_t*>(p.to)[i] = sample;
        } else {
            static_cast<std::uint8_t*>(p.to)[i] = static_cast<std::uint8_t>(sample);
        }
    }
}
JPEGAI_DEFINE_KERNEL(plane_quantise, QuantiseParams)

}  // namespace jpegai::cuda
