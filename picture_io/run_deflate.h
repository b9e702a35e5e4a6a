// The zlib format (RFC 1950, RFC 1951) for filtered rows of photographs: Huffman codes and runs of one byte, no search for
// matches. Several times as fast as zlib with the same restriction, and as small.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace jpegai::picture_formats {

class RunDeflater {
public:
    RunDeflater();
    void add(std::span<const std::uint8_t> bytes);
    /// Ends the stream; nothing may be added afterwards.
    void finish();
    /// What has been made since the last call, in order.
    [[nodiscard]] std::vector<std::uint8_t> take();
    [[nodiscard]] std::size_t ready() const { return out_.size(); }

private:
    /// How often each literal or length symbol occurs.
    using Counts = std::array<std::uint32_t, 286>;

    void write_block(bool last);
    void find_runs(Counts& counts);
    void put(std::uint32_t bits, unsigned count);
    void flush_bytes();

    std::vector<std::uint8_t> block_;    ///< not written yet
    std::vector<std::uint16_t> tokens_;  ///< of the block: a byte, or 253 + the length of a run of the byte before it
    int previous_ = -1;                  ///< last byte of the block before, -1 at first
    std::uint32_t sum_ = 1, sum_of_sums_ = 0;  ///< Adler-32
    std::uint64_t bits_ = 0;
    unsigned bit_count_ = 0;
    std::vector<std::uint8_t> out_;
};

/// Lengths, at most `limit` bits, of a Huffman code for symbols that occur so often; 0 for those that do not. A lone
/// symbol gets one bit. `lengths` has the size of `counts`.
void huffman_lengths(std::span<const std::uint32_t> counts, unsigned limit, std::span<std::uint8_t> lengths);

}  // namespace jpegai::picture_formats
