// LEF decision of the encoder (standard/04-postfilters.md section 6).
#pragma once

#include <cstdint>

#include "decoder/planes.h"

namespace jpegai {

struct LefChoice {
    std::uint8_t channel = 0;
    double squared_error = 0;  ///< of the luma plane after the filter
};

/// The channel of the scale map whose LEF leaves the least squared error of luma against `original`; the first of equal
/// ones. Every channel is judged exactly: a sample's result depends only on the gain at its latent position.
/// Throws Error{argument} for empty planes or planes of different size.
[[nodiscard]] LefChoice choose_lef(const Array3<float>& luma, const Array3<float>& original,
                                   const Array3<std::int16_t>& scale_log, std::size_t model_id,
                                   const RowRunner& rows = serial_rows);

/// The reference encoder's channel: the one with the largest mean of the scale map, the first of equal ones.
[[nodiscard]] std::uint8_t reference_lef_channel(const Array3<std::int16_t>& scale_log);

}  // namespace jpegai
