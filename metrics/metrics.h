// Full-reference picture quality, as the JPEG AI common test conditions measure it (05 section 10.3).
//
// Preparation (all metrics): samples on the scale 0..1, rounded to the internal bit depth (10 unless told otherwise),
// BT.709 full-range Y'CbCr 4:4:4, clamped and rounded to the same depth. VMAF, the seventh metric of the conditions, is
// not offered: its model is a trained one that this project does not carry.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "decoder/picture.h"

namespace jpegai {

enum class Metric : std::uint8_t {
    kPsnrY,
    kPsnrU,
    kPsnrV,
    kPsnrRgb,
    kMsSsim,
    kMsSsimIqa,
    kSsim,
    kVif,
    kFsim,
    kNlpd,
    kIwSsim,
    kPsnrHvs,
    kPsnrHvsM,
};
inline constexpr std::size_t kMetricCount = 13;

struct MetricInfo {
    Metric metric;
    const char* id;     ///< "psnr-y", as the command line and JSON name it
    const char* title;  ///< "PSNR Y"
    bool decibel;       ///< unit dB; the others have none
    bool lower_is_better;
    bool colour;           ///< needs more than luma
    std::size_t min_side;  ///< shortest side of a picture for which it is defined
};

/// Every metric, in the order of Metric.
[[nodiscard]] const std::array<MetricInfo, kMetricCount>& all_metrics();
[[nodiscard]] const MetricInfo& metric_info(Metric metric);
/// By its id; nullopt for others.
[[nodiscard]] std::optional<Metric> metric_by_id(const std::string& id);

struct MetricValue {
    Metric metric;
    std::optional<double> value;  ///< nullopt where the metric is not defined for these pictures
    std::string reason;           ///< why not
};

struct MetricOptions {
    unsigned internal_depth = 10;  ///< 8..16
};

/// The metrics of `distorted` against `original`, in the order of the list.
/// Grey pictures have no colour metrics (FSIM is that of luma). YUV pictures are compared in their own planes; FSIM is
/// that of luma. RGB against YUV 4:4:4 is compared in YUV. Throws Error{argument} when the sizes differ, or chroma
/// formats differ, or only one has colour.
[[nodiscard]] std::vector<MetricValue> compare_pictures(const Picture& original, const Picture& distorted,
                                                        std::span<const Metric> metrics,
                                                        const MetricOptions& options = {});

/// |distorted - original| * gain in every channel as an 8 bit RGB or grey picture; YUV is shown as luma alone.
/// Throws Error{argument} as compare_pictures.
[[nodiscard]] Picture difference_map(const Picture& original, const Picture& distorted, double gain = 8);

}  // namespace jpegai
