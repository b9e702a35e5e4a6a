// What is made of the measured points: JSON, Markdown, a plot.
#pragma once

#include <string>
#include <vector>

#include "bench/rd/codecs.h"
#include "metrics/bd_rate.h"

namespace jpegai::rd {

/// Everything measured: results[codec][picture] are the points at the targets.
struct Measurements {
    std::vector<Codec> codecs;
    std::vector<std::string> pictures;  ///< names
    std::vector<double> targets;
    std::vector<Metric> metrics;
    std::vector<std::vector<std::vector<Point>>> results;
};

[[nodiscard]] std::string json_report(const Measurements& all);

/// Means over the pictures by target, BD-rates of every codec against every other one (mean over the pictures of both
/// fits), and a table per picture.
[[nodiscard]] std::string markdown_report(const Measurements& all);

/// Mean quality over mean rate, a panel for each of these metrics; MS-SSIM and other indices near 1 as -10 log10(1 -
/// value).
[[nodiscard]] std::string svg_plot(const Measurements& all, const std::vector<Metric>& panels);

}  // namespace jpegai::rd
