// EFE-linear: the linear enhancement filter of the chroma planes (standard/04-postfilters.md section 3).
#pragma once

#include <array>

#include "backend/picture_device.h"
#include "bitstream/headers.h"
#include "decoder/planes.h"

namespace jpegai {

/// Throws Error{header} when the set cannot be applied to a picture with these formats: a candidate above 8, a filter
/// length outside 1..4, weights of the wrong number or beyond 16 bits, or a plane without a filter where chroma is
/// coded at the resolution of the source (04 section 3.5).
void check_efe_linear(const EfeLinearSet& set, ChromaFormat source, ChromaFormat coded);

/// U and V filtered with one set of filters; luma is read only. `in` is YUV in the source's chroma format, `coded` the
/// format that the chroma was coded in, `b1` the means times 100. Regions that are empty in a small picture are
/// skipped. The result is not clamped. Throws as check_efe_linear, and Error{argument} for RGB planes.
[[nodiscard]] std::array<Array3<float>, 2> apply_efe_linear(const Planes& in, const std::array<std::uint16_t, 2>& b1,
                                                            const EfeLinearSet& set, ChromaFormat coded,
                                                            const RowRunner& rows = serial_rows);

/// What a set, which has passed the check, says about U (0) or V (1) of a picture of `luma` samples.
[[nodiscard]] EfeLinearPlane efe_linear_plane(Size luma, ChromaFormat source, ChromaFormat coded, std::uint16_t b1,
                                              const EfeLinearSet& set, std::size_t plane);

}  // namespace jpegai
