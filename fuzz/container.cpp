// Whole codestreams: what parse_codestream accepts lies inside the file, and is read back the same after writing.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/error.h"
#include "bitstream/codestream.h"
#include "fuzz/require.h"

namespace {

using namespace jpegai;
using fuzz::require;

void check_block(const LaneBlock& block, std::size_t threads, std::uint64_t file_size) {
    require(block.block.offset <= file_size && block.block.size <= file_size - block.block.offset,
            "a block lies in the file");
    require(block.lanes.size() == threads, "a block has the header's number of lanes");
    std::uint64_t end = block.lanes[0].offset;
    require(end >= block.block.offset, "lanes lie in their block");
    for (const ByteRange& lane : block.lanes) {
        require(lane.offset == end && lane.size <= file_size, "lanes follow each other");
        end += lane.size;
    }
    require(end == block.block.offset + block.block.size, "lanes fill their block");
}

void check_ranges(const Codestream& stream, std::uint64_t file_size) {
    require(stream.size <= file_size, "the stream lies in the file");
    check_block(stream.hyper, stream.picture.num_threads_z, stream.size);
    if (stream.quality_map) check_block(*stream.quality_map, stream.picture.num_threads_q, stream.size);
    for (std::size_t c = 0; c < kComponents; ++c) {
        require(stream.residual[c].size() == stream.picture.region_count(), "one entry per region");
        for (const auto& block : stream.residual[c]) {
            if (block) check_block(*block, stream.picture.component[c].num_threads_r, stream.size);
        }
    }
}

/// Whether the substreams stand in the order of write_codestream, so that writing gives the same bytes.
bool in_written_order(const Codestream& stream) {
    constexpr std::array kOrder = {Marker::kPictureHeader, Marker::kToolHeader,      Marker::kUserData,
                                   Marker::kRenderingInfo, Marker::kResidualPrimary, Marker::kResidualSecondary,
                                   Marker::kHyper,         Marker::kQualityMap};
    const auto rank = [&](const Substream& substream) {
        return std::pair(std::find(kOrder.begin(), kOrder.end(), substream.marker), substream.region.value_or(0));
    };
    return std::is_sorted(stream.substreams.begin(), stream.substreams.end(),
                          [&](const Substream& a, const Substream& b) { return rank(a) < rank(b); }) &&
           (!stream.has_user_data || !stream.user_data.empty());
}

void check(std::span<const std::uint8_t> file, bool strict) {
    ParseOptions options;
    options.header.strict = strict;
    Codestream stream;
    try {
        stream = parse_codestream(file, options);
    } catch (const Error& error) {
        require(error.code() != JPEGAI_ERROR_INTERNAL && error.code() != JPEGAI_ERROR_ARGUMENT,
                "errors blame the input");
        require(error.offset() <= file.size(), "errors have an offset in the file");
        return;
    }
    check_ranges(stream, file.size());
    const CodestreamParts parts = take_parts(stream, file);
    const auto written = write_codestream(parts);
    const Codestream again = parse_codestream(written, options);
    require(again.dialect == stream.dialect && again.picture == stream.picture && again.tools == stream.tools &&
                again.rendering == stream.rendering && again.user_data == stream.user_data,
            "the headers are read back the same");
    const CodestreamParts parts_again = take_parts(again, written);
    require(parts_again.residual == parts.residual && parts_again.hyper == parts.hyper &&
                parts_again.quality_map == parts.quality_map,
            "the payloads are read back the same");
    if (strict && in_written_order(stream)) {
        require(std::equal(written.begin(), written.end(), file.begin(),
                           file.begin() + static_cast<std::ptrdiff_t>(stream.size)),
                "a strictly conforming stream is written again unchanged");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    check({data, size}, false);
    check({data, size}, true);
    return 0;
}
