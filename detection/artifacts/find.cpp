// find_artifacts(): which detectors run on what, and what becomes of their maps.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"
#include "detection/artifacts.h"
#include "detection/artifacts/class_maps.h"
#include "detection/artifacts/local_maps.h"
#include "detection/artifacts/text.h"
#include "metrics/planes.h"

namespace jpegai::detection {
namespace {

constexpr std::array<DetectorInfo, kDetectorCount> kDetectors = {{
    {Detector::kColour, "colour", "Colour (CIEDE2000)", "", 0.5, 0.5},
    {Detector::kBoundary, "boundary", "Boundaries (gradient direction)", "", 0.016, 0.01},
    {Detector::kTexture, "texture", "Texture (SSIM)", "", 0.38, 0.2},
    {Detector::kText, "text", "Text (FSIM)", "", 0.21, 0.15},
    {Detector::kHue, "hue", "Colour of a patch", "Lab units", 5.5, 5.5},
    {Detector::kEdges, "edges", "Edges lost or displaced", "", 0.3, 0.3},
    {Detector::kDetail, "detail", "Detail of a patch", "octaves", 2.2, 2.2},
    {Detector::kSeam, "seam", "Seams", "levels", 2, 2},
    {Detector::kClipping, "clipping", "Clipping", "", 0.32, 0.32},
    {Detector::kShift, "shift", "Colour of the picture", "Lab units", 0.6, 0.6},
}};

/// A picture without its colours, where the other one has none.
Picture as_grey(const Picture& picture, const RowRunner& rows) {
    if (picture.model == ColourModel::kGrey) return picture;
    const Samples samples = samples_of(picture, rows);
    Picture grey = make_picture(ColourModel::kGrey, {1, 1}, 16, picture.rows(), picture.cols());
    const Plane& luma = luma_of(samples);
    for (std::size_t i = 0; i < luma.size(); ++i)
        grey.planes[0].data()[i] =
            static_cast<std::uint16_t>(std::lround(std::clamp(luma.data()[i], 0.0F, 1.0F) * 65535));
    return grey;
}

void check_sizes(const Picture& original, const Picture& other, const char* what) {
    if (original.rows() == other.rows() && original.cols() == other.cols()) return;
    throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("the sizes differ: the original is {}x{}, the {} {}x{}",
                                                   original.cols(), original.rows(), what, other.cols(), other.rows()));
}

/// One run of all detectors.
class Search {
public:
    Search(const Picture& original, const Picture& decode, const Picture* classic, const ArtifactOptions& options,
           const RowRunner& rows)
        : options_(options), rows_(rows), original_(analyse(original, rows)), decode_(analyse(decode, rows)) {
        if (classic != nullptr) classic_ = analyse(*classic, rows);
        report_.width = original.cols();
        report_.height = original.rows();
    }

    ArtifactReport run() {
        std::vector<const DetectorInfo*> wanted;
        for (const DetectorInfo& info : kDetectors) {
            const auto& only = options_.only;
            if (only.empty() || std::find(only.begin(), only.end(), info.detector) != only.end())
                wanted.push_back(&info);
        }
        for (const DetectorInfo* info : wanted) {
            report_.findings.push_back(examine(*info));
            go_on(static_cast<double>(report_.findings.size()) / static_cast<double>(wanted.size()));
        }
        return std::move(report_);
    }

private:
    void go_on(double done) const {
        if (options_.progress && !options_.progress(done)) throw Error(JPEGAI_ERROR_CANCELLED, "cancelled");
    }

    [[nodiscard]] const Analysed* classic() const { return classic_ ? &*classic_ : nullptr; }
    [[nodiscard]] bool grey() const { return original_.samples.grey; }

    Finding examine(const DetectorInfo& info) {
        Finding finding;
        finding.detector = info.detector;
        const bool published = info.detector <= Detector::kText;
        finding.comparative = published && classic() != nullptr;
        const double wanted = options_.thresholds[static_cast<std::size_t>(info.detector)];
        finding.threshold = !std::isnan(wanted)   ? wanted
                            : finding.comparative ? info.comparative_threshold
                                                  : info.threshold;
        detect(finding);
        finding.found = finding.score && *finding.score > finding.threshold;
        if (!options_.keep_maps) finding.map = Plane();
        return finding;
    }

    void detect(Finding& finding) {
        switch (finding.detector) {
            case Detector::kColour:
                if (grey()) return without_colour(finding);
                return take_map(finding, colour_artifacts(original_, decode_, classic(), rows_));
            case Detector::kBoundary: {
                const Plane edges = canny(luma_of(original_.samples), rows_);
                return take_map(finding, boundary_artifacts(edges, original_, decode_, classic(), rows_));
            }
            case Detector::kTexture: {
                const Plane mask = texture_mask(luma_of(original_.samples), rows_);
                return take_map(finding, texture_artifacts(mask, original_, decode_, classic(), rows_));
            }
            case Detector::kText:
                return compare_text(finding);
            case Detector::kHue:
                if (grey()) return without_colour(finding);
                return take_map(finding, hue_map(original_.lab, decode_.lab, rows_));
            case Detector::kEdges:
                return take_map(finding, edge_map(original_.gradient, decode_.gradient, rows_));
            case Detector::kDetail:
                return take_map(finding, detail_map(luma_of(original_.samples), luma_of(decode_.samples), rows_));
            case Detector::kSeam:
                return find_seam(finding);
            case Detector::kClipping:
                return take_map(finding, clipping_map(original_.samples, decode_.samples, rows_));
            case Detector::kShift:
                return measure_shift(finding);
        }
    }

    static void without_colour(Finding& finding) { finding.reason = "the picture is grey"; }

    void take_map(Finding& finding, Plane map) const {
        const Peak peak = peak_of(map);
        finding.score = static_cast<double>(peak.value);
        finding.x = peak.x;
        finding.y = peak.y;
        finding.box = box_around(peak.x, peak.y, 300, map.rows(), map.cols());
        finding.map = std::move(map);
    }

    void compare_text(Finding& finding) {
        const Plane& luma = luma_of(original_.samples);
        report_.text = options_.text;
        if (options_.find_text) {
            for (TextRegion& region : find_text(luma, rows_)) report_.text.push_back(region);
        }
        std::erase_if(report_.text, [&](const TextRegion& region) {  // FSIM needs eight samples a side
            const Box box = bounds(region, luma.rows(), luma.cols());
            return std::min(box.width, box.height) < 8;
        });
        if (report_.text.empty()) {
            finding.reason = "no text was found";
            return;
        }
        std::vector<double> scores(report_.text.size());
        rows_(scores.size(), [&](std::size_t first, std::size_t last) {
            for (std::size_t i = first; i < last; ++i) scores[i] = text_score(report_.text[i]);
        });
        const auto worst = static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
        finding.score = scores[worst];
        finding.box = bounds(report_.text[worst], luma.rows(), luma.cols());
        finding.x = finding.box->x + finding.box->width / 2;
        finding.y = finding.box->y + finding.box->height / 2;
        finding.detail = fmt::format("{} text region{}", scores.size(), scores.size() == 1 ? "" : "s");
        finding.map = Plane(1, luma.rows(), luma.cols());
        for (std::size_t i = 0; i < scores.size(); ++i) {
            const Box box = bounds(report_.text[i], luma.rows(), luma.cols());
            for (std::size_t y = box.y; y < box.y + box.height; ++y) {
                float* row = finding.map.row(0, y);
                for (std::size_t x = box.x; x < box.x + box.width; ++x)
                    row[x] = std::max(row[x], static_cast<float>(scores[i]));
            }
        }
    }

    [[nodiscard]] double text_score(const TextRegion& region) const {
        const Plane text = rectify(luma_of(original_.samples), region);
        const double ours = metrics::fsim(text, rectify(luma_of(decode_.samples), region));
        const double other =
            classic() != nullptr ? metrics::fsim(text, rectify(luma_of(classic_->samples), region)) : 1;
        return other - ours;
    }

    void find_seam(Finding& finding) const {
        const Plane &a = luma_of(original_.samples), &b = luma_of(decode_.samples);
        const Seam seam = strongest_seam(a, b, options_.border_columns, options_.border_rows, rows_);
        finding.score = seam.score;
        if (seam.score <= 0) return;
        const std::size_t along = seam.start + 64;
        finding.x = seam.vertical ? seam.position : std::min(along, a.cols() - 1);
        finding.y = seam.vertical ? std::min(along, a.rows() - 1) : seam.position;
        finding.box = box_around(finding.x, finding.y, 300, a.rows(), a.cols());
        finding.detail =
            fmt::format("{} at {} = {}{}", seam.vertical ? "vertical" : "horizontal", seam.vertical ? "x" : "y",
                        seam.position, seam.known ? ", where tiles or regions meet" : "");
    }

    void measure_shift(Finding& finding) const {
        // The lightness of a grey picture is that of the three channels alike.
        const auto shift = grey() ? colour_shift(lab_of(original_.samples, rows_), lab_of(decode_.samples, rows_))
                                  : colour_shift(original_.lab, decode_.lab);
        finding.score = std::sqrt(shift[0] * shift[0] + shift[1] * shift[1] + shift[2] * shift[2]);
        finding.detail = fmt::format("L* {:+.2f}, a* {:+.2f}, b* {:+.2f}", shift[0], shift[1], shift[2]);
    }

    const ArtifactOptions& options_;
    const RowRunner& rows_;
    Analysed original_, decode_;
    std::optional<Analysed> classic_;
    ArtifactReport report_;
};

}  // namespace

const std::array<DetectorInfo, kDetectorCount>& all_detectors() {
    return kDetectors;
}

const DetectorInfo& detector_info(Detector detector) {
    return kDetectors.at(static_cast<std::size_t>(detector));
}

std::optional<Detector> detector_by_id(const std::string& id) {
    for (const DetectorInfo& info : kDetectors) {
        if (id == info.id) return info.detector;
    }
    return std::nullopt;
}

std::array<double, kDetectorCount> ArtifactOptions::unchanged() {
    std::array<double, kDetectorCount> thresholds{};
    thresholds.fill(std::numeric_limits<double>::quiet_NaN());
    return thresholds;
}

bool ArtifactReport::found() const {
    return std::any_of(findings.begin(), findings.end(), [](const Finding& finding) { return finding.found; });
}

std::string ArtifactReport::note() const {
    constexpr std::size_t kLargestWindow = 128;  // of boundary_artifacts() and strongest_seam()
    if (std::min(width, height) >= kLargestWindow) return {};
    return fmt::format("a side is shorter than the largest window of the detectors ({} samples): scores are low",
                       kLargestWindow);
}

ArtifactReport find_artifacts(const Picture& original, const Picture& decode, const Picture* classic,
                              const ArtifactOptions& options, const RowRunner& rows) {
    check_picture(original);
    check_picture(decode);
    check_sizes(original, decode, "decode");
    if (classic != nullptr) {
        check_picture(*classic);
        check_sizes(original, *classic, "classic decode");
    }
    const bool grey = original.model == ColourModel::kGrey || decode.model == ColourModel::kGrey;
    if (!grey && (classic == nullptr || classic->model != ColourModel::kGrey))
        return Search(original, decode, classic, options, rows).run();
    const Picture a = as_grey(original, rows), b = as_grey(decode, rows);
    const std::optional<Picture> c = classic != nullptr ? std::optional(as_grey(*classic, rows)) : std::nullopt;
    return Search(a, b, c ? &*c : nullptr, options, rows).run();
}

}  // namespace jpegai::detection
