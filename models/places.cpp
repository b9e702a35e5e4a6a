#include "models/places.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"

namespace jpegai {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxName = 64;

/// Folder of the program or shared library that contains this function.
fs::path own_folder() {
    Dl_info info{};
    std::error_code ignored;
    if (::dladdr(reinterpret_cast<const void*>(&own_folder), &info) == 0 || info.dli_fname == nullptr) return {};
    const auto path = fs::canonical(info.dli_fname, ignored);
    // The name of a program is as it was called; /proc has the real place.
    return ignored ? fs::read_symlink("/proc/self/exe", ignored).parent_path() : path.parent_path();
}

/// An environment variable, empty when it is not set.
std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

bool is_there(const fs::path& path) {
    std::error_code ignored;
    return fs::exists(path, ignored);
}

/// Packs that the user has put beside the default set.
std::vector<std::string> added_to_default() {
    const fs::path folder = fs::path(user_models_folder()) / kDefaultSet;
    if (folder.is_relative() || !is_there(folder)) return {};
    return packs_in(folder.string());
}

WeightPaths find_default() {
    WeightPaths paths = find_weights(built_in_models_folder());
    paths.name = "jpegai default";
    for (std::string& pack : added_to_default()) paths.packs.push_back(std::move(pack));
    return paths;
}

std::vector<NamedSet> user_sets() {
    const std::string folder = user_models_folder();
    if (folder.empty() || !is_there(folder)) return {};
    std::vector<NamedSet> sets;
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (!entry.is_directory() || !is_set_name(name) || name == kDefaultSet) continue;
        sets.push_back({name, entry.path().string(), false, {}});
    }
    std::sort(sets.begin(), sets.end(), [](const NamedSet& a, const NamedSet& b) { return a.name < b.name; });
    return sets;
}

std::string names_of(const std::vector<NamedSet>& sets) {
    std::string names;
    for (const NamedSet& set : sets) names += (names.empty() ? "" : ", ") + set.name;
    return names.empty() ? "none" : names;
}

}  // namespace

std::string user_models_folder() {
    if (const fs::path data = environment("XDG_DATA_HOME"); data.is_absolute()) return data / "jpegai/models";
    if (const fs::path home = environment("HOME"); home.is_absolute()) return home / ".local/share/jpegai/models";
    return {};
}

std::string built_in_models_folder() {
    // From the folder of programs and from that of libraries, which need not be equally deep.
    const std::vector<fs::path> places = {own_folder() / JPEGAI_MODELS_FROM_PROGRAM,
                                          own_folder() / JPEGAI_MODELS_FROM_LIBRARY, JPEGAI_INSTALLED_MODELS,
                                          JPEGAI_SOURCE_MODELS};
    std::string tried;
    for (const auto& place : places) {
        if (is_there(place / "model_0.jaiw")) return place.lexically_normal().string();
        tried += fmt::format(" {}", place.lexically_normal().string());
    }
    throw Error(
        JPEGAI_ERROR_MODEL,
        fmt::format("the default weights were not found (looked in{}); give --models or set JPEGAI_MODELS", tried));
}

std::vector<NamedSet> named_sets() {
    try {
        std::vector<NamedSet> sets = user_sets();
        try {
            sets.insert(sets.begin(), {kDefaultSet, built_in_models_folder(), true, added_to_default()});
        } catch (const Error& error) {
            if (error.code() != JPEGAI_ERROR_MODEL) throw;
        }
        return sets;
    } catch (const fs::filesystem_error& error) {
        throw Error(JPEGAI_ERROR_IO, error.what());
    }
}

bool is_set_name(const std::string& name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_.+").find(c) != std::string_view::npos;
    };
    return !name.empty() && name.size() <= kMaxName && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), allowed);
}

WeightPaths find_models(const std::string& path_or_name) {
    const std::string wanted = path_or_name.empty() ? environment("JPEGAI_MODELS") : path_or_name;
    if (wanted.empty()) return find_default();
    if (is_there(wanted) || !is_set_name(wanted)) return find_weights(wanted);
    if (wanted == kDefaultSet) return find_default();
    const std::vector<NamedSet> sets = named_sets();
    const auto found = std::find_if(sets.begin(), sets.end(), [&](const NamedSet& s) { return s.name == wanted; });
    if (found != sets.end()) return find_weights(found->folder);
    throw Error(JPEGAI_ERROR_MODEL, fmt::format("{} is neither a path nor the name of a weight set (there are: {})",
                                                wanted, names_of(sets)));
}

std::shared_ptr<const WeightSet> open_models(const std::string& path_or_name) {
    return open_weights(find_models(path_or_name));
}

}  // namespace jpegai
