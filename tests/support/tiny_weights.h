// A complete weight set from a generator: every network of every model, no files. The networks have their real shapes,
// because those are fixed by the standard; "tiny" is what it takes to have them.
#pragma once

#include <memory>

#include "models/weight_set.h"

namespace jpegai::test {

/// All files of the official layout; tensors are made when a file is first used and are the same for all models.
[[nodiscard]] std::shared_ptr<const WeightSet> tiny_weights();

}  // namespace jpegai::test
