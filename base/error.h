// Typed errors: every failure inside the library is one of these.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "jpegai/error.h"

namespace jpegai {

/// Offset value of an error whose cause has no place in a file.
inline constexpr std::uint64_t kNoOffset = ~std::uint64_t{0};

/// Thrown by every function of the library that can fail; caught at the C API and in the tools.
class Error : public std::runtime_error {
public:
    Error(jpegai_error code, std::uint64_t offset, const std::string& message)
        : std::runtime_error(message), code_(code), offset_(offset) {}
    Error(jpegai_error code, const std::string& message) : Error(code, kNoOffset, message) {}

    [[nodiscard]] jpegai_error code() const noexcept { return code_; }
    /// Byte offset in the input of the first byte that could not be accepted, or kNoOffset.
    [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
    /// "truncated at byte 12: ..." for people.
    [[nodiscard]] std::string describe() const;

private:
    jpegai_error code_;
    std::uint64_t offset_;
};

}  // namespace jpegai
