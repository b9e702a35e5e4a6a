// Identity of a weight set beyond what weight_set.h offers.
#pragma once

#include <string>

#include "models/weight_set.h"

namespace jpegai {

/// fingerprint() from the tensors themselves, whatever the set says about itself. Loads everything.
[[nodiscard]] std::string compute_fingerprint(const WeightSet& set);

}  // namespace jpegai
