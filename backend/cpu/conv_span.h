// Runs the convolution tiles of a table over a run of output positions.
#pragma once

#include "backend/cpu/kernels.h"

namespace jpegai::cpu {

/// One row (or part of one) of one group of output blocks.
struct ConvSpan {
    ConvShape shape = ConvShape::k1;
    std::size_t blocks = 1;
    /// As for tiles from column 0 on; run_span moves them and sets count, first, skip_left and skip_right.
    ConvTiles tile{};
    std::ptrdiff_t col_offset = 0;  ///< column of the leftmost tap of position 0
    std::size_t in_cols = 0;
    std::size_t begin = 0, end = 0;  ///< positions to compute
};

/// Columns per kernel row, positions per column and floats between columns of a shape.
[[nodiscard]] std::size_t shape_cols(ConvShape shape);
[[nodiscard]] std::size_t shape_stride(ConvShape shape);
[[nodiscard]] std::size_t shape_step(ConvShape shape);

void run_span(const CpuKernels& kernels, const ConvSpan& span);

/// Numbers of blocks to compute together so that `blocks` blocks need the fewest loads, largest tiles first.
[[nodiscard]] std::size_t next_group(const CpuKernels& kernels, ConvShape shape, std::size_t blocks);

}  // namespace jpegai::cpu
