// A folder of `.pth` files in the layout of the official checkpoints.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "models/weight_set.h"

namespace jpegai {

/// Finds the checkpoints below a folder: name as WeightSet::files() gives it -> path. Understands <folder>/VM_bop/x.pth
/// and <folder>/models/VM_bop/x.pth. Throws Error{io}, and Error{model} when a name is there twice.
[[nodiscard]] std::map<std::string, std::string, std::less<>> find_checkpoints(const std::string& folder);

/// The weight set over such files, loaded one by one; keys that carry no weights (is_weight_key) are never read.
/// `folder` is for descriptions only.
[[nodiscard]] std::shared_ptr<const WeightSet> weights_from_checkpoints(
    std::string folder, std::map<std::string, std::string, std::less<>> paths);

}  // namespace jpegai
