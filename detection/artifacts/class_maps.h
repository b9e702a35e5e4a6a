// Maps of the four classes of visual artifacts, as "JPEG AI Image Compression Visual Artifacts: Detection Methods and
// Dataset" (arXiv 2411.06810) describes them: of one decode, and of a decode compared with that of a classic codec.
//
// Where the description leaves a choice open: the window of size n of sample (y, x) begins at (y - n / 2, x - n / 2);
// box means count samples outside the picture as zero; filters mirror the picture at its outermost samples.
#pragma once

#include <optional>

#include "detection/artifacts/colour.h"

namespace jpegai::detection {

/// What the maps need of a picture, computed once.
struct Analysed {
    Samples samples;
    Lab lab;            ///< empty for grey pictures
    Gradient gradient;  ///< Sobel of luma, then a 3x3 Gaussian of sigma 1
};
[[nodiscard]] Analysed analyse(const Picture& picture, const RowRunner& rows);

/// CIEDE2000 where it lies in 3..8, else 0; box mean 64; 0 where that is below 3; divided by 8.
[[nodiscard]] Plane colour_map(const Lab& original, const Lab& decode, const RowRunner& rows);

/// Edges by Canny's method: 5x5 Gaussian of sigma 1, Sobel, thinning along the gradient rounded to 45 degrees,
/// thresholds 0.1 and 0.2 joined over eight neighbours. 1 on edges; the outermost samples never are.
[[nodiscard]] Plane canny(const Plane& luma, const RowRunner& rows);

/// |cos| of the angle between the gradients, with 1e-7 added to the product of their lengths.
[[nodiscard]] Plane gradient_likeness(const Gradient& original, const Gradient& decode, const RowRunner& rows);

/// 1 - SSIM: Gaussian window of 11 taps and sigma 1.5, K 0.01 and 0.03.
[[nodiscard]] Plane dissimilarity(const Plane& original, const Plane& decode, const RowRunner& rows);

/// 1 where there is texture: variance in 11x11 windows (of the samples inside the picture) over its maximum, two box
/// means 4, above 0.3.
[[nodiscard]] Plane texture_mask(const Plane& luma, const RowRunner& rows);

/// Map of the decode minus that of the classic decode, or the former alone.
[[nodiscard]] Plane colour_artifacts(const Analysed& original, const Analysed& decode, const Analysed* classic,
                                     const RowRunner& rows);
/// On edges of the original likeness of the classic decode (1 without one) minus that of the decode; box mean 128.
[[nodiscard]] Plane boundary_artifacts(const Plane& edges, const Analysed& original, const Analysed& decode,
                                       const Analysed* classic, const RowRunner& rows);
/// Dissimilarity minus that of the classic decode; box mean 32; times the mask.
[[nodiscard]] Plane texture_artifacts(const Plane& mask, const Analysed& original, const Analysed& decode,
                                      const Analysed* classic, const RowRunner& rows);

}  // namespace jpegai::detection
