#include "models/checkpoint_folder.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "models/checkpoint_reader.h"
#include "models/lazy_set.h"
#include "models/official.h"

namespace jpegai {
namespace {

namespace fs = std::filesystem;
using Paths = std::map<std::string, std::string, std::less<>>;

constexpr std::size_t kMaxFiles = 4096;

/// Adds root/DIR/FILE.pth as "DIR/FILE" for every DIR.
void add_checkpoints(const fs::path& root, Paths& paths) {
    for (const auto& folder : fs::directory_iterator(root)) {
        if (!folder.is_directory()) continue;
        for (const auto& file : fs::directory_iterator(folder.path(), fs::directory_options::skip_permission_denied)) {
            if (file.path().extension() != ".pth" || !file.is_regular_file()) continue;
            const std::string name =
                fmt::format("{}/{}", folder.path().filename().string(), file.path().stem().string());
            if (paths.size() == kMaxFiles) throw Error(JPEGAI_ERROR_MODEL, root.string() + ": too many checkpoints");
            if (!paths.emplace(name, file.path().string()).second) {
                throw Error(JPEGAI_ERROR_MODEL, fmt::format("{}: {} is there twice", root.string(), name));
            }
        }
    }
}

class FolderSet final : public LazySet {
public:
    FolderSet(std::string folder, Paths paths)
        : LazySet(names(paths)), folder_(std::move(folder)), paths_(std::move(paths)) {}
    [[nodiscard]] std::string describe() const override {
        return fmt::format("folder {} ({} checkpoints)", folder_, paths_.size());
    }
    [[nodiscard]] std::string name() const override {
        const fs::path path = fs::path(folder_) / "";  // the same with and without a slash at the end
        return path.parent_path().filename().string();
    }
    [[nodiscard]] bool is_official(std::string_view file) const override {
        const auto found = paths_.find(file);
        return found != paths_.end() && is_official_file(file, found->second);
    }

private:
    static std::vector<std::string> names(const Paths& paths) {
        std::vector<std::string> list;
        for (const auto& [name, path] : paths) list.push_back(name);
        return list;
    }
    [[nodiscard]] Checkpoint read(const std::string& file) const override {
        return CheckpointReader(file_source(paths_.find(file)->second)).read(is_weight_key);
    }

    std::string folder_;
    Paths paths_;
};

}  // namespace

Paths find_checkpoints(const std::string& folder) {
    try {
        Paths paths;
        add_checkpoints(folder, paths);
        if (const fs::path below = fs::path(folder) / "models"; fs::is_directory(below)) add_checkpoints(below, paths);
        return paths;
    } catch (const fs::filesystem_error& error) {
        throw Error(JPEGAI_ERROR_IO, error.what());
    }
}

std::shared_ptr<const WeightSet> weights_from_checkpoints(std::string folder, Paths paths) {
    return std::make_shared<FolderSet>(std::move(folder), std::move(paths));
}

}  // namespace jpegai
