// Cases about the post-filters, each alone (04 sections 3 to 6).
#include <fmt/format.h>

#include "base/math.h"
#include "conformance/case_list.h"
#include "decoder/filters/efe_regions.h"

namespace jpegai::conformance {

namespace {
constexpr int kZeroWeight = 32767;  ///< code of the weight 0 (04 section 3.1)
constexpr int kWeightSpread = 48;   ///< codes around it that are drawn: weights up to 0.023
}  // namespace

EfeLinearSet efe_set(std::array<std::uint8_t, 2> candidate, std::array<std::uint8_t, 2> length, std::size_t phases,
                     Random& random) {
    EfeLinearSet set;
    set.min_symbol = static_cast<std::uint16_t>(kZeroWeight - kWeightSpread);
    set.max_symbol = static_cast<std::uint16_t>(2 * kWeightSpread);
    for (std::size_t p = 0; p < 2; ++p) {
        EfeLinearSet::Plane& plane = set.plane[p];
        plane.best_cand_idx = candidate[p];
        if (candidate[p] == 0) continue;
        plane.filter_length = length[p];
        const std::size_t taps = efe_region_count(candidate[p] - 1U) * length[p] * length[p];
        plane.weights.resize(taps * phases);
        plane.weights2.resize(taps);
        for (auto* weights : {&plane.weights, &plane.weights2}) {
            for (std::uint16_t& weight : *weights) {
                weight = static_cast<std::uint16_t>(random.between(0, 2 * kWeightSpread));
            }
        }
    }
    return set;
}

EfeNonlinearHeader efe_nonlinear(const PictureHeader& picture, std::array<bool, 2> enabled, std::array<bool, 2> masks,
                                 std::uint16_t tile_width, std::uint16_t tile_height, std::uint16_t block,
                                 Random& random) {
    const std::uint32_t rows = ceil_div(picture.display_height(), std::uint32_t{picture.s_ver});
    const std::uint32_t cols = ceil_div(picture.display_width(), std::uint32_t{picture.s_hor});
    EfeNonlinearHeader header;
    header.min_symbol = static_cast<std::uint16_t>(kZeroWeight - kWeightSpread);
    header.max_symbol = static_cast<std::uint16_t>(2 * kWeightSpread);
    header.enabled = enabled;
    header.mask_enabled = masks;
    if (enabled[0] || enabled[1]) {
        header.tile_width = tile_width;
        header.tile_height = tile_height;
        const std::size_t tiles =
            std::size_t{ceil_div(rows, std::uint32_t{tile_height})} * ceil_div(cols, std::uint32_t{tile_width});
        for (std::size_t t = 0; t < tiles; ++t) {
            header.min_luma.push_back(static_cast<std::uint16_t>(random.between(0, 9000)));
            header.max_luma.push_back(static_cast<std::uint16_t>(random.between(12000, 25500)));
        }
        for (std::size_t p = 0; p < 2; ++p) {
            for (std::size_t i = 0; enabled[p] && i < 8 * tiles; ++i) {
                header.a1[p].push_back(static_cast<std::uint16_t>(random.between(0, 2 * kWeightSpread)));
            }
        }
    }
    if (masks[0] || masks[1]) {
        header.block_size = block;
        header.mask_rows = static_cast<std::uint16_t>(ceil_div(rows, std::uint32_t{block}));
        header.mask_cols = static_cast<std::uint16_t>(ceil_div(cols, std::uint32_t{block}));
        for (std::size_t k = 0; k < 2; ++k) {
            for (std::size_t i = 0; masks[k] && i < std::size_t{header.mask_rows} * header.mask_cols; ++i) {
                header.mask[k].push_back(static_cast<std::uint8_t>(random.below(3)));
            }
        }
    }
    return header;
}

namespace {

EfeLinearHeader efe_linear(const EfeLinearSet& main) {
    EfeLinearHeader header;
    header.b1 = {12825, 12750};
    header.upsampled.min_symbol = 65535;  // as an encoder writes a set without filters
    header.upsampled.max_symbol = 65535;
    header.main = main;
    return header;
}

void set_format(PictureHeader& picture, std::uint8_t s_ver, std::uint8_t s_hor, std::uint8_t c_ver,
                std::uint8_t c_hor) {
    picture.s_ver = s_ver;
    picture.s_hor = s_hor;
    picture.c_ver = c_ver;
    picture.c_hor = c_hor;
    picture.colour_transform_idx = s_ver == 1 && s_hor == 1 ? 1 : 0;
}

void describe_efe(CaseRecipe& recipe) {
    recipe.clauses = {"01 section 7.1", "04 section 3"};
    recipe.elements = {"EFE_linear_filter_enabled_flag",
                       "B1",
                       "best_cand_idx",
                       "fL",
                       "minSymbol",
                       "maxSymbol",
                       "weightsU",
                       "weightsU2",
                       "weightsV",
                       "weightsV2"};
}

void add_efe_linear(CaseList& list) {
    Random random(list.choice().seed, "efe-linear");
    for (std::uint8_t candidate = 1; candidate <= 8; ++candidate) {
        for (const bool reduced : {false, true}) {
            const auto length = static_cast<std::uint8_t>(1 + (candidate + (reduced ? 2 : 0)) % 4);
            CaseRecipe& recipe =
                list.add("efe-linear", fmt::format("efe_linear_{}_{}", candidate, reduced ? "420" : "444"),
                         "Split, filter length; chroma coded at full (444) or reduced (420) resolution", 210, 230);
            if (reduced) set_format(recipe.parts.picture, 1, 1, 2, 2);
            recipe.parts.tools->efe_linear =
                efe_linear(efe_set({candidate, static_cast<std::uint8_t>(9 - candidate)},
                                   {length, static_cast<std::uint8_t>(5 - length)}, reduced ? 4 : 1, random));
            describe_efe(recipe);
        }
    }
    struct Format {
        const char* name;
        std::array<std::uint8_t, 4> factors;
        bool same;
    };
    constexpr std::array<Format, 3> kFormats = {
        {{"420_source", {2, 2, 2, 2}, true}, {"422_source", {1, 2, 1, 2}, true}, {"422_coded", {1, 1, 1, 2}, false}}};
    for (const Format& format : kFormats) {
        CaseRecipe& recipe = list.add("efe-linear", fmt::format("efe_linear_{}", format.name),
                                      "EFE linear in other chroma formats, odd sizes", 209, 213);
        set_format(recipe.parts.picture, format.factors[0], format.factors[1], format.factors[2], format.factors[3]);
        recipe.parts.tools->efe_linear = efe_linear(efe_set({6, 3}, {3, 2}, format.same ? 1 : 4, random));
        describe_efe(recipe);
    }
    const auto special = [&](const char* name, const char* title, const EfeLinearHeader& header, bool reduced) {
        CaseRecipe& recipe = list.add("efe-linear", name, title, 130, 110);
        if (reduced) set_format(recipe.parts.picture, 1, 1, 2, 2);
        recipe.parts.tools->efe_linear = header;
        describe_efe(recipe);
    };
    EfeLinearHeader plain = efe_linear({});
    plain.main.min_symbol = plain.main.max_symbol = 65535;
    plain.b1 = {0, 0};
    special("efe_linear_dctif_only", "No coded filter: the interpolation kernels alone", plain, true);
    EfeLinearHeader wide = efe_linear(efe_set({1, 1}, {1, 1}, 1, random));
    wide.main.min_symbol = 0;
    wide.main.max_symbol = 65535;
    for (auto& plane : wide.main.plane) plane.weights = plane.weights2 = {kZeroWeight + 300};
    wide.b1 = {32767, 0};
    special("efe_linear_wide_codes", "Weights of 16 bits, means at their ends", wide, false);
    EfeLinearHeader constant = efe_linear(efe_set({2, 5}, {2, 4}, 1, random));
    constant.main.min_symbol = kZeroWeight + 9;
    constant.main.max_symbol = 0;
    for (auto& plane : constant.main.plane) {
        std::fill(plane.weights.begin(), plane.weights.end(), std::uint16_t{0});
        std::fill(plane.weights2.begin(), plane.weights2.end(), std::uint16_t{0});
    }
    special("efe_linear_no_bits", "Weights of 0 bits", constant, false);
    special("efe_linear_one_plane", "A filter for V only", efe_linear(efe_set({0, 4}, {0, 3}, 4, random)), true);
}

void describe_eicci(CaseRecipe& recipe) {
    recipe.clauses = {"01 section 7.2", "04 section 4"};
    recipe.elements = {"icci_enable_flag", "icci_use", "icci_use_shortList", "icci_model_signalled_idx"};
}

void add_eicci(CaseList& list) {
    for (unsigned use = 0; use < 8; ++use) {
        CaseRecipe& recipe = list.add("eicci", fmt::format("eicci_planes_{}", use),
                                      "Planes that eICCI changes (1 Y, 2 U, 4 V), short list", 83, 77);
        EicciHeader::Tile tile;
        tile.use = {(use & 1U) != 0, (use & 2U) != 0, (use & 4U) != 0};
        tile.use_short_list = use != 0;
        if (tile.use[0]) tile.model_idx_y = static_cast<std::uint8_t>(use >> 1 & 1U);
        if (tile.use[1] || tile.use[2]) tile.model_idx_uv = static_cast<std::uint8_t>(use >> 2 & 1U);
        recipe.parts.tools->eicci = EicciHeader{false, 0, 0, {tile}};
        describe_eicci(recipe);
    }
    for (std::uint8_t index = 0; index < 10; ++index) {
        CaseRecipe& recipe = list.add("eicci", fmt::format("eicci_long_{}", index),
                                      "Network of the long list for luma and the opposite one for chroma", 64, 68);
        recipe.parts.tools->eicci =
            EicciHeader{false, 0, 0, {{{true, true, true}, false, index, static_cast<std::uint8_t>(9 - index)}}};
        describe_eicci(recipe);
    }
    for (const std::uint8_t model : list.models()) {
        for (const std::uint8_t index : {std::uint8_t{0}, std::uint8_t{1}}) {
            CaseRecipe& recipe = list.add("eicci", fmt::format("eicci_short_model{}_{}", model, index),
                                          "Short list of each model", 64, 64);
            recipe.parts.picture.model_id = model;
            recipe.parts.tools->eicci =
                EicciHeader{false, 0, 0, {{{true, true, true}, true, index, static_cast<std::uint8_t>(1 - index)}}};
            describe_eicci(recipe);
        }
    }
    CaseRecipe& tiled =
        list.add("eicci", "eicci_tiles", "Every tile with another selection, reading filtered margins", 384, 400);
    tiled.parts.picture.synthesis_transform_id = list.transforms_from(list.transforms().back());
    tiled.style = {2, 8, 4, 0};
    tiled.parts.tools->eicci = EicciHeader{true, 16, 3, std::vector<EicciHeader::Tile>(4)};
    tiled.parts.tools->eicci->tiles[0] = {{true, true, true}, false, 3, 6};
    tiled.parts.tools->eicci->tiles[1] = {{true, false, false}, true, 1, 0};
    tiled.parts.tools->eicci->tiles[3] = {{false, false, true}, false, 0, 9};
    describe_eicci(tiled);
    tiled.elements.push_back("synthesis_tile_overlap");
    CaseRecipe& wide = list.add("eicci", "eicci_one_large_tile", "A tile larger than the picture", 200, 190);
    wide.parts.tools->eicci = EicciHeader{true, 255, 1, {{{true, false, true}, true, 0, 1}}};
    describe_eicci(wide);
    CaseRecipe& enlarged =
        list.add("eicci", "eicci_enlarged_last", "The last row and column of tiles grow to 176", 300, 310);
    enlarged.parts.picture.synthesis_transform_id = list.transforms_from(list.transforms().back());
    enlarged.style = {2, 8, 4, 0};
    enlarged.parts.tools->eicci = EicciHeader{true, 16, 3, std::vector<EicciHeader::Tile>(4)};
    enlarged.parts.tools->eicci->tiles[1] = {{true, true, true}, false, 2, 7};
    enlarged.parts.tools->eicci->tiles[3] = {{true, false, true}, true, 0, 1};
    describe_eicci(enlarged);
    CaseRecipe& third =
        list.add("eicci", "eicci_enlarged_third", "The last of three tiles grows at the cost of the second", 500, 180);
    third.parts.picture.synthesis_transform_id = list.transforms_from(list.transforms().back());
    third.style = {2, 8, 4, 0};
    third.parts.tools->eicci = EicciHeader{true, 16, 3, std::vector<EicciHeader::Tile>(3)};
    third.parts.tools->eicci->tiles[1] = {{true, false, false}, true, 1, 0};
    third.parts.tools->eicci->tiles[2] = {{true, true, true}, false, 4, 5};
    describe_eicci(third);
    CaseRecipe& chroma = list.add("eicci", "eicci_422", "A 4:2:2 source goes up to 4:4:4 and down again", 90, 86);
    set_format(chroma.parts.picture, 1, 2, 1, 2);
    chroma.parts.tools->eicci = EicciHeader{false, 0, 0, {{{true, true, true}, true, 0, 0}}};
    describe_eicci(chroma);
}

void add_efe_nonlinear(CaseList& list) {
    Random random(list.choice().seed, "efe-nonlinear");
    struct Setting {
        const char* name;
        std::array<bool, 2> enabled, masks;
        std::uint16_t tile_width, tile_height, block;
        std::array<std::uint8_t, 4> factors;
    };
    const std::array<Setting, 10> settings = {{{"none", {false, false}, {false, false}, 1, 1, 1, {1, 1, 1, 1}},
                                               {"u", {true, false}, {false, false}, 65535, 65535, 1, {1, 1, 1, 1}},
                                               {"v", {false, true}, {false, false}, 64, 64, 1, {1, 1, 1, 1}},
                                               {"uv", {true, true}, {false, false}, 37, 41, 1, {1, 1, 1, 1}},
                                               {"mask_u", {true, true}, {true, false}, 100, 100, 16, {1, 1, 1, 1}},
                                               {"mask_uv", {true, true}, {true, true}, 64, 128, 7, {1, 1, 1, 1}},
                                               {"mask_only", {false, false}, {true, true}, 1, 1, 1023, {1, 1, 1, 1}},
                                               {"420", {true, true}, {true, true}, 30, 20, 9, {2, 2, 2, 2}},
                                               {"422", {true, true}, {true, false}, 50, 50, 33, {1, 2, 1, 2}},
                                               {"420_coded", {true, true}, {true, true}, 77, 5, 64, {1, 1, 2, 2}}}};
    for (const Setting& setting : settings) {
        CaseRecipe& recipe = list.add("efe-nonlinear", fmt::format("efe_nonlinear_{}", setting.name),
                                      "Planes, masks, tiles and blocks of EFE non-linear", 131, 107);
        PictureHeader& picture = recipe.parts.picture;
        set_format(picture, setting.factors[0], setting.factors[1], setting.factors[2], setting.factors[3]);
        const bool same = picture.s_ver == picture.c_ver && picture.s_hor == picture.c_hor;
        if (setting.masks[0]) {
            EfeLinearHeader linear = efe_linear(efe_set({1, 1}, {1, 2}, same ? 1 : 4, random));
            linear.upsampled = efe_set({1, 1}, {1, 1}, same ? 1 : 4, random);
            recipe.parts.tools->efe_linear = linear;
        }
        recipe.parts.tools->efe_nonlinear = efe_nonlinear(picture, setting.enabled, setting.masks, setting.tile_width,
                                                          setting.tile_height, setting.block, random);
        recipe.clauses = {"01 section 7.3", "04 section 5"};
        recipe.elements = {"EFE_nonlinear_filter_enabled_flag",
                           "mask1_enabled_flag",
                           "mask2_enabled_flag",
                           "bS",
                           "W5",
                           "nonLinear_enabled_U_flag",
                           "nonLinear_enabled_V_flag",
                           "nonlinearW",
                           "nonlinearH",
                           "minLuma",
                           "maxLuma",
                           "A1"};
    }
}

void add_lef(CaseList& list) {
    for (const std::uint8_t model : list.models()) {
        for (const std::uint8_t channel : {std::uint8_t{0}, std::uint8_t{77}, std::uint8_t{159}}) {
            CaseRecipe& recipe = list.add("lef", fmt::format("lef_model{}_{}", model, channel),
                                          "Channel of the scale map and gains of the model", 101, 87);
            recipe.parts.picture.model_id = model;
            recipe.parts.picture.diff_display_img_width = static_cast<std::uint8_t>(channel / 10);
            recipe.parts.tools->lef_ch_idx = channel;
            recipe.style = {9, 60, 20, 0};
            recipe.clauses = {"01 section 7", "04 section 6"};
            recipe.elements = {"LEF_enabled_flag", "LEF_chIdx"};
        }
    }
}

}  // namespace

void add_filter_cases(CaseList& list) {
    add_efe_linear(list);
    add_eicci(list);
    add_efe_nonlinear(list);
    add_lef(list);
}

}  // namespace jpegai::conformance
