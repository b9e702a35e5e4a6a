// Cases about the entropy stage (02): lanes, channels, cube flags, variance scaling, quality map, gains, escapes.
#include <fmt/format.h>

#include "conformance/case_list.h"

namespace jpegai::conformance {
namespace {

void add_lanes(CaseList& list) {
    constexpr std::array<std::array<std::uint8_t, 3>, 9> kLanes = {
        {{1, 1, 1}, {2, 4, 8}, {4, 8, 16}, {8, 16, 1}, {16, 2, 2}, {1, 16, 16}, {16, 1, 4}, {2, 2, 2}, {4, 4, 4}}};
    for (const auto& lanes : kLanes) {
        CaseRecipe& recipe = list.add("lanes", fmt::format("lanes_{}_{}_{}", lanes[0], lanes[1], lanes[2]),
                                      "Entropy coding threads of hyper latent and residuals", 100, 84);
        recipe.parts.picture.num_threads_z = lanes[0];
        recipe.parts.picture.component[kPrimary].num_threads_r = lanes[1];
        recipe.parts.picture.component[kSecondary].num_threads_r = lanes[2];
        recipe.style.escape_percent = 1;
        recipe.clauses = {"01 section 4.1", "02 sections 2, 3.5 and 3.6"};
        recipe.elements = {"multi_threading_z", "log2_num_threads_z_minus1", "multi_threading_r",
                           "log2_num_threads_r_minus1"};
    }
}

void add_channels(CaseList& list) {
    constexpr std::array<std::array<std::uint8_t, 2>, 7> kChannels = {
        {{0, 0}, {1, 1}, {2, 95}, {17, 0}, {0, 96}, {159, 3}, {160, 31}}};
    for (const auto& channels : kChannels) {
        CaseRecipe& recipe = list.add("channels", fmt::format("channels_{}_{}", channels[0], channels[1]),
                                      "Coded latent channels", 96, 80);
        for (std::size_t c = 0; c < kComponents; ++c) recipe.parts.picture.component[c].num_chs = channels[c];
        recipe.clauses = {"01 section 6", "02 section 9", "03 section 16"};
        recipe.elements = {"num_chs"};
    }
}

enum class Cubes { kAllZero, kFirst, kLast, kRandom, kLiteralOnes };

void set_cubes(PictureHeader& picture, std::size_t c, Cubes pattern, Random& random) {
    ComponentHeader& component = picture.component[c];
    component.use_cube_flags = true;
    component.cube_flag.assign(kCubePhases * picture.cube_rows() * picture.cube_cols(), 1);
    for (std::uint8_t& flag : component.cube_flag) {
        if (pattern == Cubes::kAllZero || (pattern == Cubes::kRandom && random.percent(40))) flag = 0;
    }
    if (pattern == Cubes::kFirst) component.cube_flag.front() = 0;
    if (pattern == Cubes::kLast) component.cube_flag.back() = 0;
    if (pattern == Cubes::kLiteralOnes) component.literal_one_groups = {0};
}

void add_cubes(CaseList& list) {
    constexpr std::array<std::pair<Cubes, const char*>, 5> kPatterns = {{{Cubes::kAllZero, "all_zero"},
                                                                         {Cubes::kFirst, "first"},
                                                                         {Cubes::kLast, "last"},
                                                                         {Cubes::kRandom, "random"},
                                                                         {Cubes::kLiteralOnes, "literal_ones"}}};
    Random random(list.choice().seed, "cubes");
    for (const auto& [pattern, name] : kPatterns) {
        for (const unsigned components : {1U, 2U, 3U}) {
            CaseRecipe& recipe = list.add("cubes", fmt::format("cubes_{}_{}", name, components),
                                          "Cube flags of luma (1), chroma (2) or both (3)", 176, 290);
            for (std::size_t c = 0; c < kComponents; ++c) {
                if ((components >> c & 1U) != 0) set_cubes(recipe.parts.picture, c, pattern, random);
            }
            recipe.clauses = {"01 section 6.1", "02 section 8"};
            recipe.elements = {"use_cube_flags", "cube_group_flag", "cube_flag"};
            recipe.picture = components == 3;
        }
    }
}

void add_variance(CaseList& list) {
    for (const std::uint8_t model : list.models()) {
        for (const unsigned tools : {1U, 2U, 3U, 4U, 5U, 6U, 7U}) {
            CaseRecipe& recipe =
                list.add("variance",
                         fmt::format("variance_model{}_{}{}{}", model, (tools & 1U) != 0 ? "r" : "-",
                                     (tools & 2U) != 0 ? "g" : "-", (tools & 4U) != 0 ? "l" : "-"),
                         "RVS (r), GRFS (g) and LSBS (l), with other flags in the other component", 150, 140);
            recipe.parts.picture.model_id = model;
            recipe.style = {6, 40, 20, 0};
            Random random(list.choice().seed, recipe.name);
            for (std::size_t c = 0; c < kComponents; ++c) {
                ComponentHeader& component = recipe.parts.picture.component[c];
                const unsigned mine = c == kPrimary ? tools : (tools % 2 == 0 ? tools : 7 - tools + 1) & 7U;
                component.rvs_enable_flag = (mine & 1U) != 0;
                component.grfs_enable_flag = (mine & 2U) != 0;
                if (component.grfs_enable_flag) {
                    component.grfs_channel_flag.resize(kLatentChannels[c]);
                    for (std::uint8_t& flag : component.grfs_channel_flag) flag = random.percent(30) ? 1 : 0;
                }
                recipe.parts.tools->lsbs_enable_flag[c] = (mine & 4U) != 0;
            }
            recipe.clauses = {"02 section 7.4", "02 section 11"};
            recipe.elements = {"rvs_enable_flag", "grfs_enable_flag", "grfs_channel_flag", "lsbs_enable_flag"};
            recipe.picture = tools == 7;
        }
    }
    CaseRecipe& none = list.add("variance", "grfs_without_channels", "GRFS where no channel is coded", 64, 64);
    for (ComponentHeader& component : none.parts.picture.component) {
        component.num_chs = 0;
        component.grfs_enable_flag = true;
    }
    none.clauses = {"01 section 6"};
    none.elements = {"grfs_channel_flag", "num_chs"};
}

void add_maps(CaseList& list) {
    for (std::uint8_t index = 0; index < 8; ++index) {
        CaseRecipe& recipe = list.add("quality-map", fmt::format("map_index_{}", index),
                                      "Entropy index, lanes and values of the quality map", 120, 136);
        recipe.parts.picture.gain_3d_enable_flag = true;
        recipe.parts.picture.quality_map_entropy_index = index;
        recipe.parts.picture.num_threads_q = static_cast<std::uint8_t>(index < 3 ? 1 : 1 << (index - 3));
        recipe.map = static_cast<MapStyle>(index % 4);
        recipe.clauses = {"02 section 7.3"};
        recipe.elements = {"gain_3D_enable_flag", "multi_threading_q", "log2_num_threads_q_minus1",
                           "quality_map_entropy_index"};
    }
    for (const MapStyle style : {MapStyle::kExtremes, MapStyle::kNoise}) {
        CaseRecipe& recipe = list.add("quality-map", style == MapStyle::kNoise ? "map_noise" : "map_extremes",
                                      "Quality map from -8 to 8 with other scale tools", 81, 95);
        recipe.parts.picture.gain_3d_enable_flag = true;
        recipe.parts.picture.quality_map_entropy_index = 7;
        recipe.parts.picture.component[kPrimary].rvs_enable_flag = true;
        recipe.map = style;
        recipe.clauses = {"02 sections 7.3, 7.4 and 10"};
        recipe.elements = {"quality map values"};
    }
}

void add_gains(CaseList& list) {
    for (const std::uint8_t model : list.models()) {
        for (const int beta : {-2048, -1069, -443, -1, 1, 702, 2047}) {
            CaseRecipe& recipe = list.add("gain", fmt::format("gain_model{}_{}", model, beta),
                                          "Displacement of the gain; beyond -1069..702 only decoders meet it", 80, 64);
            recipe.parts.picture.model_id = model;
            const int other = beta == -443 ? 259 : beta;
            recipe.parts.picture.beta_displacement_log = {static_cast<std::int16_t>(beta),
                                                          static_cast<std::int16_t>(other)};
            recipe.parts.picture.independent_beta_uv = other != beta || beta == 1;
            recipe.picture = beta >= -443 && beta <= 702;  // others leave the range in which pictures mean anything
            recipe.clauses = {"02 section 7.2", "02 section 10"};
            recipe.elements = {"beta_displacement_log_plus_2048", "independent_beta_uv"};
        }
    }
}

void add_symbols(CaseList& list) {
    struct Style {
        const char *name, *title;
        SymbolStyle style;
    };
    constexpr std::array<Style, 6> kStyles = {{{"empty", "No symbol but 0", {0, 0, 0, 0}},
                                               {"dense", "Every symbol not 0", {4, 60, 100, 0}},
                                               {"escapes_few", "Residual escapes now and then", {3, 30, 30, 3}},
                                               {"escapes_many", "Mostly residual escapes", {3, 30, 50, 80}},
                                               {"hyper_extremes", "z_hat up to -31 and 31", {31, 90, 10, 0}},
                                               {"everything", "z_hat and residual at their ends", {31, 100, 100, 40}}}};
    for (const Style& style : kStyles) {
        for (const std::uint8_t lanes : {std::uint8_t{1}, std::uint8_t{8}}) {
            CaseRecipe& recipe =
                list.add("symbols", fmt::format("symbols_{}_{}", style.name, lanes), style.title, 97, 71);
            recipe.style = style.style;
            recipe.parts.picture.num_threads_z = lanes;
            for (ComponentHeader& component : recipe.parts.picture.component) component.num_threads_r = lanes;
            recipe.picture = style.style.escape_percent == 0 && style.style.z_range < 31;
            recipe.clauses = {"02 sections 3 to 6 and 9"};
            recipe.elements = {"residual symbols", "z_hat"};
        }
    }
    // High gains make every distribution of the table list occur.
    for (const int beta : {-1069, 0, 702, 1500, 2047}) {
        CaseRecipe& recipe = list.add("symbols", fmt::format("symbols_distributions_{}", beta),
                                      "Distributions from the narrowest to the widest", 128, 128);
        recipe.parts.picture.beta_displacement_log.fill(static_cast<std::int16_t>(beta));
        recipe.style = {12, 70, 80, 2};
        recipe.picture = false;
        recipe.clauses = {"02 sections 4, 7 and 8"};
        recipe.elements = {"residual symbols"};
    }
}

}  // namespace

void add_entropy_cases(CaseList& list) {
    add_lanes(list);
    add_channels(list);
    add_cubes(list);
    add_variance(list);
    add_maps(list);
    add_gains(list);
    add_symbols(list);
}

}  // namespace jpegai::conformance
