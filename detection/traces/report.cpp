#include "detection/traces/report.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "detection/artifacts/views.h"
#include "detection/traces/resample.h"

namespace jpegai::detection {
namespace {

using Json = nlohmann::ordered_json;

Json score_json(const LatticeScore& score) {
    return {{"score", score.score}, {"beta", score.beta}, {"samples", score.samples}};
}

Json fit_json(const LatticeFit& fit) {
    return {{"combined", fit.combined()},
            {"luma_first", score_json(fit.luma_first)},
            {"luma", score_json(fit.luma)},
            {"chroma", score_json(fit.chroma)}};
}

Json hypothesis_json(const TraceHypothesis& hypothesis) {
    return {{"models", hypothesis.models},
            {"model", hypothesis.model_id},
            {"scale", hypothesis.scale},
            {"grid", {{"row", hypothesis.row}, {"col", hypothesis.col}}},
            {"lattice", fit_json(hypothesis.fit)}};
}

template <class T>
Json optional_json(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

/// Quoted as RFC 4180 has it.
std::string quoted(const std::string& text) {
    if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"') result += '"';
        result += c;
    }
    return result + '"';
}

}  // namespace

Json trace_json(const TraceReport& report) {
    Json json = {{"verdict", report.verdict()},
                 {"probability", report.probability},
                 {"width", report.cols},
                 {"height", report.rows},
                 {"seen", {{"width", report.seen_cols}, {"height", report.seen_rows}}}};
    json["jpeg_ai"] = {{"coded", report.coded()},
                       {"generations_at_least", report.generations()},
                       {"models", report.coded() ? Json(report.best.models) : Json(nullptr)},
                       {"model", report.coded() ? Json(report.best.model_id) : Json(nullptr)},
                       {"beta", {optional_json(report.beta_luma), optional_json(report.beta_chroma)}}};
    json["afterwards"] = {
        {"resized_by", report.coded() ? Json(report.best.scale) : Json(nullptr)},
        {"cropped", report.coded() ? Json(report.best.row != 0 || report.best.col != 0) : Json(nullptr)},
        {"jpeg", report.jpeg.found()},
        {"jpeg_quality", report.jpeg.found() ? Json(report.jpeg.quality) : Json(nullptr)}};
    for (std::size_t i = 0; i < report.features.size(); ++i) {
        const double value = report.features[i];
        json["features"][trace_features()[i].id] = std::isfinite(value) ? Json(value) : Json(nullptr);
    }
    json["best"] = hypothesis_json(report.best);
    json["sharpened"] = fit_json(report.sharpened);
    for (const TraceHypothesis& h : report.as_it_lies) json["as_it_lies"].push_back(hypothesis_json(h));
    json["searched"] = report.searched;
    json["grid_gain"] = report.grid_gain;
    json["recompression_peak"] = report.recompression_peak;
    json["earlier"] = Json::array();
    for (const EarlierCoding& coding : report.earlier) {
        json["earlier"].push_back({{"models", coding.models}, {"model", coding.model_id}, {"score", coding.score}});
    }
    json["jpeg_score"] = report.jpeg.score;
    json["colour_correlation"] = nullptr;
    if (report.colour) {
        json["colour_correlation"] = {{"red_green", report.colour->red_green},
                                      {"red_blue", report.colour->red_blue},
                                      {"green_blue", report.colour->green_blue}};
    }
    json["spectrum"] = {
        {"log_power", report.spectrum.log_power}, {"slope", report.spectrum.slope}, {"tail", report.spectrum.tail}};
    json["seconds"] = report.seconds;
    return json;
}

std::string trace_csv_header() {
    std::string line = "file,probability,verdict,models,model,beta_luma,beta_chroma,resized_by,cropped,jpeg_quality";
    for (const TraceFeature& feature : trace_features()) line += fmt::format(",{}", feature.id);
    return line + ",error\n";
}

std::string trace_csv_line(const std::string& file, const TraceReport& report) {
    std::string line = fmt::format("{},{:.6f},{}", quoted(file), report.probability, quoted(report.verdict()));
    if (report.coded()) {
        line += fmt::format(",{},{},{},{},{:.4g},{}", quoted(report.best.models), report.best.model_id,
                            report.beta_luma ? std::to_string(*report.beta_luma) : "",
                            report.beta_chroma ? std::to_string(*report.beta_chroma) : "", report.best.scale,
                            report.best.row != 0 || report.best.col != 0 ? 1 : 0);
    } else {
        line += ",,,,,,";
    }
    line += report.jpeg.found() ? fmt::format(",{}", report.jpeg.quality) : ",";
    for (const double value : report.features) line += std::isfinite(value) ? fmt::format(",{:.5f}", value) : ",";
    return line + ",\n";
}

std::string trace_csv_failure(const std::string& file, const std::string& message) {
    return fmt::format("{},{}{}\n", quoted(file), std::string(9 + trace_features().size(), ','), quoted(message));
}

std::string displacement_text(const TraceReport& report) {
    return fmt::format("luma {}, chroma {}", report.beta_luma ? std::to_string(*report.beta_luma) : "unknown",
                       report.beta_chroma ? std::to_string(*report.beta_chroma) : "unknown");
}

std::string trace_text(const std::string& file, const TraceReport& report, bool details) {
    std::string text =
        fmt::format("{}: {}\n  probability of a JPEG AI coding: {:.4f}\n", file, report.verdict(), report.probability);
    if (report.coded()) {
        text += fmt::format("  weights {}, model {}, displacement: {}\n", report.best.models, report.best.model_id,
                            displacement_text(report));
    }
    if (report.seen_rows != report.rows || report.seen_cols != report.cols) {
        text += fmt::format("  looked at {}x{} samples in the middle\n", report.seen_cols, report.seen_rows);
    }
    if (!details) return text;
    for (std::size_t i = 0; i < report.features.size(); ++i) {
        text += fmt::format("  {:<20} {:9.4f}   {}\n", trace_features()[i].id, report.features[i],
                            trace_features()[i].meaning);
    }
    for (const TraceHypothesis& h : report.as_it_lies) {
        text += fmt::format("  model {} of {}: luma {:.2f}, chroma {:.2f}\n", h.model_id, h.models,
                            h.fit.best_luma().score, h.fit.chroma.score);
    }
    return text + fmt::format("  {:.2f} s\n", report.seconds);
}

Picture trace_map_picture(const Picture& picture, const TraceReport& report) {
    if (report.map.empty() || picture.rows() != report.rows || picture.cols() != report.cols) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "no map of this picture");
    }
    const Area seen = {report.seen_row, report.seen_col, report.seen_rows, report.seen_cols};
    return heat_map(report.map, kMapWhite, cut_picture(to_plain(picture), seen));
}

}  // namespace jpegai::detection
