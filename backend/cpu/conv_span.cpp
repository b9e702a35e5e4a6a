#include "backend/cpu/conv_span.h"

#include <algorithm>

namespace jpegai::cpu {

namespace {

using Tiles = ConvTileFunction[kMaxTilePositions + 1];

std::size_t largest_tile(const Tiles& tiles) {
    std::size_t p = kMaxTilePositions;
    while (tiles[p] == nullptr) --p;
    return p;
}

/// The smallest tile of at least `positions` positions, or the largest below `limit` + 1.
std::size_t fitting_tile(const Tiles& tiles, std::size_t positions, std::size_t limit) {
    std::size_t p = positions;
    while (p <= kMaxTilePositions && tiles[p] == nullptr) ++p;
    if (p <= limit && p <= kMaxTilePositions) return p;
    p = std::min(limit, kMaxTilePositions);
    while (tiles[p] == nullptr) --p;  // there is always a tile of one position
    return p;
}

/// `count` tiles of `positions` positions from column x on.
void run_tiles(const ConvSpan& span, const Tiles& tiles, std::size_t positions, std::size_t x, std::size_t count) {
    if (count == 0) return;
    ConvTiles t = span.tile;
    const std::size_t stride = shape_stride(span.shape), cols = shape_cols(span.shape);
    const std::ptrdiff_t left = static_cast<std::ptrdiff_t>(x * stride) + span.col_offset;
    const std::ptrdiff_t right = left + static_cast<std::ptrdiff_t>((count * positions - 1) * stride + cols - 1);
    t.count = count;
    t.first = left * static_cast<std::ptrdiff_t>(shape_step(span.shape));
    t.skip_left = left < 0;
    t.skip_right = right >= static_cast<std::ptrdiff_t>(span.in_cols);
    for (std::size_t b = 0; b < span.blocks; ++b) {
        t.out[b] += x * t.out_step;
        if (t.other[b] != nullptr) t.other[b] += x * t.out_step;
        if (t.relu6[b] != nullptr) t.relu6[b] += x * t.out_step;
    }
    tiles[positions](t);
}

}  // namespace

std::size_t shape_cols(ConvShape shape) {
    switch (shape) {
        case ConvShape::k1:
            return 1;
        case ConvShape::k2:
        case ConvShape::k2Descending:
            return 2;
        default:
            return 3;
    }
}

std::size_t shape_stride(ConvShape shape) {
    return shape == ConvShape::k3Stride2 || shape == ConvShape::k3Stride2Planar ? 2 : 1;
}

std::size_t shape_step(ConvShape shape) {
    return shape == ConvShape::k3Stride2Planar ? 1 : kBlock;
}

void run_span(const CpuKernels& kernels, const ConvSpan& span) {
    const Tiles& tiles = kernels.conv[static_cast<std::size_t>(span.shape)][span.blocks];
    const std::size_t width = span.end - span.begin;
    if (width == 0) return;
    std::size_t count = (width + largest_tile(tiles) - 1) / largest_tile(tiles);
    const std::size_t wide = fitting_tile(tiles, (width + count - 1) / count, width);
    count = (width + wide - 1) / wide;
    const std::size_t surplus = count * wide - width;
    if (surplus <= count && (surplus == 0 || (wide > 1 && tiles[wide - 1] != nullptr))) {
        // Cut exactly: `surplus` tiles are one position narrower.
        run_tiles(span, tiles, wide - 1, span.begin, surplus);
        run_tiles(span, tiles, wide, span.begin + surplus * (wide - 1), count - surplus);
        return;
    }
    if (span.tile.start != nullptr) {
        // The last tile overlaps its neighbour; what both compute is the same.
        run_tiles(span, tiles, wide, span.begin, count - 1);
        run_tiles(span, tiles, wide, span.end - wide, 1);
        return;
    }
    // Sums that continue earlier ones must not be added twice.
    for (std::size_t x = span.begin; x < span.end;) {
        const std::size_t positions = fitting_tile(tiles, std::min(wide, span.end - x), span.end - x);
        run_tiles(span, tiles, positions, x, 1);
        x += positions;
    }
}

std::size_t next_group(const CpuKernels& kernels, ConvShape shape, std::size_t blocks) {
    const auto& by_blocks = kernels.conv[static_cast<std::size_t>(shape)];
    const auto has = [&](std::size_t n) { return n <= kMaxTileBlocks && by_blocks[n][1] != nullptr; };
    if (has(4)) {  // 1x1: four or three at a time
        if (blocks <= 4) return blocks;
        return blocks % 4 == 0 || (blocks % 3 != 0 && blocks != 5) ? 4 : 3;
    }
    if (blocks == 3 && has(3)) return 3;
    return blocks >= 2 && has(2) ? 2 : 1;
}

}  // namespace jpegai::cpu
