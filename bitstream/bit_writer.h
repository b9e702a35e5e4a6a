// MSB-first bit output (standard/01-codestream.md section 2).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace jpegai {

/// The inverse of BitReader.
class BitWriter {
public:
    /// The low n bits of `value`, n = 0..32. Throws Error{argument} when value >= 2^n.
    void u(std::uint32_t value, unsigned n);
    /// Order-0 Exp-Golomb code of 0..2^32 - 2. Throws Error{argument} for 2^32 - 1.
    void ue(std::uint32_t value);
    /// Signed Exp-Golomb code of -(2^31 - 1)..2^31 - 1. Throws Error{argument} for -2^31.
    void se(std::int32_t value);
    /// Fills a partly written byte with zeros.
    void byte_align() { used_ = 0; }

    [[nodiscard]] std::uint64_t bits_written() const {
        return std::uint64_t{bytes_.size()} * 8 - (used_ == 0 ? 0 : 8 - used_);
    }
    /// Everything written, zero padded to a whole byte.
    [[nodiscard]] std::vector<std::uint8_t> take() && { return std::move(bytes_); }

private:
    std::vector<std::uint8_t> bytes_;
    unsigned used_ = 0;  ///< bits used of the last byte; 0: none open
};

}  // namespace jpegai
