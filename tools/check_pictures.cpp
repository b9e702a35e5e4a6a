#include "tools/check_pictures.h"

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "picture_io/picture_io.h"
#include "tools/common.h"

namespace jpegai::tools {

std::vector<std::string> pictures_in(const std::string& path) {
    std::error_code failure;
    if (path == "-" || !std::filesystem::is_directory(path, failure)) return {path};
    std::vector<std::string> pictures;
    for (const auto& entry : std::filesystem::directory_iterator(path, failure)) {
        if (entry.is_regular_file() && format_of_path(entry.path().string())) pictures.push_back(entry.path().string());
    }
    if (failure) throw FileError(path, Error(JPEGAI_ERROR_IO, failure.message()));
    if (pictures.empty()) throw FileError(path, Error(JPEGAI_ERROR_ARGUMENT, "there are no pictures in this folder"));
    std::sort(pictures.begin(), pictures.end());
    return pictures;
}

std::vector<std::string> names_apart(const std::vector<std::string>& files) {
    namespace fs = std::filesystem;
    std::vector<fs::path> paths;
    fs::path common;
    for (const std::string& file : files) {
        paths.push_back(file == "-" ? fs::path(file) : fs::absolute(file).lexically_normal());
        if (file == "-") continue;
        const fs::path folder = paths.back().parent_path();
        if (common.empty()) common = folder;
        const auto [end, ignored] = std::mismatch(common.begin(), common.end(), folder.begin(), folder.end());
        fs::path shared;
        for (auto part = common.begin(); part != end; ++part) shared /= *part;
        common = shared;
    }
    std::vector<std::string> names;
    for (const fs::path& path : paths)
        names.push_back(path == "-" ? "stdin" : path.lexically_relative(common).string());
    return names;
}

detection::TraceClassifier classifier_of(const std::string& path) {
    if (path.empty()) return detection::TraceClassifier::built_in();
    try {
        const std::vector<std::uint8_t> bytes = read_file(path);
        return detection::TraceClassifier::from_json({bytes.begin(), bytes.end()});
    } catch (const Error& error) {
        throw FileError(path, error);
    }
}

}  // namespace jpegai::tools
