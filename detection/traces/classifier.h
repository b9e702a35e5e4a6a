// Logistic regression over the features of a picture, with parameters that `jpegai check calibrate` fits and stores.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "spec/constants.h"

namespace jpegai::detection {

/// One picture of known history.
struct LabelledRow {
    std::vector<double> features;  ///< NaN where a feature is not defined for the picture
    bool coded = false;
    double weight = 1;
};

/// sigmoid(bias + sum of weight * (feature - mean) / scale).
class TraceClassifier {
public:
    /// The parameters that are part of the program (detection/traces/classifier.json).
    [[nodiscard]] static TraceClassifier built_in();
    /// Throws Error{argument} for a document that is not of this kind, or for other features than trace_features().
    [[nodiscard]] static TraceClassifier from_json(const std::string& text);
    [[nodiscard]] nlohmann::ordered_json to_json() const;

    /// Fits to rows of equal length, Newton's method with a small quadratic penalty; both classes count alike. Throws
    /// Error{argument} without rows of both classes.
    [[nodiscard]] static TraceClassifier fit(std::span<const LabelledRow> rows);

    /// Throws Error{argument} for the wrong number of features.
    [[nodiscard]] double probability(std::span<const double> features) const;

    /// Displacement of the best lattice minus the coded one, by model: quantisation noise widens the lattice.
    struct Shift {
        std::array<double, kModels> luma{}, chroma{};
    };
    Shift shift;
    std::string recipe;  ///< how the parameters were made, for people

private:
    std::vector<double> mean_, scale_, weight_;
    double bias_ = 0;
};

}  // namespace jpegai::detection
