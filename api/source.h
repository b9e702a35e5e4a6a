// Pictures that a caller of the C interface hands in.
#pragma once

#include "decoder/picture.h"
#include "jpegai/jpegai.h"

namespace jpegai::api {

/// A copy of the samples. Throws Error{argument} for what jpegai_source does not allow.
[[nodiscard]] Picture picture_of(const jpegai_source& source);

}  // namespace jpegai::api
