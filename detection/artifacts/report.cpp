#include "detection/artifacts/report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace jpegai::detection {
namespace {

using Json = nlohmann::ordered_json;

Json box_json(const Box& box) {
    return {{"x", box.x}, {"y", box.y}, {"width", box.width}, {"height", box.height}};
}

Json finding_json(const Finding& finding) {
    const DetectorInfo& info = detector_info(finding.detector);
    Json json = {{"detector", info.id},
                 {"found", finding.found},
                 {"score", nullptr},
                 {"threshold", finding.threshold},
                 {"comparative", finding.comparative}};
    if (!finding.score) {
        json["reason"] = finding.reason;
        return json;
    }
    json["score"] = *finding.score;
    if (finding.box) {
        json["at"] = {{"x", finding.x}, {"y", finding.y}};
        json["box"] = box_json(*finding.box);
    }
    if (!finding.detail.empty()) json["detail"] = finding.detail;
    if (!finding.cause.empty()) json["cause"] = finding.cause;
    return json;
}

}  // namespace

Json artifact_json(const ArtifactReport& report) {
    Json json = {{"width", report.width}, {"height", report.height}, {"found", report.found()}};
    if (const std::string note = report.note(); !note.empty()) json["note"] = note;
    json["findings"] = Json::array();
    for (const Finding& finding : report.findings) json["findings"].push_back(finding_json(finding));
    json["text_regions"] = Json::array();
    for (const TextRegion& region : report.text) {
        Json box = box_json(bounds(region, report.height, report.width));
        box["confidence"] = region.confidence;
        json["text_regions"].push_back(std::move(box));
    }
    return json;
}

std::string stream_words(const DecodedStream& decoded) {
    const Codestream& stream = decoded.stream;
    std::string text = fmt::format("model {}, {:.2f} bpp", stream.picture.model_id, decoded.bpp);
    const auto add = [&](bool there, const char* name) {
        if (there) text += fmt::format(", {}", name);
    };
    add(!decoded.tile_columns.empty() || !decoded.tile_rows.empty(), "synthesis tiles");
    add(!decoded.region_columns.empty() || !decoded.region_rows.empty(), "regions");
    add(stream.picture.c_ver > 1, "chroma 4:2:0");
    add(stream.picture.c_ver == 1 && stream.picture.c_hor > 1, "chroma 4:2:2");
    add(stream.tools.efe_linear.has_value(), "EFE linear");
    add(stream.tools.efe_nonlinear.has_value(), "EFE nonlinear");
    add(stream.tools.eicci.has_value(), "eICCI");
    add(stream.tools.lef_ch_idx.has_value(), "LEF");
    add(stream.tools.lsbs_enable_flag[0] || stream.tools.lsbs_enable_flag[1], "LSBS");
    return text;
}

Json stream_json(const DecodedStream& stream, std::span<const ChannelEnergy> latents,
                 const std::string& latents_reason) {
    Json json = {{"summary", stream_words(stream)},
                 {"model", stream.stream.picture.model_id},
                 {"bpp", stream.bpp},
                 {"tile_columns", stream.tile_columns},
                 {"tile_rows", stream.tile_rows},
                 {"region_columns", stream.region_columns},
                 {"region_rows", stream.region_rows}};
    json["latents"] = Json::array();
    for (const Component component : {kPrimary, kSecondary}) {
        if (latents.empty()) break;
        const EnergyLoss loss = energy_loss(latents, component);
        json["latents"].push_back({{"component", component == kPrimary ? "y" : "uv"},
                                   {"lost_energy", loss.share},
                                   {"active_channels", loss.channels},
                                   {"silent_channels", loss.silent},
                                   {"worst_channel", loss.worst},
                                   {"worst_loss_db", loss.worst_decibels}});
    }
    if (!latents_reason.empty()) json["latents_reason"] = latents_reason;
    return json;
}

}  // namespace jpegai::detection
