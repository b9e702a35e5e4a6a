// `jpegai info --json`; docs/CLI.md describes the document.
#include <fmt/format.h>

#include "bitstream/regions.h"
#include "models/weight_identity.h"
#include "tools/info.h"

namespace jpegai::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kJsonPreviewBytes = 64;

Json picture_json(const PictureHeader& h) {
    return {{"coded_width", h.img_width},
            {"coded_height", h.img_height},
            {"display_width", h.display_width()},
            {"display_height", h.display_height()},
            {"bit_depth", h.bit_depth_idc < kBitDepths.size() ? Json(kBitDepths[h.bit_depth_idc]) : Json(nullptr)},
            {"source_format", chroma_format_name(h.s_ver, h.s_hor)},
            {"coded_format", chroma_format_name(h.c_ver, h.c_hor)},
            {"colour_transform", {{"idx", h.colour_transform_idx}, {"name", colour_name(h.colour_transform_idx)}}}};
}

Json profile_json(const PictureHeader& h) {
    Json transforms = Json::array();
    for (const std::uint8_t id : h.synthesis_transform_id)
        transforms.push_back({{"id", id}, {"name", synthesis_name(id)}});
    const auto limit = max_samples(h.level_idc);
    return {{"stream_profile_idc", h.stream_profile_idc},
            {"decoder_profile_id", h.decoder_profile_id},
            {"name", profile_name(h.decoder_profile_id)},
            {"level_idc", h.level_idc},
            {"level", level_name(h.level_idc)},
            {"max_samples", limit ? Json(*limit) : Json(nullptr)},
            {"synthesis_transforms", std::move(transforms)}};
}

Json model_json(const PictureHeader& h) {
    return {{"id", h.model_id},
            {"beta", h.model_id < kModels ? Json(kModelBeta[h.model_id]) : Json(nullptr)},
            {"beta_displacement_log", h.beta_displacement_log}};
}

Json area_json(const Area& area) {
    return {{"x", area.col}, {"y", area.row}, {"width", area.cols}, {"height", area.rows}};
}

Json regions_json(const PictureHeader& h) {
    if (!h.regions) return nullptr;
    const RegionHeader& regions = *h.regions;
    Json areas = Json::array();
    for (const Area& area : region_areas(h, 0)) areas.push_back(area_json(area));
    const bool independent = regions.residual_in_its_own_substream;
    return {{"rows", regions.num_ver},
            {"columns", regions.num_hor},
            {"independent", independent},
            {"hyper_decoder_overlap", independent ? Json(nullptr) : Json(2 * regions.hyper_decoder_overlap_code)},
            {"mcm_overlap", independent ? Json(nullptr) : Json(4 * regions.mcm_overlap_code)},
            {"areas", std::move(areas)}};
}

Json lanes_json(const PictureHeader& h) {
    return {{"hyper", h.num_threads_z},
            {"residual", {h.component[kPrimary].num_threads_r, h.component[kSecondary].num_threads_r}},
            {"quality_map", h.gain_3d_enable_flag ? Json(h.num_threads_q) : Json(nullptr)}};
}

template <class Value>
Json per_component(const PictureHeader& h, Value value) {
    return Json::array({value(h.component[kPrimary]), value(h.component[kSecondary])});
}

Json synthesis_tiles_json(const ComponentHeader& c) {
    if (!c.synthesis_tile_enable) return nullptr;
    return {{"size", 16 * c.synthesis_tile_size_div16}, {"overlap", 16 * c.synthesis_tile_overlap_div16}};
}

Json eicci_json(const ToolHeader& tools) {
    if (!tools.eicci) return nullptr;
    const EicciHeader& e = *tools.eicci;
    Json size = nullptr, overlap = nullptr;
    if (e.tile_enable) {
        size = 16 * e.tile_size_div16;
        overlap = 16 * e.tile_overlap_div16;
    }
    return {{"tiles", e.tiles.size()}, {"tile_size", size}, {"tile_overlap", overlap}};
}

Json tools_json(const Codestream& stream) {
    const PictureHeader& h = stream.picture;
    const ToolHeader& t = stream.tools;
    const auto set_flags = [](const ComponentHeader& c) {
        return std::count(c.grfs_channel_flag.begin(), c.grfs_channel_flag.end(), 1);
    };
    return {
        {"channels", per_component(h, [](const auto& c) { return c.num_chs; })},
        {"cube_flags", per_component(h, [](const auto& c) { return c.use_cube_flags; })},
        {"rvs", per_component(h, [](const auto& c) { return c.rvs_enable_flag; })},
        {"grfs", per_component(h, [](const auto& c) { return c.grfs_enable_flag; })},
        {"grfs_channels", per_component(h, set_flags)},
        {"lsbs", t.lsbs_enable_flag},
        {"synthesis_tiles", per_component(h, synthesis_tiles_json)},
        {"quality_map", h.gain_3d_enable_flag ? Json{{"entropy_index", h.quality_map_entropy_index}} : Json(nullptr)},
        {"efe_linear", t.efe_linear.has_value()},
        {"eicci", eicci_json(t)},
        {"efe_nonlinear", t.efe_nonlinear.has_value()},
        {"lef_channel", t.lef_ch_idx ? Json(*t.lef_ch_idx) : Json(nullptr)}};
}

Json rendering_json(const Codestream& stream) {
    if (!stream.has_rendering) return nullptr;
    const RenderingInfo& info = stream.rendering;
    Json cicp = nullptr, mdcv = nullptr, clli = nullptr, dm = nullptr;
    if (info.cicp) {
        cicp = {{"colour_primaries", info.cicp->colour_primaries},
                {"transfer_characteristics", info.cicp->transfer_characteristics},
                {"matrix_coefficients", info.cicp->matrix_coefficients},
                {"full_range", info.cicp->image_full_range_flag},
                {"chroma420_sample_loc_type", info.cicp->chroma420_sample_loc_type}};
    }
    if (info.mdcv) {
        mdcv = {{"primaries", info.mdcv->primaries},
                {"white_point", info.mdcv->white_point},
                {"maximum_luminance", info.mdcv->maximum_luminance},
                {"minimum_luminance", info.mdcv->minimum_luminance}};
    }
    if (info.clli) {
        clli = {{"maximum_content_light_level", info.clli->maximum_content_light_level},
                {"maximum_frame_average_light_level", info.clli->maximum_frame_average_light_level}};
    }
    if (info.dm) dm = {{"type", info.dm->type}, {"size", info.dm->data.size()}};
    return {{"cicp", cicp}, {"mdcv", mdcv}, {"clli", clli}, {"dynamic_metadata", dm}};
}

Json user_data_json(const Codestream& stream) {
    if (!stream.has_user_data) return nullptr;
    return {{"size", stream.user_data.size()}, {"preview", printable_preview(stream.user_data, kJsonPreviewBytes)}};
}

Json weight_set_json(const Codestream& stream) {
    const auto identity = parse_weight_identity(stream.user_data);
    if (!identity) return nullptr;
    Json parts = Json::array();
    for (const WeightIdentity::Part& part : identity->parts) {
        parts.push_back({{"part", weight_part_name(static_cast<WeightPart>(part.part))},
                         {"fingerprint", fmt::format("{:016x}", part.fingerprint)}});
    }
    return {{"name", identity->name}, {"parts", parts}};
}

Json fields_json(const Codestream& stream) {
    Json fields = Json::array();
    for (const HeaderField& field : all_fields(stream)) {
        fields.push_back({{"header", field.header},
                          {"name", field.name},
                          {"bits", field.bits},
                          {"array", field.is_array},
                          {"values", field.values}});
    }
    return fields;
}

Json substreams_json(const Codestream& stream) {
    Json substreams = Json::array();
    for (const Substream& substream : stream.substreams) {
        substreams.push_back({{"name", marker_name(substream.marker)},
                              {"marker", fmt::format("{:04X}", static_cast<unsigned>(substream.marker))},
                              {"marker_offset", substream.marker_offset},
                              {"offset", substream.payload.offset},
                              {"size", substream.payload.size},
                              {"region", substream.region ? Json(*substream.region) : Json(nullptr)}});
    }
    return substreams;
}

Json range_json(const ByteRange& range) {
    return {{"offset", range.offset}, {"size", range.size}};
}

Json block_json(Marker marker, Json component, Json region, const LaneBlock& block) {
    Json lanes = Json::array();
    for (const ByteRange& lane : block.lanes) lanes.push_back(range_json(lane));
    return {{"substream", marker_name(marker)}, {"component", std::move(component)}, {"region", std::move(region)},
            {"offset", block.block.offset},     {"size", block.block.size},          {"lanes", std::move(lanes)}};
}

Json blocks_json(const Codestream& stream) {
    Json blocks = Json::array();
    for (std::size_t c = 0; c < kComponents; ++c) {
        const Marker marker = c == kPrimary ? Marker::kResidualPrimary : Marker::kResidualSecondary;
        for (std::size_t r = 0; r < stream.residual[c].size(); ++r) {
            if (const auto& block = stream.residual[c][r]) blocks.push_back(block_json(marker, c, r, *block));
        }
    }
    blocks.push_back(block_json(Marker::kHyper, nullptr, nullptr, stream.hyper));
    if (stream.quality_map) blocks.push_back(block_json(Marker::kQualityMap, nullptr, nullptr, *stream.quality_map));
    return blocks;
}

Json conformance_json(std::span<const Violation> violations) {
    Json list = Json::array();
    for (const Violation& violation : violations) {
        list.push_back({{"rule", violation.rule->id},
                        {"severity", violation.severity == Severity::kError ? "error" : "note"},
                        {"code", jpegai_error_name(violation.rule->code)},
                        {"field", violation.field},
                        {"message", violation.message},
                        {"clause", violation.rule->clause}});
    }
    return {{"conforms", violations.empty()}, {"acceptable", acceptable(violations)}, {"violations", std::move(list)}};
}

}  // namespace

Json info_json(const LoadedStream& loaded, std::span<const Violation> violations) {
    const Codestream& stream = loaded.stream;
    return {{"file", loaded.path},
            {"file_size", loaded.file.size()},
            {"codestream_size", stream.size},
            {"dialect", dialect_id(stream.dialect)},
            {"picture", picture_json(stream.picture)},
            {"profile", profile_json(stream.picture)},
            {"model", model_json(stream.picture)},
            {"regions", regions_json(stream.picture)},
            {"lanes", lanes_json(stream.picture)},
            {"tools", tools_json(stream)},
            {"rendering", rendering_json(stream)},
            {"user_data", user_data_json(stream)},
            {"weight_set", weight_set_json(stream)},
            {"conformance", conformance_json(violations)},
            {"substreams", substreams_json(stream)},
            {"blocks", blocks_json(stream)},
            {"fields", fields_json(stream)}};
}

}  // namespace jpegai::tools
