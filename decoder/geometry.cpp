#include "decoder/geometry.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/math.h"

namespace jpegai {
namespace {

/// Half-open interval of rows or columns.
struct Range {
    std::size_t start = 0, size = 0;
    [[nodiscard]] std::size_t end() const { return start + size; }
};

Range row_range(const Area& area) {
    return {area.row, area.rows};
}
Range col_range(const Area& area) {
    return {area.col, area.cols};
}
Area make_area(Range rows, Range cols) {
    return {rows.start, cols.start, rows.size, cols.size};
}

/// Extends a range by `by` samples on both sides, within a grid of `length` samples.
Range extend(Range range, std::size_t by, std::size_t length) {
    const std::size_t start = range.start - std::min(range.start, by);
    const std::size_t end = std::min(range.end() + by, length);
    return {start, end - start};
}

/// Removes `by` samples at each end of the range that does not lie on the border of a grid of `length` samples.
Range trim_inner(Range range, std::size_t by, bool inner_start, bool inner_end) {
    if (inner_start) {
        range.start += by;
        range.size -= by;
    }
    if (inner_end) range.size -= by;
    return range;
}

Range intersect(Range range, std::size_t length) {
    const std::size_t start = std::min(range.start, length);
    return {start, std::min(range.end(), length) - start};
}

/// Extension of dependent regions per grid (03 section 13.2).
struct Extension {
    std::size_t image = 0, z = 0, psi = 0, y = 0;
};

Extension region_extension(const PictureHeader& picture) {
    if (!picture.regions || picture.regions->residual_in_its_own_substream) return {};
    const std::size_t hyper = picture.regions->hyper_decoder_overlap_code, mcm = picture.regions->mcm_overlap_code;
    return {128 * hyper, 2 * hyper, mcm, 2 * mcm};
}

/// One direction of a region's window.
struct WindowRange {
    Range image, z, psi_write, psi, y, y_write;
};

WindowRange window_range(Range image, Range z, Range psi, Range y, const Extension& by, std::size_t length,
                         bool trim_latent) {
    WindowRange window;
    window.image = extend(image, by.image, length);
    window.z = extend(z, by.z, ceil_div(length, kHyperStep));
    window.psi = extend(psi, by.psi, ceil_div(length, kPsiStep));
    window.y = extend(y, by.y, ceil_div(length, kLatentStep));
    window.psi_write = intersect({window.psi.start, ceil_div(window.image.size, kPsiStep)}, ceil_div(length, kPsiStep));
    window.y_write =
        trim_inner(window.y, 1, trim_latent && window.image.start > 0, trim_latent && window.image.end() < length);
    return window;
}

/// Tiles of one direction in the overlapping layout: starts 0, t - v, 2 (t - v), ... while start < length - v.
std::vector<Range> overlapping_ranges(std::size_t tile, std::size_t overlap, std::size_t length) {
    std::vector<Range> ranges;
    for (std::size_t start = 0; start + overlap < length; start += tile - overlap) {
        ranges.push_back({start, std::min(tile, length - start)});
    }
    return ranges;
}

std::vector<Range> adjacent_ranges(std::size_t tile, std::size_t length) {
    std::vector<Range> ranges;
    for (std::size_t start = 0; start < length; start += tile)
        ranges.push_back({start, std::min(tile, length - start)});
    return ranges;
}

Range core_range(Range tile, std::size_t overlap, std::size_t length) {
    return trim_inner(tile, overlap / 2, tile.start > 0, tile.end() < length);
}

Area latent_area(const Area& image) {
    return {image.row / kLatentStep, image.col / kLatentStep, ceil_div(image.rows, kLatentStep),
            ceil_div(image.cols, kLatentStep)};
}

std::vector<Tile> overlapping_tiles(std::size_t tile, std::size_t overlap, std::size_t height, std::size_t width) {
    const std::size_t tile_rows = std::min(tile, height), tile_cols = std::min(tile, width);
    if (overlap >= tile_rows || overlap >= tile_cols) {
        throw Error(JPEGAI_ERROR_HEADER, fmt::format("synthesis tile overlap {} is not smaller than the tile of {}x{}",
                                                     overlap, tile_cols, tile_rows));
    }
    std::vector<Tile> tiles;
    for (const Range& rows : overlapping_ranges(tile_rows, overlap, height)) {
        for (const Range& cols : overlapping_ranges(tile_cols, overlap, width)) {
            const Area image = make_area(rows, cols);
            tiles.push_back({image, latent_area(image),
                             make_area(core_range(rows, overlap, height), core_range(cols, overlap, width))});
        }
    }
    return tiles;
}

bool inside(const Area& inner, const Area& outer) {
    return inner.row >= outer.row && inner.row + inner.rows <= outer.row + outer.rows && inner.col >= outer.col &&
           inner.col + inner.cols <= outer.col + outer.cols;
}

const Area* region_around(const Area& area, const std::vector<Area>& regions) {
    const auto found = std::find_if(regions.begin(), regions.end(), [&](const Area& r) { return inside(area, r); });
    return found == regions.end() ? nullptr : &*found;
}

/// Extension of one direction of a tile inside a region: by `half` towards samples of the same region at the start, and
/// at the end, there bounded by the picture only (03 section 14.2).
Range extend_in_region(Range tile, Range region, std::size_t half, std::size_t length) {
    const bool end_inside = tile.end() < region.end();
    if (tile.start > region.start) {
        tile.start -= half;
        tile.size += half;
    }
    if (end_inside) tile.size += std::min(half, length - tile.end());
    return tile;
}

Range core_in_region(Range tile, Range region, std::size_t half, std::size_t limit) {
    if (tile.start > region.start) {
        tile.start += half;
        tile.size -= half;
    }
    tile.size = std::min(tile.size, limit);
    return tile;
}

std::vector<Tile> region_tiles(const PictureHeader& picture, std::size_t tile, std::size_t half) {
    const std::size_t height = picture.img_height, width = picture.img_width;
    const std::size_t tile_rows = std::min(tile, height), tile_cols = std::min(tile, width);
    const std::vector<Area> regions = region_areas(picture, 0);
    std::vector<Tile> tiles;
    for (const Range& rows : adjacent_ranges(tile_rows, height)) {
        for (const Range& cols : adjacent_ranges(tile_cols, width)) {
            Area image = make_area(rows, cols);
            if (const Area* region = half > 0 ? region_around(image, regions) : nullptr) {
                image = make_area(extend_in_region(rows, row_range(*region), half, height),
                                  extend_in_region(cols, col_range(*region), half, width));
            }
            Area core = image;
            if (const Area* region = half > 0 ? region_around(image, regions) : nullptr) {
                core = make_area(core_in_region(row_range(image), row_range(*region), half, tile_rows),
                                 core_in_region(col_range(image), col_range(*region), half, tile_cols));
            }
            tiles.push_back({image, latent_area(image), core});
        }
    }
    return tiles;
}

/// Smallest side that the reference's quality metric accepts; the last eICCI row and column grow to take it in.
constexpr std::size_t kMinEicciSide = 176;

/// One direction of the eICCI layout: ranges and their cores.
struct EicciRanges {
    std::vector<Range> tile, core;
};

EicciRanges eicci_ranges(std::size_t tile, std::size_t overlap, std::size_t length, std::size_t displayed) {
    EicciRanges ranges;
    ranges.tile = overlapping_ranges(std::min(tile, length), overlap, length);
    if (Range& last = ranges.tile.back(); last.size < kMinEicciSide) {
        if (ranges.tile.size() < 2) {
            throw Error(JPEGAI_ERROR_HEADER, fmt::format("eICCI tiling needs sides of at least {}", kMinEicciSide));
        }
        Range& before = ranges.tile[ranges.tile.size() - 2];
        // The overlap of the two stays as it is, so the one before has to stay at least that wide, and the last one
        // must not reach the other border.
        const std::size_t least = kMinEicciSide + overlap + (ranges.tile.size() == 2 ? 1 : 0);
        if (before.size < least) {
            throw Error(JPEGAI_ERROR_HEADER,
                        fmt::format("eICCI tiles of {} are too small to enlarge the last one", tile));
        }
        before.size -= kMinEicciSide;
        last.start -= kMinEicciSide;
        last.size += kMinEicciSide;
    }
    for (Range& range : ranges.tile) {
        ranges.core.push_back(intersect(core_range(range, overlap, length), displayed));
        range = intersect(range, displayed);
    }
    return ranges;
}

}  // namespace

std::vector<RegionWindow> region_windows(const PictureHeader& picture) {
    const Extension by = region_extension(picture);
    const bool trim = picture.region_count() > 1 && !picture.independent_regions();
    const std::vector<Area> image = region_areas(picture, 0), y = region_areas(picture, 4),
                            psi = region_areas(picture, 5), z = region_areas(picture, 6);
    std::vector<RegionWindow> windows;
    windows.reserve(image.size());
    for (std::size_t i = 0; i < image.size(); ++i) {
        const WindowRange rows = window_range(row_range(image[i]), row_range(z[i]), row_range(psi[i]), row_range(y[i]),
                                              by, picture.img_height, trim);
        const WindowRange cols = window_range(col_range(image[i]), col_range(z[i]), col_range(psi[i]), col_range(y[i]),
                                              by, picture.img_width, trim);
        windows.push_back({make_area(rows.image, cols.image), make_area(rows.z, cols.z),
                           make_area(rows.psi_write, cols.psi_write), make_area(rows.psi, cols.psi),
                           make_area(rows.y, cols.y), make_area(rows.y, cols.y),
                           make_area(rows.y_write, cols.y_write)});
    }
    for (RegionWindow& window : windows) {
        const auto last = std::find_if(windows.rbegin(), windows.rend(),
                                       [&](const RegionWindow& other) { return other.image == window.image; });
        // The sizes can differ at the end of the grid; a region then keeps its own.
        if (last->y.rows != window.y.rows || last->y.cols != window.y.cols) continue;
        window.residual = last->y;
        window.psi = last->psi;
    }
    return windows;
}

std::vector<Tile> synthesis_tiles(const PictureHeader& picture, Component component) {
    const ComponentHeader& header = picture.component[component];
    if (!header.synthesis_tile_enable) {
        const Area all{0, 0, picture.img_height, picture.img_width};
        return {{all, latent_area(all), all}};
    }
    const std::size_t tile = std::size_t{header.synthesis_tile_size_div16} * 16;
    const std::size_t overlap = std::size_t{header.synthesis_tile_overlap_div16} * 16;
    if (tile == 0) throw Error(JPEGAI_ERROR_HEADER, "synthesis tile size is zero");
    if (picture.independent_regions() && overlap / 2 % kLatentStep != 0) {
        throw Error(JPEGAI_ERROR_UNSUPPORTED,
                    fmt::format("synthesis tile overlap {} of independent regions is not a multiple of 32", overlap));
    }
    if (picture.independent_regions() && overlap / 2 > tile) {
        throw Error(JPEGAI_ERROR_HEADER, "synthesis tile overlap is larger than two tiles");
    }
    return picture_tiles(picture, tile, overlap);
}

std::vector<Tile> picture_tiles(const PictureHeader& picture, std::size_t tile, std::size_t overlap) {
    if (!picture.independent_regions() && overlap > 0) {
        return overlapping_tiles(tile, overlap, picture.img_height, picture.img_width);
    }
    return region_tiles(picture, tile, picture.independent_regions() ? overlap / 2 : 0);
}

std::vector<Tile> eicci_tiles(const PictureHeader& picture, const EicciHeader& header) {
    if (!header.tile_enable) {
        const Area all{0, 0, picture.display_height(), picture.display_width()};
        return {{all, {}, all}};
    }
    const std::size_t tile = std::size_t{header.tile_size_div16} * 16,
                      overlap = std::size_t{header.tile_overlap_div16} * 16;
    const std::size_t height = picture.img_height, width = picture.img_width;
    if (overlap == 0 || std::min({tile, height, width}) <= overlap) {
        throw Error(JPEGAI_ERROR_HEADER, fmt::format("eICCI tile size {} does not go with overlap {}", tile, overlap));
    }
    const EicciRanges rows = eicci_ranges(tile, overlap, height, picture.display_height());
    const EicciRanges cols = eicci_ranges(tile, overlap, width, picture.display_width());
    std::vector<Tile> tiles;
    for (std::size_t r = 0; r < rows.tile.size(); ++r) {
        for (std::size_t c = 0; c < cols.tile.size(); ++c) {
            if (rows.core[r].size == 0 || cols.core[c].size == 0) {
                tiles.push_back({});
            } else {
                tiles.push_back({make_area(rows.tile[r], cols.tile[c]), {}, make_area(rows.core[r], cols.core[c])});
            }
        }
    }
    return tiles;
}

std::uint64_t tiled_samples(std::span<const Tile> tiles) {
    std::uint64_t sum = 0;
    for (const Tile& tile : tiles) sum += std::uint64_t{tile.image.rows} * tile.image.cols;
    return sum;
}

}  // namespace jpegai
