// Convolutions: tiles of outputs in registers, inputs and weights through shared memory.
#pragma once

#include <optional>

#include "backend/contract/elementary.h"
#include "backend/cuda/device.h"
#include "backend/cuda/view.h"

namespace jpegai::cuda {

/// Ways to walk over the columns of a kernel row.
enum class ConvKind : std::int32_t {
    kPointwise,  ///< 1x1
    kRow3,       ///< 1x3
    kColumn3,    ///< 3x1
    k2x2,
    k3x3,
    k3x3Relu6,  ///< of ReLU6 of the input
    k3x3Stride2,
    kTransposed3,        ///< 3x3, stride 2
    kTransposed4,        ///< 4x4, stride 2
    kNarrowTransposed3,  ///< kTransposed3 to few channels: one channel and 2x2 outputs a thread
    kAny,                ///< any other convolution: one output per thread, straight from memory
};

/// What a thread computes. The smaller, the more threads there are, and the more loads for each product.
enum class ConvTile : std::int32_t {
    kLarge,   ///< 8 columns (4 input columns, where transposed) x kConvChannels channels
    kMedium,  ///< 8 (4) x 4
    kSmall,   ///< 4 (2) x 4
    kTiny,    ///< 2 (1) x 4
};
inline constexpr ConvTile kConvTiles[] = {ConvTile::kLarge, ConvTile::kMedium, ConvTile::kSmall, ConvTile::kTiny};

/// How convolutions are run, instead of what fits best (tests and benchmarks).
struct ConvChoice {
    std::optional<ConvTile> tile;  ///< of those that have it
    bool bulk = true;              ///< bulk copies, where they are possible
};

/// Output channels per thread of a large tile.
inline constexpr int kConvChannels = 8;
/// Stages of shared memory: one is computed, the others are being filled.
inline constexpr int kLargeStages = 2, kSmallStages = 3;

/// Floats of the weights of a stage that are one thread's (WeightPlaces in conv.cuh): an odd number of 16 bytes.
JPEGAI_CONTRACT_FUNCTION int own_weights(int chunk, int taps) {
    return 4 * ((chunk * taps * (kConvChannels / 4)) | 1);
}

/// Columns before those of a patch whose first one is the left neighbour of a multiple of four: bulk copies begin at
/// multiples of four.
inline constexpr int kPatchLead = 3;

/// Floats in whole lines of 128 bytes, on which the weights and the inputs of a stage begin.
JPEGAI_CONTRACT_FUNCTION int whole_lines(int floats) {
    return (floats + 31) / 32 * 32;
}

struct ConvParams {
    TensorMap in_map;  ///< of bulk copies: a box is the patch of a stage
    View in, out;
    const float* weights;      ///< packed: pack_conv() in conv_pack.h
    const float* own_weights;  ///< of bulk copies for large tiles of 3x3: pack_own()
    const float* bias;         ///< [out channels], or null
    int in_per_group, out_per_group, groups;
    int tile_channels;    ///< output channels of a block: 8, 16, 32, 48 or 64
    int tiles_per_group;  ///< blocks of a group
    int threads_x;        ///< threads side by side in a row of the tile
    int tile_rows;        ///< rows of the tile: outputs, for transposed kinds inputs
    int pitch;            ///< floats from row to row of the inputs in shared memory
    int tiles_x, tiles_y;
    int pad_top, pad_left;
    int chunk;                             ///< input channels per stage of shared memory
    int bulk;                              ///< whether stages are filled by bulk copies
    int shuffle;                           ///< factor of a pixel shuffle behind it, or 1
    int kernel_rows, kernel_cols, stride;  ///< of kAny
    float tiny;                            ///< conv_tiny_input(); unused without border
    Chain chain;
};

JPEGAI_DECLARE_KERNEL(conv_pointwise, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_row3, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_column3, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_2x2, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_3x3, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_3x3_relu6, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_3x3_stride2, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_transposed3, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_transposed4, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_narrow_transposed3, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_any, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_medium_pointwise, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_medium_2x2, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_medium_3x3, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_medium_3x3_relu6, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_medium_3x3_stride2, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_medium_transposed3, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_medium_transposed4, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_small_pointwise, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_small_2x2, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_small_3x3, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_small_3x3_relu6, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_small_3x3_stride2, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_small_transposed3, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_small_transposed4, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_tiny_pointwise, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_tiny_2x2, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_tiny_3x3, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_tiny_3x3_relu6, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_tiny_3x3_stride2, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_tiny_transposed3, ConvParams)
JPEGAI_DECLARE_KERNEL(conv_tiny_transposed4, ConvParams)

/// kNarrowTransposed3: most output channels, and input channels whose weights fit in shared memory.
inline constexpr int kNarrowOutputs = 2, kNarrowInputs = 512;

}  // namespace jpegai::cuda
