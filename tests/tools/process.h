// Runs the built program as a user would.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace jpegai::test {

struct ProcessResult {
    int exit_code = -1;  ///< -1 when the program was ended by a signal
    std::string out, err;
    [[nodiscard]] std::vector<std::uint8_t> out_bytes() const { return {out.begin(), out.end()}; }
};

/// Runs build/bin/jpegai with these arguments and bytes on its standard input. Standard output goes to `stdout_path`
/// when given, else into `out`.
[[nodiscard]] ProcessResult run_jpegai(const std::vector<std::string>& arguments,
                                       std::span<const std::uint8_t> input = {}, const std::string& stdout_path = {});

/// A folder that lives as long as the object.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
    /// Names of everything in it, sorted.
    [[nodiscard]] std::vector<std::string> list() const;

private:
    std::filesystem::path folder_;
};

}  // namespace jpegai::test
