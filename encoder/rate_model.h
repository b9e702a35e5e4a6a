// What is known about a picture's rate and quality before it is coded: a statistic of the samples, and tables of the
// default models (measured on the 24 Kodak pictures). Predictions are where searches start; what a stream really takes
// is always counted.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/array.h"
#include "encoder/options.h"
#include "networks/availability.h"

namespace jpegai {

/// How much there is to code in a luma plane on the scale 0..255, in units of ln(bits per sample) of model 1 at
/// displacement -100; -5 (flat) .. 1 (noise). Predicts that rate with a standard deviation of 5 % on the Kodak pictures
/// (from 0.17 to 0.63 bits per sample).
[[nodiscard]] double picture_complexity(const Array3<float>& luma);

/// What a search can count or measure; all grow with the displacement.
enum class RateScale : std::uint8_t {
    kLogRate,  ///< ln(bits per sample)
    kPsnrY,    ///< dB
    kMsSsim,   ///< -10 log10(1 - MS-SSIM), dB
};

/// Expected value at a model and a luma displacement (BOP; chroma with its default displacement).
[[nodiscard]] double predict(RateScale scale, std::size_t model_id, double beta, double complexity);
/// Its derivative by the displacement; positive.
[[nodiscard]] double predicted_slope(RateScale scale, std::size_t model_id, double beta, double complexity);
/// The displacement that is expected to give `value`, kBetaMin..kBetaMax.
[[nodiscard]] double predict_beta(RateScale scale, std::size_t model_id, double value, double complexity);

/// The largest luma displacement at which a model is the best choice; from there on the following one gives more
/// quality for the same rate.
[[nodiscard]] int best_until(std::size_t model_id);
/// The model with the best quality at `value`, or the permitted one that is nearest to it. On the 24 Kodak pictures at
/// 0.12 to 1 bit per sample this agrees with trying all models for 117 of 120, and the others lie where two models are
/// about equal.
/// Throws Error{internal} when none is permitted.
[[nodiscard]] std::size_t best_model(RateScale scale, double value, double complexity,
                                     const ModelMask& permitted = kAllModels);

/// Quality 0..100 as models and displacements: 0..34 model 0 from -500 to 230, ..56 model 1 from -380 to 110, ..84
/// model 2 from -470 to 370, ..100 model 3 from -290 to 400; linear in between. Rate and quality grow with it.
/// Where that model is not permitted, the nearest permitted one with the displacement that gives a usual picture about
/// the same rate, or the one nearest to it in range.
/// Throws Error{argument} outside 0..100, Error{internal} when no model is permitted.
[[nodiscard]] RatePoint rate_point_of_quality(double quality, const ModelMask& permitted = kAllModels);
/// Whether the models that are permitted reach the rate of a quality.
[[nodiscard]] bool quality_in_reach(double quality, const ModelMask& permitted);

}  // namespace jpegai
