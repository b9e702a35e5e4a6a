// The checkpoints that come with the reference software: which they are, and whether a folder holds exactly those.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jpegai {

struct OfficialFile {
    std::string_view name;  ///< as in WeightSet::files(): "VM_bop/decoder_Y_0.012"
    std::uint64_t size = 0;
    std::string_view sha256;  ///< lower-case hex
};

/// The 68 official checkpoints, sorted by name.
[[nodiscard]] std::span<const OfficialFile> official_files();

enum class OfficialStatus : std::uint8_t { kOk, kMissing, kWrongSize, kWrongHash };
[[nodiscard]] const char* official_status_name(OfficialStatus status);  ///< "ok", "missing", "wrong size", "wrong hash"

struct OfficialCheck {
    std::string name;
    OfficialStatus status = OfficialStatus::kMissing;
};

/// Compares the checkpoints below a folder (either layout, see find_checkpoints) with a list, one result per entry in
/// the order of the list; other files are not looked at. `progress` is called with the name before each file. Throws
/// Error{io, model} when the folder cannot be read.
[[nodiscard]] std::vector<OfficialCheck> verify_files(const std::string& folder, std::span<const OfficialFile> list,
                                                      const std::function<void(std::string_view)>& progress = {});
/// The same with the official list.
[[nodiscard]] std::vector<OfficialCheck> verify_official(const std::string& folder,
                                                         const std::function<void(std::string_view)>& progress = {});
/// Whether one file is exactly that of this name in the official list. Throws Error{io}.
[[nodiscard]] bool is_official_file(std::string_view name, const std::string& path);

}  // namespace jpegai
