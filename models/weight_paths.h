// Which files make up the weights at a path.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace jpegai {

/// Either packs or checkpoints; the other is empty.
struct WeightPaths {
    std::vector<std::string> packs;                               ///< sorted
    std::map<std::string, std::string, std::less<>> checkpoints;  ///< name -> path
};

/// A file is taken as a pack; a folder gives its *.jaiw, or where it has none the checkpoints below it.
/// Throws Error{io}, and Error{model} for a folder with neither.
[[nodiscard]] WeightPaths find_weights(const std::string& path);

}  // namespace jpegai
