// The weight set that works without any option.
#pragma once

#include <memory>
#include <string>

#include "models/weight_set.h"

namespace jpegai {

/// Where the default set lies: $JPEGAI_MODELS if set; else beside the running library or program
/// (../share/jpegai/models), at the installation prefix, or in the source tree of a build. Throws Error{model}, naming
/// the places, when there is none.
[[nodiscard]] std::string default_weights_path();

/// Opens it; see open_weights.
[[nodiscard]] std::shared_ptr<const WeightSet> open_default_weights();

}  // namespace jpegai
