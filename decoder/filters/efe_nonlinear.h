// EFE-nonlinear: chroma correction driven by luma, and the switch between corrected and second picture
// (standard/04-postfilters.md section 5).
#pragma once

#include <array>

#include "backend/picture_device.h"
#include "bitstream/headers.h"
#include "decoder/planes.h"

namespace jpegai {

/// Whether U and V are blended with the second picture. As the syntax says it both masks count on their own; the
/// reference ignores the mask of V when U has none (`lone_v_mask_ignored`, 04 section 3.4).
[[nodiscard]] std::array<bool, 2> efe_masks_used(const EfeNonlinearHeader& header, bool lone_v_mask_ignored);

/// Throws Error{header} when the parameters do not fit chroma planes of `chroma` samples: tiles or blocks of zero size,
/// fewer tiles or weights than the plane has tiles, a mask of another size than the plane, mask values above 2, weights
/// beyond 16 bits, or a used mask without a second picture. Surplus tiles and weights are ignored.
void check_efe_nonlinear(const EfeNonlinearHeader& header, Size chroma, bool have_second, bool lone_v_mask_ignored);

/// Filters U and V of `planes` (YUV) in place; `second` is the second picture of EFE-linear, or null. The result is not
/// clamped. Throws as check_efe_nonlinear, and Error{argument} for RGB planes or a second picture of another size.
void apply_efe_nonlinear(Planes& planes, const std::array<Array3<float>, 2>* second, const EfeNonlinearHeader& header,
                         bool lone_v_mask_ignored, const RowRunner& rows = serial_rows);

/// What the header says about U (0) or V (1) of `chroma` samples; the header has passed the check and filters it.
[[nodiscard]] EfeNonlinearPlane efe_nonlinear_plane(const EfeNonlinearHeader& header, std::size_t plane, Size chroma,
                                                    ChromaFormat format);

}  // namespace jpegai
