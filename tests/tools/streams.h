// Codestreams for the tests of the command line.
#pragma once

#include <string>

#include "bitstream/codestream.h"
#include "tests/support/test_data.h"

namespace jpegai::test {

[[nodiscard]] inline std::string stream_path(const std::string& name) {
    return data_path("streams/" + name + ".bits").string();
}

/// Parts of the stream with two dependent regions.
[[nodiscard]] inline CodestreamParts two_region_parts() {
    const std::vector<std::uint8_t> file = load_bytes(stream_path("regions_dependent_1x2"));
    return take_parts(parse_codestream(file), file);
}

/// The same lanes framed as independent regions: a valid container. (Its latents would decode to other values, because
/// independent regions have no overlap.)
[[nodiscard]] inline std::vector<std::uint8_t> independent_regions_stream() {
    CodestreamParts parts = two_region_parts();
    parts.picture.regions->residual_in_its_own_substream = true;
    return write_codestream(parts);
}

}  // namespace jpegai::test
