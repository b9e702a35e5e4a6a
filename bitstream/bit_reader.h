// MSB-first bit input over a byte range (standard/01-codestream.md section 2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace jpegai {

/// Reads u(n), ue(v) and se(v) codes; never reads outside its bytes.
/// Every failure is an Error{truncated} or Error{structure} whose offset is a byte of the file.
class BitReader {
public:
    /// `bytes` begin at `offset` of the file (used in errors only).
    explicit BitReader(std::span<const std::uint8_t> bytes, std::uint64_t offset = 0)
        : bytes_(bytes), offset_(offset) {}

    /// n bits, most significant first; n = 0..32 (0 reads nothing and gives 0). Throws Error{truncated}.
    [[nodiscard]] std::uint32_t u(unsigned n);
    /// Order-0 Exp-Golomb code, 0..2^32 - 2 (at most 31 leading zeros). Throws Error{truncated}, Error{structure}.
    [[nodiscard]] std::uint32_t ue();
    /// Signed Exp-Golomb code, -(2^31 - 1)..2^31 - 1. Throws like ue().
    [[nodiscard]] std::int32_t se();
    /// Skips the rest of a partly read byte; true when the skipped bits were all zero.
    bool byte_align();

    [[nodiscard]] std::uint64_t bits_left() const { return std::uint64_t{bytes_.size()} * 8 - position_; }
    /// Whole bytes consumed; a partly read byte counts.
    [[nodiscard]] std::size_t bytes_used() const { return static_cast<std::size_t>((position_ + 7) / 8); }
    /// File offset of the byte that holds the next bit.
    [[nodiscard]] std::uint64_t file_offset() const { return offset_ + position_ / 8; }
    /// File offset just after the last byte.
    [[nodiscard]] std::uint64_t end_offset() const { return offset_ + bytes_.size(); }

private:
    std::span<const std::uint8_t> bytes_;
    std::uint64_t offset_;
    std::uint64_t position_ = 0;  ///< in bits
};

}  // namespace jpegai
