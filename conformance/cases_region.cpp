// Cases about regions and synthesis tiles (01 sections 4 and 6, 03 sections 13 and 14).
#include <fmt/format.h>

#include "conformance/case_list.h"

namespace jpegai::conformance {
namespace {

/// A grid of regions that the dialect permits, in the smallest picture that has it.
struct Grid {
    std::uint8_t rows, cols;
    std::uint32_t width, height;
};

std::vector<Grid> grids(Dialect dialect) {
    if (dialect == Dialect::kDis) {
        return {{1, 1, 128, 128}, {2, 1, 64, 129}, {1, 2, 129, 64}, {2, 2, 300, 280}, {3, 1, 80, 400}, {1, 5, 641, 64}};
    }
    return {{1, 1, 128, 128}, {2, 1, 64, 257}, {1, 2, 513, 64}, {2, 2, 520, 300}, {3, 1, 72, 600}, {1, 3, 1100, 64}};
}

void add_grids(CaseList& list) {
    for (const Grid& grid : grids(list.choice().dialect)) {
        for (const bool independent : {false, true}) {
            CaseRecipe& recipe = list.add(
                "regions",
                fmt::format("regions_{}x{}_{}", grid.rows, grid.cols, independent ? "independent" : "dependent"),
                "Grid of regions", grid.width, grid.height);
            // Large pictures with the cheapest transform.
            recipe.parts.picture.synthesis_transform_id = list.transforms_from(list.transforms().back());
            recipe.parts.picture.regions = RegionHeader{grid.rows, grid.cols, independent, 2, 8};
            recipe.style = {2, 12, 8, 0};
            recipe.clauses = {independent ? "01 section 4.4" : "01 section 4.3", "01 section 4.5", "03 section 13"};
            recipe.elements = {"region_partitioning_flag", "num_ver_splits_minus1", "num_hor_splits_minus1",
                               "region_residual_in_its_own_substream_flag"};
        }
    }
}

void add_overlaps(CaseList& list) {
    constexpr std::array<std::array<std::uint8_t, 2>, 8> kOverlaps = {
        {{0, 0}, {1, 1}, {1, 4}, {2, 8}, {3, 12}, {3, 15}, {0, 15}, {3, 0}}};
    for (const auto& overlap : kOverlaps) {
        CaseRecipe& recipe = list.add("regions", fmt::format("regions_overlap_{}_{}", overlap[0], overlap[1]),
                                      "Overlap of dependent regions in hyper decoder and context model", 80,
                                      list.choice().dialect == Dialect::kDis ? 200 : 400);
        recipe.parts.picture.synthesis_transform_id = list.transforms_from(list.transforms().back());
        recipe.parts.picture.regions = RegionHeader{2, 1, false, overlap[0], overlap[1]};
        recipe.parts.picture.component[kPrimary].num_threads_r = 4;
        recipe.clauses = {"03 section 13"};
        recipe.elements = {"hyper_decoder_overlap_in_latent_samples", "mcm_overlap_in_latent_samples"};
    }
}

void add_partial(CaseList& list) {
    const Grid grid = grids(list.choice().dialect)[4];
    for (const unsigned kept : {0U, 1U, 5U, 6U}) {
        CaseRecipe& recipe = list.add("regions", fmt::format("regions_kept_{}", kept),
                                      "Independent regions that were taken out have no residual (bit set: kept)",
                                      grid.width, grid.height);
        recipe.parts.picture.synthesis_transform_id = list.transforms_from(list.transforms().back());
        recipe.parts.picture.regions = RegionHeader{grid.rows, grid.cols, true, 2, 8};
        for (std::size_t c = 0; c < kComponents; ++c) {
            for (unsigned r = 0; r < 3; ++r) recipe.regions[c].push_back(((kept ^ (c == 0 ? 0U : 2U)) >> r & 1U) != 0);
        }
        recipe.clauses = {"01 sections 3.4 and 4.4"};
        recipe.elements = {"region_idx"};
    }
    CaseRecipe& order =
        list.add("regions", "regions_descending", "Independent regions in descending order", grid.width, grid.height);
    order.parts.picture.synthesis_transform_id = list.transforms_from(list.transforms().back());
    order.parts.picture.regions = RegionHeader{grid.rows, grid.cols, true, 2, 8};
    order.finish = [](std::vector<std::uint8_t>& file, Random&) {
        auto segments = split_segments(file);
        std::reverse(segments.begin() + 1, segments.end());
        file = join_segments(segments);
    };
    order.clauses = {"01 section 4.4"};
    order.elements = {"region_idx"};
}

void set_tiles(PictureHeader& picture, std::uint8_t size, std::uint8_t overlap) {
    for (ComponentHeader& component : picture.component) {
        component.synthesis_tile_enable = true;
        component.synthesis_tile_size_div16 = size;
        component.synthesis_tile_overlap_div16 = overlap;
    }
}

void add_tiles(CaseList& list) {
    struct Tiles {
        std::uint8_t size, overlap;
        std::uint32_t width, height;
    };
    constexpr std::array<Tiles, 9> kTiles = {{{1, 0, 80, 70},
                                              {2, 1, 90, 100},
                                              {4, 1, 160, 144},
                                              {4, 2, 161, 145},
                                              {4, 3, 130, 64},
                                              {5, 4, 100, 161},
                                              {9, 0, 150, 150},
                                              {255, 3, 120, 104},
                                              {255, 31, 512, 500}}};
    for (const Tiles& tiles : kTiles) {
        const bool wide = tiles.overlap == 31;
        CaseRecipe& recipe = list.add("tiles", fmt::format("tiles_{}_{}", 16 * tiles.size, 16 * tiles.overlap),
                                      "Synthesis tiles: size and overlap", tiles.width, tiles.height);
        if (wide) recipe.parts.picture.synthesis_transform_id = list.transforms_from(list.transforms().back());
        if (wide) recipe.style = {2, 5, 2, 0};
        set_tiles(recipe.parts.picture, tiles.size, tiles.overlap);
        recipe.clauses = {"03 section 14"};
        recipe.elements = {"synthesis_tile_enable", "synthesis_tile_size", "synthesis_tile_overlap"};
    }
    const Grid grid = grids(list.choice().dialect)[4];
    for (const bool independent : {false, true}) {
        for (const std::uint8_t size : {std::uint8_t{4}, std::uint8_t{8}, std::uint8_t{10}}) {
            CaseRecipe& recipe =
                list.add("tiles", fmt::format("tiles_{}_{}", 16 * size, independent ? "independent" : "dependent"),
                         "Synthesis tiles that do and do not line up with regions", grid.width, grid.height);
            recipe.parts.picture.synthesis_transform_id = list.transforms_from(list.transforms().back());
            recipe.parts.picture.regions = RegionHeader{grid.rows, grid.cols, independent, 2, 8};
            set_tiles(recipe.parts.picture, size, 2);
            recipe.clauses = {"03 section 14.1", "03 section 14.2"};
            recipe.elements = {"synthesis_tile_size", "region_residual_in_its_own_substream_flag"};
        }
    }
}

}  // namespace

void add_region_cases(CaseList& list) {
    add_grids(list);
    add_overlaps(list);
    add_partial(list);
    add_tiles(list);
}

}  // namespace jpegai::conformance
