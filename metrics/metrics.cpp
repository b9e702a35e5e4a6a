#include "metrics/metrics.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "metrics/planes.h"

namespace jpegai {
namespace {

using metrics::Plane;
using metrics::Prepared;

constexpr std::array<MetricInfo, kMetricCount> kMetrics = {{
    {Metric::kPsnrY, "psnr-y", "PSNR Y", true, false, false, 1},
    {Metric::kPsnrU, "psnr-u", "PSNR U", true, false, true, 1},
    {Metric::kPsnrV, "psnr-v", "PSNR V", true, false, true, 1},
    {Metric::kPsnrRgb, "psnr-rgb", "PSNR RGB", true, false, true, 1},
    {Metric::kMsSsim, "ms-ssim", "MS-SSIM", false, false, false, 1},
    {Metric::kMsSsimIqa, "ms-ssim-iqa", "MS-SSIM (IQA)", false, false, false, 1},
    {Metric::kSsim, "ssim", "SSIM", false, false, false, 11},
    // Four scales: the smallest window that fits into what three reductions leave.
    {Metric::kVif, "vif", "VIF", false, false, false, 41},
    {Metric::kFsim, "fsim", "FSIM", false, false, false, 8},
    // Six levels, and two samples beyond the edge of the last one.
    {Metric::kNlpd, "nlpd", "NLPD", false, true, false, 65},
    // An 11x11 window in the fifth level.
    {Metric::kIwSsim, "iw-ssim", "IW-SSIM", false, false, false, 161},
    {Metric::kPsnrHvs, "psnr-hvs", "PSNR-HVS", true, false, false, 1},
    {Metric::kPsnrHvsM, "psnr-hvs-m", "PSNR-HVS-M", true, false, false, 1},
}};

/// Planes of YUV out of RGB where the other picture is YUV.
void check_alike(const Picture& a, const Picture& b) {
    if (a.rows() != b.rows() || a.cols() != b.cols()) {
        throw Error(JPEGAI_ERROR_ARGUMENT,
                    fmt::format("the sizes differ: {}x{} and {}x{}", a.cols(), a.rows(), b.cols(), b.rows()));
    }
    if ((a.model == ColourModel::kGrey) != (b.model == ColourModel::kGrey))
        throw Error(JPEGAI_ERROR_ARGUMENT, "one picture is grey and the other has colour");
    if (a.chroma != b.chroma) {
        throw Error(JPEGAI_ERROR_ARGUMENT,
                    fmt::format("the chroma formats differ: {} and {}", a.chroma.name(), b.chroma.name()));
    }
}

double psnr_rgb(const Prepared& a, const Prepared& b) {
    double error = 0;
    for (std::size_t i = 0; i < 3; ++i) error += metrics::squared_error(a.rgb[i], b.rgb[i]);
    return error == 0 ? 100 : -10 * std::log10(error / static_cast<double>(3 * a.rgb[0].size()));
}

/// Why the metric is not defined for these pictures; empty where it is.
std::string obstacle(const MetricInfo& info, const Prepared& a, const Prepared& b) {
    if (info.colour && !a.colour) return "the pictures are grey";
    if (info.metric == Metric::kPsnrRgb && !(a.has_rgb && b.has_rgb)) return "the pictures are not RGB";
    if (std::min(a.yuv[0].rows(), a.yuv[0].cols()) < info.min_side)
        return fmt::format("needs at least {} samples a side", info.min_side);
    return {};
}

double compute(Metric metric, const Prepared& a, const Prepared& b) {
    const Plane &x = a.yuv[0], &y = b.yuv[0];
    switch (metric) {
        case Metric::kPsnrY:
            return metrics::psnr(x, y);
        case Metric::kPsnrU:
            return metrics::psnr(a.yuv[1], b.yuv[1]);
        case Metric::kPsnrV:
            return metrics::psnr(a.yuv[2], b.yuv[2]);
        case Metric::kPsnrRgb:
            return psnr_rgb(a, b);
        case Metric::kMsSsim:
            return metrics::ms_ssim(x, y, metrics::MsSsimClamp::kMean);
        case Metric::kMsSsimIqa:
            return metrics::ms_ssim(x, y, metrics::MsSsimClamp::kMap);
        case Metric::kSsim:
            return metrics::ssim(x, y);
        case Metric::kVif:
            return metrics::vif(x, y);
        case Metric::kFsim:
            return a.has_rgb && b.has_rgb ? metrics::fsim(a.rgb, b.rgb) : metrics::fsim(x, y);
        case Metric::kNlpd:
            return metrics::nlpd(x, y);
        case Metric::kIwSsim:
            return metrics::iw_ssim(x, y);
        case Metric::kPsnrHvs:
            return metrics::psnr_hvs(x, y).hvs;
        case Metric::kPsnrHvsM:
            return metrics::psnr_hvs(x, y).hvs_m;
    }
    throw Error(JPEGAI_ERROR_ARGUMENT, "unknown metric");
}

}  // namespace

const std::array<MetricInfo, kMetricCount>& all_metrics() {
    return kMetrics;
}

const MetricInfo& metric_info(Metric metric) {
    return kMetrics.at(static_cast<std::size_t>(metric));
}

std::optional<Metric> metric_by_id(const std::string& id) {
    for (const MetricInfo& info : kMetrics) {
        if (id == info.id) return info.metric;
    }
    return std::nullopt;
}

std::vector<MetricValue> compare_pictures(const Picture& original, const Picture& distorted,
                                          std::span<const Metric> list, const MetricOptions& options) {
    check_alike(original, distorted);
    const Prepared a = metrics::prepare(original, options.internal_depth),
                   b = metrics::prepare(distorted, options.internal_depth);
    std::vector<MetricValue> values;
    for (const Metric metric : list) {
        MetricValue value{metric, std::nullopt, obstacle(metric_info(metric), a, b)};
        if (value.reason.empty()) value.value = compute(metric, a, b);
        values.push_back(std::move(value));
    }
    return values;
}

Picture difference_map(const Picture& original, const Picture& distorted, double gain) {
    check_alike(original, distorted);
    const Prepared a = metrics::prepare(original, 16), b = metrics::prepare(distorted, 16);
    const bool rgb = a.has_rgb && b.has_rgb;
    Picture map =
        make_picture(rgb ? ColourModel::kRgb : ColourModel::kGrey, {1, 1}, 8, original.rows(), original.cols());
    for (std::size_t p = 0; p < map.planes.size(); ++p) {
        const Plane &x = rgb ? a.rgb[p] : a.yuv[0], &y = rgb ? b.rgb[p] : b.yuv[0];
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double difference = std::fabs(static_cast<double>(x.data()[i] - y.data()[i])) * 255 * gain;
            map.planes[p].data()[i] = static_cast<std::uint16_t>(std::lround(std::min(difference, 255.0)));
        }
    }
    return map;
}

}  // namespace jpegai
