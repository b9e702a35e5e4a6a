#include "models/set_store.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "models/pack_format.h"
#include "models/places.h"

namespace jpegai {
namespace {

namespace fs = std::filesystem;

/// Runs something that uses the file system's throwing functions.
template <class Work>
auto with_files(Work work) {
    try {
        return work();
    } catch (const fs::filesystem_error& error) {
        throw Error(JPEGAI_ERROR_IO, error.what());
    }
}

/// The user's folder, made when it is missing.
fs::path store() {
    const std::string folder = user_models_folder();
    if (folder.empty())
        throw Error(JPEGAI_ERROR_IO, "no folder for weight sets: neither XDG_DATA_HOME nor HOME is set");
    fs::create_directories(folder);
    return folder;
}

fs::path place_of(const std::string& name) {
    if (!is_set_name(name)) {
        throw Error(JPEGAI_ERROR_ARGUMENT,
                    fmt::format("\"{}\" is no name for a weight set: letters, digits, - _ . + only", name));
    }
    return store() / name;
}

/// An empty folder beside `place` that no listing shows.
fs::path hidden_folder(const fs::path& place) {
    std::string pattern = (place.parent_path() / fmt::format(".{}-XXXXXX", place.filename().string())).string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        throw Error(JPEGAI_ERROR_IO, fmt::format("cannot make a folder in {}", place.parent_path().string()));
    }
    fs::permissions(pattern, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                                 fs::perms::others_read | fs::perms::others_exec);
    return pattern;
}

/// Takes a set away in one step. What the folder holds has been looked at before: nothing but packs is deleted.
void take_away(const fs::path& place) {
    if (fs::is_symlink(place)) {
        fs::remove(place);
        return;
    }
    const fs::path hidden = hidden_folder(place);
    fs::rename(place, hidden);
    for (const std::string& pack : packs_in(hidden.string())) fs::remove(pack);
    fs::remove(hidden);
}

void require_only_packs(const fs::path& place) {
    if (fs::is_symlink(place)) return;
    for (const auto& entry : fs::directory_iterator(place)) {
        if (entry.path().extension() != ".jaiw" || entry.is_directory()) {
            throw Error(JPEGAI_ERROR_ARGUMENT,
                        fmt::format("{} is no weight pack; nothing was removed", entry.path().string()));
        }
    }
}

struct LoadedPack {
    std::string file_name;
    std::vector<std::uint8_t> bytes;
};

/// Reads packs and checks each of them completely.
std::vector<LoadedPack> load_packs(const std::vector<std::string>& paths) {
    std::vector<LoadedPack> packs;
    for (const std::string& path : paths) {
        packs.push_back({fs::path(path).filename().replace_extension(".jaiw").string(), read_file(path)});
        verify_pack(memory_source(path, packs.back().bytes));
    }
    return packs;
}

/// Throws Error{model} when two of the packs hold the same file.
void require_disjoint(const std::vector<LoadedPack>& packs, const std::vector<std::string>& others) {
    std::vector<std::shared_ptr<const ByteSource>> sources;
    for (const std::string& path : others) sources.push_back(file_source(path));
    for (const LoadedPack& pack : packs) sources.push_back(memory_source(pack.file_name, pack.bytes));
    (void)weights_from_packs(sources);
}

void require_different_names(const std::vector<LoadedPack>& packs) {
    for (std::size_t i = 0; i < packs.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (packs[i].file_name == packs[j].file_name) {
                throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("two packs are called {}", packs[i].file_name));
            }
        }
    }
}

/// Packs of a set that stay beside new ones.
std::vector<std::string> packs_that_stay(const std::string& name, const fs::path& place,
                                         const std::vector<LoadedPack>& added, bool replace) {
    std::vector<std::string> stay;
    if (name == kDefaultSet) stay = packs_in(built_in_models_folder());
    if (!fs::is_directory(place)) return stay;
    for (std::string& pack : packs_in(place.string())) {
        const std::string file_name = fs::path(pack).filename().string();
        const bool taken = std::any_of(added.begin(), added.end(),
                                       [&](const LoadedPack& other) { return other.file_name == file_name; });
        if (taken && !replace) {
            throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("{} is there already", pack));
        }
        if (!taken) stay.push_back(std::move(pack));
    }
    return stay;
}

}  // namespace

NewSet::NewSet(std::string name, bool replace) : replace_(replace) {
    with_files([&] {
        const fs::path place = place_of(name);
        if (name == kDefaultSet) {
            throw Error(JPEGAI_ERROR_ARGUMENT,
                        "the default set can be completed, but not replaced: choose another name");
        }
        if (!replace && fs::exists(fs::symlink_status(place))) {
            throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("there is a weight set {} already", place.string()));
        }
        if (fs::is_directory(place)) require_only_packs(place);
        place_ = place.string();
        hidden_ = hidden_folder(place).string();
    });
}

NewSet::~NewSet() {
    std::error_code ignored;
    if (!hidden_.empty()) fs::remove_all(hidden_, ignored);
}

std::string NewSet::file(const std::string& pack) const {
    return (fs::path(hidden_) / pack).string();
}

std::string NewSet::commit() {
    with_files([&] {
        if (replace_ && fs::exists(fs::symlink_status(place_))) take_away(place_);
        fs::rename(hidden_, place_);
    });
    hidden_.clear();
    return place_;
}

std::string add_set(const std::string& name, const std::vector<std::string>& packs, bool replace) {
    NewSet set(name, replace);
    const std::vector<LoadedPack> loaded = load_packs(packs);
    require_different_names(loaded);
    require_disjoint(loaded, {});
    for (const LoadedPack& pack : loaded) write_file(set.file(pack.file_name), pack.bytes);
    return set.commit();
}

std::string extend_set(const std::string& name, const std::vector<std::string>& packs, bool replace) {
    return with_files([&] {
        const fs::path place = place_of(name);
        if (name != kDefaultSet && !fs::is_directory(place)) {
            throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("there is no weight set {}", place.string()));
        }
        const std::vector<LoadedPack> loaded = load_packs(packs);
        require_different_names(loaded);
        require_disjoint(loaded, packs_that_stay(name, place, loaded, replace));
        fs::create_directories(place);
        for (const LoadedPack& pack : loaded) write_file((place / pack.file_name).string(), pack.bytes);
        return place.string();
    });
}

std::string remove_set(const std::string& name) {
    return with_files([&] {
        const fs::path place = place_of(name);
        if (!fs::exists(fs::symlink_status(place))) {
            throw Error(JPEGAI_ERROR_ARGUMENT, name == kDefaultSet
                                                   ? "the default set comes with the program and stays"
                                                   : fmt::format("there is no weight set {}", place.string()));
        }
        require_only_packs(place);
        take_away(place);
        return place.string();
    });
}

}  // namespace jpegai
