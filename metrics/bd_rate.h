// Bjontegaard's measures of two rate-distortion curves (05 section 10.4).
#pragma once

#include <optional>
#include <span>

namespace jpegai {

/// One point of a curve: rate in bits per pixel (or any unit), above 0, and quality by any metric.
struct RatePoint {
    double rate, quality;
};

enum class BdFit {
    kCubic,  ///< least-squares cubic polynomial through all points, as in the original; may wiggle
    kPchip,  ///< monotone piecewise cubic interpolation (Fritsch, Butland 1984)
};

/// Mean difference of rate of `test` against `anchor` at equal quality, in per cent: negative where `test` needs less.
/// The logarithm of the rate is fitted as a function of quality and integrated over the qualities both curves have.
/// Works for metrics that fall with quality as well. nullopt where the curves have fewer than four points (two for
/// PCHIP) of different quality or share no interval. Throws Error{argument} for a rate that is not above 0 or a value
/// that is not finite.
[[nodiscard]] std::optional<double> bd_rate(std::span<const RatePoint> anchor, std::span<const RatePoint> test,
                                            BdFit fit = BdFit::kPchip);

/// Mean difference of quality at equal rate, in units of the metric: positive where `test` has a higher value. As
/// bd_rate.
[[nodiscard]] std::optional<double> bd_quality(std::span<const RatePoint> anchor, std::span<const RatePoint> test,
                                               BdFit fit = BdFit::kPchip);

}  // namespace jpegai
