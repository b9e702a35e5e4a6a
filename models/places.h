// Where weight sets lie, by name: the default set that comes with the program, and those that a user has added.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/weight_paths.h"
#include "models/weight_set.h"

namespace jpegai {

/// Name of the set that comes with the program.
inline constexpr const char* kDefaultSet = "default";

/// $XDG_DATA_HOME/jpegai/models, or $HOME/.local/share/jpegai/models where that is unset or relative; empty when there
/// is neither. The folder need not exist. Each folder NAME in it is a set of that name.
[[nodiscard]] std::string user_models_folder();

/// Folder of the default set: beside the running library or program (../share/jpegai/models), at the installation
/// prefix, or in the source tree of a build. Throws Error{model}, naming the places, when there is none.
[[nodiscard]] std::string built_in_models_folder();

/// One set that has a name.
struct NamedSet {
    std::string name;
    std::string folder;
    bool built_in = false;           ///< cannot be removed
    std::vector<std::string> added;  ///< packs of the user that complete the default set
};

/// The default set (unless it is not there) and then the user's sets by name. A folder of the user called "default"
/// holds packs that complete the default set and is no set of its own. Throws Error{io}.
[[nodiscard]] std::vector<NamedSet> named_sets();

/// 1 to 64 letters, digits, "-", "_", "." or "+", the first not a dot.
[[nodiscard]] bool is_set_name(const std::string& name);

/// Files of the set that a path or a name stands for. An existing path is taken as it is (find_weights()); a name means
/// one of named_sets(); empty means $JPEGAI_MODELS, where that is set a path or name likewise, else the default set.
/// Throws Error{io, model}.
[[nodiscard]] WeightPaths find_models(const std::string& path_or_name);

/// Opens it.
[[nodiscard]] std::shared_ptr<const WeightSet> open_models(const std::string& path_or_name);

}  // namespace jpegai
