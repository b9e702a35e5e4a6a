// One page for people, without any other file.
#pragma once

#include <string>

#include "detection/artifacts.h"

namespace jpegai::detection {

struct HtmlInputs {
    std::string title;    ///< names of the files
    std::string classic;  ///< "WebP at 0.49 bpp"; empty without
    std::string stream;   ///< what the codestream is; empty without
};

/// Table of the findings, and for each with a map: the map, and the box in the original, the decode, the classic decode
/// and the map, enlarged without smoothing. Maps have to be kept in the report.
[[nodiscard]] std::string artifact_page(const ArtifactReport& report, const Picture& original, const Picture& decode,
                                        const Picture* classic, const HtmlInputs& inputs);

}  // namespace jpegai::detection
