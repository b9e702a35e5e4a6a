#include "encoder/rate_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "base/error.h"

namespace jpegai {
namespace {

/// value = at_zero + per_complexity * complexity at one displacement.
struct Knot {
    double beta, at_zero, per_complexity;
};

// Least squares over the 24 Kodak pictures; RD points of the same pictures for the qualities. Outside of the knots the
// lines go on.
constexpr std::array<std::array<Knot, 6>, kModels> kLogRate = {{
    {{{-500, -2.100, 0.876},
      {-300, -1.579, 0.993},
      {-100, -1.119, 1.042},
      {100, -0.767, 1.013},
      {250, -0.565, 0.954},
      {400, -0.400, 0.883}}},
    {{{-500, -0.669, 1.061},
      {-300, -0.285, 1.057},
      {-100, 0.000, 1.000},
      {100, 0.215, 0.917},
      {250, 0.349, 0.851},
      {400, 0.471, 0.784}}},
    {{{-500, 0.365, 1.021},
      {-300, 0.592, 0.955},
      {-100, 0.770, 0.873},
      {100, 0.912, 0.781},
      {250, 1.001, 0.707},
      {400, 1.084, 0.635}}},
    {{{-500, 0.974, 0.751},
      {-300, 1.100, 0.666},
      {-100, 1.214, 0.588},
      {100, 1.326, 0.523},
      {250, 1.406, 0.480},
      {400, 1.484, 0.441}}},
}};
constexpr std::array<std::array<Knot, 2>, kModels> kPsnrY = {{{{{-500, 18.5, -6.36}, {400, 23.0, -6.36}}},
                                                              {{{-500, 21.7, -6.23}, {400, 26.9, -6.23}}},
                                                              {{{-500, 26.7, -5.59}, {400, 32.4, -5.59}}},
                                                              {{{-500, 30.7, -5.00}, {400, 37.0, -5.00}}}}};
constexpr std::array<std::array<Knot, 2>, kModels> kMsSsim = {{{{{-500, 7.5, -1.66}, {400, 13.6, -1.66}}},
                                                               {{{-500, 11.9, -0.34}, {400, 20.7, -0.34}}},
                                                               {{{-500, 18.2, 0.56}, {400, 26.1, 0.56}}},
                                                               {{{-500, 24.1, 0.50}, {400, 32.2, 0.50}}}}};
constexpr std::array<int, kModels> kBestUntil = {230, 110, 370, kBetaMax};

/// Part of the quality scale that one model serves.
struct QualityRange {
    double first, last;  ///< quality
    double from, to;     ///< luma displacement
};
constexpr std::array<QualityRange, kModels> kQuality = {
    {{0, 34, -500, 230}, {34, 56, -380, 110}, {56, 84, -470, 370}, {84, 100, -290, 400}}};

constexpr double kMinSlope = 1e-4;
/// The median of the Kodak pictures.
constexpr double kUsualComplexity = -1.1;

/// The permitted model that is nearest to `wanted`; of two the larger, which can be made coarser by more than the other
/// can be made finer.
std::size_t nearest_model(std::size_t wanted, const ModelMask& permitted) {
    for (std::size_t distance = 0; distance < kModels; ++distance) {
        if (wanted + distance < kModels && permitted[wanted + distance]) return wanted + distance;
        if (wanted >= distance && permitted[wanted - distance]) return wanted - distance;
    }
    throw Error(JPEGAI_ERROR_INTERNAL, "no model is permitted");
}

std::span<const Knot> knots(RateScale scale, std::size_t model_id) {
    switch (scale) {
        case RateScale::kLogRate:
            return kLogRate.at(model_id);
        case RateScale::kPsnrY:
            return kPsnrY.at(model_id);
        case RateScale::kMsSsim:
            break;
    }
    return kMsSsim.at(model_id);
}

/// Beyond the complexities that the rates were measured at, their logarithm goes along with the complexity: the lines
/// of different displacements would meet.
struct Calibrated {
    double complexity, beyond;
};
Calibrated calibrated(RateScale scale, double complexity) {
    constexpr double kLowest = -2.5, kHighest = 0;
    if (scale != RateScale::kLogRate) return {complexity, 0};
    const double inside = std::clamp(complexity, kLowest, kHighest);
    return {inside, complexity - inside};
}

double value_at(RateScale scale, const Knot& knot, double complexity) {
    const Calibrated known = calibrated(scale, complexity);
    return knot.at_zero + knot.per_complexity * known.complexity + known.beyond;
}

/// The last knot at or before `beta` that has a successor.
std::size_t segment(std::span<const Knot> table, double beta) {
    std::size_t i = 0;
    while (i + 2 < table.size() && beta >= table[i + 1].beta) ++i;
    return i;
}

RatePoint usual_point_of_quality(double quality) {
    if (!(quality >= 0 && quality <= 100)) {
        throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("a quality is 0 to 100, not {}", quality));
    }
    std::size_t model_id = 0;
    while (model_id + 1 < kModels && quality >= kQuality[model_id].last) ++model_id;
    const QualityRange& range = kQuality[model_id];
    const double part = (quality - range.first) / (range.last - range.first);
    const int beta = static_cast<int>(std::lround(range.from + part * (range.to - range.from)));
    return {model_id, {beta, beta}};
}

/// What a usual picture takes there, as ln(bits per sample).
double usual_rate(std::size_t model_id, double beta) {
    return predict(RateScale::kLogRate, model_id, beta, kUsualComplexity);
}

}  // namespace

double picture_complexity(const Array3<float>& luma) {
    // Differences over two samples: noise of single samples counts less than what the models have to code.
    constexpr std::size_t kStep = 2;
    constexpr double kNoise = 64, kOffset = -1.783, kFactor = 1.0157;
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t y = 0; y + kStep < luma.rows(); y += kStep) {
        const float* here = luma.row(0, y);
        const float* below = luma.row(0, y + kStep);
        for (std::size_t x = 0; x + kStep < luma.cols(); x += kStep, ++count) {
            const double right = static_cast<double>(here[x + kStep]) - static_cast<double>(here[x]);
            const double down = static_cast<double>(below[x]) - static_cast<double>(here[x]);
            sum += std::log2(1 + (right * right + down * down) / kNoise);
        }
    }
    const double mean = count == 0 ? 0 : sum / static_cast<double>(count);
    return std::clamp(kOffset + kFactor * std::log(std::max(mean, 1e-3)), -5.0, 1.0);
}

double predicted_slope(RateScale scale, std::size_t model_id, double beta, double complexity) {
    const std::span<const Knot> table = knots(scale, model_id);
    const std::size_t i = segment(table, beta);
    const double rise = value_at(scale, table[i + 1], complexity) - value_at(scale, table[i], complexity);
    return std::max(kMinSlope, rise / (table[i + 1].beta - table[i].beta));
}

double predict(RateScale scale, std::size_t model_id, double beta, double complexity) {
    const std::span<const Knot> table = knots(scale, model_id);
    const Knot& knot = table[segment(table, beta)];
    return value_at(scale, knot, complexity) + predicted_slope(scale, model_id, beta, complexity) * (beta - knot.beta);
}

double predict_beta(RateScale scale, std::size_t model_id, double value, double complexity) {
    double low = kBetaMin, high = kBetaMax;
    constexpr double kExact = 0.25;
    while (high - low > kExact) {
        const double middle = (low + high) / 2;
        (predict(scale, model_id, middle, complexity) < value ? low : high) = middle;
    }
    return (low + high) / 2;
}

int best_until(std::size_t model_id) {
    return kBestUntil.at(model_id);
}

std::size_t best_model(RateScale scale, double value, double complexity, const ModelMask& permitted) {
    std::size_t model_id = 0;
    while (model_id + 1 < kModels && predict_beta(scale, model_id, value, complexity) > best_until(model_id)) {
        ++model_id;
    }
    return nearest_model(model_id, permitted);
}

RatePoint rate_point_of_quality(double quality, const ModelMask& permitted) {
    const RatePoint usual = usual_point_of_quality(quality);
    const std::size_t model_id = nearest_model(usual.model_id, permitted);
    if (model_id == usual.model_id) return usual;
    const double rate = usual_rate(usual.model_id, usual.beta[kPrimary]);
    const int beta =
        static_cast<int>(std::lround(predict_beta(RateScale::kLogRate, model_id, rate, kUsualComplexity)));
    return {model_id, {beta, beta}};
}

bool quality_in_reach(double quality, const ModelMask& permitted) {
    const RatePoint usual = usual_point_of_quality(quality);
    const std::size_t model_id = nearest_model(usual.model_id, permitted);
    if (model_id == usual.model_id) return true;
    const double rate = usual_rate(usual.model_id, usual.beta[kPrimary]);
    return rate >= usual_rate(model_id, kBetaMin) && rate <= usual_rate(model_id, kBetaMax);
}

}  // namespace jpegai
