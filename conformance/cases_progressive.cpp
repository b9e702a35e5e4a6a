// Cases in which less than everything is asked of the decoder: the first channels, another of the listed synthesis
// transforms, a window (03 sections 14 and 16). Decoders that offer no such choice skip them.
#include <fmt/format.h>

#include "conformance/case_list.h"

namespace jpegai::conformance {
namespace {

constexpr const char* kGroup = "progressive";

void add_channels(CaseList& list) {
    struct Channels {
        std::uint32_t luma, chroma;
        std::uint8_t coded_luma, coded_chroma, lanes;
    };
    constexpr std::array<Channels, 9> kChannels = {{{0, 0, 160, 96, 1},
                                                    {1, 0, 160, 96, 2},
                                                    {0, 1, 160, 96, 16},
                                                    {4, 4, 160, 96, 1},
                                                    {64, 32, 160, 96, 4},
                                                    {159, 95, 160, 96, 8},
                                                    {160, 96, 160, 96, 1},
                                                    {100, 50, 20, 10, 1},
                                                    {3, 2, 20, 10, 16}}};
    for (const Channels& c : kChannels) {
        CaseRecipe& recipe =
            list.add(kGroup, fmt::format("progressive_{}_{}_of_{}_{}", c.luma, c.chroma, c.coded_luma, c.coded_chroma),
                     "Only the first residual channels of luma and chroma are decoded", 90, 70);
        recipe.parts.picture.component[kPrimary].num_chs = c.coded_luma;
        recipe.parts.picture.component[kSecondary].num_chs = c.coded_chroma;
        for (ComponentHeader& component : recipe.parts.picture.component) component.num_threads_r = c.lanes;
        recipe.style.escape_percent = 1;
        // With many lanes the last group reaches beyond the channels that are wanted, in front of its own escapes. Both
        // only matter where symbols are coded, so here all are.
        if (c.lanes == 16 && c.coded_luma == 20) {
            recipe.style.escape_percent = 10;
            const std::size_t cubes = recipe.parts.picture.cube_rows() * recipe.parts.picture.cube_cols();
            for (ComponentHeader& component : recipe.parts.picture.component) {
                component.use_cube_flags = true;
                component.cube_flag.assign(kCubePhases * cubes, 0);
            }
        }
        recipe.decode.channels = {c.luma, c.chroma};
        recipe.clauses = {"03 section 16", "02 section 9"};
        recipe.elements = {"num_chs", "residual symbols"};
    }
    // The last group of elements per lane reaches beyond the channels that are wanted; so it does in small regions.
    CaseRecipe& regions = list.add(kGroup, "progressive_regions", "First channels of several regions and with LSBS", 72,
                                   list.choice().dialect == Dialect::kDis ? 200 : 300);
    regions.parts.picture.synthesis_transform_id = list.transforms_from(list.transforms().back());
    regions.parts.picture.regions = RegionHeader{2, 1, true, 2, 8};
    regions.parts.picture.component[kPrimary].num_threads_r = 8;
    regions.parts.picture.component[kPrimary].rvs_enable_flag = true;
    regions.parts.tools->lsbs_enable_flag = {true, true};
    regions.decode.channels = {7, 5};
    regions.clauses = {"03 section 16", "02 section 11"};
    regions.elements = {"num_chs", "lsbs_enable_flag"};
}

void add_transforms(CaseList& list) {
    for (const std::uint8_t transform : list.transforms()) {
        if (list.transforms().size() == 1) break;
        CaseRecipe& recipe =
            list.add(kGroup, fmt::format("progressive_with_{}", synthesis_name(transform)),
                     "A listed synthesis transform that the decoder chooses instead of the first", 80, 80);
        // Listed last, unless it is the only one left for the first place.
        recipe.parts.picture.synthesis_transform_id = list.transforms_from(list.transforms().front());
        recipe.parts.tools->eicci = EicciHeader{false, 0, 0, {{{true, true, true}, true, 1, 0}}};
        recipe.decode.transform = transform;
        recipe.clauses = {"01 section 12", "03 section 10", "04 section 4"};
        recipe.elements = {"synthesis_transform_id"};
    }
}

void add_windows(CaseList& list) {
    struct Window {
        const char *name, *title;
        std::array<std::uint32_t, 4> window;
        void (*apply)(CaseRecipe& recipe);
    };
    constexpr std::array<Window, 7> kWindows = {{
        {"plain", "A part of the picture", {17, 33, 50, 41}, [](CaseRecipe&) {}},
        {"sample", "One sample, the last", {179, 149, 1, 1}, [](CaseRecipe&) {}},
        {"whole", "All of the picture as a window", {0, 0, 180, 150}, [](CaseRecipe&) {}},
        {"tiles",
         "A part that several synthesis tiles meet in",
         {60, 40, 90, 70},
         [](CaseRecipe& recipe) {
             for (ComponentHeader& component : recipe.parts.picture.component) {
                 component.synthesis_tile_enable = true;
                 component.synthesis_tile_size_div16 = 5;
                 component.synthesis_tile_overlap_div16 = 1;
             }
         }},
        {"filtered",
         "Filters look at the surroundings of the part",
         {64, 48, 40, 60},
         [](CaseRecipe& recipe) {
             recipe.parts.tools->eicci = EicciHeader{false, 0, 0, {{{true, true, true}, true, 1, 0}}};
             for (ComponentHeader& component : recipe.parts.picture.component) {
                 component.synthesis_tile_enable = true;
                 component.synthesis_tile_size_div16 = 4;
                 component.synthesis_tile_overlap_div16 = 1;
             }
         }},
        {"420",
         "Chroma of half the resolution",
         {30, 20, 81, 61},
         [](CaseRecipe& recipe) {
             PictureHeader& picture = recipe.parts.picture;
             picture.s_ver = picture.s_hor = picture.c_ver = picture.c_hor = 2;
             picture.colour_transform_idx = 0;
         }},
        {"resampled",
         "Chroma of the part is interpolated from that of other tiles",
         {56, 56, 48, 48},
         [](CaseRecipe& recipe) {
             PictureHeader& picture = recipe.parts.picture;
             picture.c_ver = picture.c_hor = 2;
             picture.colour_transform_idx = 0;
             for (ComponentHeader& component : picture.component) {
                 component.synthesis_tile_enable = true;
                 component.synthesis_tile_size_div16 = 4;
                 component.synthesis_tile_overlap_div16 = 1;
             }
         }},
    }};
    for (const Window& window : kWindows) {
        CaseRecipe& recipe = list.add(kGroup, fmt::format("window_{}", window.name), window.title, 180, 150);
        window.apply(recipe);
        recipe.decode.window = window.window;
        recipe.clauses = {"03 section 14"};
        recipe.elements = {"synthesis_tile_size"};
    }
    CaseRecipe& regions = list.add(kGroup, "window_regions", "A part that lies in one of two regions", 72,
                                   list.choice().dialect == Dialect::kDis ? 260 : 520);
    regions.parts.picture.synthesis_transform_id = list.transforms_from(list.transforms().back());
    regions.parts.picture.regions = RegionHeader{2, 1, true, 2, 8};
    for (ComponentHeader& component : regions.parts.picture.component) {
        component.synthesis_tile_enable = true;
        component.synthesis_tile_size_div16 = 4;
        component.synthesis_tile_overlap_div16 = 2;
    }
    regions.decode.window = {10, 20, 31, 37};
    regions.clauses = {"03 section 14.2"};
    regions.elements = {"synthesis_tile_size", "region_residual_in_its_own_substream_flag"};
}

}  // namespace

void add_progressive_cases(CaseList& list) {
    add_channels(list);
    add_transforms(list);
    add_windows(list);
}

}  // namespace jpegai::conformance
