// The synthetic weights that the reference vectors were made with, rebuilt from weights-recipe.json.
#pragma once

#include <memory>

#include "models/weight_set.h"

namespace jpegai::test {

/// Lazily generates the 68 checkpoints of shared/vectors (see make_weights.py there). One instance per process.
[[nodiscard]] std::shared_ptr<const WeightSet> synthetic_weights();

/// The trained weights of shared/models (model_0.jaiw ..), one instance per process.
[[nodiscard]] std::shared_ptr<const WeightSet> trained_weights();

}  // namespace jpegai::test
