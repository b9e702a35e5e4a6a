// The source pictures of the reference vectors as the analysis networks want them (03 section 18.1).
#pragma once

#include <string>

#include "base/array.h"

namespace jpegai::test {

/// Luma plane and the 12 half-resolution planes of chroma analysis, 0..255, of an 8-bit RGB PNG coded as 4:4:4.
struct AnalysisInputs {
    Array3<float> luma, chroma;
};

/// Reads "inputs/img_WxH.png" below shared/vectors.
[[nodiscard]] AnalysisInputs load_analysis_inputs(const std::string& picture);

}  // namespace jpegai::test
