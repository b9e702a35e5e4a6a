// Which models a weight set is complete for. Sets may be partial: a pack may add one transform to one model.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "models/weight_set.h"
#include "spec/constants.h"

namespace jpegai {

/// By model id.
using ModelMask = std::array<bool, kModels>;
inline constexpr ModelMask kAllModels = {true, true, true, true};

/// The transforms that a task takes besides the networks that all have in common (hyper networks, context model).
struct TransformNeeds {
    std::optional<OperatingPoint> synthesis;
    std::optional<OperatingPoint> analysis;  ///< kBop or kHop
};

/// Checkpoint files that a model of the set would have to have; empty when nothing is missing. Only names are looked at.
[[nodiscard]] std::vector<std::string> missing_files(const WeightSet& set, std::size_t model_id,
                                                     const TransformNeeds& needs);
[[nodiscard]] ModelMask complete_models(const WeightSet& set, const TransformNeeds& needs);

/// "model 1", "models 0, 2 and 3", "no model".
[[nodiscard]] std::string model_list(const ModelMask& models);

/// Throws Error{model} when something is missing: names the set, the model, the transform, the files, and the models
/// that have them. `advice` ends the message: what its user can do.
void require_files(const WeightSet& set, std::size_t model_id, const TransformNeeds& needs, const std::string& advice);

}  // namespace jpegai
