// me-tANS and the integer hyper-scale decoder (standard/02-entropy-and-latent.md sections 3, 5, 6, 9) on the device,
// for many pictures in one launch. One thread decodes one lane: lanes are serial, pictures are many.
#pragma once

#include "backend/cuda/device.h"

namespace jpegai::cuda {

/// A lane of a residual payload (one region of one component). All addresses are the device's.
struct ResidualLane {
    const std::uint8_t* bytes;
    std::uint64_t size;
    const std::uint8_t* table;        ///< distribution of each element of the region in scan order, or kNotCoded
    std::int16_t* residual;           ///< of the region
    std::uint32_t elements, decoded;  ///< of the region; those that are wanted
    std::uint32_t lanes, lane;        ///< of the payload; this one
};

inline constexpr unsigned kLaneThreads = 64;

/// A thread per lane; `status` receives me_tans::Status. Entries of tables below 32 or kNotCoded.
struct ResidualParams {
    const ResidualLane* lane;
    std::uint8_t* status;
    const std::uint32_t* words;  ///< [32][256], as residual_decode_tables()
    const std::uint8_t* bounds;  ///< [32]
    unsigned count;
};
JPEGAI_DECLARE_KERNEL(me_tans_residual, ResidualParams)
inline constexpr std::size_t kResidualSharedBytes = 32 * 256 * sizeof(std::uint32_t);

/// A lane of a hyper payload: the channels of both components one after the other.
struct HyperLane {
    const std::uint8_t* bytes;
    std::uint64_t size;
    const std::uint32_t* words[2];  ///< [channel][256]
    std::int8_t* z_hat[2];          ///< [channel][samples]
    std::uint32_t channels[2];
    std::uint32_t samples;  ///< of a channel
    std::uint32_t lanes, lane;
};
struct HyperParams {
    const HyperLane* lane;
    std::uint8_t* status;
    unsigned count;
};
JPEGAI_DECLARE_KERNEL(me_tans_hyper, HyperParams)

/// One convolution of the hyper-scale decoder for pictures of one size: out = (bias + sum w * in) >> shift in 32 bits
/// with wrap-around. Blocks of kScaleCols positions x kScaleRows output channels, grid.z the picture.
struct HyperScaleParams {
    const std::int8_t* in;      ///< [picture][in channel][rows][cols]
    const std::int8_t* weight;  ///< [out][in][kernel][kernel]
    const std::int32_t* bias;
    const std::uint8_t* shift;
    std::int8_t* activations;  ///< clipped to 0..127, [picture][out channel][rows][cols]; or null:
    std::int16_t* scales;      ///< s0, shuffled by 4: [picture][out channel / 16][latent rows][latent cols]
    unsigned in_channels, out_channels, kernel, rows, cols, latent_rows, latent_cols;
};
inline constexpr unsigned kScaleCols = 32, kScaleRows = 4;
JPEGAI_DECLARE_KERNEL(hyper_scale_conv, HyperScaleParams)

}  // namespace jpegai::cuda
