// Colours as people see them: CIE Lab of sRGB and the CIEDE2000 difference.
#pragma once

#include <array>

#include "decoder/picture.h"
#include "detection/artifacts/plane_ops.h"

namespace jpegai::detection {

/// A picture as the detectors want it: samples 0..1.
struct Samples {
    std::array<Plane, 3> rgb;  ///< only the first one of a grey picture
    bool grey = false;
    Plane luma;  ///< 0.2126 R + 0.7152 G + 0.0722 B; of a grey picture empty, see luma_of()
};
/// YUV pictures are converted as the decoder does it (BT.709, bicubic chroma). Throws Error{argument} for a picture
/// that contradicts itself.
[[nodiscard]] Samples samples_of(const Picture& picture, const RowRunner& rows);
[[nodiscard]] const Plane& luma_of(const Samples& samples);

/// L*, a*, b* of sRGB samples (IEC 61966-2-1), white D65 (0.95047, 1, 1.08883).
using Lab = std::array<Plane, 3>;
[[nodiscard]] Lab lab_of(const Samples& samples, const RowRunner& rows);

/// CIEDE2000 of two colours (ISO/CIE 11664-6), weights 1.
[[nodiscard]] float ciede2000(const std::array<float, 3>& lab1, const std::array<float, 3>& lab2);

}  // namespace jpegai::detection
