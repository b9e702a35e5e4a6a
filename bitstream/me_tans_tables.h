// Coding tables of me-tANS derived from spec/ans_tables.h and from hyper latent frequencies (02 sections 3.2 to 5).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "bitstream/me_tans.h"
#include "spec/constants.h"

namespace jpegai {

/// Packed encoder words of one residual distribution (02 section 3.3), indexed by symbol + 128 for symbols -128..127.
using EncodeTable = std::array<std::uint32_t, 256>;
/// CDF position to state (02 section 3.2).
using StateMap = std::array<std::uint8_t, 256>;

/// Word of a column of an encoder table that no symbol uses.
inline constexpr std::uint32_t kUnusedEncodeWord = 0x0B000000;

[[nodiscard]] std::span<const EncodeTable, kSigmaTables> residual_encode_tables();
[[nodiscard]] std::span<const StateMap, kSigmaTables> residual_state_maps();

/// Encoder words of the hyper symbols 0..63 (02 sections 3.3, 5); symbol k < 63 with an empty interval gets
/// kUnusedEncodeWord and has to be escaped. The state map is the identity.
[[nodiscard]] std::array<std::uint32_t, 64> hyper_encode_words(std::span<const std::uint8_t, kHyperSymbols> cdf);
[[nodiscard]] const StateMap& hyper_state_map();

}  // namespace jpegai
