// A folder that disappears with the test.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/support/test_data.h"

namespace jpegai::test {

class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::path(::testing::TempDir()) / "jpegai-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
        path_ = pattern;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }

    /// Writes a file below the folder, making folders on the way; returns its path.
    std::string write(const std::string& name, std::span<const std::uint8_t> bytes) const {
        std::filesystem::create_directories((path_ / name).parent_path());
        write_file((path_ / name).string(), bytes);
        return (path_ / name).string();
    }
    /// Copies one of the checkpoints of tests/data/models.
    void put(const std::string& checkpoint, const std::string& name) const {
        write(name, load_bytes(data_path("models/" + checkpoint)));
    }
    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

}  // namespace jpegai::test
