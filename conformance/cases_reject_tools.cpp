// Tool headers and rendering information that have to be refused (01 sections 7, 8 and 13).
#include <fmt/format.h>

#include "conformance/cases_negative.h"

namespace jpegai::conformance {
namespace {

constexpr Marker kTon = Marker::kToolHeader;
const std::vector<std::string> kHeader = {"header"};

void give_efe_linear(CaseRecipe& recipe, Random& random) {
    EfeLinearHeader header;
    header.b1 = {12800, 12800};
    header.main = efe_set({1, 1}, {1, 2}, 1, random);
    header.main.max_symbol = 100;  // not all values of its seven bits
    recipe.parts.tools->efe_linear = header;
}

void add_efe_linear(CaseList& list, Random& random) {
    // The second of each name belongs to the main set: the first set has no filters, but is coded all the same.
    const auto add = [&](const char* name, const char* field, std::uint32_t value, std::size_t occurrence,
                         std::size_t index = 0) {
        give_efe_linear(add_bad_field(list, name, kTon, field, value, "01 section 7.1", kHeader, index, occurrence),
                        random);
    };
    add("efe_linear_split_9", "best_cand_idx[0]", 9, 1);
    add("efe_linear_split_15", "best_cand_idx[1]", 15, 1);
    add("efe_linear_length_0", "fL[0]", 0, 0);
    add("efe_linear_length_5", "fL[0]", 5, 0);
    add("efe_linear_length_of_v", "fL[1]", 9, 0);
    add("efe_linear_weight", "weightsU", 101, 0);
    add("efe_linear_second_weight", "weightsV2", 127, 0, 3);
    add("efe_linear_code", "minSymbol", 65535, 1);
    CaseRecipe& one = add_rejected(list, "efe_linear_one_plane",
                                   "one plane has no filter although chroma is coded at the source's resolution",
                                   {"04 section 3.5"}, kHeader, nullptr);
    one.parts.tools->efe_linear = EfeLinearHeader{{12800, 12800}, {}, efe_set({1, 0}, {1, 0}, 1, random)};
    one.elements = {"best_cand_idx"};
}

void add_eicci_fields(CaseList& list) {
    const auto add = [&](const char* name, const char* field, std::uint32_t value, bool short_list, bool tiled) {
        CaseRecipe& recipe = add_bad_field(list, name, kTon, field, value, "01 section 7.2", kHeader);
        EicciHeader eicci{tiled, 0, 0, {{{true, true, false}, short_list, 1, 0}}};
        if (tiled) {
            eicci.tile_size_div16 = 12;
            eicci.tile_overlap_div16 = 2;
        }
        recipe.parts.tools->eicci = eicci;
    };
    add("eicci_short_2", "icci_model_signalled_idx[0][Y]", 2, true, false);
    add("eicci_short_3", "icci_model_signalled_idx[0][UV]", 3, true, false);
    add("eicci_long_10", "icci_model_signalled_idx[0][Y]", 10, false, false);
    add("eicci_long_15", "icci_model_signalled_idx[0][UV]", 15, false, false);
    add("eicci_tile_size", "synthesis_tile_size", 0, true, true);
    add("eicci_tile_overlap_0", "synthesis_tile_overlap", 0, true, true);
    add("eicci_tile_overlap_4", "synthesis_tile_overlap", 4, true, true);  // as wide as the picture
    CaseRecipe& small = add_rejected(list, "eicci_small_tiles", "eICCI tiles too small to enlarge the last one to 176",
                                     {"04 section 4.3"}, kHeader, nullptr);
    small.parts.picture.img_width = small.parts.picture.img_height = 300;
    small.parts.tools->eicci = EicciHeader{true, 12, 3, std::vector<EicciHeader::Tile>(4)};
    small.elements = {"synthesis_tile_size"};
    CaseRecipe& narrow = add_rejected(list, "eicci_narrow", "eICCI tiles of a single column below 176 samples",
                                      {"04 section 4.3"}, kHeader, nullptr);
    narrow.parts.picture.img_height = 400;
    narrow.parts.tools->eicci = EicciHeader{true, 16, 3, std::vector<EicciHeader::Tile>(2)};
    narrow.elements = {"synthesis_tile_size"};
}

CaseRecipe& give_nonlinear(CaseRecipe& recipe, std::array<bool, 2> masks, Random& random) {
    if (masks[0]) {
        recipe.parts.tools->efe_linear =
            EfeLinearHeader{{12800, 12800}, efe_set({1, 1}, {1, 1}, 1, random), efe_set({1, 1}, {1, 1}, 1, random)};
    }
    recipe.parts.tools->efe_nonlinear = efe_nonlinear(recipe.parts.picture, {true, true}, masks, 32, 32, 16, random);
    recipe.parts.tools->efe_nonlinear->max_symbol = 100;
    return recipe;
}

void add_efe_nonlinear(CaseList& list, Random& random) {
    const auto add = [&](const char* name, const char* field, std::uint32_t value, bool masked, std::size_t index = 0,
                         std::size_t occurrence = 0) {
        CaseRecipe& recipe =
            add_bad_field(list, name, kTon, field, value, "01 section 7.3", {"header", "truncated"}, index, occurrence);
        give_nonlinear(recipe, {masked, masked}, random);
    };
    add("mask_value", "W5[i,j,0]", 3, true, 5);
    add("mask_block", "bS", 0, true);
    add("mask_rows", "len_mask_y", 3, true);
    add("mask_columns", "len_mask_x", 5, true);
    add("nonlinear_width", "nonlinearW", 0, false);
    add("nonlinear_height", "nonlinearH", 0, false);
    add("nonlinear_small_tiles", "nonlinearW", 20, false);
    add("nonlinear_weight", "A1", 127, false, 2);
    CaseRecipe& size =
        give_nonlinear(add_rejected(list, "mask_of_other_size", "the mask has a row more than the chroma plane",
                                    {"01 section 7.3", "04 section 5.2"}, kHeader, nullptr),
                       {true, true}, random);
    size.finish = [](std::vector<std::uint8_t>& file, Random&) {
        const Codestream stream = parse_codestream(file);
        ToolHeader tools = stream.tools;
        EfeNonlinearHeader& efe = *tools.efe_nonlinear;
        ++efe.mask_rows;
        for (auto& mask : efe.mask) mask.resize(mask.size() + efe.mask_cols);
        auto segments = split_segments(file);
        payload_of(segments, kTon) = write_tool_header(tools, stream.picture);
        file = join_segments(segments);
    };
    CaseRecipe& few =
        give_nonlinear(add_rejected(list, "nonlinear_few_tiles", "numTiles is smaller than the number of tiles",
                                    {"01 section 7.3"}, kHeader, nullptr),
                       {false, false}, random);
    few.finish_parts = nullptr;
    few.finish = [](std::vector<std::uint8_t>& file, Random&) {
        // The same parameters for tiles of twice the width are well-formed, but too few for these tiles.
        const Codestream stream = parse_codestream(file);
        ToolHeader tools = stream.tools;
        EfeNonlinearHeader& efe = *tools.efe_nonlinear;
        efe.min_luma.resize(2);
        efe.max_luma.resize(2);
        for (auto& weights : efe.a1) weights.resize(16);
        auto segments = split_segments(file);
        payload_of(segments, kTon) = write_tool_header(tools, stream.picture);
        file = join_segments(segments);
    };
    CaseRecipe& weights =
        give_nonlinear(add_rejected(list, "nonlinear_few_weights", "candNum is smaller than eight per tile",
                                    {"01 section 7.3"}, kHeader, nullptr),
                       {false, false}, random);
    weights.finish = [](std::vector<std::uint8_t>& file, Random&) {
        const Codestream stream = parse_codestream(file);
        ToolHeader tools = stream.tools;
        tools.efe_nonlinear->a1[1].resize(31);
        auto segments = split_segments(file);
        payload_of(segments, kTon) = write_tool_header(tools, stream.picture);
        file = join_segments(segments);
    };
    CaseRecipe& lone =
        give_nonlinear(add_rejected(list, "mask_without_picture", "a mask has no second picture to switch to",
                                    {"04 section 5.2"}, kHeader, nullptr),
                       {true, true}, random);
    lone.finish = [](std::vector<std::uint8_t>& file, Random&) {
        const Codestream stream = parse_codestream(file);
        ToolHeader tools = stream.tools;
        for (auto& plane : tools.efe_linear->upsampled.plane) plane = {};
        auto segments = split_segments(file);
        payload_of(segments, kTon) = write_tool_header(tools, stream.picture);
        file = join_segments(segments);
    };
}

void add_rendering(CaseList& list) {
    const auto with_cicp = [](std::vector<std::uint8_t>& file, std::size_t byte, std::uint8_t bits) {
        auto segments = split_segments(file);
        payload_of(segments, Marker::kRenderingInfo).at(byte) |= bits;
        file = join_segments(segments);
    };
    add_rejected(list, "rdi_reserved", "ri_reserved_zero_4bits is 1", {"01 section 8"}, kHeader,
                 [=](std::vector<std::uint8_t>& file, Random&) { with_cicp(file, 0, 1); });
    CaseRecipe& cicp = add_rejected(list, "rdi_cicp_reserved", "the reserved bits of CICP are 8", {"01 section 8"},
                                    kHeader, [=](std::vector<std::uint8_t>& file, Random&) { with_cicp(file, 4, 8); });
    cicp.parts.rendering->cicp = RenderingInfo::Cicp{};
    CaseRecipe& dynamic = add_rejected(list, "rdi_short_metadata", "dynamic metadata end early", {"01 section 8"},
                                       {"truncated"}, [](std::vector<std::uint8_t>& file, Random&) {
                                           auto segments = split_segments(file);
                                           payload_of(segments, Marker::kRenderingInfo).pop_back();
                                           file = join_segments(segments);
                                       });
    dynamic.parts.rendering->dm = RenderingInfo::DynamicMetadata{0, {1, 2, 3}};
}

}  // namespace

void add_tool_rejections(CaseList& list) {
    Random random(list.choice().seed, "tool-rejections");
    add_efe_linear(list, random);
    add_eicci_fields(list);
    add_efe_nonlinear(list, random);
    add_rendering(list);
    for (const std::uint32_t channel : {160U, 255U}) {
        add_bad_field(list, fmt::format("lef_channel_{}", channel), kTon, "LEF_chIdx", channel, "01 section 7", kHeader)
            .parts.tools->lef_ch_idx = 3;
    }
    CaseRecipe& cut = add_rejected(list, "ton_cut", "the tool header ends early", {"01 section 13"}, {"truncated"},
                                   [](std::vector<std::uint8_t>& file, Random&) {
                                       auto segments = split_segments(file);
                                       payload_of(segments, kTon).pop_back();
                                       file = join_segments(segments);
                                   });
    give_efe_linear(cut, random);
}

}  // namespace jpegai::conformance
