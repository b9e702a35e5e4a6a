// Streams of the reference vectors with what the filter decisions need: reconstruction before the filters, original
// picture, scale map.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bitstream/codestream.h"
#include "decoder/planes.h"

namespace jpegai::test {

struct FilterCase {
    std::string name;
    std::size_t stream_bytes = 0;
    Codestream stream;
    Planes reconstruction;  ///< before the filters, as our decoder makes it
    Planes original;        ///< YUV in the source's format
    Array3<std::int16_t> scale_log;
};

/// A case below shared/, e.g. "models/vectors/bop_m1", decoded with the weights that it was made with. The original is
/// the file that case.json names, cut and converted as its encoder did.
[[nodiscard]] FilterCase load_filter_case(const std::string& path);

}  // namespace jpegai::test
