// A folder for files that are needed for a while.
#pragma once

#include <filesystem>
#include <string>

namespace jpegai {

/// A folder of its own among the temporary files that disappears with its contents.
class ScratchFolder {
public:
    /// `use` becomes part of its name. Throws Error{io} when none can be made.
    explicit ScratchFolder(const std::string& use);
    ~ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

private:
    std::filesystem::path folder_;
};

}  // namespace jpegai
