// Errors of planes and the price of headers, as all filter decisions count them.
#pragma once

#include <cstddef>

#include "bitstream/headers.h"
#include "decoder/planes.h"

namespace jpegai {

/// Sum of squared differences in double precision; does not depend on the row runner. Throws Error{argument} when the
/// sizes differ.
[[nodiscard]] double squared_error(const Array3<float>& a, const Array3<float>& b, const RowRunner& rows = serial_rows);

/// squared_error of the three planes.
[[nodiscard]] std::array<double, 3> squared_errors(const Planes& a, const Planes& b,
                                                   const RowRunner& rows = serial_rows);

/// PSNR in dB on the scale 0..255; infinity for equal planes.
[[nodiscard]] double psnr(double squared_error, std::size_t samples);

/// Bits of the tool header before it is padded to bytes (04 section 2).
[[nodiscard]] std::size_t tool_header_bits(const ToolHeader& tools, const PictureHeader& picture);

}  // namespace jpegai
