#include "encoder/analysis.h"

#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/math.h"
#include "decoder/cut.h"
#include "decoder/reconstruct.h"

namespace jpegai {
namespace {

/// One direction of an area.
struct Span {
    std::size_t start = 0, size = 0;
    [[nodiscard]] std::size_t end() const { return start + size; }
};

Span on_grid(Span image, std::size_t step) {
    return {image.start / step, ceil_div(image.end(), step) - image.start / step};
}

/// What is kept of a tile on a grid: as many whole grid samples are removed as fit into what is removed of the image.
Span core_on_grid(Span image, Span core, std::size_t step) {
    const std::size_t start = image.start + (core.start - image.start) / step * step;
    const std::size_t end = image.end() - (image.end() - core.end()) / step * step;
    return on_grid({start, end - start}, step);
}

Span rows_of(const Area& area) {
    return {area.row, area.rows};
}
Span cols_of(const Area& area) {
    return {area.col, area.cols};
}
Area area_of(Span rows, Span cols) {
    return {rows.start, cols.start, rows.size, cols.size};
}

AnalysisTile make_tile(const Area& image, const Area& core, std::size_t input_step) {
    const Span rows = rows_of(image), cols = cols_of(image), core_rows = rows_of(core), core_cols = cols_of(core);
    AnalysisTile tile;
    tile.input = area_of(on_grid(rows, input_step), on_grid(cols, input_step));
    tile.nominal = {image.rows, image.cols};
    tile.y = area_of(on_grid(rows, kLatentStep), on_grid(cols, kLatentStep));
    tile.y_core = area_of(core_on_grid(rows, core_rows, kLatentStep), core_on_grid(cols, core_cols, kLatentStep));
    tile.z = area_of(on_grid(rows, kHyperStep), on_grid(cols, kHyperStep));
    tile.z_core = area_of(core_on_grid(rows, core_rows, kHyperStep), core_on_grid(cols, core_cols, kHyperStep));
    return tile;
}

/// Keeps the core of a tile's result; without tiles the result is moved.
template <class T>
void keep(Array3<T>& result, const Area& origin, const Area& core, Size picture, Array3<T>& merged) {
    if (merged.empty() && covers(core, picture.rows, picture.cols)) {
        merged = std::move(result);
        return;
    }
    if (merged.empty()) merged = Array3<T>(result.channels(), picture.rows, picture.cols);
    paste(result, core.row - origin.row, core.col - origin.col, merged, core);
}

Array3<float> run_one(const NetworkRunner& runner, const Array3<float>& input, Size nominal, RunContext& context) {
    const std::array<const Array3<float>*, 1> inputs = {&input};
    return std::move(runner.run(inputs, nominal, context).front());
}

}  // namespace

std::vector<AnalysisTile> analysis_tiles(const PictureHeader& picture, Component component,
                                         const TileOptions& options) {
    // Chroma has half the samples of a picture with even sides.
    PictureHeader even = picture;
    if (component == kSecondary) {
        even.img_height += even.img_height % 2;
        even.img_width += even.img_width % 2;
    }
    const std::size_t step = component == kPrimary ? 1 : 2;
    if (!options.divides(even.img_height, even.img_width)) {
        const Area all = {0, 0, even.img_height, even.img_width};
        return {make_tile(all, all, step)};
    }
    if (options.size % kHyperStep != 0 || options.overlap % kHyperStep != 0 || options.size <= options.overlap) {
        throw Error(JPEGAI_ERROR_ARGUMENT,
                    "size and overlap of analysis tiles have to be multiples of 64, the size being larger");
    }
    std::vector<AnalysisTile> tiles;
    for (const Tile& tile : picture_tiles(even, options.size, options.overlap)) {
        tiles.push_back(make_tile(tile.image, tile.core, step));
    }
    return tiles;
}

Array3<std::int8_t> quantise_hyper(const Array3<float>& z) {
    constexpr float kLimit = kHyperOffset;
    auto z_hat = Array3<std::int8_t>::uninitialized(z.channels(), z.rows(), z.cols());
    for (std::size_t i = 0; i < z.size(); ++i) {
        const float raised = z.data()[i] > -kLimit ? z.data()[i] : -kLimit;
        z_hat.data()[i] = static_cast<std::int8_t>(std::nearbyint(raised < kLimit ? raised : kLimit));
    }
    return z_hat;
}

AnalysedComponent analyse(const NetworkCache& networks, const PictureHeader& picture, Component component,
                          OperatingPoint point, const SourcePlanes& source, const TileOptions& tiles,
                          RunContext& context) {
    const NetworkRunner& analysis = networks.network(NetworkKind::kAnalysis, point, component, picture.model_id);
    const NetworkRunner& hyper =
        networks.network(NetworkKind::kHyperEncoder, OperatingPoint::kBop, component, picture.model_id);
    const Array3<float>& planes = component == kPrimary ? source.luma : source.support;
    const Size latent = {picture.latent_rows(), picture.latent_cols()};
    const Size hyper_size = {picture.hyper_rows(), picture.hyper_cols()};

    AnalysedComponent out;
    for (const AnalysisTile& tile : analysis_tiles(picture, component, tiles)) {
        Array3<float> y = covers(tile.input, planes.rows(), planes.cols())
                              ? run_one(analysis, planes, tile.nominal, context)
                              : run_one(analysis, cut(planes, tile.input), tile.nominal, context);
        Array3<std::int8_t> z_hat = quantise_hyper(run_one(hyper, y, tile.nominal, context));
        keep(y, tile.y, tile.y_core, latent, out.y);
        keep(z_hat, tile.z, tile.z_core, hyper_size, out.z_hat);
    }
    out.s0 = networks.entropy(picture.model_id, component).hyper_scale->run(out.z_hat, latent.rows, latent.cols);
    out.psi = decode_psi(networks, picture, component, region_windows(picture), out.z_hat, context);
    return out;
}

}  // namespace jpegai
