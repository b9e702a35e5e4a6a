#include "models/default_weights.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"

namespace jpegai {
namespace {

/// Folder of the program or shared library that contains this function.
std::filesystem::path own_folder() {
    Dl_info info{};
    std::error_code ignored;
    if (::dladdr(reinterpret_cast<const void*>(&own_folder), &info) == 0 || info.dli_fname == nullptr) return {};
    const auto path = std::filesystem::canonical(info.dli_fname, ignored);
    // The name of a program is as it was called; /proc has the real place.
    return ignored ? std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() : path.parent_path();
}

}  // namespace

std::string default_weights_path() {
    if (const char* chosen = std::getenv("JPEGAI_MODELS")) return chosen;
    const std::vector<std::filesystem::path> places = {own_folder() / "../share/jpegai/models", JPEGAI_INSTALLED_MODELS,
                                                       JPEGAI_SOURCE_MODELS};
    std::string tried;
    for (const auto& place : places) {
        std::error_code ignored;
        if (std::filesystem::exists(place / "model_0.jaiw", ignored)) return place.lexically_normal().string();
        tried += fmt::format(" {}", place.lexically_normal().string());
    }
    throw Error(
        JPEGAI_ERROR_MODEL,
        fmt::format("the default weights were not found (looked in{}); give --models or set JPEGAI_MODELS", tried));
}

std::shared_ptr<const WeightSet> open_default_weights() {
    return std::getenv("JPEGAI_MODELS") != nullptr ? open_weights(default_weights_path())
                                                   : open_weights(default_weights_path(), "jpegai default");
}

}  // namespace jpegai
