// The container: markers, substreams, and the split of entropy coded payloads into regions and lanes
// (standard/01-codestream.md sections 3 and 4).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bitstream/header_syntax.h"
#include "bitstream/headers.h"

namespace jpegai {

/// Marker values (01 section 3.1).
enum class Marker : std::uint16_t {
    kSoc = 0xFF80,
    kEoc = 0xFF81,
    kPictureHeader = 0xFF82,
    kToolHeader = 0xFF83,
    kRenderingInfo = 0xFF84,
    kHyper = 0xFF88,              ///< SOZ
    kResidualPrimary = 0xFF89,    ///< SORP
    kResidualSecondary = 0xFF8A,  ///< SORS
    kQualityMap = 0xFF8B,         ///< SOQ
    kUserData = 0xFF8C,           ///< UDI
};

/// "SOC", "PIH", "SORP" ...; "unknown" for other values.
[[nodiscard]] const char* marker_name(Marker marker);

/// Bytes [offset, offset + size) of the file.
struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    bool operator==(const ByteRange&) const = default;
    [[nodiscard]] std::span<const std::uint8_t> of(std::span<const std::uint8_t> file) const {
        return file.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
    }
};

/// One entropy coded block: the lane size deltas and the lanes they delimit (01 section 4.1).
struct LaneBlock {
    ByteRange block;               ///< deltas and lanes
    std::vector<ByteRange> lanes;  ///< 1, 2, 4, 8 or 16
};

/// One substream as framed in the file.
struct Substream {
    Marker marker{};
    std::uint64_t marker_offset = 0;
    ByteRange payload;
    std::optional<std::uint8_t> region;  ///< region index byte of an independent residual substream
};

/// A parsed codestream; it refers to the bytes it was parsed from by offset only.
struct Codestream {
    Dialect dialect = Dialect::kIs;
    PictureHeader picture;
    ToolHeader tools;
    RenderingInfo rendering;
    std::vector<std::uint8_t> user_data;
    bool has_tools = false, has_rendering = false, has_user_data = false;

    std::vector<Substream> substreams;  ///< in file order
    LaneBlock hyper;                    ///< SOZ
    std::optional<LaneBlock> quality_map;
    /// [component][region in raster order]; nullopt for an independent region that was taken out (its residual is
    /// zero).
    std::array<std::vector<std::optional<LaneBlock>>, kComponents> residual;
    std::uint64_t size = 0;  ///< bytes from SOC to EOC, both included
};

struct ParseOptions {
    HeaderOptions header{};
    std::optional<Dialect> dialect{};          ///< syntax of PIH when it is known; detected otherwise (01 section 1)
    std::uint64_t max_pixels = 200'000'000;    ///< img_width * img_height, checked right after PIH
    std::uint64_t max_user_data = 16'777'216;  ///< bytes of UDI kept
};

/// Splits and parses a whole codestream (01 sections 3, 4). Bytes after EOC are ignored; TON, RDI and UDI may be
/// missing, and so may independent regions. Refused, where the reference is silent or hangs: a repeated or unknown
/// marker, anything before SOC, a missing SOZ or dependent residual, a region index out of range, SOQ missing with
/// gain_3D_enable_flag or there without it, and tools that do not fit the picture (tools_misfit). Throws
/// Error{truncated, structure, header, unsupported, entropy (lane sizes), limit} with the offset of the offending byte,
/// for missing bytes the size of the file; never reads outside `file`.
[[nodiscard]] Codestream parse_codestream(std::span<const std::uint8_t> file, const ParseOptions& options = {});

/// True when the bytes start like a codestream (FF80 FF82).
[[nodiscard]] bool looks_like_codestream(std::span<const std::uint8_t> file);

/// The lanes of one entropy coded block before framing, each as its bytes.
using Lanes = std::vector<std::vector<std::uint8_t>>;

/// Everything a codestream is written from. The lane counts have to equal those of the picture header.
struct CodestreamParts {
    Dialect dialect = Dialect::kIs;
    PictureHeader picture;
    std::optional<ToolHeader> tools = ToolHeader{};                       ///< written unless nullopt
    std::optional<RenderingInfo> rendering = RenderingInfo{};             ///< written unless nullopt
    std::vector<std::uint8_t> user_data;                                  ///< written unless empty
    std::array<std::vector<std::optional<Lanes>>, kComponents> residual;  ///< [component][region]
    Lanes hyper;
    std::optional<Lanes> quality_map;
};

/// The bytes of the codestream, substreams in the reference's order (01 section 3.3):
/// SOC PIH TON [UDI] RDI SORP SORS SOZ [SOQ] EOC. Throws Error{argument} when the parts contradict the header.
[[nodiscard]] std::vector<std::uint8_t> write_codestream(const CodestreamParts& parts);

/// One lane block: se(v) size deltas (n - 1 of them), byte aligned, then the lanes (01 section 4.1).
[[nodiscard]] std::vector<std::uint8_t> write_lane_block(const Lanes& lanes);

/// Takes a parsed stream apart into what write_codestream needs; write_codestream of the result gives the same bytes
/// for every stream in the reference's order.
[[nodiscard]] CodestreamParts take_parts(const Codestream& stream, std::span<const std::uint8_t> file);

}  // namespace jpegai
