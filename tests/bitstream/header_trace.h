// The header traces of the reference vectors (header.txt): every coded field and the sizes of the substreams.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bitstream/header_syntax.h"

namespace jpegai::test {

struct HeaderTrace {
    /// Fields by substream ("pic_header", "tool_header", "rdi"), in bitstream order.
    std::map<std::string, std::vector<HeaderField>> fields;
    /// Payload bytes by (substream, region) as the reference names them, e.g. {"r_prim_substream", 0}.
    std::map<std::pair<std::string, std::size_t>, std::size_t> sizes;
    /// Payload bytes of the dependent regions, by substream.
    std::map<std::string, std::vector<std::size_t>> region_sizes;
};

/// The trace of a case: fixed_header.txt where the reference's own reader had to be corrected, else header.txt.
[[nodiscard]] HeaderTrace load_trace(const std::filesystem::path& folder);

}  // namespace jpegai::test
