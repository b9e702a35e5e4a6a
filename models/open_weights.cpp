#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "models/checkpoint_folder.h"
#include "models/pack_format.h"

namespace jpegai {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> packs_in(const fs::path& folder) {
    std::vector<fs::path> packs;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() == ".jaiw" && entry.is_regular_file()) packs.push_back(entry.path());
    }
    std::sort(packs.begin(), packs.end());
    return packs;
}

std::shared_ptr<const WeightSet> open_packs(const std::vector<fs::path>& paths) {
    std::vector<std::shared_ptr<const ByteSource>> sources;
    for (const fs::path& path : paths) sources.push_back(file_source(path.string()));
    return weights_from_packs(sources);
}

}  // namespace

std::shared_ptr<const WeightSet> open_weights(const std::string& path) {
    try {
        if (!fs::is_directory(path)) return open_packs({path});
        const std::vector<fs::path> packs = packs_in(path);
        if (!packs.empty()) return open_packs(packs);
        return weights_from_folder(path);
    } catch (const fs::filesystem_error& error) {
        throw Error(JPEGAI_ERROR_IO, error.what());
    }
}

}  // namespace jpegai
