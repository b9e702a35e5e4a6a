// The reference software's listing of a codestream's headers (01 section 5).
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bitstream/regions.h"
#include "tools/info.h"

namespace jpegai::tools {
namespace {

void add_field(std::string& text, const HeaderField& field) {
    const bool one = field.values.size() == 1;  // arrays of one are listed as a number, too
    text += fmt::format("{}\t{}\tu({})\t{}\n", field.header, field.name, field.bits,
                        one ? std::to_string(field.values[0]) : fmt::format("[{}]", fmt::join(field.values, ", ")));
}

/// PIH and TON are coded in one walk over the tools: each component's lsbs flag follows its channel count.
void add_interleaved(std::string& text, const std::vector<HeaderField>& picture,
                     const std::vector<HeaderField>& tools) {
    std::size_t next_tool = 0;
    for (const HeaderField& field : picture) {
        add_field(text, field);
        if (field.name.starts_with("num_chs[")) add_field(text, tools.at(next_tool++));
    }
    for (; next_tool < tools.size(); ++next_tool) add_field(text, tools[next_tool]);
}

void add_user_data(std::string& text, std::span<const std::uint8_t> bytes) {
    text += fmt::format("udi\tUDI_data\tu(8)\t[{}]\n", fmt::join(bytes, ", "));
}

std::string substream_line(const char* name, std::size_t region, const std::string& sizes, const std::string& gaussian,
                           const std::string& factorized) {
    return fmt::format("# substream {} region_{}: {{{}}} gaussian={{{}}} factorized={{{}}}\n", name, region, sizes,
                       gaussian, factorized);
}

std::string size_entry(std::uint64_t bytes) {
    return fmt::format("\"Size\": {}", bytes);
}

/// Payload bytes of the first substream with this marker, or nothing.
std::optional<std::uint64_t> payload_size(const Codestream& stream, Marker marker) {
    for (const Substream& substream : stream.substreams) {
        if (substream.marker == marker) return substream.payload.size;
    }
    return std::nullopt;
}

void add_header_sizes(std::string& text, const Codestream& stream) {
    struct Entry {
        Marker marker;
        const char* name;
    };
    for (const Entry& entry :
         {Entry{Marker::kPictureHeader, "picture_header"}, Entry{Marker::kToolHeader, "tool_header"},
          Entry{Marker::kUserData, "user_defined_information"},
          Entry{Marker::kRenderingInfo, "rendering_information"}}) {
        if (const auto size = payload_size(stream, entry.marker)) {
            text += substream_line(entry.name, 0, size_entry(*size), "", "");
        }
    }
}

/// Channels that the reference's residual coder takes at once: the fewest whose samples fill the four states of every
/// thread evenly (02 section 9, "channel chunks"), or all of them.
std::size_t channels_at_once(std::size_t samples, const ComponentHeader& component, std::size_t c) {
    const std::size_t states = std::size_t{4} * component.num_threads_r;
    const std::size_t channels = states / std::gcd(states, samples);
    const std::size_t all = component.coded_channels(static_cast<Component>(c));
    return channels <= all ? channels : all;
}

void add_residual_sizes(std::string& text, const Codestream& stream, std::size_t c) {
    const std::vector<Area> areas = region_areas(stream.picture, 4);
    const auto& blocks = stream.residual[c];
    const Marker marker = c == kPrimary ? Marker::kResidualPrimary : Marker::kResidualSecondary;
    const bool independent = stream.picture.independent_regions();
    for (std::size_t r = 0; r < blocks.size(); ++r) {
        std::string sizes;
        if (independent && blocks[r]) {
            sizes = size_entry(blocks[r]->block.size + 1);  // with the region index byte
        } else if (!independent && r == 0) {
            std::vector<std::uint64_t> regions;
            for (const auto& block : blocks) regions.push_back(block ? block->block.size : 0);
            sizes = fmt::format("\"Subregions\": [{}], {}", fmt::join(regions, ", "),
                                size_entry(payload_size(stream, marker).value_or(0)));
        }
        const Area& area = areas.at(r);
        const std::size_t channels = channels_at_once(area.rows * area.cols, stream.picture.component[c], c);
        text += substream_line(c == kPrimary ? "r_prim_substream" : "r_sec_substream", r, sizes,
                               fmt::format("\"model_{} y_hat\": [1, {}, {}, {}]", c == kPrimary ? "y" : "uv", channels,
                                           area.rows, area.cols),
                               "");
    }
}

void add_sizes(std::string& text, const Codestream& stream) {
    add_header_sizes(text, stream);
    for (std::size_t c = 0; c < kComponents; ++c) add_residual_sizes(text, stream, c);
    const PictureHeader& picture = stream.picture;
    const std::string hyper = fmt::format("{}, {}", picture.hyper_rows(), picture.hyper_cols());
    text += substream_line("z_substream", 0, size_entry(payload_size(stream, Marker::kHyper).value_or(0)), "",
                           fmt::format("\"model_y z_hat\": [1, {}, {}], \"model_uv z_hat\": [1, {}, {}]",
                                       kLatentChannels[kPrimary], hyper, kLatentChannels[kSecondary], hyper));
    const auto map = payload_size(stream, Marker::kQualityMap);
    text += substream_line(
        "quality_map", 0, map ? size_entry(*map) : "",
        fmt::format("\"qual_map qp_map\": [1, 1, {}, {}]", picture.latent_rows(), picture.latent_cols()), "");
}

}  // namespace

std::string header_listing(const Codestream& stream) {
    std::string text = "# substream  field  u(bits per value)  value(s)   -- in bitstream order\n";
    add_interleaved(text, list_fields(stream.picture, stream.dialect), list_fields(stream.tools, stream.picture));
    add_user_data(text, stream.user_data);
    for (const HeaderField& field : list_fields(stream.rendering)) add_field(text, field);
    add_sizes(text, stream);
    return text;
}

}  // namespace jpegai::tools
