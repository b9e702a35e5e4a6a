#include "decoder/filters/eicci.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "decoder/cut.h"
#include "decoder/geometry.h"
#include "decoder/row_ops.h"
#include "networks/eicci.h"

namespace jpegai {
namespace {

/// Bank indices of signalled index 0 and 1, per model (04 section 4.1).
struct ShortLists {
    std::array<std::array<std::uint8_t, 2>, kModels> luma, chroma;
};

constexpr std::array<ShortLists, 3> kShortLists = {{
    {{{{5, 6}, {2, 6}, {2, 7}, {3, 8}}}, {{{0, 1}, {0, 1}, {1, 2}, {1, 2}}}},  // SOP
    {{{{5, 6}, {3, 6}, {2, 7}, {3, 8}}}, {{{0, 1}, {1, 2}, {2, 3}, {2, 3}}}},  // BOP
    {{{{5, 6}, {6, 8}, {2, 7}, {3, 9}}}, {{{0, 2}, {1, 3}, {2, 3}, {2, 3}}}},  // HOP
}};

std::size_t bank_index(bool short_list, const std::array<std::uint8_t, 2>& list, std::size_t signalled) {
    if (signalled >= (short_list ? list.size() : kEicciNetworks)) {
        throw Error(JPEGAI_ERROR_HEADER, fmt::format("eICCI model index {} is beyond the list", signalled));
    }
    return short_list ? list[signalled] : signalled;
}

/// Calls work(samples, count) for every row of every plane.
template <class Work>
void for_each_row(Planes& planes, const RowRunner& rows, Work work) {
    for (Array3<float>& plane : planes.plane) {
        rows(plane.rows(), [&](std::size_t first, std::size_t last) {
            for (std::size_t y = first; y < last; ++y) work(plane.row(0, y), plane.cols());
        });
    }
}

/// Writes the core of a network's output for one plane.
void paste_core(const Array3<float>& result, const Tile& tile, Array3<float>& plane) {
    if (result.channels() != 1 || result.rows() != tile.image.rows || result.cols() != tile.image.cols) {
        throw Error(JPEGAI_ERROR_INTERNAL, "eICCI network gave an output of another size");
    }
    paste(result, tile.core.row - tile.image.row, tile.core.col - tile.image.col, plane, tile.core);
}

void filter_tile(Planes& planes, const Tile& tile, const EicciSelection& selection, EicciBank& bank,
                 RunContext& context) {
    if (!selection.use[0] && !selection.use[1] && !selection.use[2]) return;
    const bool whole = tile.image == Area{0, 0, planes.rows(), planes.cols()};
    std::array<Array3<float>, 3> piece;
    std::array<const Array3<float>*, 3> inputs;
    for (std::size_t p = 0; p < 3; ++p) {
        if (!whole) piece[p] = cut(planes.plane[p], tile.image);
        inputs[p] = whole ? &planes.plane[p] : &piece[p];
    }
    const Size nominal{tile.image.rows, tile.image.cols};
    // Both trunks read the tile as it was before either of them wrote.
    std::vector<Array3<float>> luma, chroma;
    if (selection.use[0]) luma = bank.luma(selection.luma).run(inputs, nominal, context);
    if (selection.use[1] || selection.use[2]) chroma = bank.chroma(selection.chroma).run(inputs, nominal, context);
    if (selection.use[0]) paste_core(luma.at(0), tile, planes.plane[0]);
    for (std::size_t p = 1; p < 3; ++p) {
        if (selection.use[p]) paste_core(chroma.at(p - 1), tile, planes.plane[p]);
    }
}

}  // namespace

EicciSelection eicci_selection(const EicciHeader::Tile& tile, OperatingPoint synthesis, std::size_t model_id) {
    if (model_id >= kModels) throw Error(JPEGAI_ERROR_HEADER, fmt::format("eICCI: no model {}", model_id));
    const ShortLists& lists = kShortLists[static_cast<std::size_t>(synthesis)];
    EicciSelection selection{tile.use, 0, 0};
    if (tile.use[0]) selection.luma = bank_index(tile.use_short_list, lists.luma[model_id], tile.model_idx_y);
    if (tile.use[1] || tile.use[2]) {
        selection.chroma = bank_index(tile.use_short_list, lists.chroma[model_id], tile.model_idx_uv);
    }
    return selection;
}

std::vector<EicciSelection> eicci_selections(const PictureHeader& picture, const EicciHeader& header,
                                             OperatingPoint synthesis, bool first_tile_only) {
    if (picture.s_ver == 2 && picture.s_hor == 2) throw Error(JPEGAI_ERROR_HEADER, "eICCI with a 4:2:0 source");
    const std::size_t count = eicci_tiles(picture, header).size();
    if (header.tiles.size() != count) {
        throw Error(JPEGAI_ERROR_HEADER,
                    fmt::format("eICCI parameters for {} tiles, the picture has {}", header.tiles.size(), count));
    }
    std::vector<EicciSelection> selections;
    selections.reserve(count);
    for (const EicciHeader::Tile& tile : header.tiles) {
        selections.push_back(eicci_selection(tile, synthesis, picture.model_id));
    }
    if (first_tile_only) std::fill(selections.begin() + 1, selections.end(), selections.front());
    return selections;
}

void apply_eicci(Planes& planes, const PictureHeader& picture, const EicciHeader& header, OperatingPoint synthesis,
                 EicciBank& bank, bool first_tile_only, RunContext& context, const RowRunner& rows) {
    check_planes(planes);
    const std::vector<EicciSelection> selections = eicci_selections(picture, header, synthesis, first_tile_only);
    const std::vector<Tile> tiles = eicci_tiles(picture, header);
    if (planes.rgb || planes.rows() != picture.display_height() || planes.cols() != picture.display_width()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "eICCI needs YUV planes of the displayed size");
    }
    const ChromaFormat source = planes.chroma;
    convert_chroma(planes, {1, 1}, rows);
    for_each_row(planes, rows, [](float* row, std::size_t count) { divide_row(row, row, count, 255.0F); });
    for (std::size_t t = 0; t < tiles.size(); ++t) {
        if (context.keep_going && !context.keep_going()) throw Error(JPEGAI_ERROR_CANCELLED, "cancelled");
        if (tiles[t].core.rows > 0) filter_tile(planes, tiles[t], selections[t], bank, context);
    }
    for_each_row(planes, rows, [](float* row, std::size_t count) {
        clamp_row(row, row, count, 0.0F, 1.0F);
        multiply_row(row, row, count, 255.0F);
    });
    convert_chroma(planes, source, rows);
}

}  // namespace jpegai
