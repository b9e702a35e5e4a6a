#include "detection/traces/report_html.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/page_parts.h"
#include "detection/traces/report.h"
#include "detection/traces/resample.h"
#include "picture_io/picture_io.h"

namespace jpegai::detection {
namespace {

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
            escaped_html(h.models), h.model_id, h.scale, h.row, h.col, h.fit.best_luma().score, h.fit.chroma.score,
            h.fit.combined());
    };
    for (const TraceHypothesis& h : report.as_it_lies) add(h);
    if (!report.best.as_it_lies()) add(report.best);
    return html + "</table>";
}

}  // namespace

std::string trace_html(const std::vector<TracePagePart>& parts) {
    std::string html =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Traces of JPEG AI</title><style>"
        "body{font-family:sans-serif;margin:2em}section{border-top:1px solid #ccc;padding:1em 0;overflow:auto}"
        "img{float:left;margin:0 1em 1em 0}td,th{padding:0 .6em;text-align:left}.yes{color:#b00}.no{color:#070}"
        "</style></head><body><h1>Traces of JPEG AI</h1>\n";
    for (const TracePagePart& part : parts) {
        const TraceReport& report = part.report;
        html += fmt::format("<section><h2>{}</h2>", escaped_html(part.file));
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
                            escaped_html(report.verdict()), report.probability);
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

std::string thumbnail_of(const Picture& picture) {
    constexpr std::size_t kSide = 240;
    const Picture plain = to_plain(picture);
    const std::size_t longest = std::max(plain.rows(), plain.cols());
    if (longest <= kSide) return base64(encode_picture(PictureFormat::kPng, plain));
    const auto side = [&](std::size_t samples) { return std::max<std::size_t>(1, samples * kSide / longest); };
    return base64(encode_picture(PictureFormat::kPng, resize_picture(plain, {side(plain.rows()), side(plain.cols())})));
}

}  // namespace jpegai::detection
