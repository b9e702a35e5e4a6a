#include "tests/support/test_data.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "base/file.h"

namespace jpegai::test {

std::filesystem::path data_path(const std::string& name) {
    return std::filesystem::path(JPEGAI_TEST_DATA) / name;
}

std::filesystem::path shared_dir() {
    const char* chosen = std::getenv("JPEGAI_SHARED_DIR");
    return chosen != nullptr ? chosen : JPEGAI_SHARED_DIR;
}

bool have_shared() {
    return std::filesystem::exists(shared_dir() / "vectors" / "weights-recipe.json");
}

std::vector<std::filesystem::path> stream_cases(const std::string& collection) {
    std::vector<std::filesystem::path> cases;
    for (const auto& entry : std::filesystem::directory_iterator(shared_dir() / collection)) {
        if (std::filesystem::exists(entry.path() / "stream.bits")) cases.push_back(entry.path());
    }
    std::sort(cases.begin(), cases.end());
    return cases;
}

nlohmann::json load_json(const std::filesystem::path& path) {
    std::ifstream file(path);
    return nlohmann::json::parse(file);
}

std::vector<std::uint8_t> load_bytes(const std::filesystem::path& path) {
    return read_file(path.string());
}

std::vector<std::uint8_t> from_hex(const std::string& text) {
    std::vector<std::uint8_t> bytes;
    std::string digits;
    for (const char c : text) {
        if (std::isxdigit(static_cast<unsigned char>(c)) == 0) continue;
        digits += c;
        if (digits.size() == 2) {
            bytes.push_back(static_cast<std::uint8_t>(std::stoul(digits, nullptr, 16)));
            digits.clear();
        }
    }
    return bytes;
}

}  // namespace jpegai::test
