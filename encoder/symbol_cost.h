// What a residual symbol costs in bits, for decisions between symbols.
#pragma once

#include <cstddef>
#include <cstdint>

namespace jpegai {

/// Bits of `symbol` under residual distribution `table` (0..31): -log2 of its mass, in steps of 1/256 bit so that it is
/// the same on every machine, and the payload of an escape (02 sections 3.4 and 4). me-tANS comes within 2 % of it on
/// average.
[[nodiscard]] float symbol_bits(std::size_t table, std::int32_t symbol);

}  // namespace jpegai
