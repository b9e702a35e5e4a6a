// Random parameters for EFE-linear and EFE-nonlinear.
#pragma once

#include <random>

#include "base/math.h"
#include "decoder/filters/efe_regions.h"
#include "decoder/planes.h"

namespace jpegai::test {

/// A filter set with small random weights (|w| below 1/32) for the given candidates and lengths.
inline EfeLinearSet random_efe_set(std::mt19937& random, std::array<std::uint8_t, 2> candidate,
                                   std::array<std::uint8_t, 2> length, bool same_format) {
    EfeLinearSet set;
    set.min_symbol = 32767 - 64;
    set.max_symbol = 128;
    for (std::size_t p = 0; p < 2; ++p) {
        EfeLinearSet::Plane& plane = set.plane[p];
        plane.best_cand_idx = candidate[p];
        if (candidate[p] == 0) continue;
        plane.filter_length = length[p];
        const std::size_t taps = std::size_t{length[p]} * length[p], regions = efe_region_count(candidate[p] - 1U);
        plane.weights.resize(regions * taps * (same_format ? 1 : 4));
        plane.weights2.resize(regions * taps);
        for (auto* weights : {&plane.weights, &plane.weights2}) {
            for (std::uint16_t& weight : *weights) weight = static_cast<std::uint16_t>(random() % 129);
        }
    }
    return set;
}

/// Both planes enabled, a mask for each, tiles and blocks that do not divide the plane.
inline EfeNonlinearHeader random_efe_nonlinear(std::mt19937& random, Size chroma, std::uint16_t tile_width,
                                               std::uint16_t tile_height, std::uint16_t block) {
    EfeNonlinearHeader header;
    header.min_symbol = 32767 - 300;
    header.max_symbol = 600;
    header.enabled = {true, true};
    header.tile_width = tile_width;
    header.tile_height = tile_height;
    const std::size_t tiles =
        ceil_div<std::size_t>(chroma.rows, tile_height) * ceil_div<std::size_t>(chroma.cols, tile_width);
    for (std::size_t t = 0; t < tiles; ++t) {
        header.min_luma.push_back(static_cast<std::uint16_t>(random() % 9000));
        header.max_luma.push_back(static_cast<std::uint16_t>(12000 + random() % 13000));
    }
    header.mask_enabled = {true, true};
    header.block_size = block;
    header.mask_rows = static_cast<std::uint16_t>(ceil_div<std::size_t>(chroma.rows, block));
    header.mask_cols = static_cast<std::uint16_t>(ceil_div<std::size_t>(chroma.cols, block));
    for (std::size_t p = 0; p < 2; ++p) {
        for (std::size_t i = 0; i < 8 * tiles; ++i) header.a1[p].push_back(static_cast<std::uint16_t>(random() % 601));
        for (std::size_t i = 0; i < std::size_t{header.mask_rows} * header.mask_cols; ++i) {
            header.mask[p].push_back(static_cast<std::uint8_t>(random() % 3));
        }
    }
    return header;
}

}  // namespace jpegai::test
