// Small codestreams with every feature of the container and the headers; the entropy coded bytes are arbitrary.
#pragma once

#include <string>
#include <vector>

#include "bitstream/codestream.h"

namespace jpegai::test {

struct SampleStream {
    std::string name;
    CodestreamParts parts;
};

/// Ten or more streams: both dialects, 1 to 16 lanes, dependent and independent regions, cube flags, gains, tiles,
/// quality map, every tool, every rendering group, user data. The bytes of the lanes follow from `seed`.
[[nodiscard]] std::vector<SampleStream> sample_streams(unsigned seed = 1);

/// A header of a `width` x `height` picture with everything optional off.
[[nodiscard]] PictureHeader plain_picture(std::uint32_t width, std::uint32_t height);
/// 600x400, with cube flags, gains, tiles, two rows of regions and a quality map.
[[nodiscard]] PictureHeader rich_picture();
/// Every tool on; goes with 600x400 in 4:4:4.
[[nodiscard]] ToolHeader rich_tools();
/// Every group present.
[[nodiscard]] RenderingInfo rich_rendering();

/// Arbitrary lanes that fit the header.
void fill_payloads(CodestreamParts& parts, unsigned seed);

}  // namespace jpegai::test
