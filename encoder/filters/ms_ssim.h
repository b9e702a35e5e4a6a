// MS-SSIM as the reference encoder measures it in its eICCI decisions (standard/04-postfilters.md section 4.4).
#pragma once

#include "base/array.h"

namespace jpegai {

/// Smallest side that MS-SSIM with its five scales is defined for.
inline constexpr std::size_t kMsSsimLeastSide = 161;

/// MS-SSIM of two one-channel planes on the scale 0..1, five scales, 11-tap Gaussian of sigma 1.5 without padding.
/// Throws Error{argument} for planes of different size or with a side below kMsSsimLeastSide.
[[nodiscard]] double ms_ssim(const Array3<float>& a, const Array3<float>& b);

}  // namespace jpegai
