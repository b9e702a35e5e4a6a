// Cases about the picture header's first half, metadata and the container (01 sections 3, 6, 8, 9, 11 and 12).
#include <fmt/format.h>

#include "conformance/case_list.h"

namespace jpegai::conformance {
namespace {

void add_sizes(CaseList& list) {
    struct Size {
        std::uint32_t width, height;
        std::uint8_t hidden_width, hidden_height;
    };
    constexpr std::array<Size, 16> kSizes = {{{64, 64, 0, 0},
                                              {64, 64, 61, 61},
                                              {64, 64, 63, 63},
                                              {65, 64, 63, 0},
                                              {64, 65, 0, 63},
                                              {79, 95, 1, 2},
                                              {80, 96, 0, 0},
                                              {81, 97, 0, 0},
                                              {127, 128, 0, 0},
                                              {128, 127, 5, 3},
                                              {129, 129, 0, 0},
                                              {64, 320, 0, 0},
                                              {320, 64, 0, 0},
                                              {111, 66, 32, 33},
                                              {143, 177, 0, 0},
                                              {192, 191, 0, 0}}};
    for (const Size& size : kSizes) {
        CaseRecipe& recipe = list.add(
            "size",
            fmt::format("size_{}x{}_hidden_{}x{}", size.width, size.height, size.hidden_width, size.hidden_height),
            "Coded and displayed size", size.width, size.height);
        recipe.parts.picture.diff_display_img_width = size.hidden_width;
        recipe.parts.picture.diff_display_img_height = size.hidden_height;
        recipe.clauses = {"01 section 11", "03 section 17.1"};
        recipe.elements = {"img_width_minus64", "img_height_minus64", "diff_display_img_width",
                           "diff_display_img_height"};
    }
}

void add_formats(CaseList& list) {
    struct Format {
        std::uint8_t s_ver, s_hor, c_ver, c_hor;
        const char* name;
    };
    constexpr std::array<Format, 5> kFormats = {{{1, 1, 1, 1, "444"},
                                                 {1, 1, 1, 2, "444_as_422"},
                                                 {1, 1, 2, 2, "444_as_420"},
                                                 {1, 2, 1, 2, "422"},
                                                 {2, 2, 2, 2, "420"}}};
    for (const Format& format : kFormats) {
        for (const std::uint8_t depth : {std::uint8_t{0}, std::uint8_t{1}}) {
            for (const std::uint8_t colour : {std::uint8_t{0}, std::uint8_t{1}}) {
                CaseRecipe& recipe =
                    list.add("format",
                             fmt::format("format_{}_{}_{}bit", format.name, colour == 0 ? "yuv" : "rgb", 8 + 2 * depth),
                             "Chroma format of source and coded picture, bit depth, colour transform", 91, 75);
                PictureHeader& picture = recipe.parts.picture;
                picture.s_ver = format.s_ver;
                picture.s_hor = format.s_hor;
                picture.c_ver = format.c_ver;
                picture.c_hor = format.c_hor;
                picture.bit_depth_idc = depth;
                picture.colour_transform_idx = colour;
                recipe.clauses = {"01 section 11", "03 section 17", "04 sections 7 and 8"};
                recipe.elements = {"s_ver_minus1", "s_hor_minus1",  "c_ver_minus1",
                                   "c_hor_minus1", "bit_depth_idc", "colour_transform_idx"};
            }
        }
    }
}

void add_models(CaseList& list) {
    for (const std::uint8_t model : list.models()) {
        for (const std::uint8_t transform : list.transforms()) {
            CaseRecipe& recipe =
                list.add("model", fmt::format("model_{}_{}", model, synthesis_name(transform)),
                         "Every permitted model with every synthesis transform of the profile", 128, 96);
            recipe.parts.picture.model_id = model;
            recipe.parts.picture.synthesis_transform_id = list.transforms_from(transform);
            recipe.clauses = {"01 section 12", "03 sections 1, 6 to 10"};
            recipe.elements = {"model_id", "synthesis_transform_id"};
        }
    }
    CaseRecipe& one = list.add("model", "transforms_one", "A single synthesis transform", 64, 80);
    one.parts.picture.synthesis_transform_id = {list.transforms().back()};
    one.clauses = {"01 section 6"};
    one.elements = {"num_synthesis_transforms_minus1"};
    if (list.choice().profile == 0) return;  // nobody could tell the dialects apart (01 section 1)
    CaseRecipe& many = list.add("model", "transforms_sixteen", "Sixteen listed synthesis transforms", 64, 80);
    many.parts.picture.synthesis_transform_id.resize(16, list.transforms().back());
    many.clauses = {"01 section 6"};
    many.elements = {"num_synthesis_transforms_minus1", "synthesis_transform_id"};
}

void add_rendering(CaseList& list) {
    const auto add = [&](const char* name, const char* element) -> RenderingInfo& {
        CaseRecipe& recipe = list.add("metadata", name, "Rendering information, without influence on samples", 64, 64);
        recipe.clauses = {"01 section 8", "04 section 10"};
        recipe.elements = {element};
        return *recipe.parts.rendering;
    };
    add("rdi_cicp_low", "colour_primaries").cicp = RenderingInfo::Cicp{0, 0, 0, false, 0};
    add("rdi_cicp_high", "chroma420_sample_loc_type").cicp = RenderingInfo::Cicp{255, 255, 255, true, 7};
    add("rdi_mdcv_high", "mastering_display_maximum_luminance").mdcv = RenderingInfo::MasteringDisplay{
        {65535, 65535, 65535, 65535, 65535, 65535}, {65535, 65535}, 0xFFFFFFFFU, 0xFFFFFFFFU};
    add("rdi_mdcv_low", "mastering_display_minimum_luminance").mdcv = RenderingInfo::MasteringDisplay{};
    add("rdi_clli", "maximum_content_light_level").clli = RenderingInfo::ContentLight{65535, 0};
    add("rdi_dm_empty", "dm_size").dm = RenderingInfo::DynamicMetadata{0, {}};
    add("rdi_dm_zeros", "dm_data_byte").dm = RenderingInfo::DynamicMetadata{255, {0, 0, 1, 0, 255, 128, 7, 0, 0}};
    RenderingInfo& all = add("rdi_everything", "cicp_info_present_flag");
    all.cicp = RenderingInfo::Cicp{};
    all.mdcv = RenderingInfo::MasteringDisplay{{1, 2, 3, 4, 5, 6}, {7, 8}, 50000, 1};
    all.clli = RenderingInfo::ContentLight{1000, 100};
    all.dm = RenderingInfo::DynamicMetadata{1, std::vector<std::uint8_t>(300, 0xFF)};
}

using Change = void (*)(std::vector<std::uint8_t>&, Random&);

void add_container(CaseList& list) {
    const auto add = [&](const char* name, const char* title, Change change) -> CaseRecipe& {
        CaseRecipe& recipe = list.add("container", name, title, 96, 64);
        recipe.clauses = {"01 section 3"};
        recipe.elements = {"substream order"};
        recipe.finish = change;
        return recipe;
    };
    add("order_reversed", "Substreams behind PIH in the opposite order", [](std::vector<std::uint8_t>& file, Random&) {
        auto segments = split_segments(file);
        std::reverse(segments.begin() + 1, segments.end());
        file = join_segments(segments);
    });
    add("order_interleaved", "Headers between entropy coded substreams", [](std::vector<std::uint8_t>& file, Random&) {
        auto segments = split_segments(file);
        std::rotate(segments.begin() + 1, segments.begin() + 3, segments.end() - 1);
        file = join_segments(segments);
    });
    add("bytes_after_eoc", "Bytes after EOC are ignored", [](std::vector<std::uint8_t>& file, Random& random) {
        for (int k = 0; k < 37; ++k) file.push_back(static_cast<std::uint8_t>(random.below(256)));
    });
    add("markers_in_payload", "User data that look like markers: nothing is searched for", nullptr).parts.user_data = {
        0xFF, 0x81, 0xFF, 0x80, 0xFF, 0x82, 0xFF, 0x89, 0x00, 0xFF};
    add("user_data_one", "One byte of user data", nullptr).parts.user_data = {0};
    add("user_data_long", "A size code of five bytes", nullptr).parts.user_data.assign(70'000, 0xA5);
    CaseRecipe& no_tools = add("no_tool_header", "Without TON every tool is off", nullptr);
    no_tools.parts.tools.reset();
    CaseRecipe& no_rendering = add("no_rendering_information", "Without RDI nothing is known about rendering", nullptr);
    no_rendering.parts.rendering.reset();
    CaseRecipe& bare = add("bare", "PIH and entropy coded substreams only", nullptr);
    bare.parts.tools.reset();
    bare.parts.rendering.reset();
}

/// Width and height of about `samples` samples, not more.
std::pair<std::uint32_t, std::uint32_t> sides_of(std::uint64_t samples) {
    std::uint32_t height = 64;
    while (std::uint64_t{height + 1} * (height + 1) <= samples) ++height;
    return {static_cast<std::uint32_t>(samples / height), height};
}

void add_limits(CaseList& list) {
    const auto [width, height] = sides_of(list.max_samples());
    const auto add = [&](const std::string& name, const std::string& title, std::uint32_t w, std::uint32_t h,
                         CaseKind kind) -> CaseRecipe& {
        CaseRecipe& recipe = list.add("limit", name, title, w, h);
        recipe.clauses = {"01 section 12"};
        recipe.elements = {"level_idc", "img_width_minus64", "img_height_minus64"};
        recipe.kind = kind;
        recipe.empty_payload = kind == CaseKind::kAccept;
        return recipe;
    };
    add("level_square", "The largest square picture of the level", height, height, CaseKind::kAccept);
    add("level_full", "As many samples as the level permits", width, height, CaseKind::kAccept);
    const auto longest = static_cast<std::uint32_t>(std::min<std::uint64_t>(65'599, list.max_samples() / 64));
    add("level_wide", "The widest picture of 64 rows", longest, 64, CaseKind::kAccept);
    add("level_high", "The highest picture of 64 columns", 64, longest, CaseKind::kAccept);
    CaseRecipe& whole =
        add("level_full_decode", "A whole picture of the level's size", width, height, CaseKind::kDecode);
    whole.large = true;
    whole.style = {1, 2, 2, 0};
}

}  // namespace

void add_picture_cases(CaseList& list) {
    add_sizes(list);
    add_formats(list);
    add_models(list);
    add_rendering(list);
    add_container(list);
    add_limits(list);
}

}  // namespace jpegai::conformance
