// Regions of text that another program has found.
#pragma once

#include <string>
#include <vector>

#include "detection/artifacts.h"

namespace jpegai::tools {

/// From a file with the extension .tsv what Tesseract wrote (`tesseract PICTURE OUT tsv`): each line of text, as far as
/// its words have a confidence above 70. From others JSON:
/// {"boxes": [{"x", "y", "width", "height"} or {"quad": [[x, y], four times]}]}. Throws FileError.
[[nodiscard]] std::vector<detection::TextRegion> read_text_boxes(const std::string& path);

}  // namespace jpegai::tools
