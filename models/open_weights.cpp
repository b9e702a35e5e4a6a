#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "models/checkpoint_folder.h"
#include "models/pack_format.h"
#include "models/weight_paths.h"

namespace jpegai {

namespace fs = std::filesystem;

std::vector<std::string> packs_in(const std::string& folder) {
    try {
        std::vector<std::string> packs;
        for (const auto& entry : fs::directory_iterator(folder)) {
            if (entry.path().extension() == ".jaiw" && entry.is_regular_file()) packs.push_back(entry.path().string());
        }
        std::sort(packs.begin(), packs.end());
        return packs;
    } catch (const fs::filesystem_error& error) {
        throw Error(JPEGAI_ERROR_IO, error.what());
    }
}

WeightPaths find_weights(const std::string& path) {
    std::error_code error;
    const std::string name = (fs::path(path) / "").parent_path().stem().string();  // with and without a final slash
    if (!fs::is_directory(path, error)) return {path, name, {path}, {}};
    WeightPaths paths{path, name, packs_in(path), {}};
    if (paths.packs.empty()) paths.checkpoints = find_checkpoints(path);
    if (paths.packs.empty() && paths.checkpoints.empty()) {
        throw Error(JPEGAI_ERROR_MODEL, fmt::format("{} holds no weights", path));
    }
    return paths;
}

std::shared_ptr<const WeightSet> open_weights(WeightPaths paths) {
    if (paths.packs.empty()) return weights_from_checkpoints(std::move(paths.place), std::move(paths.checkpoints));
    std::vector<std::shared_ptr<const ByteSource>> sources;
    for (const std::string& pack : paths.packs) sources.push_back(file_source(pack));
    return weights_from_packs(sources, paths.name);
}

std::shared_ptr<const WeightSet> open_weights(const std::string& path, const std::string& name) {
    WeightPaths paths = find_weights(path);
    if (!name.empty()) paths.name = name;
    return open_weights(std::move(paths));
}

}  // namespace jpegai
