// LEF: luma edge sharpening driven by the scale map (standard/04-postfilters.md section 6).
#pragma once

#include "backend/picture_device.h"
#include "decoder/planes.h"

namespace jpegai {

/// Sharpens the luma plane [1][rows][cols] (0..255) and clamps it to 0..255. `scale_log` is the final scale map of the
/// luma latent [channel][latent row][latent col], of which channel `channel` steers the strength; `model_id` 0..3
/// chooses the gains. Pictures below 3x3 have no interior and are only clamped. Throws Error{header} for a channel that
/// the map does not have or an unknown model, Error{argument} for empty arrays.
void apply_lef(Array3<float>& luma, const Array3<std::int16_t>& scale_log, std::size_t channel, std::size_t model_id,
               const RowRunner& rows = serial_rows);

/// Thresholds and gains of a model (0..3; 04 section 6).
[[nodiscard]] const LefSteps& lef_steps(std::size_t model_id);

}  // namespace jpegai
