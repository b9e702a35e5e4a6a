#include "detection/traces/report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "detection/artifacts/views.h"
#include "detection/traces/resample.h"
#include "picture_io/picture_io.h"

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

std::string displacement_text(const TraceReport& report) {
    return fmt::format("luma {}, chroma {}", report.beta_luma ? std::to_string(*report.beta_luma) : "unknown",
                       report.beta_chroma ? std::to_string(*report.beta_chroma) : "unknown");
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

std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c == '&') {
            result += "&amp;";
        } else if (c == '<') {
            result += "&lt;";
        } else {
            result += c;
        }
    }
    return result;
}

std::string base64(std::span<const std::uint8_t> bytes) {
    constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? bytes[i + k] : 0U);
        for (std::size_t k = 0; k < 4; ++k) {
            text += k <= count ? kDigits[group >> (18 - 6 * k) & 63U] : '=';
        }
    }
    return text;
}

/// The azimuthal spectrum as a small plot.
std::string spectrum_svg(const Spectrum& spectrum) {
    std::string points;
    for (std::size_t r = 0; r < kSpectrumRings; ++r) {
        points += fmt::format("{:.1f},{:.1f} ", 10 + 12.0 * static_cast<double>(r),
                              10 + 12 * std::clamp(-spectrum.log_power[r], 0.0, 8.0));
    }
    return fmt::format(
        "<svg width=\"210\" height=\"120\"><rect x=\"1\" y=\"1\" width=\"205\" height=\"115\" fill=\"none\" "
        "stroke=\"#bbb\"/><polyline points=\"{}\" fill=\"none\" stroke=\"#1f77b4\" stroke-width=\"2\"/></svg>",
        points);
}

std::string hypotheses_table(const TraceReport& report) {
    std::string html =
        "<table><tr><th>weights</th><th>model</th><th>size</th><th>grid</th><th>luma</th><th>chroma</th>"
        "<th>both</th></tr>";
    const auto add = [&](const TraceHypothesis& h) {
        html += fmt::format(
            "<tr><td>{}</td><td>{}</td><td>{:.3g}</td><td>{}, {}</td><td>{:.1f}</td><td>{:.1f}</td>"
            "<td>{:.1f}</td></tr>",
            escaped(h.models), h.model_id, h.scale, h.row, h.col, h.fit.best_luma().score, h.fit.chroma.score,
            h.fit.combined());
    };
    for (const TraceHypothesis& h : report.as_it_lies) add(h);
    if (!report.best.as_it_lies()) add(report.best);
    return html + "</table>";
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

std::string trace_html(const std::vector<TracePagePart>& parts) {
    std::string html =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Traces of JPEG AI</title><style>"
        "body{font-family:sans-serif;margin:2em}section{border-top:1px solid #ccc;padding:1em 0;overflow:auto}"
        "img{float:left;margin:0 1em 1em 0}td,th{padding:0 .6em;text-align:left}.yes{color:#b00}.no{color:#070}"
        "</style></head><body><h1>Traces of JPEG AI</h1>\n";
    for (const TracePagePart& part : parts) {
        const TraceReport& report = part.report;
        html += fmt::format("<section><h2>{}</h2>", escaped(part.file));
        if (!part.thumbnail.empty()) {
            html += fmt::format("<img alt=\"\" src=\"data:image/png;base64,{}\">", part.thumbnail);
        }
        if (!part.map.empty()) {
            html += fmt::format(
                "<img alt=\"where the lattice shows\" title=\"where the lattice shows\" "
                "src=\"data:image/png;base64,{}\">",
                part.map);
        }
        html += fmt::format("<p class=\"{}\"><b>{}</b></p><p>Probability {:.4f}", report.coded() ? "yes" : "no",
                            escaped(report.verdict()), report.probability);
        if (report.coded()) html += fmt::format("; displacement: {}", displacement_text(report));
        html += "</p><table>";
        for (std::size_t i = 0; i < report.features.size(); ++i) {
            html += fmt::format("<tr><td>{}</td><td>{:.4f}</td><td>{}</td></tr>", trace_features()[i].id,
                                report.features[i], trace_features()[i].meaning);
        }
        html += fmt::format("</table><h3>Fit of the lattices</h3>{}<h3>Azimuthal power spectrum</h3>{}</section>\n",
                            hypotheses_table(report), spectrum_svg(report.spectrum));
    }
    return html + "</body></html>\n";
}

Picture trace_map_picture(const Picture& picture, const TraceReport& report) {
    if (report.map.empty() || picture.rows() != report.rows || picture.cols() != report.cols) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "no map of this picture");
    }
    const Area seen = {report.seen_row, report.seen_col, report.seen_rows, report.seen_cols};
    return heat_map(report.map, kMapWhite, cut_picture(to_plain(picture), seen));
}

std::string thumbnail_of(const Picture& picture) {
    constexpr std::size_t kSide = 240;
    const Picture plain = to_plain(picture);
    const std::size_t longest = std::max(plain.rows(), plain.cols());
    if (longest <= kSide) return base64(encode_picture(PictureFormat::kPng, plain));
    const auto side = [&](std::size_t samples) { return std::max<std::size_t>(1, samples * kSide / longest); };
    return base64(encode_picture(PictureFormat::kPng, resize_picture(plain, {side(plain.rows()), side(plain.cols())})));
}

}  // namespace jpegai::detection
