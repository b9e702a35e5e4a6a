// All tools in pairs, and all at once.
#include <fmt/format.h>

#include "conformance/case_list.h"

namespace jpegai::conformance {
namespace {

std::size_t phases_of(const PictureHeader& picture) {
    return picture.s_ver == picture.c_ver && picture.s_hor == picture.c_hor ? 1 : 4;
}

void set_regions(CaseRecipe& recipe, Random& /*random*/) {
    recipe.parts.picture.img_height = 272;
    recipe.parts.picture.regions = RegionHeader{2, 1, false, 2, 8};
}

void set_reduced_chroma(CaseRecipe& recipe, Random& /*random*/) {
    recipe.parts.picture.c_ver = recipe.parts.picture.c_hor = 2;
}

void set_hidden(CaseRecipe& recipe, Random& random) {
    recipe.parts.picture.diff_display_img_width = static_cast<std::uint8_t>(random.between(1, 15));
    recipe.parts.picture.diff_display_img_height = static_cast<std::uint8_t>(random.between(1, 15));
}

void set_rvs(CaseRecipe& recipe, Random& /*random*/) {
    for (ComponentHeader& component : recipe.parts.picture.component) component.rvs_enable_flag = true;
}

void set_grfs(CaseRecipe& recipe, Random& random) {
    for (std::size_t c = 0; c < kComponents; ++c) {
        ComponentHeader& component = recipe.parts.picture.component[c];
        component.grfs_enable_flag = true;
        component.grfs_channel_flag.resize(component.coded_channels(static_cast<Component>(c)));
        for (std::uint8_t& flag : component.grfs_channel_flag) flag = random.percent(20) ? 1 : 0;
    }
}

void set_lsbs(CaseRecipe& recipe, Random& /*random*/) {
    recipe.parts.tools->lsbs_enable_flag = {true, true};
}

void set_map(CaseRecipe& recipe, Random& random) {
    recipe.parts.picture.gain_3d_enable_flag = true;
    recipe.parts.picture.quality_map_entropy_index = static_cast<std::uint8_t>(random.below(8));
    recipe.parts.picture.num_threads_q = 2;
}

void set_cube_flags(CaseRecipe& recipe, Random& random) {
    for (ComponentHeader& component : recipe.parts.picture.component) {
        component.use_cube_flags = true;
        component.cube_flag.resize(kCubePhases * recipe.parts.picture.cube_rows() * recipe.parts.picture.cube_cols());
        for (std::uint8_t& flag : component.cube_flag) flag = random.percent(70) ? 1 : 0;
    }
}

void set_tiles(CaseRecipe& recipe, Random& /*random*/) {
    for (ComponentHeader& component : recipe.parts.picture.component) {
        component.synthesis_tile_enable = true;
        component.synthesis_tile_size_div16 = 4;
        component.synthesis_tile_overlap_div16 = 1;
    }
}

void set_lanes(CaseRecipe& recipe, Random& /*random*/) {
    recipe.parts.picture.num_threads_z = 4;
    recipe.parts.picture.component[kPrimary].num_threads_r = 8;
    recipe.parts.picture.component[kSecondary].num_threads_r = 2;
}

void set_efe_linear(CaseRecipe& recipe, Random& random) {
    const std::size_t phases = phases_of(recipe.parts.picture);
    EfeLinearHeader header;
    header.b1 = {12800, 12700};
    header.upsampled = efe_set({1, 1}, {1, 1}, phases, random);
    header.main = efe_set({2, 3}, {2, 3}, phases, random);
    recipe.parts.tools->efe_linear = header;
}

void set_eicci(CaseRecipe& recipe, Random& random) {
    recipe.parts.tools->eicci =
        EicciHeader{false, 0, 0, {{{true, true, true}, false, static_cast<std::uint8_t>(random.below(10)), 2}}};
}

void set_efe_nonlinear(CaseRecipe& recipe, Random& random) {
    const bool masks = recipe.parts.tools->efe_linear.has_value();
    recipe.parts.tools->efe_nonlinear =
        efe_nonlinear(recipe.parts.picture, {true, true}, {masks, masks}, 64, 48, 16, random);
}

void set_lef(CaseRecipe& recipe, Random& random) {
    recipe.parts.tools->lef_ch_idx = static_cast<std::uint8_t>(random.below(160));
}

}  // namespace

const std::vector<ToolSetter>& tool_setters() {
    // In an order in which each may depend on those before it.
    static const std::vector<ToolSetter> setters = {
        {"regions", "03 section 13", {"region_partitioning_flag"}, set_regions},
        {"reduced-chroma", "03 section 17.2", {"c_ver_minus1", "c_hor_minus1"}, set_reduced_chroma},
        {"hidden", "03 section 17.1", {"diff_display_img_width", "diff_display_img_height"}, set_hidden},
        {"rvs", "02 section 7.4", {"rvs_enable_flag"}, set_rvs},
        {"grfs", "02 section 7.4", {"grfs_enable_flag", "grfs_channel_flag"}, set_grfs},
        {"lsbs", "02 section 11", {"lsbs_enable_flag"}, set_lsbs},
        {"quality-map", "02 section 7.3", {"gain_3D_enable_flag"}, set_map},
        {"cubes", "02 section 8", {"cube_flag"}, set_cube_flags},
        {"tiles", "03 section 14", {"synthesis_tile_enable"}, set_tiles},
        {"lanes", "02 section 3.5", {"multi_threading_z", "multi_threading_r"}, set_lanes},
        {"efe-linear", "04 section 3", {"EFE_linear_filter_enabled_flag"}, set_efe_linear},
        {"eicci", "04 section 4", {"icci_enable_flag"}, set_eicci},
        {"efe-nonlinear", "04 section 5", {"EFE_nonlinear_filter_enabled_flag"}, set_efe_nonlinear},
        {"lef", "04 section 6", {"LEF_enabled_flag"}, set_lef}};
    return setters;
}

void add_pair_cases(CaseList& list) {
    const std::vector<ToolSetter>& tools = tool_setters();
    for (std::size_t a = 0; a < tools.size(); ++a) {
        for (std::size_t b = a + 1; b < tools.size(); ++b) {
            CaseRecipe& recipe =
                list.add("pair", fmt::format("pair_{}_{}", tools[a].name, tools[b].name), "Two tools together", 72, 68);
            Random random(list.choice().seed, recipe.name);
            if (a == 0) {  // regions need a larger picture
                recipe.parts.picture.synthesis_transform_id = list.transforms_from(list.transforms().back());
            }
            for (const std::size_t k : {a, b}) {
                tools[k].apply(recipe, random);
                recipe.clauses.push_back(tools[k].clause);
                recipe.elements.insert(recipe.elements.end(), tools[k].elements.begin(), tools[k].elements.end());
            }
        }
    }
    for (const std::uint8_t transform : list.transforms()) {
        CaseRecipe& recipe =
            list.add("pair", fmt::format("all_tools_{}", synthesis_name(transform)), "All tools together", 120, 68);
        recipe.parts.picture.synthesis_transform_id = list.transforms_from(transform);
        Random random(list.choice().seed, recipe.name);
        for (const ToolSetter& tool : tools) {
            tool.apply(recipe, random);
            recipe.clauses.push_back(tool.clause);
            recipe.elements.insert(recipe.elements.end(), tool.elements.begin(), tool.elements.end());
        }
        recipe.parts.user_data = {'a', 'l', 'l'};
    }
}

}  // namespace jpegai::conformance
