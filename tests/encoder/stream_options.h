// Encoder settings and source pictures of the reference vectors.
#pragma once

#include <filesystem>

#include "bitstream/codestream.h"
#include "decoder/picture.h"
#include "encoder/options.h"

namespace jpegai::test {

/// The picture that the reference coded in this case (crops included).
[[nodiscard]] Picture case_picture(const std::filesystem::path& folder);

/// Options under which the encoder has to make the case's stream again. What the reference's settings left to the
/// encoder (cube flags, GRFS channels, residuals) is not taken from the stream; filter parameters are.
[[nodiscard]] EncodeOptions case_options(const std::filesystem::path& folder, const Codestream& stream);

}  // namespace jpegai::test
