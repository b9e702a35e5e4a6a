// Plain me-tANS coder: one symbol after the other with the steps of me_tans_steps.h. It defines the result of the fast
// coder, errors included: the fast decoder turns to it when a payload is corrupt, and the tests compare the two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bitstream/me_tans.h"
#include "bitstream/me_tans_steps.h"

namespace jpegai {

/// Same contract as decode_residual.
void decode_residual_reference(std::span<const LaneBytes> lanes, std::span<const std::uint8_t> table,
                               std::size_t elements, std::span<std::int16_t> residual);

/// Same contract as encode_residual.
[[nodiscard]] std::vector<std::vector<std::uint8_t>> encode_residual_reference(std::size_t lanes,
                                                                               std::span<const std::uint8_t> table,
                                                                               std::span<const std::int16_t> residual);

/// Same contract as encode_hyper.
[[nodiscard]] std::vector<std::vector<std::uint8_t>> encode_hyper_reference(std::size_t lanes,
                                                                            const HyperPlane& primary,
                                                                            const HyperPlane& secondary);

/// Opens every lane (02 section 3.6). Throws Error{argument} for a number of lanes other than 1, 2, 4, 8, 16 and
/// Error{entropy} for a lane that cannot be started.
[[nodiscard]] std::vector<me_tans::LaneState> open_lanes(std::span<const LaneBytes> lanes);

/// One channel of hyper latents with the lanes running on, as HyperDecoder::decode_channel. Throws Error{entropy}.
void decode_hyper_channel_reference(std::span<const LaneBytes> lanes, std::span<me_tans::LaneState> states,
                                    const HyperTable& table, std::span<std::int8_t> z_hat);

/// Decodes the coded elements of a residual unit: table symbols first, then escapes (02 section 3.5). Throws
/// Error{entropy}.
void decode_residual_unit(const me_tans::Unit& unit, std::size_t lanes, std::span<const std::uint8_t> table,
                          const LaneBytes& source, me_tans::LaneState& lane, std::span<std::int16_t> residual);

/// The same for hyper latents.
void decode_hyper_unit(const me_tans::Unit& unit, std::size_t lanes, const HyperTable& table, const LaneBytes& source,
                       me_tans::LaneState& lane, std::span<std::int8_t> z_hat);

/// Throws the Error that belongs to a step's outcome; does nothing for kOk.
void check_status(me_tans::Status status, const LaneBytes& lane);

/// Throws Error{argument} unless every entry is a distribution or kNotCoded.
void check_tables(std::span<const std::uint8_t> table);

/// Throws Error{argument} unless `lanes` is 1, 2, 4, 8 or 16.
void check_lane_count(std::size_t lanes);

}  // namespace jpegai
