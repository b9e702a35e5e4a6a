// Tool header TON (standard/01-codestream.md section 7).
#include <algorithm>

#include "base/math.h"
#include "bitstream/header_syntax.h"
#include "bitstream/syntax_io.h"

namespace jpegai {

namespace {

using namespace syntax;

constexpr const char* kToolHeaderName = "tool_header";
constexpr std::uint32_t kMaxCode = 65535;     ///< coded weight plus minSymbol
constexpr std::size_t kChroma = 2;            ///< U, V
constexpr std::size_t kNonlinearWeights = 8;  ///< of EFE non-linear, per tile

/// Regions of candidate best_cand_idx - 1 (01 section 7.1).
constexpr std::array<std::size_t, 8> kEfeRegions = {1, 2, 2, 3, 3, 4, 6, 6};

/// Largest coded weight: maxSymbol, and less where minSymbol would push the sum out of 16 bits.
std::uint32_t max_weight(std::uint32_t min_symbol, std::uint32_t max_symbol) {
    return std::min(max_symbol, kMaxCode - min_symbol);
}

/// The filters of one plane for all regions, one array per region.
template <class Io, class Vector>
void region_filters_syntax(Io& io, const FieldName& name, unsigned bits, Vector& weights, std::size_t regions,
                           std::size_t taps, std::uint32_t max) {
    size_array(io, name, bits, weights, regions * taps);
    for (std::size_t r = 0; r < regions; ++r) io.elements(name, bits, std::span(weights).subspan(r * taps, taps), max);
}

template <class Io, class S>
void efe_linear_set_syntax(Io& io, S& set, std::size_t phases) {
    for (std::size_t p = 0; p < kChroma; ++p) {
        const FieldName name("best_cand_idx[{}]", p);
        code(io, name, 4, set.plane[p].best_cand_idx);
        io.require(set.plane[p].best_cand_idx <= kEfeRegions.size(), name, "has to be at most 8");
    }
    for (std::size_t p = 0; p < kChroma; ++p) {
        if (set.plane[p].best_cand_idx == 0) continue;
        const FieldName name("fL[{}]", p);
        code(io, name, 4, set.plane[p].filter_length);
        io.require(set.plane[p].filter_length >= 1 && set.plane[p].filter_length <= 4, name, "has to be 1 to 4");
    }
    code(io, "minSymbol", 16, set.min_symbol);
    code(io, "maxSymbol", 16, set.max_symbol);
    const auto bits = static_cast<unsigned>(std::bit_width(set.max_symbol));
    const std::uint32_t max = max_weight(set.min_symbol, set.max_symbol);
    for (std::size_t p = 0; p < kChroma; ++p) {
        auto& plane = set.plane[p];
        const bool filtered = plane.best_cand_idx > 0;
        const std::size_t regions = filtered ? kEfeRegions[plane.best_cand_idx - 1U] : 0;
        const std::size_t taps = filtered ? std::size_t{plane.filter_length} * plane.filter_length : 0;
        region_filters_syntax(io, p == 0 ? "weightsU" : "weightsV", bits, plane.weights, regions, phases * taps, max);
        region_filters_syntax(io, p == 0 ? "weightsU2" : "weightsV2", bits, plane.weights2, regions, taps, max);
    }
}

template <class Io, class E>
void efe_linear_syntax(Io& io, E& efe, const PictureHeader& picture) {
    const bool same_format = picture.c_ver == picture.s_ver && picture.c_hor == picture.s_hor;
    for (std::size_t p = 0; p < kChroma; ++p) code(io, {"B1[{}]", p}, 15, efe.b1[p]);
    efe_linear_set_syntax(io, efe.upsampled, same_format ? 1 : 4);
    efe_linear_set_syntax(io, efe.main, same_format ? 1 : 4);
}

/// Tiles along a side of `length` samples (01 section 7.2).
std::size_t eicci_tiles_along(std::uint32_t length, std::uint32_t tile, std::uint32_t overlap) {
    const std::uint32_t side = std::min(tile, length);
    return ceil_div(length - overlap, side - overlap);
}

/// The eICCI tile manager; its field names are shared with the synthesis tiles. Gives the number of tiles.
template <class Io, class E>
std::size_t eicci_tile_manager_syntax(Io& io, E& eicci, const PictureHeader& picture) {
    code(io, "ce.post_filters.eICCI.tile_manager enabled", 1, eicci.tile_enable);
    if (!eicci.tile_enable) return 1;
    code(io, "synthesis_tile_size", 8, eicci.tile_size_div16);
    io.require(eicci.tile_size_div16 > 0, "synthesis_tile_size", "of eICCI is zero");
    code(io, "synthesis_tile_overlap", 5, eicci.tile_overlap_div16);
    const std::uint32_t size = 16U * eicci.tile_size_div16, overlap = 16U * eicci.tile_overlap_div16;
    io.require(overlap > 0, "synthesis_tile_overlap", "of eICCI is zero");
    io.require(overlap < std::min({size, picture.img_height, picture.img_width}), "synthesis_tile_overlap",
               "of eICCI is not smaller than the tile and the picture");
    return checked_mul(eicci_tiles_along(picture.img_height, size, overlap),
                       eicci_tiles_along(picture.img_width, size, overlap));
}

/// An index into the short or the long model list; the code is one value wider than the list (01 section 7.2, D6).
template <class Io, class T>
void eicci_index_syntax(Io& io, const FieldName& name, bool short_list, T& index) {
    code(io, name, short_list ? 2 : 4, index);
    io.require(index < (short_list ? 2 : 10), name, "is beyond the model list");
}

template <class Io, class E>
void eicci_syntax(Io& io, E& eicci, const PictureHeader& picture) {
    const std::size_t count = eicci_tile_manager_syntax(io, eicci, picture);
    size_array(io, "icci_use", 3, eicci.tiles, count);  // three flags are the least that a tile takes
    for (std::size_t t = 0; t < count; ++t) {
        auto& tile = eicci.tiles[t];
        for (std::size_t p = 0; p < tile.use.size(); ++p) code(io, {"icci_use[{}]", p}, 1, tile.use[p]);
        const bool use_y = tile.use[0], use_uv = tile.use[1] || tile.use[2];
        if (use_y || use_uv) code(io, "icci_use_shortList", 1, tile.use_short_list);
        if (use_y)
            eicci_index_syntax(io, {"icci_model_signalled_idx[{}][Y]", t}, tile.use_short_list, tile.model_idx_y);
        if (use_uv)
            eicci_index_syntax(io, {"icci_model_signalled_idx[{}][UV]", t}, tile.use_short_list, tile.model_idx_uv);
    }
}

/// bS and the masks W5.
template <class Io, class E>
void efe_mask_syntax(Io& io, E& efe) {
    code(io, "mask1_enabled_flag", 1, efe.mask_enabled[0]);
    code(io, "mask2_enabled_flag", 1, efe.mask_enabled[1]);
    if (efe.mask_enabled[0] || efe.mask_enabled[1]) {
        code(io, "bS", 10, efe.block_size);
        io.require(efe.block_size > 0, "bS", "is zero");
        code(io, "len_mask_y", 10, efe.mask_rows);
        code(io, "len_mask_x", 10, efe.mask_cols);
    }
    for (std::size_t k = 0; k < kChroma; ++k) {
        const FieldName name = k == 0 ? "W5[i,j,0]" : "W5[i,j,1]";
        // Listed, with no elements, even where there is no mask: the reference's traces do so.
        const std::size_t entries = efe.mask_enabled[k] ? std::size_t{efe.mask_rows} * efe.mask_cols : 0;
        code_array(io, name, 2, efe.mask[k], entries, 2);
    }
}

/// Tiles and weights A1.
template <class Io, class E>
void efe_nonlinear_tile_syntax(Io& io, E& efe) {
    code(io, "nonLinear_enabled_U_flag", 1, efe.enabled[0]);
    code(io, "nonLinear_enabled_V_flag", 1, efe.enabled[1]);
    std::size_t tiles = efe.min_luma.size();
    if (efe.enabled[0] || efe.enabled[1]) {
        code(io, "nonlinearW", 16, efe.tile_width);
        io.require(efe.tile_width > 0, "nonlinearW", "is zero");
        code(io, "nonlinearH", 16, efe.tile_height);
        io.require(efe.tile_height > 0, "nonlinearH", "is zero");
        code(io, "numTiles", 16, tiles);
        code_array(io, "minLuma", 16, efe.min_luma, tiles, kMaxCode);
        code_array(io, "maxLuma", 16, efe.max_luma, tiles, kMaxCode);
    } else {
        size_array(io, "minLuma", 16, efe.min_luma, 0);
        size_array(io, "maxLuma", 16, efe.max_luma, 0);
    }
    const auto bits = static_cast<unsigned>(std::bit_width(efe.max_symbol));
    for (std::size_t p = 0; p < kChroma; ++p) {
        std::size_t weights = efe.a1[p].size();
        if (efe.enabled[p]) {
            code(io, "candNum", 16, weights);
            code_array(io, "A1", bits, efe.a1[p], weights, max_weight(efe.min_symbol, efe.max_symbol));
        } else {
            size_array(io, "A1", bits, efe.a1[p], 0);
        }
    }
}

template <class Io, class E>
void efe_nonlinear_syntax(Io& io, E& efe) {
    code(io, "minSymbol", 16, efe.min_symbol);
    code(io, "maxSymbol", 16, efe.max_symbol);
    efe_mask_syntax(io, efe);
    efe_nonlinear_tile_syntax(io, efe);
}

template <class Io, class H>
void tool_syntax(Io& io, H& h, const PictureHeader& picture) {
    for (std::size_t c = 0; c < kComponents; ++c) code(io, {"lsbs_enable_flag[{}]", c}, 1, h.lsbs_enable_flag[c]);
    if (present(io, "EFE_linear_filter_enabled_flag", h.efe_linear)) efe_linear_syntax(io, *h.efe_linear, picture);
    if (picture.s_ver == 2 && picture.s_hor == 2) {
        io.require(!h.eicci.has_value(), "icci_enable_flag", "cannot be set for a 4:2:0 source");
    } else if (present(io, "icci_enable_flag", h.eicci)) {
        eicci_syntax(io, *h.eicci, picture);
    }
    if (present(io, "EFE_nonlinear_filter_enabled_flag", h.efe_nonlinear)) efe_nonlinear_syntax(io, *h.efe_nonlinear);
    if (present(io, "LEF_enabled_flag", h.lef_ch_idx)) {
        code(io, "LEF_chIdx", 8, *h.lef_ch_idx);
        io.require(*h.lef_ch_idx < kLatentChannels[kPrimary], "LEF_chIdx", "is not a luma latent channel");
    }
}

}  // namespace

ToolHeader parse_tool_header(std::span<const std::uint8_t> payload, const PictureHeader& picture, std::uint64_t offset,
                             const HeaderOptions& options) {
    SyntaxReader io(payload, offset, kToolHeaderName, options.strict);
    ToolHeader header;
    tool_syntax(io, header, picture);
    io.finish();
    return header;
}

std::vector<std::uint8_t> write_tool_header(const ToolHeader& header, const PictureHeader& picture) {
    SyntaxWriter io(kToolHeaderName);
    tool_syntax(io, header, picture);
    return std::move(io).take();
}

std::vector<HeaderField> list_fields(const ToolHeader& header, const PictureHeader& picture) {
    SyntaxLister io(kToolHeaderName);
    tool_syntax(io, header, picture);
    return std::move(io).take();
}

const char* tools_misfit(const ToolHeader& tools, const PictureHeader& picture) {
    if (!tools.efe_nonlinear) return nullptr;
    const EfeNonlinearHeader& efe = *tools.efe_nonlinear;
    const std::uint32_t rows = ceil_div(picture.display_height(), std::uint32_t{picture.s_ver});
    const std::uint32_t cols = ceil_div(picture.display_width(), std::uint32_t{picture.s_hor});
    if (efe.mask_enabled[0] || efe.mask_enabled[1]) {
        const std::uint32_t block = efe.block_size;
        if (block == 0 || efe.mask_rows != ceil_div(rows, block) || efe.mask_cols != ceil_div(cols, block)) {
            return "EFE non-linear: the mask does not have the size of the chroma plane";
        }
    }
    if (efe.mask_enabled[0]) {  // a V mask alone is ignored (04 section 3.4)
        const bool second_picture = tools.efe_linear && (tools.efe_linear->upsampled.plane[0].best_cand_idx > 0 ||
                                                         tools.efe_linear->upsampled.plane[1].best_cand_idx > 0);
        if (!second_picture) return "EFE non-linear: a mask without the second picture of EFE linear";
    }
    if (!efe.enabled[0] && !efe.enabled[1]) return nullptr;
    if (efe.tile_width == 0 || efe.tile_height == 0) return "EFE non-linear: empty tiles";
    const std::uint64_t tiles =
        std::uint64_t{ceil_div(rows, std::uint32_t{efe.tile_height})} * ceil_div(cols, std::uint32_t{efe.tile_width});
    if (efe.min_luma.size() < tiles) return "EFE non-linear: numTiles is too small for the chroma plane";
    for (std::size_t p = 0; p < kChroma; ++p) {
        if (efe.enabled[p] && efe.a1[p].size() / kNonlinearWeights < tiles) {
            return "EFE non-linear: candNum is too small for the chroma plane";
        }
    }
    return nullptr;
}

}  // namespace jpegai
