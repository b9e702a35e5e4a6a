// Searches for the model and the displacement that give a picture a wanted rate or quality.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "decoder/picture.h"
#include "encoder/encoder.h"
#include "encoder/rate_model.h"

namespace jpegai {

/// Quality of a decoded picture on a scale of RateScale (dB).
using QualityMeasure = std::function<double(const Picture& decoded)>;

/// What encode_to() aims at. Rates count every byte of the file; pixels are the displayed ones.
struct RateTarget {
    enum class Kind : std::uint8_t {
        kFixed,          ///< EncodeOptions::rate as it is
        kQuality,        ///< value 0..100, see rate_point_of_quality(); nothing is searched
        kBytes,          ///< size of the file, which is not exceeded
        kBitsPerSample,  ///< value in bits per displayed luma sample
        kMeasure,        ///< value in dB of `measure`
    };
    Kind kind = Kind::kFixed;
    double value = 0;
    RateScale scale = RateScale::kPsnrY;  ///< of kMeasure: which of the tables the measure is like
    QualityMeasure measure;               ///< of kMeasure
    /// Largest deviation from the target: a ratio for rates, dB for kMeasure.
    double tolerance = 0.01;
    std::optional<std::size_t> model_id;  ///< search only this model
    std::optional<int> chroma_offset;     ///< displacement of chroma minus that of luma; default 0
    /// Take the nearest instead of failing when the target is out of reach.
    bool best_effort = false;
};

/// What a search came to.
struct RateReport {
    RatePoint rate;
    double value = 0;  ///< bits per displayed luma sample, or dB of the measure
    bool reached = true;
    std::size_t trials = 0;    ///< times the picture was quantised and coded
    std::size_t analyses = 0;  ///< models the picture was analysed with
};

struct TargetedResult {
    EncodeResult encoded;
    RateReport report;
};

/// Encodes so that the target is met. The model with the best quality at that target is taken, by a calibrated rule and
/// what trials say, among those that Encoder::usable_models() permits. Analysis runs once per model that is tried,
/// nearly always one; a trial costs a twentieth of an encode, with kMeasure about a half. Throws as Encoder::encode,
/// and Error{argument} for a target that no displacement between kBetaMin and kBetaMax of the permitted models reaches,
/// with the ranges that they do reach, and which models these are unless all. Refinement (EncodeOptions::refinements)
/// is repeated where it moved the rate out of the tolerance, and given up after five corrections.
[[nodiscard]] TargetedResult encode_to(const Encoder& encoder, const Picture& picture, const EncodeOptions& options,
                                       const RateTarget& target);

}  // namespace jpegai
