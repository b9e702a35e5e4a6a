// Everything that moves samples or changes them one by one.
#pragma once

#include "backend/cuda/device.h"
#include "backend/cuda/view.h"

namespace jpegai::cuda {

/// Where sample (c, y, x) of the result comes from.
enum class Gather : std::int32_t {
    kSame,            ///< crops, slices and copies: the same place
    kPadReplicate,
    kPadZero,
    kPixelShuffle,    ///< factor
    kPixelUnshuffle,  ///< factor
    kPhaseSplit,      ///< factor: the phase in MCM order
    kPhaseMerge,      ///< four inputs
    kHaarSplit,
    kHaarMerge,
    kEluGate,
};

struct MapParams {
    View in, out;
    View more[3];  ///< inputs 1..3 of kPhaseMerge
    Gather gather;
    int factor;
    Chain chain;
};
/// Blocks of 32 x 8 threads; a thread row takes rows of the result in turn.
JPEGAI_DECLARE_KERNEL(map, MapParams)

/// Depthwise 3x3, padding 1: out channel c from in channel c; with `elu_gate` out channel c = ELU(filtered c) *
/// filtered (c + out channels). Weights [channel][3][3]. Blocks of 32 x 4 threads, 8 rows each, one block per 32 columns,
/// 32 rows and channel.
struct DepthwiseParams {
    View in, out;
    const float* weights;
    const float* bias;  ///< or null
    int elu_gate;
    int tiles_x, tiles_y;
};
JPEGAI_DECLARE_KERNEL(depthwise, DepthwiseParams)

/// Layer norm over the channels of each pixel. Blocks of 32 x 4 threads, a pixel each; grid (columns / 32, rows / 4).
struct LayerNormParams {
    View in, out;
    const float* weight;
    const float* bias;
};
JPEGAI_DECLARE_KERNEL(layer_norm, LayerNormParams)

}  // namespace jpegai::cuda
