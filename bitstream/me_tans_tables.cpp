#include "bitstream/me_tans_tables.h"

#include <bit>

#include "base/error.h"
#include "bitstream/me_tans_steps.h"
#include "spec/ans_tables.h"

namespace jpegai {
namespace {

/// 8 - floor(log2 value) for value 1..511 (02 section 3.2).
constexpr unsigned missing_bits(unsigned value) {
    return 9U - static_cast<unsigned>(std::bit_width(value));
}

/// Decoder word of the state that is number `i` of a symbol with mass `mass` (02 sections 3.2, 3.3).
constexpr std::uint32_t decode_word(std::int32_t symbol, unsigned mass, unsigned i) {
    const unsigned x = mass + i;
    const unsigned bits = missing_bits(x);
    return bits << 24 | ((x << bits) - 256U) << 16 | (static_cast<std::uint32_t>(symbol) & 0xFFFF);
}

/// Encoder word of a symbol with mass `mass` > 0 whose interval starts at `start` (02 section 3.3).
constexpr std::uint32_t encode_word(unsigned start, unsigned mass) {
    const unsigned bits = missing_bits(mass);
    return (((bits + 1) << 8) - (mass << bits)) << 16 | ((start - mass) & 255U);
}

/// Value of a column of a residual distribution: 0, -1, +1, -2, ...
constexpr std::int32_t column_symbol(std::size_t column) {
    const auto half = static_cast<std::int32_t>(column / 2);
    return column % 2 == 0 ? half : -half - 1;
}

struct ResidualTable {
    DecodeTable decode{};
    EncodeTable encode{};
    StateMap map{};
};

/// States of a residual symbol with interval start .. start + mass - 1: those of the even positions, which lie in the
/// lower half, and then those of the odd ones, both ascending (02 section 3.2).
constexpr void assign_states(StateMap& map, unsigned start, unsigned mass) {
    unsigned position = start;
    for (unsigned s = (start + 1) / 2; s < (start + mass + 1) / 2; ++s) map[position++] = static_cast<std::uint8_t>(s);
    for (unsigned s = start / 2; s < (start + mass) / 2; ++s) map[position++] = static_cast<std::uint8_t>(128 + s);
}

constexpr ResidualTable make_residual_table(const AnsRow& row) {
    ResidualTable table;
    table.encode.fill(kUnusedEncodeWord);
    const std::array<std::uint8_t, 256> masses = ans_masses(row);
    unsigned start = 0;
    for (std::size_t column = 0; column < 2 * std::size_t{row.bound}; ++column) {
        const unsigned mass = masses[column];
        const std::int32_t symbol = column_symbol(column);
        assign_states(table.map, start, mass);
        for (unsigned i = 0; i < mass; ++i) table.decode[table.map[start + i]] = decode_word(symbol, mass, i);
        table.encode[static_cast<std::size_t>(symbol + 128)] = encode_word(start, mass);
        start += mass;
    }
    return table;
}

struct ResidualTables {
    alignas(64) std::array<DecodeTable, kSigmaTables> decode;
    alignas(64) std::array<EncodeTable, kSigmaTables> encode;
    alignas(64) std::array<StateMap, kSigmaTables> maps;
    std::array<std::uint8_t, kSigmaTables> bounds;
};

ResidualTables make_residual_tables() {
    ResidualTables tables;
    for (std::size_t i = 0; i < kSigmaTables; ++i) {
        const ResidualTable table = make_residual_table(kAnsRows[i]);
        tables.decode[i] = table.decode;
        tables.encode[i] = table.encode;
        tables.maps[i] = table.map;
        tables.bounds[i] = kAnsRows[i].bound;
    }
    return tables;
}

const ResidualTables& residual_tables() {
    static const ResidualTables tables = make_residual_tables();
    return tables;
}

constexpr StateMap make_identity() {
    StateMap map{};
    for (unsigned i = 0; i < 256; ++i) map[i] = static_cast<std::uint8_t>(i);
    return map;
}

constexpr StateMap kIdentity = make_identity();

}  // namespace

std::span<const DecodeTable, kSigmaTables> residual_decode_tables() {
    return residual_tables().decode;
}

std::span<const EncodeTable, kSigmaTables> residual_encode_tables() {
    return residual_tables().encode;
}

std::span<const StateMap, kSigmaTables> residual_state_maps() {
    return residual_tables().maps;
}

std::span<const std::uint8_t, kSigmaTables> residual_bounds() {
    return residual_tables().bounds;
}

HyperTable::HyperTable(std::span<const std::int32_t, kHyperSymbols> freqs) {
    std::int64_t total = 0;
    for (const std::int32_t freq : freqs) {
        if (freq < 0) throw Error(JPEGAI_ERROR_MODEL, "negative frequency of a hyper latent symbol");
        total += freq;
    }
    if (total == 0) throw Error(JPEGAI_ERROR_MODEL, "all frequencies of a hyper latent channel are zero");

    std::int64_t sum = 0;
    unsigned start = 0;
    for (std::size_t k = 0; k < kHyperSymbols; ++k) {
        sum += freqs[k];
        const auto end = static_cast<unsigned>((255 * sum + total / 2) / total);
        cdf_[k] = static_cast<std::uint8_t>(end);
        for (unsigned i = 0; start + i < end; ++i) {
            decode_[start + i] = decode_word(static_cast<std::int32_t>(k), end - start, i);
        }
        start = end;
    }
    decode_[255] = decode_word(me_tans::kHyperEscape, 1, 0);
}

std::array<std::uint32_t, 64> hyper_encode_words(std::span<const std::uint8_t, kHyperSymbols> cdf) {
    std::array<std::uint32_t, 64> words{};
    unsigned start = 0;
    for (std::size_t k = 0; k < kHyperSymbols; ++k) {
        const unsigned mass = cdf[k] - start;
        words[k] = mass > 0 ? encode_word(start, mass) : kUnusedEncodeWord;
        start = cdf[k];
    }
    words[me_tans::kHyperEscape] = encode_word(255, 1);
    return words;
}

const StateMap& hyper_state_map() {
    return kIdentity;
}

}  // namespace jpegai
