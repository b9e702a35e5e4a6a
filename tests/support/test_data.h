// Where tests find their data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace jpegai::test {

/// A file or folder below tests/data, always present.
[[nodiscard]] std::filesystem::path data_path(const std::string& name);

/// The folder with the large reference vectors ($JPEGAI_SHARED_DIR, or the one given to CMake); may be absent.
[[nodiscard]] std::filesystem::path shared_dir();
[[nodiscard]] bool have_shared();

/// Folders of one vector collection that contain a stream.bits, sorted: "vectors" or "models/vectors" below shared_dir().
[[nodiscard]] std::vector<std::filesystem::path> stream_cases(const std::string& collection);

[[nodiscard]] nlohmann::json load_json(const std::filesystem::path& path);
[[nodiscard]] std::vector<std::uint8_t> load_bytes(const std::filesystem::path& path);
[[nodiscard]] std::vector<std::uint8_t> from_hex(const std::string& text);

}  // namespace jpegai::test

/// Skips the running test, with the reason, where the large vectors are not installed.
#define JPEGAI_NEEDS_SHARED() \
    if (!jpegai::test::have_shared()) GTEST_SKIP() << "reference vectors not found at " << jpegai::test::shared_dir()
