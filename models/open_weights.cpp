#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "models/checkpoint_folder.h"
#include "models/pack_format.h"
#include "models/weight_paths.h"

namespace jpegai {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> packs_in(const fs::path& folder) {
    std::vector<std::string> packs;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() == ".jaiw" && entry.is_regular_file()) packs.push_back(entry.path().string());
    }
    std::sort(packs.begin(), packs.end());
    return packs;
}

}  // namespace

WeightPaths find_weights(const std::string& path) {
    try {
        if (!fs::is_directory(path)) return {{path}, {}};
        WeightPaths paths{packs_in(path), {}};
        if (paths.packs.empty()) paths.checkpoints = find_checkpoints(path);
        if (paths.packs.empty() && paths.checkpoints.empty()) {
            throw Error(JPEGAI_ERROR_MODEL, fmt::format("{} holds no weights", path));
        }
        return paths;
    } catch (const fs::filesystem_error& error) {
        throw Error(JPEGAI_ERROR_IO, error.what());
    }
}

std::shared_ptr<const WeightSet> open_weights(const std::string& path, const std::string& name) {
    WeightPaths paths = find_weights(path);
    if (paths.packs.empty()) return weights_from_checkpoints(path, std::move(paths.checkpoints));
    std::vector<std::shared_ptr<const ByteSource>> sources;
    for (const std::string& pack : paths.packs) sources.push_back(file_source(pack));
    const fs::path whole = fs::path(path) / "";  // the same with and without a slash at the end
    return weights_from_packs(sources, name.empty() ? whole.parent_path().stem().string() : name);
}

}  // namespace jpegai
