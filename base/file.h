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

/// Writes the bytes to a temporary file beside `path` and renames it, so that a failure leaves no partial
/// file and an existing file stays whole until the last moment; "-" writes to standard output.
/// Throws Error{io}.
void write_file(const std::string& path, std::span<const std::uint8_t> bytes);

}  // namespace jpegai
