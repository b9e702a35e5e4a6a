// The HTML report.
#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "base/page_parts.h"
#include "conformance/report.h"
#include "picture_io/picture_io.h"

namespace jpegai::conformance {
namespace {

constexpr const char* kStyle =
    "body{font:14px/1.4 system-ui,sans-serif;margin:2em;max-width:75em}table{border-collapse:collapse;margin:1em 0}"
    "td,th{border:1px solid #ccc;padding:.2em .6em;text-align:left;vertical-align:top}.pass{color:#070}"
    ".fail{color:#b00;font-weight:bold}.skipped{color:#888}figure{display:inline-block;margin:0 1em 0 0}"
    "img{image-rendering:pixelated;min-width:128px;border:1px solid #ccc}pre{white-space:pre-wrap;margin:0}";

std::string figure(const Picture& picture, const std::string& caption) {
    return fmt::format(
        "<figure><img alt=\"{0}\" src=\"data:image/png;base64,{1}\"><figcaption>{0}</figcaption></figure>",
        escaped_html(caption), base64(encode_picture(PictureFormat::kPng, picture)));
}

/// One plane as a grey picture, or the three of an RGB picture, at 8 bit.
Picture shown(const Picture& picture) {
    Picture out = picture;
    if (picture.model != ColourModel::kRgb) {
        out.model = ColourModel::kGrey;
        out.chroma = {};
        out.planes.resize(1);
    }
    const unsigned shift = picture.bit_depth - 8;
    for (auto& plane : out.planes) {
        for (std::uint16_t& sample : plane.span()) sample = static_cast<std::uint16_t>(sample >> shift);
    }
    out.bit_depth = 8;
    return out;
}

/// Absolute differences, stretched so that the largest one is white.
Picture difference_map(const Picture& expected, const Picture& found) {
    Picture out = shown(expected);
    const double peak = std::max(1.0, compare_pictures(expected, found).peak);
    for (std::size_t p = 0; p < out.planes.size(); ++p) {
        for (std::size_t i = 0; i < out.planes[p].size(); ++i) {
            const double distance =
                std::abs(static_cast<double>(expected.planes[p].data()[i]) - found.planes[p].data()[i]);
            out.planes[p].data()[i] = static_cast<std::uint16_t>(std::lround(distance * 255 / peak));
        }
    }
    return out;
}

std::string pictures_of(const std::string& folder, const CaseResult& result) {
    if (!result.picture || !result.test->picture) return {};
    try {
        const Picture expected = load_expected_picture(folder, *result.test->picture);
        std::string html = figure(shown(expected), "expected") + figure(shown(*result.picture), "found");
        if (result.difference && result.difference->any) {
            html += figure(difference_map(expected, *result.picture),
                           fmt::format("differences, white = {:.0f}", result.difference->peak));
        }
        return html;
    } catch (const Error& error) {
        return escaped_html(error.what());
    }
}

using Tally = std::map<std::string, std::array<std::size_t, 3>>;

std::string tally_table(const std::string& title, const Tally& tally) {
    std::string html = fmt::format("<table><tr><th>{}</th><th>pass</th><th>fail</th><th>skipped</th></tr>\n", title);
    for (const auto& [name, counts] : tally) {
        html += fmt::format("<tr><td>{}</td><td>{}</td><td class=\"{}\">{}</td><td>{}</td></tr>\n", escaped_html(name),
                            counts[0], counts[1] != 0 ? "fail" : "", counts[1], counts[2]);
    }
    return html + "</table>\n";
}

std::string failure(const std::string& folder, const CaseResult& result) {
    const Case& test = *result.test;
    std::string html =
        fmt::format("<h3 id=\"{0}\">{0}</h3><p>{1}</p>\n<table>", escaped_html(test.name), escaped_html(test.title));
    const auto row = [&](const char* name, const std::string& text) {
        if (!text.empty()) html += fmt::format("<tr><th>{}</th><td><pre>{}</pre></td></tr>", name, escaped_html(text));
    };
    row("first stage that differs", result.stage);
    row("clause", result.clause);
    row("difference", result.message);
    row("exercises", fmt::format("{}", fmt::join(test.elements, ", ")));
    row("clauses of the case", fmt::format("{}", fmt::join(test.clauses, "; ")));
    row("changed", test.change);
    return html + "</table>\n" + pictures_of(folder, result) + "\n";
}

std::string all_cases(const RunReport& report) {
    std::string html = "<table><tr><th>case</th><th>verdict</th><th>first stage</th><th>seconds</th></tr>\n";
    for (const CaseResult& result : report.results) {
        const bool failed = result.verdict == Verdict::kFail;
        const std::string name = escaped_html(result.test->name);
        html += fmt::format("<tr><td>{}</td><td class=\"{}\">{}</td><td>{}</td><td>{:.3f}</td></tr>\n",
                            failed ? fmt::format("<a href=\"#{0}\">{0}</a>", name) : name, verdict_name(result.verdict),
                            verdict_name(result.verdict), escaped_html(result.stage), result.seconds);
    }
    return html + "</table>\n";
}

}  // namespace

std::string report_html(const Suite& suite, const std::string& folder, const RunReport& report) {
    Tally clauses, groups;
    for (const CaseResult& result : report.results) {
        const auto column = static_cast<std::size_t>(result.verdict);
        for (const std::string& clause : result.test->clauses) ++clauses[clause][column];
        ++groups[result.test->group][column];
    }
    std::string html = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title><style>{1}</style></head>"
        "<body>\n<h1>{0}</h1>\n<p>Decoder: {2}</p>\n<p><span class=\"pass\">{3} passed</span>, <span "
        "class=\"fail\">{4} failed</span>, <span class=\"skipped\">{5} skipped</span>; {6:.1f} s</p>\n",
        escaped_html(suite.name), kStyle, escaped_html(report.device), report.count(Verdict::kPass), report.count(Verdict::kFail),
        report.count(Verdict::kSkipped), report.seconds);
    if (report.count(Verdict::kFail) != 0) html += "<h2>Failures</h2>\n";
    for (const CaseResult& result : report.results) {
        if (result.verdict == Verdict::kFail) html += failure(folder, result);
    }
    html += "<h2>Clauses</h2>\n" + tally_table("clause", clauses) + "<h2>Groups</h2>\n" + tally_table("group", groups) +
            "<h2>Cases</h2>\n" + all_cases(report);
    return html + "</body></html>\n";
}

}  // namespace jpegai::conformance
