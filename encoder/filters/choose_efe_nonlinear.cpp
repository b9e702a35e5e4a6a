#include "encoder/filters/choose_efe_nonlinear.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/math.h"
#include "encoder/filters/efe_candidates.h"
#include "encoder/filters/luma_histogram.h"

namespace jpegai {
namespace {

constexpr std::size_t kLeastTile = 128;  ///< chroma samples; the parameters of smaller tiles never pay
constexpr std::size_t kMaxTiles = 1024;
/// Penalties on squared weights, per sample.
constexpr std::array<double, 3> kNonlinearRidges = {1e-5, 0.3, 3.0};

/// Where the breakpoints lie: between luma 0 or quantiles of the tile.
struct LumaSpan {
    double low, high;  ///< shares of the samples; low < 0: from luma 0 on
};
constexpr std::array<LumaSpan, 3> kSpans = {{{0, 1}, {-1, 1}, {0.02, 0.98}}};

std::uint16_t hundredths(double luma) {
    return static_cast<std::uint16_t>(std::clamp(std::nearbyint(luma * 100), 0.0, 65535.0));
}

/// Histograms of tiles of some size.
struct TileSet {
    Size tile, grid;
    std::vector<LumaHistogram> tiles;
};

/// Tiles twice as wide and high.
TileSet merge(const TileSet& fine, Size chroma) {
    TileSet coarse;
    coarse.tile = {2 * fine.tile.rows, 2 * fine.tile.cols};
    coarse.grid = {ceil_div(chroma.rows, coarse.tile.rows), ceil_div(chroma.cols, coarse.tile.cols)};
    coarse.tiles.resize(coarse.grid.rows * coarse.grid.cols);
    for (std::size_t r = 0; r < fine.grid.rows; ++r) {
        for (std::size_t c = 0; c < fine.grid.cols; ++c)
            coarse.tiles[r / 2 * coarse.grid.cols + c / 2].add(fine.tiles[r * fine.grid.cols + c]);
    }
    return coarse;
}

/// Curves of one plane for all tiles, before they are put into a header.
struct PlaneCurves {
    std::vector<int> codes;
    double squared_error = 0;
};

PlaneCurves fit_plane(const std::vector<Gram>& grams, const std::vector<LumaHistogram>& tiles, std::size_t plane,
                      double ridge) {
    PlaneCurves curves;
    for (std::size_t t = 0; t < tiles.size(); ++t) {
        std::vector<int> codes;
        for (const double weight : grams[t].solve(ridge * tiles[t].samples(plane))) codes.push_back(efe_code(weight));
        curves.squared_error += grams[t].squared_error(efe_weights(codes));
        curves.codes.insert(curves.codes.end(), codes.begin(), codes.end());
    }
    return curves;
}

EfeNonlinearHeader make_header(const TileSet& set, const std::vector<std::uint16_t>& low,
                               const std::vector<std::uint16_t>& high,
                               const std::array<const PlaneCurves*, 2>& planes) {
    EfeNonlinearHeader header;
    header.tile_height = static_cast<std::uint16_t>(std::min<std::size_t>(set.tile.rows, 65535));
    header.tile_width = static_cast<std::uint16_t>(std::min<std::size_t>(set.tile.cols, 65535));
    header.min_luma = low;
    header.max_luma = high;
    int least = 65535, most = 0;
    for (const PlaneCurves* curves : planes) {
        if (curves == nullptr) continue;
        const auto [a, b] = std::minmax_element(curves->codes.begin(), curves->codes.end());
        least = std::min(least, *a);
        most = std::max(most, *b);
    }
    header.min_symbol = static_cast<std::uint16_t>(least);
    header.max_symbol = static_cast<std::uint16_t>(most - least);
    for (std::size_t p = 0; p < 2; ++p) {
        header.enabled[p] = planes[p] != nullptr;
        if (!header.enabled[p]) continue;
        for (const int code : planes[p]->codes) header.a1[p].push_back(static_cast<std::uint16_t>(code - least));
    }
    return header;
}

/// Bits of the syntax without masks (04 section 2).
std::size_t header_bits(const EfeNonlinearHeader& header) {
    std::size_t bits = 2 * 16 + 2 + 2 + 3 * 16 + 32 * header.min_luma.size();
    for (std::size_t p = 0; p < 2; ++p) {
        if (header.enabled[p])
            bits += 16 + header.a1[p].size() * static_cast<std::size_t>(std::bit_width(header.max_symbol));
    }
    return bits;
}

/// The cheapest header so far.
struct Best {
    const FilterLagrangian& lagrangian;
    double price;
    std::optional<EfeNonlinearHeader> header;

    void consider(const EfeNonlinearHeader& candidate, const std::array<double, 2>& errors) {
        const double cost = lagrangian.plane_weight[1] * errors[0] + lagrangian.plane_weight[2] * errors[1] +
                            lagrangian.sse_per_bit * static_cast<double>(header_bits(candidate));
        if (!(cost < price)) return;
        price = cost;
        header = candidate;
    }
};

void try_span(const TileSet& set, const LumaSpan& span, const std::array<double, 2>& energy, Best& best) {
    std::vector<std::uint16_t> low, high;
    std::array<std::vector<Gram>, 2> grams;
    for (const LumaHistogram& tile : set.tiles) {
        low.push_back(span.low < 0 ? std::uint16_t{0} : hundredths(tile.quantile(span.low)));
        high.push_back(hundredths(tile.quantile(span.high)));
        for (std::size_t p = 0; p < 2; ++p) grams[p].push_back(tile.pieces(p, low.back() / 100.0, high.back() / 100.0));
    }
    for (const double ridge : kNonlinearRidges) {
        const std::array<PlaneCurves, 2> curves = {fit_plane(grams[0], set.tiles, 0, ridge),
                                                   fit_plane(grams[1], set.tiles, 1, ridge)};
        const double u = curves[0].squared_error, v = curves[1].squared_error;
        best.consider(make_header(set, low, high, {&curves[0], nullptr}), {u, energy[1]});
        best.consider(make_header(set, low, high, {nullptr, &curves[1]}), {energy[0], v});
        best.consider(make_header(set, low, high, {&curves[0], &curves[1]}), {u, v});
    }
}

}  // namespace

std::optional<EfeNonlinearHeader> choose_efe_curves(const Planes& planes, const Planes& original,
                                                    const EfeNonlinearHeader& masks, const FilterLagrangian& lagrangian,
                                                    const RowRunner& rows) {
    const Size chroma = planes.size(1);
    TileSet set;
    set.tile = {kLeastTile, kLeastTile};
    do {
        set.grid = {ceil_div(chroma.rows, set.tile.rows), ceil_div(chroma.cols, set.tile.cols)};
        if (set.grid.rows * set.grid.cols <= kMaxTiles) break;
        set.tile = {2 * set.tile.rows, 2 * set.tile.cols};
    } while (true);
    set.tiles = luma_histograms(planes, original, masks, set.tile, rows);
    std::array<double, 2> energy{};
    for (const LumaHistogram& tile : set.tiles) {
        for (std::size_t p = 0; p < 2; ++p) energy[p] += tile.energy(p);
    }
    Best best{lagrangian, lagrangian.plane_weight[1] * energy[0] + lagrangian.plane_weight[2] * energy[1], {}};
    while (true) {
        for (const LumaSpan& span : kSpans) try_span(set, span, energy, best);
        if (set.tiles.size() == 1) break;
        set = merge(set, chroma);
    }
    if (best.header) {
        best.header->mask_enabled = masks.mask_enabled;
        best.header->block_size = masks.block_size;
        best.header->mask_rows = masks.mask_rows;
        best.header->mask_cols = masks.mask_cols;
        best.header->mask = masks.mask;
    }
    return best.header;
}

}  // namespace jpegai
