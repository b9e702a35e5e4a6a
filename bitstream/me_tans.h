// me-tANS: the table based entropy coder of JPEG AI (standard/02-entropy-and-latent.md sections 3 to 5 and 9).
// Symbols, tables and coding steps only; how lanes lie in a file is codestream.h's matter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bitstream/me_tans_steps.h"
#include "spec/constants.h"

namespace jpegai {

/// The bytes of one lane and their offset in the file (for error messages; kNoOffset when unknown).
struct LaneBytes {
    std::span<const std::uint8_t> bytes;
    std::uint64_t offset = ~std::uint64_t{0};
};

/// One entry per state 0..255 of a distribution: next state = base | pop(bits).
/// Packed so that a CPU or GPU reads it with one 32-bit load: bits 31..24 = bits to pop, 23..16 = base, 15..0 = symbol.
using DecodeTable = std::array<std::uint32_t, 256>;

/// The 32 residual distributions (02 section 4), built once. [sigma_idx][state], 32 KiB.
[[nodiscard]] std::span<const DecodeTable, kSigmaTables> residual_decode_tables();
/// Symbols of magnitude >= bound are escapes (02 sections 3.4, 4).
[[nodiscard]] std::span<const std::uint8_t, kSigmaTables> residual_bounds();

/// Distribution of one hyper latent channel (02 section 5).
class HyperTable {
public:
    /// `freqs` are the 63 frequencies of checkpoint tensor hyper_entropy.freqs_int for one channel.
    /// Throws Error{model} when they are negative or sum to zero or overflow.
    explicit HyperTable(std::span<const std::int32_t, kHyperSymbols> freqs);

    [[nodiscard]] const DecodeTable& decode_table() const { return decode_; }
    /// cdf[k] for k = 0..62 as in 02 section 5 (cdf[62] = 255).
    [[nodiscard]] std::span<const std::uint8_t, kHyperSymbols> cdf() const { return cdf_; }

private:
    DecodeTable decode_{};
    std::array<std::uint8_t, kHyperSymbols> cdf_{};
};

/// Decodes one residual call (one region of one component, or the quality map; 02 sections 3.5 and 9).
/// `table` gives per element, in scan order, the distribution index 0..31, or kNotCoded for a masked-out element.
/// `residual` has the same length and receives the symbols, 0 where nothing is coded.
/// `elements` <= table.size() decodes a prefix only (progressive decoding): later elements become 0 and the end of the
/// lanes is not checked; otherwise every lane has to end with no bits and state 0. A group of four that straddles the
/// end of the prefix is decoded (and checked) whole. Throws Error{entropy} for a corrupt payload (offset = the lane's),
/// including escapes outside int16, and Error{argument} for a number of lanes other than 1, 2, 4, 8, 16, sizes that do
/// not fit together or a table that does not exist. The contents of `residual` are unspecified after an error.
void decode_residual(std::span<const LaneBytes> lanes, std::span<const std::uint8_t> table, std::size_t elements,
                     std::span<std::int16_t> residual);

/// The lanes (1, 2, 4, 8 or 16) of one residual call; the exact inverse of decode_residual.
/// Elements whose table is kNotCoded are not written whatever their value. Throws Error{argument} as decode_residual.
[[nodiscard]] std::vector<std::vector<std::uint8_t>> encode_residual(std::size_t lanes,
                                                                     std::span<const std::uint8_t> table,
                                                                     std::span<const std::int16_t> residual);

/// Decoder of one SOZ substream: channel after channel, luma then chroma, states running on (02 sections 3.5, 5).
class HyperDecoder {
public:
    /// The bytes have to outlive the decoder. Throws Error{entropy} when a lane cannot be started and Error{argument}
    /// for a number of lanes other than 1, 2, 4, 8, 16.
    explicit HyperDecoder(std::span<const LaneBytes> lanes);
    /// Next channel: z_hat (symbol - 31, in -31..31) in raster order. Throws Error{entropy}; the raw escape value 63
    /// (z_hat 32), which no encoder writes, is an error too.
    void decode_channel(const HyperTable& table, std::span<std::int8_t> z_hat);
    /// Throws Error{entropy} unless every lane is used up with state 0.
    void finish() const;

private:
    std::vector<LaneBytes> sources_;
    std::vector<me_tans::LaneState> lanes_;
};

/// z_hat of one component for the encoder: [channel] spans of raster-order values -31..31 with their tables.
struct HyperPlane {
    std::span<const HyperTable> tables;  ///< one per channel
    std::span<const std::int8_t> z_hat;  ///< channels * samples_per_channel
    std::size_t samples_per_channel = 0;
};

/// The lanes of one SOZ substream; luma first in decoding order (02 section 3.5).
/// Throws Error{argument} for a bad number of lanes, sizes that do not fit together or values outside -31..31.
[[nodiscard]] std::vector<std::vector<std::uint8_t>> encode_hyper(std::size_t lanes, const HyperPlane& primary,
                                                                  const HyperPlane& secondary);

}  // namespace jpegai
