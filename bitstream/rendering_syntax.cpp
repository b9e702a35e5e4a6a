// Rendering information RDI (standard/01-codestream.md section 8).
#include "bitstream/header_syntax.h"
#include "bitstream/syntax_io.h"

namespace jpegai {

namespace {

using namespace syntax;

constexpr const char* kRenderingName = "rdi";

template <class Io>
void reserved_zero_syntax(Io& io) {
    unsigned reserved = 0;
    code(io, "ri_reserved_zero_4bits", 4, reserved);
    io.require(reserved == 0, "ri_reserved_zero_4bits", "are not 0");
}

template <class Io, class C>
void cicp_syntax(Io& io, C& cicp) {
    code(io, "colour_primaries", 8, cicp.colour_primaries);
    code(io, "transfer_characteristics", 8, cicp.transfer_characteristics);
    code(io, "matrix_coefficients", 8, cicp.matrix_coefficients);
    code(io, "image_full_range_flag", 1, cicp.image_full_range_flag);
    code(io, "chroma420_sample_loc_type", 3, cicp.chroma420_sample_loc_type);
    reserved_zero_syntax(io);
}

template <class Io, class M>
void mastering_display_syntax(Io& io, M& mdcv) {
    for (std::size_t k = 0; k < mdcv.primaries.size(); ++k) {
        const FieldName name(
            k % 2 == 0 ? "mastering_display_colour_primaries_x[{}]" : "mastering_display_colour_primaries_y[{}]",
            k / 2);
        code(io, name, 16, mdcv.primaries[k]);
    }
    code(io, "mastering_display_white_point_chromaticity_x", 16, mdcv.white_point[0]);
    code(io, "mastering_display_white_point_chromaticity_y", 16, mdcv.white_point[1]);
    code(io, "mastering_display_maximum_luminance", 32, mdcv.maximum_luminance);
    code(io, "mastering_display_minimum_luminance", 32, mdcv.minimum_luminance);
}

template <class Io, class C>
void content_light_syntax(Io& io, C& clli) {
    code(io, "maximum_content_light_level", 16, clli.maximum_content_light_level);
    code(io, "maximum_frame_average_light_level", 16, clli.maximum_frame_average_light_level);
}

template <class Io, class D>
void dynamic_metadata_syntax(Io& io, D& dm) {
    code(io, "dm_type", 8, dm.type);
    std::size_t size = dm.data.size();
    code(io, "dm_size", 16, size);
    code_array(io, "dm_data_byte", 8, dm.data, size, 255);
}

/// The four presence flags come first, then the groups.
template <class Io, class R>
void rendering_syntax(Io& io, R& info) {
    const bool cicp = present(io, "cicp_info_present_flag", info.cicp);
    const bool mdcv = present(io, "mdcv_info_present_flag", info.mdcv);
    const bool clli = present(io, "clli_info_present_flag", info.clli);
    const bool dm = present(io, "dm_present_flag", info.dm);
    reserved_zero_syntax(io);
    if (cicp) cicp_syntax(io, *info.cicp);
    if (mdcv) mastering_display_syntax(io, *info.mdcv);
    if (clli) content_light_syntax(io, *info.clli);
    if (dm) dynamic_metadata_syntax(io, *info.dm);
}

}  // namespace

RenderingInfo parse_rendering_info(std::span<const std::uint8_t> payload, std::uint64_t offset,
                                   const HeaderOptions& options) {
    SyntaxReader io(payload, offset, kRenderingName, options.strict);
    RenderingInfo info;
    rendering_syntax(io, info);
    io.finish();
    return info;
}

std::vector<std::uint8_t> write_rendering_info(const RenderingInfo& info) {
    SyntaxWriter io(kRenderingName);
    rendering_syntax(io, info);
    return std::move(io).take();
}

std::vector<HeaderField> list_fields(const RenderingInfo& info) {
    SyntaxLister io(kRenderingName);
    rendering_syntax(io, info);
    return std::move(io).take();
}

}  // namespace jpegai
