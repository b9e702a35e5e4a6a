// The inner loops of the fast me-tANS coder. They exist once per instruction set, all with identical results; a caller
// takes the best that the running CPU supports. They code whole groups only, and only while no lane can run out of
// bits; the rest is left to the steps of me_tans_steps.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bitstream/me_tans_steps.h"

namespace jpegai::me_tans {

/// Elements that the kernels work on at a time. A multiple of 4 * 16, so that blocks consist of whole groups for every
/// number of lanes; small enough for positions of 16 bits and for all data of a block to stay in the first-level cache.
constexpr std::size_t kBlock = 512;

/// Decoder words of the residual distributions: 256, one per state, from 256 * (1 + sigma_idx) on. They are arranged
/// for the fewest dependent operations: bits 31..24 base, 23..16 symbol, 12 set for the escape, 5..0 = 63 - bits to
/// pop. The low half of a sum of words tells the sum of the bits and whether there was an escape. The first 256 words,
/// where kNotCoded leads as the signed number -1, pop nothing and leave every state as it is.
struct FastTable {
    alignas(64) std::uint32_t words[256 * (1 + 32)];
};

/// Bytes in front of a lane that a kernel may read as if they were the lane's.
constexpr std::size_t kMargin = 8;
/// Bits by which a call of a kernel may run over the end of one of `lanes` lanes: those of its share of a block.
constexpr std::size_t overrun_bits(std::size_t lanes) {
    return kBlock / lanes * kMaxSymbolBits;
}

/// Bits that a lane must have left so that a kernel may decode `symbols` hyper latents that are no escapes.
constexpr std::uint64_t hyper_bits_needed(std::uint64_t symbols) {
    return 8 * symbols + 64;
}

/// Length of the arrays that the listing kernels fill; they write past the end of the list.
constexpr std::size_t kListRoom = kBlock + 32;

/// Columns of an encoder row: residuals clipped to -128..128.
constexpr std::size_t kEncodeColumns = 257;

/// What the encoding kernels need to know of the residual distributions.
struct FastEncodeTable {
    /// Words [distribution][clipped residual + 128]: as in 02 section 3.3, plus the distribution in bits 12..8;
    /// residuals that have to be escaped have the word of the escape symbol with bit 13 set.
    std::uint32_t words[32][kEncodeColumns];
    std::uint8_t maps[256 * 32];  ///< CDF position to state, 256 per distribution
    std::uint8_t bounds[32];
};

/// A lane in the course of encoding. Kernels write 8 bytes at `next`, so there has to be room beyond the last one.
struct alignas(32) LaneWriter {
    BitSink sink{};
    std::uint8_t state[2] = {0, 0};
};

/// What the listing kernels return for a table entry that is neither a distribution nor kNotCoded.
constexpr std::size_t kBadTable = ~std::size_t{0};

/// `table` and `residual` point at the first element of the block or sequence.
struct Kernels {
    const char* name;

    /// Appends to `positions` the places in table[0, count) of coded elements; returns how many, or kBadTable.
    /// count <= kBlock, and positions must have room for kListRoom.
    std::size_t (*list_coded)(const std::uint8_t* table, std::size_t count, std::uint16_t* positions);
    /// The same for pairs of neighbours of which at least one is coded; `pairs` <= kBlock / 2.
    std::size_t (*list_coded_pairs)(const std::uint8_t* table, std::size_t pairs, std::uint16_t* positions);

    /// One lane, two states. Decodes the listed pairs, which are whole groups, and writes both residuals of each.
    /// Returns false for an escape outside int16. Does not look for the end of the lane: it may run over it by
    /// overrun_bits, and must still have kMargin bytes in front of it then.
    bool (*decode_pairs)(const FastTable& tables, const std::uint8_t* table, std::int16_t* residual,
                         const std::uint16_t* pairs, std::size_t count, LaneState& lane);
    /// The same for `lanes` >= 2 lanes and the listed elements; element 0 belongs to lane 0.
    bool (*decode_lanes)(const FastTable& tables, const std::uint8_t* table, std::int16_t* residual,
                         const std::uint16_t* positions, std::size_t count, LaneState* lane, std::size_t lanes);

    /// Encodes the listed elements of a block of whole groups, with 1 lane or more; element 0 belongs to lane 0.
    void (*encode_block)(const FastEncodeTable& tables, const std::uint8_t* table, const std::int16_t* residual,
                         const std::uint16_t* positions, std::size_t count, LaneWriter* lane, std::size_t lanes);

    /// Hyper latents with one lane: decodes pairs of neighbours until an escape or until the lane runs low and returns
    /// how many elements were decoded. `table` has packed words.
    std::size_t (*decode_hyper_pairs)(const std::uint32_t* table, std::int8_t* z_hat, std::size_t count,
                                      LaneState& lane);
    /// With `lanes` >= 2 lanes, for elements begin .. end - 1; returns the first that was not decoded, an escape, or
    /// end. Every lane needs hyper_bits_needed of its elements; element 0 belongs to lane 0.
    std::size_t (*decode_hyper_lanes)(const std::uint32_t* table, std::int8_t* z_hat, std::size_t begin,
                                      std::size_t end, LaneState* lane, std::size_t lanes);
};

/// The tables that the kernels take, built once.
[[nodiscard]] const FastTable& fast_tables();
[[nodiscard]] const FastEncodeTable& fast_encode_tables();

/// Every set of kernels that this CPU can run, the best one last; there is at least one.
[[nodiscard]] std::span<const Kernels* const> available_kernels();
/// The best of them.
[[nodiscard]] const Kernels& best_kernels();

}  // namespace jpegai::me_tans
