// Programs of other people that code pictures, in processes of their own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace jpegai::detection {

/// A folder that disappears with its contents. Throws Error{io} when none can be made.
class ScratchFolder {
public:
    ScratchFolder();
    ~ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

/// Whether PATH has such a program.
[[nodiscard]] bool have_program(const std::string& program);

/// Runs a program found in PATH to its end; what it prints is dropped. Throws Error{io} when it cannot be run or fails.
void run_program(std::vector<std::string> words);

}  // namespace jpegai::detection
