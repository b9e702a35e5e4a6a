// Channel attention (spec/numeric_contract.md section 6): sums over all pixels, and the matrices of the heads.
#pragma once

#include "backend/cuda/device.h"
#include "backend/cuda/view.h"

namespace jpegai::cuda {

/// Most channels of a head: what shared memory holds.
inline constexpr int kMostHeadChannels = 128;
inline constexpr int kAttentionColumns = 32;  ///< of q and k in shared memory at a time
inline constexpr int kPairs = 4;              ///< of channels, per thread and launch block

/// Sums of one segment each: block (segment, head, batch of pairs), 256 threads. Result [segment][head][D * D + 2 D]: q_i
/// k_j, then q_i q_i, then k_j k_j.
struct AttentionSumsParams {
    View in;  ///< q, k, v
    float* sums;
    int channels;  ///< C
    int head_channels, heads;
    int segments_per_row;
};
JPEGAI_DECLARE_KERNEL(attention_sums, AttentionSumsParams)

/// Adds vectors of `length` floats in pairs, 32 of them a block in y; result [ceil(parts / 32)][length].
inline constexpr int kAttentionGroup = 32;
struct AttentionTreeParams {
    const float* from;
    float* to;
    int parts;
    int length;
};
JPEGAI_DECLARE_KERNEL(attention_tree, AttentionTreeParams)

/// The matrix of one head a block, one row a thread, written as packed weights of a 1x1 convolution with groups.
struct AttentionMatrixParams {
    const float* sums;  ///< [head][D * D + 2 D]
    const float* temperature;
    float* weights;
    float* scratch;  ///< [head][D][D]
    int head_channels, tile_channels, tiles_per_group;
};
JPEGAI_DECLARE_KERNEL(attention_matrix, AttentionMatrixParams)

}  // namespace jpegai::cuda
