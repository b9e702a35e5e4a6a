#include "models/official.h"

#include <algorithm>

#include "base/hash.h"
#include "models/byte_source.h"
#include "models/checkpoint_folder.h"

namespace jpegai {
namespace {

std::string hash_of(const ByteSource& file) {
    constexpr std::uint64_t kPiece = 1 << 20;
    Sha256 hash;
    std::vector<std::uint8_t> piece;
    for (std::uint64_t at = 0; at < file.size(); at += kPiece) {
        piece.resize(static_cast<std::size_t>(std::min(kPiece, file.size() - at)));
        file.read(at, piece);
        hash.update(piece);
    }
    return to_hex(hash.finish());
}

OfficialStatus check(const std::string& path, const OfficialFile& expected) {
    const auto file = file_source(path);
    if (file->size() != expected.size) return OfficialStatus::kWrongSize;
    return hash_of(*file) == expected.sha256 ? OfficialStatus::kOk : OfficialStatus::kWrongHash;
}

}  // namespace

const char* official_status_name(OfficialStatus status) {
    switch (status) {
        case OfficialStatus::kOk:
            return "ok";
        case OfficialStatus::kMissing:
            return "missing";
        case OfficialStatus::kWrongSize:
            return "wrong size";
        case OfficialStatus::kWrongHash:
            return "wrong hash";
    }
    return "unknown";
}

std::vector<OfficialCheck> verify_files(const std::string& folder, std::span<const OfficialFile> list,
                                        const std::function<void(std::string_view)>& progress) {
    const auto paths = find_checkpoints(folder);
    std::vector<OfficialCheck> results;
    for (const OfficialFile& file : list) {
        if (progress) progress(file.name);
        const auto found = paths.find(file.name);
        const OfficialStatus status = found == paths.end() ? OfficialStatus::kMissing : check(found->second, file);
        results.push_back({std::string(file.name), status});
    }
    return results;
}

bool is_official_file(std::string_view name, const std::string& path) {
    const auto list = official_files();
    const auto found = std::find_if(list.begin(), list.end(), [&](const OfficialFile& f) { return f.name == name; });
    return found != list.end() && check(path, *found) == OfficialStatus::kOk;
}

std::vector<OfficialCheck> verify_official(const std::string& folder,
                                           const std::function<void(std::string_view)>& progress) {
    return verify_files(folder, official_files(), progress);
}

}  // namespace jpegai
