// The headers of a picture that is about to be coded (standard/05-encoder.md sections 3.2, 3.3, 4.7 and 8).
#pragma once

#include <cstdint>
#include <optional>

#include "bitstream/headers.h"
#include "encoder/options.h"
#include "encoder/source_planes.h"

namespace jpegai {

/// Everything of the picture header that does not depend on the rate point and on decisions about latents: sizes,
/// formats, depth, regions, tiles, lanes, coded channels, transforms. `bit_depth` is that of the source.
/// Throws Error{argument} for options that contradict each other or that the syntax cannot express.
[[nodiscard]] PictureHeader make_picture_header(const EncodeOptions& options, const SourcePlanes& source,
                                                unsigned bit_depth);

/// Sets model_id, displacements and what follows from them: profile and level.
/// Throws Error{argument} for a model or displacement out of range, Error{conformance} when no level is large enough.
void set_rate_point(PictureHeader& picture, const RatePoint& rate, const EncodeOptions& options);

/// Throws Error{argument} when a decoder would reject the header: options that do not fit the level, the dialect ...
void require_codable(const PictureHeader& picture, Dialect dialect);

/// Tiles of the analysis under these options.
[[nodiscard]] TileOptions analysis_tile_options(const EncodeOptions& options, const PictureHeader& picture);

/// The partition the reference's encoder chooses for regions of about `samples` luma samples (05 section 4.7): none
/// when the picture has no more than that. Throws Error{argument} when it has more than 128 rows or columns of regions.
[[nodiscard]] std::optional<RegionHeader> reference_regions(std::size_t width, std::size_t height, std::size_t samples,
                                                            bool independent);

/// Side of the tiles that go with independent regions (05 section 3.3): divides the regions where possible. `unit` is
/// 512 for the DIS dialect's reference and 128 for newer ones. 0 when tiles are of no use.
[[nodiscard]] std::size_t region_tile_size(const PictureHeader& picture, std::size_t unit);

}  // namespace jpegai
