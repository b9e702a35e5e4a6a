// Framing in the order of the reference (standard/01-codestream.md sections 3.3, 4, 15).
#include <fmt/format.h>

#include <limits>
#include <utility>

#include "base/error.h"
#include "bitstream/bit_writer.h"
#include "bitstream/codestream.h"

namespace jpegai {

namespace {

using Bytes = std::vector<std::uint8_t>;

void require(bool holds, const char* what) {
    if (!holds) throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("codestream parts: {}", what));
}

void append(Bytes& to, const Bytes& from) {
    to.insert(to.end(), from.begin(), from.end());
}

void append_marker(Bytes& out, Marker marker) {
    out.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(marker) >> 8));
    out.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(marker) & 0xFF));
}

/// A size as ue(v) codes it; larger payloads cannot be framed.
std::uint32_t coded_size(std::size_t size) {
    if (size >= std::numeric_limits<std::uint32_t>::max())
        throw Error(JPEGAI_ERROR_LIMIT, "a substream exceeds 2^32 - 2 bytes");
    return static_cast<std::uint32_t>(size);
}

void append_substream(Bytes& out, Marker marker, const Bytes& payload) {
    append_marker(out, marker);
    BitWriter size;
    size.ue(coded_size(payload.size()));
    append(out, std::move(size).take());
    append(out, payload);
}

Bytes checked_lane_block(const Lanes& lanes, std::size_t threads) {
    require(lanes.size() == threads, "the number of lanes differs from the header's number of threads");
    return write_lane_block(lanes);
}

/// One substream per region that is there (01 section 4.4).
void append_independent(Bytes& out, Marker marker, const std::vector<std::optional<Lanes>>& regions,
                        std::size_t threads) {
    for (std::size_t r = 0; r < regions.size(); ++r) {
        if (!regions[r]) continue;
        Bytes payload(1, static_cast<std::uint8_t>(r));
        append(payload, checked_lane_block(*regions[r], threads));
        append_substream(out, marker, payload);
    }
}

/// All regions in one substream (01 section 4.3).
void append_dependent(Bytes& out, Marker marker, const std::vector<std::optional<Lanes>>& regions,
                      std::size_t threads) {
    BitWriter sizes;
    Bytes blocks;
    for (std::size_t r = 0; r < regions.size(); ++r) {
        require(regions[r].has_value(), "a dependent region is missing");
        const Bytes block = checked_lane_block(*regions[r], threads);
        if (r + 1 < regions.size()) sizes.ue(coded_size(block.size()));
        append(blocks, block);
    }
    Bytes payload = std::move(sizes).take();
    append(payload, blocks);
    append_substream(out, marker, payload);
}

/// Detection relies on the rules for profiles and levels (01 section 1), which a header may break.
bool is_detected_as(const Bytes& picture_payload, Dialect dialect) {
    try {
        return detect_dialect(picture_payload, 0) == dialect;
    } catch (const Error&) {
        return false;
    }
}

Lanes take_lanes(const LaneBlock& block, std::span<const std::uint8_t> file) {
    Lanes lanes;
    lanes.reserve(block.lanes.size());
    for (const ByteRange& range : block.lanes) {
        const auto bytes = range.of(file);
        lanes.emplace_back(bytes.begin(), bytes.end());
    }
    return lanes;
}

}  // namespace

std::vector<std::uint8_t> write_lane_block(const Lanes& lanes) {
    require(
        lanes.size() == 1 || lanes.size() == 2 || lanes.size() == 4 || lanes.size() == 8 || lanes.size() == kMaxLanes,
        "a block has 1, 2, 4, 8 or 16 lanes");
    std::size_t total = 0;
    for (const auto& lane : lanes) total += lane.size();
    if (total > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max())) {
        throw Error(JPEGAI_ERROR_LIMIT, "an entropy coded block exceeds 2^31 - 1 bytes");
    }
    const auto mean = static_cast<std::int32_t>(total / lanes.size());
    BitWriter deltas;
    for (std::size_t i = 0; i + 1 < lanes.size(); ++i) deltas.se(mean - static_cast<std::int32_t>(lanes[i].size()));
    Bytes block = std::move(deltas).take();
    block.reserve(block.size() + total);
    for (const auto& lane : lanes) append(block, lane);
    return block;
}

std::vector<std::uint8_t> write_codestream(const CodestreamParts& parts) {
    const PictureHeader& picture = parts.picture;
    Bytes out;
    append_marker(out, Marker::kSoc);
    const Bytes picture_payload = write_picture_header(picture, parts.dialect);
    require(is_detected_as(picture_payload, parts.dialect), "no reader could tell the dialect of this picture header");
    append_substream(out, Marker::kPictureHeader, picture_payload);
    if (parts.tools) {
        if (const char* misfit = tools_misfit(*parts.tools, picture)) require(false, misfit);
        append_substream(out, Marker::kToolHeader, write_tool_header(*parts.tools, picture));
    }
    if (!parts.user_data.empty()) append_substream(out, Marker::kUserData, parts.user_data);
    if (parts.rendering) append_substream(out, Marker::kRenderingInfo, write_rendering_info(*parts.rendering));
    for (std::size_t c = 0; c < kComponents; ++c) {
        const Marker marker = c == kPrimary ? Marker::kResidualPrimary : Marker::kResidualSecondary;
        require(parts.residual[c].size() == picture.region_count(), "the number of regions differs from the header's");
        const auto append_residual = picture.independent_regions() ? append_independent : append_dependent;
        append_residual(out, marker, parts.residual[c], picture.component[c].num_threads_r);
    }
    append_substream(out, Marker::kHyper, checked_lane_block(parts.hyper, picture.num_threads_z));
    require(parts.quality_map.has_value() == picture.gain_3d_enable_flag, "SOQ goes with gain_3D_enable_flag");
    if (parts.quality_map)
        append_substream(out, Marker::kQualityMap, checked_lane_block(*parts.quality_map, picture.num_threads_q));
    append_marker(out, Marker::kEoc);
    return out;
}

CodestreamParts take_parts(const Codestream& stream, std::span<const std::uint8_t> file) {
    CodestreamParts parts;
    parts.dialect = stream.dialect;
    parts.picture = stream.picture;
    parts.tools = stream.has_tools ? std::optional(stream.tools) : std::nullopt;
    parts.rendering = stream.has_rendering ? std::optional(stream.rendering) : std::nullopt;
    parts.user_data = stream.user_data;
    for (std::size_t c = 0; c < kComponents; ++c) {
        for (const auto& block : stream.residual[c]) {
            parts.residual[c].push_back(block ? std::optional(take_lanes(*block, file)) : std::nullopt);
        }
    }
    parts.hyper = take_lanes(stream.hyper, file);
    if (stream.quality_map) parts.quality_map = take_lanes(*stream.quality_map, file);
    return parts;
}

}  // namespace jpegai
