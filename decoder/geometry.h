// Where regions and tiles lie: pure functions of the headers (standard/03-networks.md sections 13 and 14,
// 04-postfilters.md section 4.3). All areas are in samples of the coded picture unless stated otherwise.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bitstream/headers.h"
#include "bitstream/regions.h"

namespace jpegai {

/// Everything that the hyper decoder and the context model of one region read and write (03 sections 13.2, 13.3). The
/// numbers hold for both components; the chroma networks count their nominal size as ceil(image / 2).
///
/// Merged arrays start as zero and are written in raster order of the regions, later ones over earlier ones. Zero is
/// what remains where no region writes (dependent regions without overlap lose one latent column on each side of a
/// border).
struct RegionWindow {
    Area image;      ///< extended region in luma samples: nominal size of the networks
    Area z;          ///< input of the hyper decoder
    Area psi_write;  ///< where the hyper decoder's output lands in the merged psi; smaller than the output where that
                     ///< would pass the end of the grid (only when 4 * hyper_decoder_overlap_code != mcm_overlap_code)
    Area psi;        ///< input of the context model, cut from the merged psi
    Area
        residual;  ///< residual cut for the context model: `y`, unless another region claims the same image (see below)
    Area y;        ///< origin and size of the context model's output
    Area y_write;  ///< part of `y` that enters the merged latent
};

/// The windows of all regions in raster order; one window that covers everything when the picture is not partitioned.
/// Extensions end at the picture border. The reference looks psi and residual of a region up by its extended image
/// area, so that regions whose extended areas coincide (possible with 4 * hyper_decoder_overlap_code >
/// mcm_overlap_code) all take the last one's. Its encoder does the same, hence this is what such streams mean (vector
/// bop_depreg128_ov11_256x192). Throws Error{header} for a degenerate partition (01 section 4.5).
[[nodiscard]] std::vector<RegionWindow> region_windows(const PictureHeader& picture);

/// One run of a tiled network on the picture.
struct Tile {
    Area image;   ///< luma samples that the network computes
    Area latent;  ///< y samples it reads (synthesis only)
    Area core;    ///< luma samples of the result that are kept, in picture coordinates; lies inside `image`
    bool operator==(const Tile&) const = default;
};

/// Synthesis tiles of one component in raster order (03 section 14.1; 14.2 with independent regions or without
/// overlap). The cores partition the picture in the first layout, and in the second one if tiles and regions line up.
/// Otherwise cores may overlap, then raster order decides, or leave samples unwritten, which then are zero (the rule is
/// the reference's, anomalies included). Throws Error{header} when the size is zero or the overlap is not smaller than
/// the tile, and Error{unsupported} for independent regions with an overlap that is an odd multiple of 16 (tiles would
/// start between two latents).
[[nodiscard]] std::vector<Tile> synthesis_tiles(const PictureHeader& picture, Component component);

/// The layouts behind synthesis_tiles, for any tile size and overlap in luma samples: an encoder lays the analysis out
/// the same way (05 section 3.2). The overlap is at most twice the tile, and a multiple of 32 with independent regions.
/// Throws Error{header} when the overlap is not smaller than the tile and there are no independent regions.
[[nodiscard]] std::vector<Tile> picture_tiles(const PictureHeader& picture, std::size_t tile, std::size_t overlap);

/// eICCI tiles in raster order (04 section 4.3), laid out on the coded picture and then clipped to the displayed one; a
/// tile whose core lies outside the displayed picture has an empty image and core. Without tiling: one tile, the
/// displayed picture. The cores partition the displayed picture. Throws Error{header} for tiling without overlap, with
/// a size that does not exceed the overlap, for a single row or column of tiles narrower than 176, and where the
/// enlargement of the last row or column to 176 leaves nothing of the one before.
[[nodiscard]] std::vector<Tile> eicci_tiles(const PictureHeader& picture, const EicciHeader& header);

/// Sum of the image areas of all tiles, in samples: the work that a layout asks for, to be checked against limits.
[[nodiscard]] std::uint64_t tiled_samples(std::span<const Tile> tiles);

}  // namespace jpegai
