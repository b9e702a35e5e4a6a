// The fast coder with a given set of kernels, so that tests can compare all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bitstream/me_tans.h"
#include "bitstream/me_tans_kernels.h"

namespace jpegai::me_tans {

/// Same contract as jpegai::decode_residual. Returns whether the fast decoder came to an end on its own, as it does for
/// every valid payload; otherwise the plain one repeated the call (and normally found an error).
bool decode_residual(const Kernels& kernels, std::span<const LaneBytes> lanes, std::span<const std::uint8_t> table,
                     std::size_t elements, std::span<std::int16_t> residual);

/// Same contract as jpegai::encode_residual.
[[nodiscard]] std::vector<std::vector<std::uint8_t>> encode_residual(const Kernels& kernels, std::size_t lanes,
                                                                     std::span<const std::uint8_t> table,
                                                                     std::span<const std::int16_t> residual);

/// One channel with the lanes running on, as HyperDecoder::decode_channel.
void decode_hyper_channel(const Kernels& kernels, std::span<const LaneBytes> lanes, std::span<LaneState> states,
                          const HyperTable& table, std::span<std::int8_t> z_hat);

}  // namespace jpegai::me_tans
