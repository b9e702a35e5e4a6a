// Changes to the user's folder of weight sets (models/places.h). Each either happens as a whole or not at all.
#pragma once

#include <string>
#include <vector>

#include "models/import.h"

namespace jpegai {

/// A new set in the making: a folder with a hidden name, that commit() gives its place. Without commit() it disappears.
class NewSet {
public:
    /// Throws Error{argument} for a name that is_set_name() refuses or "default", Error{io, model} when the user's
    /// folder cannot be made, and Error{argument} when the set is there already, unless `replace`.
    NewSet(std::string name, bool replace);
    NewSet(const NewSet&) = delete;
    NewSet& operator=(const NewSet&) = delete;
    ~NewSet();
    /// Place of a pack in it until commit().
    [[nodiscard]] std::string file(const std::string& pack) const;
    /// Returns the folder of the set. Throws Error{io}.
    std::string commit();

private:
    std::string place_, hidden_;
    bool replace_;
};

/// Checks packs (verify_pack()) and copies them into a new set. Returns its folder. Throws Error{model} when a pack is
/// damaged or two hold the same network, and what NewSet throws.
std::string add_set(const std::string& name, const std::vector<std::string>& packs, bool replace);

/// The same into a set that is there, "default" included, whose other files must not be among those of the packs.
/// Returns the folder that holds them now. Throws also Error{argument} when there is no such set.
std::string extend_set(const std::string& name, const std::vector<std::string>& packs, bool replace);

/// Removes a set of the user; "default" stands for the packs that were added to it. Returns the folder that was
/// removed. Throws Error{argument} when there is none or when it holds anything but packs, Error{io}.
std::string remove_set(const std::string& name);

}  // namespace jpegai
