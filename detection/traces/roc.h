// Receiver operating characteristics: how well scores separate two kinds of pictures.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace jpegai::detection {

struct RocPoint {
    double threshold = 0;                ///< scores from here on count as found
    double false_alarms = 0, found = 0;  ///< shares, 0..1
};
struct Roc {
    double auc = 0;  ///< probability that a picture of the first kind scores higher than one of the second; ties half
    std::size_t positives = 0, negatives = 0;
    std::vector<RocPoint> points;  ///< from (0, 0) to (1, 1), by falling threshold
    /// Share found at no more than so many false alarms.
    [[nodiscard]] double found_at(double false_alarms) const;
};
/// Throws Error{argument} when one kind is missing.
[[nodiscard]] Roc make_roc(std::span<const double> positives, std::span<const double> negatives);

/// One curve of a plot.
struct RocCurve {
    std::string name;
    Roc roc;
};
/// An SVG element with the curves and their names; 8 colours in turn.
[[nodiscard]] std::string roc_svg(const std::string& title, std::span<const RocCurve> curves);

}  // namespace jpegai::detection
