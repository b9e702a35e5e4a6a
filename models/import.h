// From a folder of checkpoints to one pack.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "models/pack_writer.h"

namespace jpegai {

struct ImportOptions {
    bool verify_official = true;  ///< refuse a folder that is not exactly the official set
    PackOptions pack;             ///< a verified official set without a name is called kOfficialSetName
    std::function<void(std::string_view)> verify_progress;  ///< see verify_official()
};

struct ImportResult {
    std::size_t files = 0, tensors = 0;
    std::uint64_t bytes = 0;       ///< of the tensors
    std::uint64_t pack_bytes = 0;  ///< of the pack
    std::string fingerprint;
};

/// Writes all weights of a folder (of checkpoints, or of packs when the official set is not asked for) as one pack of
/// version 2. The pack appears whole or not at all. Throws Error{model} naming the first files that are not official,
/// Error{argument} when another set is to be called kOfficialSetName, and what open_weights(), write_pack() and
/// write_file() throw.
ImportResult import_folder(const std::string& folder, const std::string& out_pack, const ImportOptions& options);

}  // namespace jpegai
