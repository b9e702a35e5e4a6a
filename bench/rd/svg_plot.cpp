// A plot without a plotting library.
#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "bench/rd/report.h"

namespace jpegai::rd {
namespace {

constexpr double kPanelWidth = 460, kPanelHeight = 380, kLeft = 60, kTop = 40, kBottom = 50, kRight = 20;
/// Distinguishable with any kind of colour vision (Okabe, Ito 2008), the codecs of this project first to see last.
constexpr std::array<const char*, 8> kColours = {"#999999", "#E69F00", "#56B4E9", "#009E73",
                                                 "#D55E00", "#0072B2", "#CC79A7", "#000000"};

struct Curve {
    std::string name;
    std::vector<RatePoint> points;
};

/// Indices that crowd below 1 are spread as decibels.
bool spread(Metric metric) {
    return metric == Metric::kMsSsim || metric == Metric::kMsSsimIqa || metric == Metric::kIwSsim ||
           metric == Metric::kFsim;
}

std::vector<Curve> mean_curves(const Measurements& all, Metric metric) {
    std::vector<Curve> curves;
    for (std::size_t c = 0; c < all.codecs.size(); ++c) {
        Curve curve{all.codecs[c].name, {}};
        for (std::size_t t = 0; t < all.targets.size(); ++t) {
            RatePoint mean{0, 0};
            double count = 0;
            for (const auto& points : all.results[c]) {
                const auto value = points[t].quality.find(metric_info(metric).id);
                if (value == points[t].quality.end()) continue;
                mean.rate += points[t].bpp;
                mean.quality += value->second;
                ++count;
            }
            // A mean over other pictures than those of the other codecs would lie beside their curves.
            if (count < static_cast<double>(all.pictures.size())) continue;
            mean = {mean.rate / count, mean.quality / count};
            if (spread(metric)) mean.quality = -10 * std::log10(std::max(1 - mean.quality, 1e-9));
            curve.points.push_back(mean);
        }
        curves.push_back(std::move(curve));
    }
    return curves;
}

/// Steps of 1, 2 or 5 times a power of ten, about six of them.
double tick_step(double range) {
    const double rough = range / 6, power = std::pow(10, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= rough) return factor * power;
    }
    return 10 * power;
}

struct Axes {
    double x0, x1, y0, y1, offset;
    [[nodiscard]] double x(double rate) const { return offset + kLeft + (rate - x0) / (x1 - x0) * kPanelWidth; }
    [[nodiscard]] double y(double quality) const {
        return kTop + kPanelHeight - (quality - y0) / (y1 - y0) * kPanelHeight;
    }
};

Axes axes_of(const std::vector<Curve>& curves, double offset) {
    double most_rate = 0, least = 1e30, most = -1e30;
    for (const Curve& curve : curves) {
        for (const RatePoint& point : curve.points) {
            most_rate = std::max(most_rate, point.rate);
            least = std::min(least, point.quality);
            most = std::max(most, point.quality);
        }
    }
    if (most <= least) most = least + 1;
    const double step = tick_step(most - least);
    return {0, std::max(most_rate, 0.1) * 1.05, std::floor(least / step) * step, std::ceil(most / step) * step, offset};
}

std::string line(double x0, double y0, double x1, double y1, const char* colour) {
    return fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n", x0, y0, x1,
                       y1, colour);
}

std::string text(double x, double y, const char* anchor, const std::string& words) {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor, words);
}

std::string grid(const Axes& axes, const std::string& title) {
    std::string svg;
    const double right = axes.offset + kLeft + kPanelWidth, bottom = kTop + kPanelHeight;
    for (int i = 0; i * 0.2 <= axes.x1; ++i) {
        const double at = axes.x(i * 0.2);
        svg += line(at, kTop, at, bottom, "#dddddd") + text(at, bottom + 18, "middle", fmt::format("{:.1f}", i * 0.2));
    }
    const double step = tick_step(axes.y1 - axes.y0);
    for (double value = axes.y0; value <= axes.y1 + step / 2; value += step) {
        svg += line(axes.offset + kLeft, axes.y(value), right, axes.y(value), "#dddddd") +
               text(axes.offset + kLeft - 6, axes.y(value) + 4, "end", fmt::format("{:g}", value));
    }
    svg += text(axes.offset + kLeft + kPanelWidth / 2, bottom + 38, "middle", "bits per pixel");
    return svg + text(axes.offset + kLeft, kTop - 14, "start", title);
}

std::string draw(const Curve& curve, const Axes& axes, const char* colour) {
    std::string path, dots;
    for (const RatePoint& point : curve.points) {
        path += fmt::format("{:.1f},{:.1f} ", axes.x(point.rate), axes.y(point.quality));
        dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n", axes.x(point.rate),
                            axes.y(point.quality), colour);
    }
    return fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n", path, colour) +
           dots;
}

std::string legend(const std::vector<Curve>& curves, double offset) {
    std::string svg;
    for (std::size_t i = 0; i < curves.size(); ++i) {
        const double y = kTop + kPanelHeight - 14 - 18 * static_cast<double>(curves.size() - 1 - i);
        const double x = offset + kLeft + kPanelWidth - 110;
        svg += line(x, y - 4, x + 22, y - 4, kColours[i % kColours.size()]) + text(x + 28, y, "start", curves[i].name);
    }
    return svg;
}

}  // namespace

std::string svg_plot(const Measurements& all, const std::vector<Metric>& panels) {
    constexpr double kStep = kLeft + kPanelWidth + kRight;
    const double width = kStep * static_cast<double>(panels.size()), height = kTop + kPanelHeight + kBottom;
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" width=\"{:.0f}\" height=\"{:.0f}\" "
        "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        width, height, width, height);
    for (std::size_t p = 0; p < panels.size(); ++p) {
        const std::vector<Curve> curves = mean_curves(all, panels[p]);
        const Axes axes = axes_of(curves, kStep * static_cast<double>(p));
        const bool decibel = spread(panels[p]) || metric_info(panels[p]).decibel;
        svg += grid(axes, fmt::format("{}{}, mean of {} pictures", metric_info(panels[p]).title, decibel ? " (dB)" : "",
                                      all.pictures.size()));
        for (std::size_t c = 0; c < curves.size(); ++c) svg += draw(curves[c], axes, kColours[c % kColours.size()]);
        svg += legend(curves, axes.offset);
    }
    return svg + "</svg>\n";
}

}  // namespace jpegai::rd
