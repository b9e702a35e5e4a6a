#include "detection/traces/roc.h"

#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>

#include "base/error.h"

namespace jpegai::detection {

double Roc::found_at(double false_alarms) const {
    double found = 0;
    for (const RocPoint& point : points) {
        if (point.false_alarms <= false_alarms) found = std::max(found, point.found);
    }
    return found;
}

Roc make_roc(std::span<const double> positives, std::span<const double> negatives) {
    if (positives.empty() || negatives.empty()) throw Error(JPEGAI_ERROR_ARGUMENT, "a ROC needs both kinds");
    Roc roc;
    roc.positives = positives.size();
    roc.negatives = negatives.size();
    double wins = 0;
    for (const double p : positives) {
        for (const double n : negatives) wins += p > n ? 1 : p == n ? 0.5 : 0;
    }
    const auto np = static_cast<double>(positives.size()), nn = static_cast<double>(negatives.size());
    roc.auc = wins / (np * nn);
    std::vector<double> thresholds(positives.begin(), positives.end());
    thresholds.insert(thresholds.end(), negatives.begin(), negatives.end());
    std::sort(thresholds.begin(), thresholds.end(), std::greater<>());
    thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
    roc.points.push_back({2, 0, 0});
    for (const double t : thresholds) {
        const auto above = [t](double score) { return score >= t; };
        roc.points.push_back({t, static_cast<double>(std::count_if(negatives.begin(), negatives.end(), above)) / nn,
                              static_cast<double>(std::count_if(positives.begin(), positives.end(), above)) / np});
    }
    return roc;
}

std::string roc_svg(const std::string& title, std::span<const RocCurve> curves) {
    constexpr std::array kColours = {"#1f77b4", "#d62728", "#2ca02c", "#ff7f0e",
                                     "#9467bd", "#8c564b", "#17becf", "#7f7f7f"};
    constexpr double kSide = 300, kLeft = 40, kTop = 30;
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"560\" height=\"380\" font-family=\"sans-serif\" "
        "font-size=\"12\"><text x=\"{0}\" y=\"18\">{1}</text><rect x=\"{0}\" y=\"{2}\" width=\"{3}\" height=\"{3}\" "
        "fill=\"none\" stroke=\"#999\"/><text x=\"{0}\" y=\"350\">0 &#8592; false alarms &#8594; 1</text>"
        "<text x=\"28\" y=\"330\" transform=\"rotate(-90 28 330)\">0 &#8592; found &#8594; 1</text>\n",
        kLeft, title, kTop, kSide);
    for (std::size_t i = 0; i < curves.size(); ++i) {
        std::string path;
        for (const RocPoint& point : curves[i].roc.points) {
            path += fmt::format("{:.1f},{:.1f} ", kLeft + kSide * point.false_alarms, kTop + kSide * (1 - point.found));
        }
        const char* colour = kColours[i % kColours.size()];
        svg += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"/>", path, colour);
        svg += fmt::format("<text x=\"355\" y=\"{}\" fill=\"{}\">{}: {:.4f}</text>\n", 50 + 18 * i, colour,
                           curves[i].name, curves[i].roc.auc);
    }
    return svg + "</svg>\n";
}

}  // namespace jpegai::detection
