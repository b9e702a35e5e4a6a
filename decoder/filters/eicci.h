// eICCI: enhancement of all three planes by small networks, tile by tile (standard/04-postfilters.md section 4).
#pragma once

#include "backend/backend.h"
#include "bitstream/headers.h"
#include "decoder/planes.h"

namespace jpegai {

/// The ten networks of the bank that belongs to the synthesis transform in use ("hop" for HOP, "bop" for BOP and SOP),
/// made ready by a backend (networks/eicci.h; index 0..4 mse012 mse025 mse050 mse075 mse100, 5..9 mss012 .. mss100, 04
/// section 4.1). Each network has two trunks that read the three planes of a tile, [1][rows][cols] each on the scale
/// 0..1, with the tile's size as the nominal one.
class EicciBank {
public:
    virtual ~EicciBank() = default;
    /// Inputs Y, U, V; output Y. Called with the indices that the header selects only.
    [[nodiscard]] virtual const NetworkRunner& luma(std::size_t index) = 0;
    /// Inputs Y, U, V; outputs U, V.
    [[nodiscard]] virtual const NetworkRunner& chroma(std::size_t index) = 0;
};

/// Bank indices that a tile selects; only those of the planes in `use` are meaningful.
struct EicciSelection {
    std::array<bool, 3> use{};
    std::size_t luma = 0, chroma = 0;
    bool operator==(const EicciSelection&) const = default;
};

/// Looks a tile's signalled indices up in the short or long list (04 section 4.1).
/// Throws Error{header} for an index beyond the list or an unknown model.
[[nodiscard]] EicciSelection eicci_selection(const EicciHeader::Tile& tile, OperatingPoint synthesis,
                                             std::size_t model_id);

/// The selection of every tile of the picture in raster order. With `first_tile_only` all tiles get that of the first
/// (the reference decoder does this, 04 section 4.3). Throws Error{header} when the tiles of the header do not match
/// the layout (decoder/geometry.h), for a 4:2:0 source, and as eicci_selection.
[[nodiscard]] std::vector<EicciSelection> eicci_selections(const PictureHeader& picture, const EicciHeader& header,
                                                           OperatingPoint synthesis, bool first_tile_only);

/// Filters the planes (YUV, source format, displayed size) in place: tiles in raster order, each reading what earlier
/// ones wrote. All three planes end up within 0..255, also where no network is selected. Throws as eicci_selections and
/// eicci_tiles, Error{argument} for RGB planes or another size, and what the networks throw.
void apply_eicci(Planes& planes, const PictureHeader& picture, const EicciHeader& header, OperatingPoint synthesis,
                 EicciBank& bank, bool first_tile_only, RunContext& context, const RowRunner& rows = serial_rows);

}  // namespace jpegai
