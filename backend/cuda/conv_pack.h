// Which kernel runs a convolution, and its weights in the order in which the kernel reads them.
#pragma once

#include <span>
#include <vector>

#include "backend/cuda/conv.h"
#include "networks/graph.h"

namespace jpegai::cuda {

/// `relu6`: the input is read through ReLU6, which only 3x3 can. `in_channels`: of all groups.
[[nodiscard]] ConvKind conv_kind(const Node& node, bool relu6, std::size_t in_channels);
/// The kernel with such tiles, or null: there are large ones of every kind.
[[nodiscard]] const Kernel<ConvParams>* conv_kernel(ConvKind kind, ConvTile tile);
/// Output channels per block for groups of so many.
[[nodiscard]] std::size_t conv_tile_channels(std::size_t out_per_group);

/// Tiled kinds: [group][channel tile][row parity, transposed only][input channel][kernel row][kernel column][channel of
/// the tile], channels beyond the last one 0. Rows in the order of the taps: transposed kinds take rows 1 and 3, then
/// 0 and 2. kAny and kNarrowTransposed3: as in the graph.
[[nodiscard]] std::vector<float> pack_conv(ConvKind kind, const Node& node, std::size_t in_channels,
                                           std::span<const float> weight);

/// The same for large tiles of 3x3 (empty for others) with the weights of a thread together: [group][channel
/// tile][thread of the tile][input channel][kernel row][kernel column][kConvChannels channels of the thread].
[[nodiscard]] std::vector<float> pack_own(ConvKind kind, std::span<const float> packed, std::size_t in_per_group,
                                          std::size_t tile_channels);

/// What a tile of positions looks like.
struct ConvShape {
    unsigned threads, threads_x, rows, cols;  ///< rows and columns of positions (inputs, where transposed)
    unsigned chunk;                           ///< input channels per stage
    unsigned patch_rows, pitch;               ///< of the inputs of a stage
    std::size_t shared_bytes;
};
/// `flat`: the positions are one row.
[[nodiscard]] ConvShape conv_shape(ConvKind kind, ConvTile tile, std::size_t tile_channels, std::size_t in_per_group,
                                   bool flat);

/// Whether the patches of all tiles, with their leads, begin at multiples of four columns.
[[nodiscard]] bool begins_aligned(ConvKind kind, int pad_left);

/// What so many blocks with such tiles take, in the same unit for all tiles of a convolution.
[[nodiscard]] double conv_cost(ConvKind kind, ConvTile tile, std::size_t blocks, unsigned threads,
                               std::size_t processors);

/// Inputs nearer to zero than this may give a sum of -0 with these weights (products and differences that round to
/// zero); then, and where a sum may start as -0 or a weight times zero is no zero (infinity), taps outside the picture
/// are not the same as taps of zero. At least 1: for every input.
[[nodiscard]] float conv_tiny_input(std::span<const float> weight, std::span<const float> bias);

}  // namespace jpegai::cuda
