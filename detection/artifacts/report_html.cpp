#include "detection/artifacts/report_html.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/page_parts.h"
#include "detection/artifacts/views.h"
#include "picture_io/picture_io.h"

namespace jpegai::detection {
namespace {

constexpr const char* kStyle =
    "body{font:14px/1.4 system-ui,sans-serif;margin:2em;max-width:100em}table{border-collapse:collapse;margin:1em 0}"
    "td,th{border:1px solid #ccc;padding:.2em "
    ".6em;text-align:left;vertical-align:top}.found{color:#b00;font-weight:bold}"
    ".none{color:#070}.off{color:#888}figure{display:inline-block;margin:0 .6em .6em 0;vertical-align:top}"
    "img{image-rendering:pixelated;border:1px solid #ccc;max-width:100%}";

/// Samples are written once; the browser enlarges them without smoothing.
std::string figure(const Picture& picture, std::size_t zoom, const std::string& caption) {
    WriteOptions options;
    options.png_photo = true;
    return fmt::format(
        "<figure><img width=\"{}\" height=\"{}\" alt=\"{}\" src=\"data:image/png;base64,{}\"><figcaption>{}"
        "</figcaption></figure>\n",
        picture.cols() * zoom, picture.rows() * zoom, escaped_html(caption),
        base64(encode_picture(PictureFormat::kPng, picture, options)), escaped_html(caption));
}

/// Every second sample of every second row: maps are smooth, and pages should stay small.
Picture thinned(const Picture& picture) {
    Picture out = make_picture(ColourModel::kRgb, {1, 1}, 8, (picture.rows() + 1) / 2, (picture.cols() + 1) / 2);
    for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t y = 0; y < out.rows(); ++y) {
            for (std::size_t x = 0; x < out.cols(); ++x) out.planes[c](0, y, x) = picture.planes[c](0, 2 * y, 2 * x);
        }
    }
    return out;
}

std::string number(const Finding& finding) {
    return finding.score ? fmt::format("{:.4g}", *finding.score) : "-";
}

std::string row(const Finding& finding) {
    const DetectorInfo& info = detector_info(finding.detector);
    const char* style = !finding.score ? "off" : finding.found ? "found" : "none";
    const char* word = !finding.score ? "not applied" : finding.found ? "found" : "silent";
    std::string place = finding.box ? fmt::format("{}, {}", finding.x, finding.y) : "";
    return fmt::format(
        "<tr><td>{}</td><td class=\"{}\">{}</td><td>{}</td><td>{:.4g}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        info.title, style, word, number(finding), finding.threshold, finding.comparative ? "against classic" : "alone",
        place,
        escaped_html(finding.detail + finding.reason +
                     (finding.cause.empty() ? "" : "; likely cause: " + finding.cause)));
}

/// At most so large a part of the box that an enlargement is worth looking at.
Box close_up(const Finding& finding, std::size_t rows, std::size_t cols) {
    if (finding.detector == Detector::kText) return *finding.box;
    return box_around(finding.x, finding.y, 128, rows, cols);
}

}  // namespace

std::string artifact_page(const ArtifactReport& report, const Picture& original, const Picture& decode,
                          const Picture* classic, const HtmlInputs& inputs) {
    std::string page = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta "
        "charset=\"utf-8\"><title>{0}</title><style>{1}</style></head><body>\n"
        "<h1>Artifacts: {0}</h1>\n<p>{2}x{3} samples. {4}{5}</p>\n<p class=\"{6}\">{7}</p>\n",
        escaped_html(inputs.title), kStyle, report.width, report.height,
        inputs.classic.empty() ? "Not compared with a classic codec."
                               : "Compared with " + escaped_html(inputs.classic) + ".",
        inputs.stream.empty() ? "" : " Codestream: " + escaped_html(inputs.stream) + ".",
        report.found() ? "found" : "none", report.found() ? "Artifacts were found." : "No artifact was found.");
    page +=
        "<table><tr><th>detector</th><th>verdict</th><th>score</th><th>threshold</th><th>form</th><th>at x, y</th>"
        "<th></th></tr>\n";
    for (const Finding& finding : report.findings) page += row(finding);
    page += "</table>\n";

    const Picture first = as_rgb8(original), second = as_rgb8(decode);
    const Picture third = classic != nullptr ? as_rgb8(*classic) : Picture();
    Picture boxes = second;
    for (const Finding& finding : report.findings) {
        if (finding.found && finding.box) draw_box(boxes, *finding.box, {255, 40, 40});
    }
    for (const TextRegion& region : report.text)
        draw_box(boxes, bounds(region, boxes.rows(), boxes.cols()), {40, 120, 255});
    page += "<h2>Decode</h2>\n" + figure(boxes, 1, "boxes of what was found (red) and text regions (blue)");
    for (const Finding& finding : report.findings) {
        if (!finding.score || !finding.box) continue;
        const DetectorInfo& info = detector_info(finding.detector);
        page += fmt::format("<h2>{} {}</h2>\n<p>{} of {:.4g}</p>\n", info.title, finding.found ? "(found)" : "",
                            number(finding), finding.threshold);
        const Box box = close_up(finding, first.rows(), first.cols());
        const std::size_t zoom = std::clamp<std::size_t>(384 / std::max(box.width, box.height), 1, 4);
        page += figure(enlarged(first, box, 1), zoom, "original");
        page += figure(enlarged(second, box, 1), zoom, "decode");
        if (classic != nullptr) page += figure(enlarged(third, box, 1), zoom, "classic decode");
        if (finding.map.empty()) continue;
        const Picture heat = heat_map(finding.map, std::max(finding.threshold, *finding.score), original);
        page += figure(enlarged(heat, box, 1), zoom, "map") +
                figure(thinned(heat), 1, "map of the whole picture, half its size");
    }
    return page + "</body></html>\n";
}

}  // namespace jpegai::detection
