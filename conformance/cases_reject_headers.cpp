// Picture headers that have to be refused (01 sections 6, 12 and 13).
#include <fmt/format.h>

#include "conformance/cases_negative.h"

namespace jpegai::conformance {
namespace {

constexpr Marker kPih = Marker::kPictureHeader;

void add_profile_and_level(CaseList& list) {
    const SuiteChoice& choice = list.choice();
    const std::vector<std::string> header = {"header", "conformance"};
    if (choice.dialect == Dialect::kIs) {
        // A decoder of both dialects takes such a stream for the older one, and finds nonsense.
        add_bad_field(list, "stream_profile", kPih, "stream_profile_idc", 1, "01 section 1",
                      {"header", "conformance", "structure", "truncated", "unsupported", "entropy"});
    }
    for (const std::uint32_t id : {3U, 15U}) {
        add_bad_field(list, fmt::format("profile_{}", id), kPih, "decoder_profile_id", id, "01 section 12", header)
            .rules = {"profile.known"};
    }
    for (const std::uint32_t id : {3U, 15U}) {
        add_bad_field(list, fmt::format("transform_{}", id), kPih, "synthesis_transform_id[0]", id, "01 section 12",
                      {"header", "conformance", "unsupported"})
            .rules = {"synthesis.known"};
    }
    if (choice.profile < 2) {
        // The detection of the dialect counts on simple streams naming SOP only (01 section 1).
        const std::vector<std::string> errors = choice.profile == 0
                                                    ? std::vector<std::string>{"conformance", "header", "unsupported"}
                                                    : std::vector<std::string>{"conformance"};
        add_bad_field(list, "transform_of_other_profile", kPih, "synthesis_transform_id[0]", choice.profile + 1U,
                      "01 section 12", errors)
            .rules = {"profile.synthesis"};
    }
    for (const std::uint32_t level : {0U, 9U, 13U, 20U + 3U, 53U, 60U, 255U}) {
        add_bad_field(list, fmt::format("level_{}", level), kPih, "level_idc", level, "01 section 12", header).rules = {
            "level.known"};
    }
    if (choice.profile == 1) {
        CaseRecipe& both =
            add_bad_field(list, "level_and_transform", kPih, "level_idc", 13, "01 section 12", {"conformance"});
        both.parts.picture.synthesis_transform_id = {2, 1};
        both.rules = {"level.known", "profile.synthesis"};
    }
    for (const std::uint8_t model : {std::uint8_t{0}, std::uint8_t{1}}) {
        if (choice.level % 10 == 2) break;
        CaseRecipe& recipe =
            add_rejected(list, fmt::format("model_{}_of_level", model), "the level does not permit the model",
                         {"01 section 12"}, {"conformance"}, nullptr);
        recipe.parts.picture.model_id = model;
        recipe.rules = {"level.model"};
        recipe.elements = {"model_id", "level_idc"};
    }
    for (const std::uint32_t model : {4U, 15U}) {
        add_bad_field(list, fmt::format("model_{}", model), kPih, "model_id", model, "01 section 13", {"header"})
            .rules = {"model.known"};
    }
}

void add_samples(CaseList& list) {
    std::uint64_t samples = list.max_samples();
    for (const bool wide : {false, true}) {
        const std::uint32_t width = wide ? 65'599 : 8192;
        const auto height = static_cast<std::uint32_t>(samples / width + 1);
        if (height > 65'599) continue;
        CaseRecipe& recipe =
            add_rejected(list, wide ? "samples_wide" : "samples", "the picture has more samples than the level permits",
                         {"01 section 12"}, {"conformance"}, nullptr);
        recipe.parts.picture.img_width = width;
        recipe.parts.picture.img_height = std::max(64U, height);
        recipe.empty_payload = true;
        recipe.rules = {"level.samples"};
        recipe.elements = {"img_width_minus64", "img_height_minus64", "level_idc"};
    }
}

void add_formats(CaseList& list) {
    for (const std::uint32_t depth : {2U, 3U, 4U, 5U, 6U, 7U}) {
        add_bad_field(list, fmt::format("bit_depth_{}", depth), kPih, "bit_depth_idc", depth, "01 section 13",
                      {depth > 4 ? "header" : "unsupported"})
            .rules = {"picture.bit-depth"};
    }
    add_bad_field(list, "source_format", kPih, "s_ver_minus1", 1, "01 section 11", {"header"}).rules = {
        "format.source"};
    add_bad_field(list, "coded_format", kPih, "c_ver_minus1", 1, "01 section 11", {"header"}).rules = {"format.coded"};
    add_bad_field(list, "colour_transform", kPih, "colour_transform_idx", 3, "01 section 13", {"header"}).rules = {
        "colour.known"};
    CaseRecipe& matrix =
        add_rejected(list, "user_colour_matrix", "the stream has a colour matrix, whose use is not defined (01 D8)",
                     {"04 section 7.2"}, {"unsupported"}, nullptr);
    matrix.parts.picture.colour_transform_idx = 2;
    matrix.parts.picture.colour_transform_matrix = {1, 0, 0, 0, 255, 0, 0, 0, 1};
    matrix.parts.picture.colour_transform_offset = {0, 128, 255};
    matrix.rules = {"colour.user-matrix"};
    matrix.elements = {"colour_transform_matrix", "colour_transform_offset"};
    CaseRecipe& conversion =
        add_rejected(list, "422_coded_as_420", "a 4:2:2 source is coded as 4:2:0, which has no conversion back",
                     {"03 section 17.2"}, {"unsupported", "conformance"}, nullptr);
    conversion.parts.picture.s_hor = conversion.parts.picture.c_hor = conversion.parts.picture.c_ver = 2;
    conversion.rules = {"format.conversion"};
    conversion.elements = {"c_ver_minus1"};
}

void add_regions(CaseList& list) {
    const bool dis = list.choice().dialect == Dialect::kDis;
    const std::vector<std::string> errors = {"header", "conformance"};
    const auto with_regions = [](CaseRecipe& recipe) {
        recipe.parts.picture.regions = RegionHeader{1, 1, false, 2, 8};
    };
    CaseRecipe& rows =
        add_bad_field(list, "region_rows", kPih, "num_ver_splits_minus1", dis ? 1 : 2, "01 section 4.5", errors);
    rows.parts.picture.img_height = dis ? 128 : 256;
    with_regions(rows);
    rows.rules = {dis ? "region.empty" : "region.rows"};
    CaseRecipe& cols =
        add_bad_field(list, "region_columns", kPih, "num_hor_splits_minus1", dis ? 1 : 2, "01 section 4.5", errors);
    cols.parts.picture.img_width = dis ? 128 : 512;
    with_regions(cols);
    cols.rules = {dis ? "region.empty" : "region.columns"};
    CaseRecipe& most =
        add_bad_field(list, "region_rows_128", kPih, "num_ver_splits_minus1", 127, "01 section 4.5", errors);
    with_regions(most);
    if (!dis && list.max_samples() < 99'000'000) return;
    CaseRecipe& independent = add_bad_field(list, "independent_257", kPih, "region_residual_in_its_own_substream_flag",
                                            1, "01 section 4.4", errors);
    independent.parts.picture.img_width = dis ? 17 * 128 : 17 * 512;
    independent.parts.picture.img_height = dis ? 16 * 128 : 16 * 256;
    independent.parts.picture.regions = RegionHeader{16, 17, false, 2, 8};
    independent.empty_payload = true;
    independent.rules = {"region.independent"};
}

void add_tile_fields(CaseList& list) {
    const bool dis = list.choice().dialect == Dialect::kDis;
    const auto add = [&](const char* name, const char* field, std::uint32_t value, std::size_t occurrence,
                         const char* rule) {
        CaseRecipe& recipe = add_bad_field(list, name, kPih, field, value, "03 section 14", {"header"}, 0, occurrence);
        recipe.parts.picture.img_width = recipe.parts.picture.img_height = 96;
        for (ComponentHeader& component : recipe.parts.picture.component) {
            component.synthesis_tile_enable = true;
            component.synthesis_tile_size_div16 = 8;
            component.synthesis_tile_overlap_div16 = 2;
        }
        recipe.rules = {rule};
    };
    add("tile_size_zero", "synthesis_tile_size", 0, 0, "tile.size");
    add("tile_overlap_of_tile", "synthesis_tile_overlap", 8, 0, "tile.overlap");
    add("tile_overlap_of_picture", "synthesis_tile_overlap", 6, 0, "tile.overlap");
    add("tile_size_of_chroma", "synthesis_tile_size", 7, 1, "tile.equal");
    add("tile_overlap_of_chroma", "synthesis_tile_overlap", 1, 1, "tile.equal");
    CaseRecipe& odd = add_rejected(list, "tile_overlap_of_independent",
                                   "tiles of independent regions overlap by 16 samples, half of which is no latent",
                                   {"03 section 14.2"}, {"unsupported", "header"}, nullptr);
    odd.parts.picture.img_height = dis ? 200 : 300;
    odd.parts.picture.regions = RegionHeader{2, 1, true, 2, 8};
    for (ComponentHeader& component : odd.parts.picture.component) {
        component.synthesis_tile_enable = true;
        component.synthesis_tile_size_div16 = 4;
        component.synthesis_tile_overlap_div16 = 1;
    }
    odd.elements = {"synthesis_tile_overlap"};
    add("tile_one_component", "synthesis_tile_enable[1]", 0, 0, "tile.equal");
}

}  // namespace

void add_header_rejections(CaseList& list) {
    add_profile_and_level(list);
    add_samples(list);
    add_formats(list);
    add_regions(list);
    add_tile_fields(list);
    add_rejected(list, "pih_no_dialect", "the first five fields fit neither dialect", {"01 section 1"}, {"header"},
                 [](std::vector<std::uint8_t>& file, Random&) {
                     auto segments = split_segments(file);
                     auto& payload = payload_of(segments, kPih);
                     payload[0] = 0x00;
                     payload[1] = payload[2] = 0xFF;
                     file = join_segments(segments);
                 });
    for (const std::size_t kept : {std::size_t{0}, std::size_t{5}, std::size_t{14}}) {
        add_rejected(list, fmt::format("pih_of_{}_bytes", kept), "the picture header ends early", {"01 section 13"},
                     {"truncated", "header"}, [kept](std::vector<std::uint8_t>& file, Random&) {
                         auto segments = split_segments(file);
                         payload_of(segments, kPih).resize(kept);
                         file = join_segments(segments);
                     });
    }
}

}  // namespace jpegai::conformance
