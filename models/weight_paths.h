// Which files make up the weights at a path.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/weight_set.h"

namespace jpegai {

/// Either packs or checkpoints; the other is empty.
struct WeightPaths {
    std::string place;                                            ///< for people: what they were found at
    std::string name;                                             ///< what to call packs that carry no name
    std::vector<std::string> packs;                               ///< in the order in which they were found
    std::map<std::string, std::string, std::less<>> checkpoints;  ///< name -> path
};

/// The *.jaiw of a folder, sorted. Throws Error{io}.
[[nodiscard]] std::vector<std::string> packs_in(const std::string& folder);

/// A file is taken as a pack; a folder gives its *.jaiw, or where it has none the checkpoints below it.
/// Throws Error{io}, and Error{model} for a folder with neither.
[[nodiscard]] WeightPaths find_weights(const std::string& path);

/// Opens files that were found. Throws Error{io, model}.
[[nodiscard]] std::shared_ptr<const WeightSet> open_weights(WeightPaths paths);

}  // namespace jpegai
