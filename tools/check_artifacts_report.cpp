#include "tools/check_artifacts_report.h"

#include <fmt/format.h>

#include "detection/artifacts/report.h"

namespace jpegai::tools {
namespace {

using detection::Finding;
using Json = nlohmann::ordered_json;

/// Quoted where the text needs it.
std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
}

std::string finding_line(const Finding& finding) {
    const detection::DetectorInfo& info = detection::detector_info(finding.detector);
    if (!finding.score) return fmt::format("  {:<9} {:>9}   {}\n", info.id, "-", finding.reason);
    std::string text = fmt::format("  {:<9} {:>9.4g} {} {:<8.4g}", info.id, *finding.score, finding.found ? '>' : ' ',
                                   finding.threshold);
    if (finding.box) text += fmt::format("  at {}, {}", finding.x, finding.y);
    if (!finding.detail.empty()) text += "  " + finding.detail;
    if (!finding.cause.empty()) text += "\n" + std::string(23, ' ') + "likely cause: " + finding.cause;
    return text + '\n';
}

}  // namespace

std::string classic_words(const CheckedPair& pair) {
    if (!pair.classic) return pair.classic_file;
    return fmt::format("{}, quality {}, {:.2f} bpp", detection::classic_name(pair.classic->codec),
                       pair.classic->quality, pair.classic->bpp);
}

std::string stream_words(const CheckedPair& pair) {
    return pair.stream ? detection::stream_words(*pair.stream) : std::string();
}

void judge(CheckedPair& pair, const std::vector<FailLimit>& limits) {
    for (const FailLimit& limit : limits) {
        for (const Finding& finding : pair.report.findings) {
            const bool meant = limit.detector == finding.detector || (!limit.detector && finding.found);
            const double value = limit.detector ? limit.value : finding.threshold;
            if (meant && finding.score && *finding.score > value) {
                pair.above.push_back(fmt::format("{} {:.4g} is above {:.4g}",
                                                 detection::detector_info(finding.detector).id, *finding.score, value));
            }
        }
    }
}

Json pair_json(const CheckedPair& pair) {
    Json json = {{"original", pair.original}, {"decode", pair.decode}};
    json.update(detection::artifact_json(pair.report));
    json["classic"] = nullptr;
    if (pair.classic) {
        json["classic"] = {{"codec", detection::classic_name(pair.classic->codec)},
                           {"quality", pair.classic->quality},
                           {"bpp", pair.classic->bpp}};
    } else if (!pair.classic_file.empty()) {
        json["classic"] = {{"file", pair.classic_file}};
    }
    if (pair.stream) json["stream"] = detection::stream_json(*pair.stream, pair.latents, pair.latents_reason);
    json["above"] = pair.above;
    return json;
}

std::string pair_text(const CheckedPair& pair, bool verbose) {
    std::string text = fmt::format("{} against {}, {}x{}: {}\n", display_name(pair.decode), display_name(pair.original),
                                   pair.report.width, pair.report.height,
                                   pair.report.found() ? "artifacts found" : "no artifact found");
    if (const std::string note = pair.report.note(); !note.empty()) text += "  note: " + note + '\n';
    if (const std::string words = classic_words(pair); !words.empty()) text += "  compared with " + words + '\n';
    if (pair.stream) text += "  codestream: " + stream_words(pair) + '\n';
    for (const Finding& finding : pair.report.findings) text += finding_line(finding);
    for (const Component component : {kPrimary, kSecondary}) {
        if (pair.latents.empty()) break;
        const detection::EnergyLoss loss = detection::energy_loss(pair.latents, component);
        text += fmt::format(
            "  latent {:<2} {:5.1f} % of the energy lost; {} of {} active channels silent; most in channel "
            "{}, {:.1f} dB\n",
            component == kPrimary ? "y" : "uv", 100 * loss.share, loss.silent, loss.channels, loss.worst,
            loss.worst_decibels);
    }
    if (verbose && !pair.latents_reason.empty()) text += "  latents: " + pair.latents_reason + '\n';
    for (const std::string& words : pair.above) text += "  " + words + '\n';
    return text;
}

std::string csv_header() {
    std::string line = "original,decode,error,found,classic";
    for (const detection::DetectorInfo& info : detection::all_detectors())
        line += fmt::format(",{0},{0}_found,{0}_x,{0}_y", info.id);
    return line + '\n';
}

std::string csv_line(const CheckedPair& pair) {
    std::string line = fmt::format("{},{},,{:d},{}", csv_field(pair.original), csv_field(pair.decode),
                                   pair.report.found(), csv_field(classic_words(pair)));
    for (const detection::DetectorInfo& info : detection::all_detectors()) {
        const Finding* finding = nullptr;
        for (const Finding& one : pair.report.findings) {
            if (one.detector == info.detector) finding = &one;
        }
        if (finding == nullptr || !finding->score)
            line += ",,,,";
        else if (finding->box)
            line += fmt::format(",{:.6g},{:d},{},{}", *finding->score, finding->found, finding->x, finding->y);
        else
            line += fmt::format(",{:.6g},{:d},,", *finding->score, finding->found);
    }
    return line + '\n';
}

std::string csv_failure(const std::string& original, const std::string& decode, const Error& error) {
    return fmt::format("{},{},{},,{}\n", csv_field(original), csv_field(decode), csv_field(error.describe()),
                       std::string(4 * detection::kDetectorCount, ','));
}

}  // namespace jpegai::tools
