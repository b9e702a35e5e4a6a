// Whole-file input and all-or-nothing output.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace jpegai {

/// Contents of a file, or of standard input for "-". Throws Error{io} when it cannot be read and
/// Error{limit} when it is longer than max_bytes.
[[nodiscard]] std::vector<std::uint8_t> read_file(const std::string& path,
                                                  std::uint64_t max_bytes = std::uint64_t{1} << 32);

/// A file that is written in parts: into a temporary file beside `path`, which commit() renames, so that a failure
/// leaves no partial file and an existing file stays whole until the last moment. "-" is standard output; there and on
/// devices and pipes, parts go out as they come. All functions throw Error{io}.
class OutputFile {
public:
    explicit OutputFile(std::string path);
    ~OutputFile();  ///< without commit(): removes the temporary file
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;
    void write(std::span<const std::uint8_t> bytes);
    void commit();

private:
    [[noreturn]] void fail() const;

    std::string path_, temporary_;  ///< temporary_ is empty where there is none
    int fd_ = -1;
};

/// Writes the bytes as an OutputFile does. Throws Error{io}.
void write_file(const std::string& path, std::span<const std::uint8_t> bytes);

}  // namespace jpegai
