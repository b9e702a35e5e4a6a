// What the parts of `jpegai check` share.
#pragma once

#include <string>
#include <vector>

#include "detection/traces/classifier.h"

namespace jpegai::tools {

/// Picture files of a folder, or of the path itself when it is a file, sorted by name. Throws FileError around
/// Error{io}, Error{argument} when the folder holds none.
[[nodiscard]] std::vector<std::string> pictures_in(const std::string& path);

/// Where the results of each file go below a folder: its path from the deepest folder that holds all of them, so that
/// files of the same name stay apart. "stdin" for "-".
[[nodiscard]] std::vector<std::string> names_apart(const std::vector<std::string>& files);

/// The classifier of a parameter file, or the built-in one for an empty path. Throws FileError.
[[nodiscard]] detection::TraceClassifier classifier_of(const std::string& path);

}  // namespace jpegai::tools
