// Parse, write and list the headers. One description of each header's syntax serves all three (picture_syntax.cpp,
// tool_syntax.cpp, rendering_syntax.cpp), so a field exists at exactly one place.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bitstream/headers.h"

namespace jpegai {

/// One coded field (or array of fields) in bitstream order, as `jpegai info` prints it and as the
/// reference's header traces (header.txt of the vectors) list it.
struct HeaderField {
    std::string header;                 ///< "pic_header", "tool_header", "rdi"
    std::string name;                   ///< the standard's name, indexed where it repeats, e.g. "num_chs[0]"
    int bits = 0;                       ///< width of one value in bits
    std::vector<std::uint32_t> values;  ///< one, or the elements of an array field
    bool is_array = false;
};

struct HeaderOptions {
    /// Reject what the reference's reader tolerates but its writer never makes: num_chs above the component's channels,
    /// set trailing bits, whole trailing bytes. (Levels and profiles are the matter of profiles/.)
    bool strict = false;
};

/// Which dialect the PIH payload is written in (01 section 1, "Detection").
/// Throws Error{header} when it fits neither.
[[nodiscard]] Dialect detect_dialect(std::span<const std::uint8_t> pih_payload, std::uint64_t offset);

/// Sets the flags that the reference derives from others (01 section 15): independent_beta_uv iff the two displacements
/// differ, use_cube_flags iff a cube flag is 0, and no literally coded group without a 0.
void make_canonical(PictureHeader& header);

/// Parse a payload whose first byte lies at `offset` of the file (for error messages).
/// Throw Error{truncated} when it is too short and Error{header} for an illegal value.
[[nodiscard]] PictureHeader parse_picture_header(std::span<const std::uint8_t> payload, Dialect dialect,
                                                 std::uint64_t offset, const HeaderOptions& options = {});
[[nodiscard]] ToolHeader parse_tool_header(std::span<const std::uint8_t> payload, const PictureHeader& picture,
                                           std::uint64_t offset, const HeaderOptions& options = {});
[[nodiscard]] RenderingInfo parse_rendering_info(std::span<const std::uint8_t> payload, std::uint64_t offset,
                                                 const HeaderOptions& options = {});

/// Why a tool header does not go with the picture's size, or nullptr when it does. These are the rules of 01
/// section 7.3 beyond the header's own syntax: the masks of EFE non-linear cover the displayed chroma plane, its tiles
/// are no fewer than needed, and a mask has a second picture to switch to. parse_codestream and write_codestream apply
/// it, so post-filters can rely on it.
[[nodiscard]] const char* tools_misfit(const ToolHeader& tools, const PictureHeader& picture);

/// The payload bytes, zero padded to a byte; the inverse of the parsers. Throw Error{argument} when a member is out of
/// the range of its field or an array has the wrong length.
[[nodiscard]] std::vector<std::uint8_t> write_picture_header(const PictureHeader& header, Dialect dialect);
[[nodiscard]] std::vector<std::uint8_t> write_tool_header(const ToolHeader& header, const PictureHeader& picture);
[[nodiscard]] std::vector<std::uint8_t> write_rendering_info(const RenderingInfo& info);

/// Every coded field in bitstream order.
[[nodiscard]] std::vector<HeaderField> list_fields(const PictureHeader& header, Dialect dialect);
[[nodiscard]] std::vector<HeaderField> list_fields(const ToolHeader& header, const PictureHeader& picture);
[[nodiscard]] std::vector<HeaderField> list_fields(const RenderingInfo& info);

}  // namespace jpegai
