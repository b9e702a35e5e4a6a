// The weights that suites are made and run with: a trained set, completed by made-up networks where it has none.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/weight_set.h"

namespace jpegai::conformance {

/// Name of the recipe below; it changes whenever a made-up value changes.
inline constexpr const char* kSyntheticRecipe = "synthetic-1";

/// `base` with every file that a decoder may need and `base` lacks (03 section 1.1: synthesis of an operating point;
/// 04 section 4.1: the eICCI banks) filled with made-up values. They depend on nothing but file and key: multiples of
/// 2^-12, small enough that activations stay of the order of 1. Files of `base` are handed through unchanged.
[[nodiscard]] std::shared_ptr<const WeightSet> complete_weights(std::shared_ptr<const WeightSet> base);

/// The files of complete_weights(base) that are made up, sorted.
[[nodiscard]] std::vector<std::string> synthetic_files(const WeightSet& base);

/// What a suite says about its weights: SHA-256 over the fingerprint of `base`, the recipe and the names of the made-up
/// files. The same for the same values wherever they are stored.
[[nodiscard]] std::string suite_fingerprint(const WeightSet& base);

}  // namespace jpegai::conformance
