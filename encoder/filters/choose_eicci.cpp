#include "encoder/filters/choose_eicci.h"

#include <algorithm>
#include <limits>

#include "decoder/cut.h"
#include "decoder/filters/eicci.h"
#include "decoder/geometry.h"
#include "decoder/row_ops.h"
#include "encoder/filters/ms_ssim.h"
#include "encoder/filters/plane_error.h"
#include "networks/eicci.h"

namespace jpegai {
namespace {

constexpr std::size_t kTileSide = 2048, kTileOverlap = 48;  ///< samples
constexpr std::uint32_t kLeastSide =
    176;  ///< a single row or column of tiles below this is not allowed (04 section 4.3)
constexpr std::size_t kShortList = 2;

using Tile = EicciHeader::Tile;

/// A tile's syntax for one network and the planes it filters.
Tile luma_tile(bool short_list, std::size_t index) {
    return {{true, false, false}, short_list, static_cast<std::uint8_t>(index), 0};
}
Tile chroma_tile(bool short_list, std::size_t index, bool u, bool v) {
    return {{false, u, v}, short_list, 0, static_cast<std::uint8_t>(index)};
}

/// Bits of one tile's syntax (04 section 2).
std::size_t tile_bits(const Tile& tile) {
    const bool luma = tile.use[0], chroma = tile.use[1] || tile.use[2];
    const std::size_t index = tile.use_short_list ? 2 : 4;
    return 3 + (luma || chroma ? 1 : 0) + (luma ? index : 0) + (chroma ? index : 0);
}

/// Errors of the planes for each network: U and V come from the same one.
struct NetworkErrors {
    std::vector<double> luma;
    std::vector<std::array<double, 2>> chroma;
};

/// Best selection out of the errors of all networks of a list; `plain` are the errors without. `tiles` tiles say so.
Tile cheapest(const NetworkErrors& errors, const std::array<double, 3>& plain, bool short_list, std::size_t tiles,
              const FilterLagrangian& lagrangian) {
    Tile best;
    double least = std::numeric_limits<double>::infinity();
    const auto consider = [&](const Tile& tile) {
        std::array<double, 3> left = plain;
        if (tile.use[0]) left[0] = errors.luma[tile.model_idx_y];
        for (std::size_t p = 1; p < 3; ++p) {
            if (tile.use[p]) left[p] = errors.chroma[tile.model_idx_uv][p - 1];
        }
        double price = lagrangian.sse_per_bit * static_cast<double>(tiles * tile_bits(tile));
        for (std::size_t p = 0; p < 3; ++p) price += lagrangian.plane_weight[p] * left[p];
        if (!(price < least)) return;
        least = price;
        best = tile;
    };
    for (std::size_t y = 0; y <= errors.luma.size(); ++y) {
        Tile tile;
        tile.use[0] = y > 0;
        tile.model_idx_y = static_cast<std::uint8_t>(y > 0 ? y - 1 : 0);
        tile.use_short_list = short_list && tile.use[0];
        consider(tile);
        for (std::size_t i = 0; i < errors.chroma.size(); ++i) {
            for (const auto& [u, v] : {std::pair{true, false}, std::pair{false, true}, std::pair{true, true}}) {
                tile.use = {y > 0, u, v};
                tile.model_idx_uv = static_cast<std::uint8_t>(i);
                tile.use_short_list = short_list;
                consider(tile);
            }
        }
    }
    return best;
}

std::size_t list_size(const FilterChoiceInputs& inputs) {
    return inputs.eicci_long_list ? kEicciNetworks : kShortList;
}

/// One selection for all tiles: the decoder's own filter is run with every network on its own.
EicciHeader choose_uniform(const Planes& planes, const FilterChoiceInputs& inputs, RunContext& context) {
    EicciHeader header = eicci_layout(*inputs.picture);
    const bool short_list = !inputs.eicci_long_list;
    const auto errors_with = [&](const Tile& tile) {
        std::fill(header.tiles.begin(), header.tiles.end(), tile);
        Planes trial = planes;
        apply_eicci(trial, *inputs.picture, header, inputs.synthesis, *inputs.eicci, false, context, inputs.rows);
        return squared_errors(trial, *inputs.original, inputs.rows);
    };
    NetworkErrors errors;
    for (std::size_t i = 0; i < list_size(inputs); ++i) {
        errors.luma.push_back(errors_with(luma_tile(short_list, i))[0]);
        const std::array<double, 3> chroma = errors_with(chroma_tile(short_list, i, true, true));
        errors.chroma.push_back({chroma[1], chroma[2]});
    }
    const Tile best = cheapest(errors, squared_errors(planes, *inputs.original, inputs.rows), short_list,
                               header.tiles.size(), inputs.lagrangian);
    std::fill(header.tiles.begin(), header.tiles.end(), best);
    return header;
}

void to_unit_444(Planes& planes, const RowRunner& rows) {
    convert_chroma(planes, {1, 1}, rows);
    for (Array3<float>& plane : planes.plane) divide_row(plane.data(), plane.data(), plane.size(), 255.0F);
}

Array3<float> clamped(Array3<float> samples) {
    clamp_row(samples.data(), samples.data(), samples.size(), 0.0F, 1.0F);
    return samples;
}

/// Runs of the networks on the tiles of a picture.
class TileRunner {
public:
    TileRunner(const Planes& planes, const FilterChoiceInputs& inputs, RunContext& context)
        : inputs_(inputs), context_(context), planes_(planes), original_(*inputs.original) {
        to_unit_444(planes_, inputs.rows);
        to_unit_444(original_, inputs.rows);
    }

    /// Loads a tile of the planes as they are now.
    void load(const jpegai::Tile& tile) {
        tile_ = &tile;
        for (std::size_t p = 0; p < 3; ++p) input_[p] = cut(planes_.plane[p], tile.image);
    }

    [[nodiscard]] const Array3<float>& input(std::size_t plane) const { return input_[plane]; }
    /// The original of the whole tile.
    [[nodiscard]] Array3<float> original(std::size_t plane) const { return cut(original_.plane[plane], tile_->image); }

    /// Outputs of a list's network on the loaded tile, not clamped: Y, or U and V.
    [[nodiscard]] std::vector<Array3<float>> run(const Tile& syntax) const {
        const EicciSelection selection = eicci_selection(syntax, inputs_.synthesis, inputs_.picture->model_id);
        const NetworkRunner& network =
            syntax.use[0] ? inputs_.eicci->luma(selection.luma) : inputs_.eicci->chroma(selection.chroma);
        const std::array<const Array3<float>*, 3> inputs = {&input_[0], &input_[1], &input_[2]};
        return network.run(inputs, {tile_->image.rows, tile_->image.cols}, context_);
    }

    /// Squared error of a tile's core on the scale 0..255.
    [[nodiscard]] double core_error(const Array3<float>& samples, std::size_t plane) const {
        const Area inside{tile_->core.row - tile_->image.row, tile_->core.col - tile_->image.col, tile_->core.rows,
                          tile_->core.cols};
        return 255.0 * 255.0 * squared_error(clamped(cut(samples, inside)), cut(original_.plane[plane], tile_->core));
    }

    /// Writes the core of a plane back, as the decoder does.
    void store(const Array3<float>& samples, std::size_t plane) {
        paste(samples, tile_->core.row - tile_->image.row, tile_->core.col - tile_->image.col, planes_.plane[plane],
              tile_->core);
    }

private:
    const FilterChoiceInputs& inputs_;
    RunContext& context_;
    Planes planes_, original_;
    const jpegai::Tile* tile_ = nullptr;
    std::array<Array3<float>, 3> input_;
};

/// A selection per tile, in the order of the decoder, each on what the tiles before it left.
EicciHeader choose_per_tile(const Planes& planes, const FilterChoiceInputs& inputs, RunContext& context) {
    EicciHeader header = eicci_layout(*inputs.picture);
    const std::vector<jpegai::Tile> tiles = eicci_tiles(*inputs.picture, header);
    TileRunner runner(planes, inputs, context);
    const bool short_list = !inputs.eicci_long_list;
    for (std::size_t t = 0; t < tiles.size(); ++t) {
        if (tiles[t].core.rows == 0 || tiles[t].core.cols == 0) continue;
        runner.load(tiles[t]);
        NetworkErrors errors;
        std::vector<std::vector<Array3<float>>> luma, chroma;
        for (std::size_t i = 0; i < list_size(inputs); ++i) {
            luma.push_back(runner.run(luma_tile(short_list, i)));
            chroma.push_back(runner.run(chroma_tile(short_list, i, true, true)));
            errors.luma.push_back(runner.core_error(luma.back()[0], 0));
            errors.chroma.push_back({runner.core_error(chroma.back()[0], 1), runner.core_error(chroma.back()[1], 2)});
        }
        std::array<double, 3> plain{};
        for (std::size_t p = 0; p < 3; ++p) plain[p] = runner.core_error(runner.input(p), p);
        const Tile best = cheapest(errors, plain, short_list, 1, inputs.lagrangian);
        if (best.use[0]) runner.store(luma[best.model_idx_y][0], 0);
        for (std::size_t p = 1; p < 3; ++p) {
            if (best.use[p]) runner.store(chroma[best.model_idx_uv][p - 1], p);
        }
        header.tiles[t] = best;
    }
    return header;
}

bool uses_networks(const EicciHeader& header) {
    return std::any_of(header.tiles.begin(), header.tiles.end(),
                       [](const Tile& tile) { return tile.use[0] || tile.use[1] || tile.use[2]; });
}

/// The reference's error of a plane on the scale 0..1: five times the MSE plus 1 - MS-SSIM for luma, MSE for chroma.
double reference_error(const Array3<float>& samples, const Array3<float>& original, bool luma) {
    const Array3<float> within = clamped(samples);
    const double mse = squared_error(within, original) / static_cast<double>(samples.size());
    return luma ? 5 * mse + 1 - ms_ssim(within, original) : mse;
}

Tile reference_tile(const TileRunner& runner) {
    std::array<Array3<float>, 3> original;
    std::array<double, 3> plain{};
    for (std::size_t p = 0; p < 3; ++p) {
        original[p] = runner.original(p);
        plain[p] = reference_error(runner.input(p), original[p], p == 0);
    }
    Tile best;
    double best_luma = plain[0], best_gain = 0;
    for (std::size_t i = 0; i < kShortList; ++i) {
        const double luma = reference_error(runner.run(luma_tile(true, i))[0], original[0], true);
        if (luma < best_luma) {
            best_luma = luma;
            best.use[0] = true;
            best.model_idx_y = static_cast<std::uint8_t>(i);
        }
        const std::vector<Array3<float>> chroma = runner.run(chroma_tile(true, i, true, true));
        const double u = plain[1] - reference_error(chroma[0], original[1], false),
                     v = plain[2] - reference_error(chroma[1], original[2], false);
        const std::array<double, 3> gains = {u + v, u, v};
        const auto largest = std::max_element(gains.begin(), gains.end());
        if (!(*largest > best_gain)) continue;
        best_gain = *largest;
        best.use[1] = largest != gains.begin() + 2;
        best.use[2] = largest != gains.begin() + 1;
        best.model_idx_uv = static_cast<std::uint8_t>(i);
    }
    best.use_short_list = best.use[0] || best.use[1] || best.use[2];
    return best;
}

}  // namespace

EicciHeader eicci_layout(const PictureHeader& picture) {
    EicciHeader header;
    const std::uint64_t samples = std::uint64_t{picture.img_width} * picture.img_height;
    if (samples > kTileSide * kTileSide && std::min(picture.img_width, picture.img_height) >= kLeastSide) {
        header.tile_enable = true;
        header.tile_size_div16 = static_cast<std::uint8_t>(kTileSide / 16);
        header.tile_overlap_div16 = static_cast<std::uint8_t>(kTileOverlap / 16);
    }
    header.tiles.resize(eicci_tiles(picture, header).size());
    return header;
}

std::optional<EicciHeader> choose_eicci(const Planes& planes, const FilterChoiceInputs& inputs, RunContext& context) {
    if (inputs.eicci == nullptr || (planes.chroma.ver == 2 && planes.chroma.hor == 2)) return std::nullopt;
    EicciHeader header =
        inputs.eicci_per_tile ? choose_per_tile(planes, inputs, context) : choose_uniform(planes, inputs, context);
    if (!uses_networks(header)) return std::nullopt;
    return header;
}

std::optional<EicciHeader> reference_eicci(const Planes& planes, const FilterChoiceInputs& inputs,
                                           RunContext& context) {
    if (inputs.eicci == nullptr || !planes.chroma.is_444() || std::min(planes.rows(), planes.cols()) < kMsSsimLeastSide)
        return std::nullopt;
    EicciHeader header = eicci_layout(*inputs.picture);
    const std::vector<jpegai::Tile> tiles = eicci_tiles(*inputs.picture, header);
    TileRunner runner(planes, inputs, context);
    for (std::size_t t = 0; t < tiles.size(); ++t) {
        if (std::min(tiles[t].image.rows, tiles[t].image.cols) < kMsSsimLeastSide) continue;
        runner.load(tiles[t]);
        header.tiles[t] = reference_tile(runner);
    }
    return header;
}

}  // namespace jpegai
