// Decisions about the latent tools that need no trial (standard/05-encoder.md sections 4.4 and 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/array.h"
#include "decoder/entropy_model.h"
#include "decoder/picture.h"
#include "spec/constants.h"

namespace jpegai {

/// grfs_channel_flag of the first `coded_channels` channels: 1 for those among the n channels with the largest mean
/// scale, n by model and component as in the reference (05 section 4.4). Of equal ones the lower channel goes first.
/// Neither displacement nor quality map change the order of the channels. Requires model_id < kModels.
[[nodiscard]] std::vector<std::uint8_t> grfs_flags(const Array3<std::int16_t>& s0, const EntropyModel& model,
                                                   std::size_t model_id, Component component,
                                                   std::size_t coded_channels);

/// quality_map_entropy_index for a map: 0 (few differences) .. 7 from the share of zero differences (02 section 7.3).
/// Throws Error{argument} for a value outside -8..8.
[[nodiscard]] std::uint8_t quality_map_entropy_index(const Array3<std::int8_t>& map);

/// A quality map from a mask picture of any size: `inside` where white (all planes at their largest value) comes to lie
/// on a 16x16 block, `outside` elsewhere. The mask is stretched over the latent grid of rows x cols (05 section 5, type
/// 3). Throws Error{argument} for an invalid mask or values outside -8..8.
[[nodiscard]] Array3<std::int8_t> quality_map_from_mask(const Picture& mask, std::size_t rows, std::size_t cols,
                                                        int inside = 6, int outside = -3);

}  // namespace jpegai
