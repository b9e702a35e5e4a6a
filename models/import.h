// From a folder of checkpoints to one pack.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/official.h"
#include "models/pack_writer.h"

namespace jpegai {

struct ImportOptions {
    /// Take these files only and refuse any that differs from its entry; a part of them will do. Empty: take all there
    /// is, unchecked.
    std::span<const OfficialFile> list = official_files();
    PackOptions pack;  ///< with the official list the pack's name is kOfficialSetName whatever is said here
    std::function<void(std::string_view)> verify_progress;  ///< see verify_files()
};

struct ImportResult {
    std::size_t files = 0, tensors = 0;
    std::uint64_t bytes = 0;       ///< of the tensors
    std::uint64_t pack_bytes = 0;  ///< of the pack
    std::string fingerprint;
    std::vector<std::string> missing;  ///< files of the list that are not in the folder
    std::vector<std::string> ignored;  ///< files of the folder that are not in the list
};

/// Writes the weights of a folder (of checkpoints, or of packs when there is no list) as one pack of version 2. The
/// pack appears whole or not at all. Throws Error{model} naming the first files that differ from the list, or when
/// there are none of it, Error{argument} when another set is to be called kOfficialSetName, and what open_weights(),
/// write_pack() and write_file() throw.
ImportResult import_folder(const std::string& folder, const std::string& out_pack, const ImportOptions& options);

}  // namespace jpegai
