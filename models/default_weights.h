// The weight set that works without any option.
#pragma once

#include <memory>
#include <string>

#include "models/weight_set.h"

namespace jpegai {

/// What open_default_weights() opens: $JPEGAI_MODELS if set, else the folder of the default set. Throws as
/// built_in_models_folder().
[[nodiscard]] std::string default_weights_path();

/// open_models(""): see models/places.h.
[[nodiscard]] std::shared_ptr<const WeightSet> open_default_weights();

}  // namespace jpegai
