// `jpegai info` for people.
#include <algorithm>
#include <iterator>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "models/weight_identity.h"
#include "tools/info.h"

namespace jpegai::tools {
namespace {

constexpr std::size_t kPreviewBytes = 48;  // of user data
constexpr std::size_t kShortArray = 12;    // values of a field shown unless verbose
constexpr std::size_t kShortRepeats = 6;   // fields of one name shown unless verbose
constexpr std::size_t kShortRegions = 16;  // regions of one substream shown unless verbose
constexpr std::array<const char*, kComponents> kComponentName = {"Y", "UV"};

/// "a, b, c", or `otherwise` when there is nothing.
std::string listed(const std::vector<std::string>& words, const char* otherwise) {
    return words.empty() ? otherwise : fmt::format("{}", fmt::join(words, ", "));
}

/// Appends "name Y", "name UV" or "name Y UV" when the flag is set for some component.
template <class Flag>
void add_if_used(std::vector<std::string>& words, const char* name, Flag flag) {
    std::string used = name;
    for (std::size_t c = 0; c < kComponents; ++c) {
        if (flag(c)) used += std::string(" ") + kComponentName[c];
    }
    if (used != name) words.push_back(used);
}

std::string picture_line(const PictureHeader& h) {
    std::string line = fmt::format("{}x{}", h.display_width(), h.display_height());
    if (h.diff_display_img_width != 0 || h.diff_display_img_height != 0) {
        line += fmt::format(" (coded {}x{})", h.img_width, h.img_height);
    }
    line += h.bit_depth_idc < kBitDepths.size() ? fmt::format(", {} bits", kBitDepths[h.bit_depth_idc]) : "";
    const std::string source = chroma_format_name(h.s_ver, h.s_hor), coded = chroma_format_name(h.c_ver, h.c_hor);
    line += ", " + source;
    if (coded != source) line += " coded as " + coded;
    return line + ", " + colour_name(h.colour_transform_idx);
}

std::string profile_line(const PictureHeader& h) {
    std::string line = fmt::format("{}, level {}", profile_name(h.decoder_profile_id), level_name(h.level_idc));
    for (std::size_t i = 0; i < h.synthesis_transform_id.size(); ++i) {
        line += (i == 0   ? ", synthesis "
                 : i == 1 ? ", alternatives "
                          : " ") +
                synthesis_name(h.synthesis_transform_id[i]);
    }
    return line;
}

std::string model_line(const PictureHeader& h) {
    const auto [luma, chroma] = h.beta_displacement_log;
    return fmt::format("{}{}, beta displacement {}{}", h.model_id,
                       h.model_id < kModels ? fmt::format(" (beta {})", kModelBeta[h.model_id]) : "", luma,
                       chroma == luma ? "" : fmt::format(" (chroma {})", chroma));
}

std::string regions_line(const PictureHeader& h) {
    if (!h.regions) return "none";
    const RegionHeader& r = *h.regions;
    const std::string grid = fmt::format("{} row{} x {} column{}", r.num_ver, r.num_ver == 1 ? "" : "s", r.num_hor,
                                         r.num_hor == 1 ? "" : "s");
    if (r.residual_in_its_own_substream) return grid + ", independent";
    return fmt::format("{}, dependent, overlap {} hyper, {} context", grid, 2 * r.hyper_decoder_overlap_code,
                       4 * r.mcm_overlap_code);
}

std::string lanes_line(const PictureHeader& h) {
    std::string line = fmt::format("residual {} + {}, hyper {}", h.component[kPrimary].num_threads_r,
                                   h.component[kSecondary].num_threads_r, h.num_threads_z);
    if (h.gain_3d_enable_flag) line += fmt::format(", quality map {}", h.num_threads_q);
    return line;
}

std::string tools_line(const PictureHeader& h, const ToolHeader& t) {
    std::vector<std::string> words;
    add_if_used(words, "cube flags", [&](std::size_t c) { return h.component[c].use_cube_flags; });
    add_if_used(words, "RVS", [&](std::size_t c) { return h.component[c].rvs_enable_flag; });
    add_if_used(words, "GRFS", [&](std::size_t c) { return h.component[c].grfs_enable_flag; });
    add_if_used(words, "LSBS", [&](std::size_t c) { return t.lsbs_enable_flag[c]; });
    if (h.gain_3d_enable_flag) words.push_back("quality map");
    if (const ComponentHeader& luma = h.component[kPrimary]; luma.synthesis_tile_enable) {
        words.push_back(fmt::format("synthesis tiles {} overlap {}", luma.synthesis_tile_size_div16 * 16,
                                    luma.synthesis_tile_overlap_div16 * 16));
    }
    for (std::size_t c = 0; c < kComponents; ++c) {
        if (h.component[c].num_chs < kLatentChannels[c]) {
            words.push_back(
                fmt::format("{} of {} channels {}", h.component[c].num_chs, kLatentChannels[c], kComponentName[c]));
        }
    }
    return listed(words, "none");
}

std::string filters_line(const ToolHeader& t) {
    std::vector<std::string> words;
    if (t.efe_linear) words.push_back("EFE linear");
    if (t.eicci)
        words.push_back(t.eicci->tile_enable ? fmt::format("eICCI ({} tiles)", t.eicci->tiles.size()) : "eICCI");
    if (t.efe_nonlinear) words.push_back("EFE non-linear");
    if (t.lef_ch_idx) words.push_back(fmt::format("LEF (channel {})", *t.lef_ch_idx));
    return listed(words, "none");
}

std::string rendering_line(const RenderingInfo& info) {
    std::vector<std::string> words;
    if (info.cicp) {
        words.push_back(fmt::format("CICP {}/{}/{} {} range", info.cicp->colour_primaries,
                                    info.cicp->transfer_characteristics, info.cicp->matrix_coefficients,
                                    info.cicp->image_full_range_flag ? "full" : "limited"));
    }
    if (info.mdcv) words.push_back("mastering display");
    if (info.clli) {
        words.push_back(fmt::format("content light {} (average {})", info.clli->maximum_content_light_level,
                                    info.clli->maximum_frame_average_light_level));
    }
    if (info.dm)
        words.push_back(fmt::format("dynamic metadata type {}, {} bytes", info.dm->type, info.dm->data.size()));
    return listed(words, "none");
}

std::string user_data_line(const Codestream& stream) {
    if (!stream.has_user_data) return "none";
    const bool more = stream.user_data.size() > kPreviewBytes;
    return fmt::format("{} bytes \"{}\"{}", stream.user_data.size(), printable_preview(stream.user_data, kPreviewBytes),
                       more ? " ..." : "");
}

std::string weights_line(const Codestream& stream) {
    const auto identity = parse_weight_identity(stream.user_data);
    if (!identity) return "not named";
    std::vector<std::string> words;
    for (const WeightIdentity::Part& part : identity->parts)
        words.push_back(
            fmt::format("{} {:016x}", weight_part_name(static_cast<WeightPart>(part.part)), part.fingerprint));
    return fmt::format("\"{}\", {}", identity->name, fmt::join(words, ", "));
}

void add_line(std::string& text, const char* label, const std::string& value) {
    text += fmt::format("  {:<12} {}\n", label, value);
}

void add_summary(std::string& text, const LoadedStream& loaded) {
    const Codestream& stream = loaded.stream;
    const PictureHeader& h = stream.picture;
    const double pixels = double{1} * h.display_width() * h.display_height();
    text += display_name(loaded.path) + '\n';
    add_line(text, "format",
             fmt::format("JPEG AI codestream, {} dialect, {} bytes, {:.4g} bits per pixel",
                         stream.dialect == Dialect::kIs ? "IS" : "DIS", stream.size,
                         static_cast<double>(stream.size) * 8 / pixels));
    if (stream.size < loaded.file.size()) {
        add_line(text, "", fmt::format("{} bytes after the end are ignored", loaded.file.size() - stream.size));
    }
    add_line(text, "picture", picture_line(h));
    add_line(text, "profile", profile_line(h));
    add_line(text, "model", model_line(h));
    add_line(text, "weight set", weights_line(stream));
    add_line(text, "regions", regions_line(h));
    add_line(text, "lanes", lanes_line(h));
    add_line(text, "tools", tools_line(h, stream.tools));
    add_line(text, "filters", filters_line(stream.tools));
    add_line(text, "rendering", rendering_line(stream.rendering));
    add_line(text, "user data", user_data_line(stream));
}

void add_verdict(std::string& text, const PictureHeader& h, std::span<const Violation> violations) {
    if (violations.empty()) {
        add_line(text, "conformance",
                 fmt::format("meets the {} profile at level {}", profile_name(h.decoder_profile_id),
                             level_name(h.level_idc)));
        return;
    }
    add_line(text, "conformance",
             fmt::format("{}, {} violation{}", acceptable(violations) ? "decodable" : "not decodable",
                         violations.size(), violations.size() == 1 ? "" : "s"));
    for (const Violation& v : violations) {
        text += fmt::format("    {:<5} {}: {}: {}\n", v.severity == Severity::kError ? "error" : "note", v.rule->id,
                            v.field, v.message);
    }
}

std::string lane_sizes(const LaneBlock& block) {
    std::vector<std::uint64_t> sizes;
    for (const ByteRange& lane : block.lanes) sizes.push_back(lane.size);
    return sizes.size() < 2 ? "" : fmt::format("  lanes {}", fmt::join(sizes, " "));
}

/// The blocks of one substream: what follows its row in the table.
std::vector<const LaneBlock*> blocks_of(const Codestream& stream, const Substream& substream) {
    std::vector<const LaneBlock*> blocks;
    if (substream.marker == Marker::kHyper) blocks.push_back(&stream.hyper);
    if (substream.marker == Marker::kQualityMap && stream.quality_map) blocks.push_back(&*stream.quality_map);
    if (substream.marker == Marker::kResidualPrimary || substream.marker == Marker::kResidualSecondary) {
        const auto& regions = stream.residual[substream.marker == Marker::kResidualPrimary ? kPrimary : kSecondary];
        for (std::size_t r = 0; r < regions.size(); ++r) {
            if (regions[r] && (!substream.region || *substream.region == r)) blocks.push_back(&*regions[r]);
        }
    }
    return blocks;
}

void add_substreams(std::string& text, const Codestream& stream, bool verbose) {
    text += fmt::format("\n  {:<12} {:>10} {:>10} {:>7}\n", "substream", "offset", "size", "share");
    for (const Substream& substream : stream.substreams) {
        const std::vector<const LaneBlock*> blocks = blocks_of(stream, substream);
        std::string name = marker_name(substream.marker);
        if (substream.region) name += fmt::format("[{}]", *substream.region);
        text +=
            fmt::format("  {:<12} {:>10} {:>10} {:>6.1f}%{}\n", name, substream.payload.offset, substream.payload.size,
                        100 * static_cast<double>(substream.payload.size) / static_cast<double>(stream.size),
                        blocks.size() == 1 ? lane_sizes(*blocks[0]) : "");
        if (blocks.size() < 2) continue;
        const std::size_t shown = verbose ? blocks.size() : std::min(blocks.size(), kShortRegions);
        for (std::size_t r = 0; r < shown; ++r) {
            const std::string lanes = lane_sizes(*blocks[r]);
            text += fmt::format("    {:<10} {:>10} {:>10}{}{}\n", fmt::format("region {}", r), blocks[r]->block.offset,
                                blocks[r]->block.size, lanes.empty() ? "" : "        ", lanes);
        }
        if (shown < blocks.size()) text += fmt::format("    {} more regions\n", blocks.size() - shown);
    }
}

std::string field_value(const HeaderField& field, bool verbose) {
    if (!field.is_array && field.values.size() == 1) return std::to_string(field.values[0]);
    if (verbose || field.values.size() <= kShortArray) return fmt::format("{}", fmt::join(field.values, " "));
    if (field.bits == 1) {
        return fmt::format("{} of {} set", std::count(field.values.begin(), field.values.end(), 1U),
                           field.values.size());
    }
    return fmt::format("{} ... ({} values)", fmt::join(field.values.begin(), field.values.begin() + kShortArray, " "),
                       field.values.size());
}

void add_fields(std::string& text, const Codestream& stream, bool verbose) {
    text += fmt::format("\n  {:<12} {:<44} {:>6}  {}\n", "header", "field", "bits", "value");
    std::map<std::string, std::size_t> seen;
    std::size_t left_out = 0;
    const auto count_left_out = [&] {
        if (left_out != 0) text += fmt::format("  {:<12} ... {} more of these (--verbose lists them)\n", "", left_out);
        left_out = 0;
    };
    for (const HeaderField& field : all_fields(stream)) {
        // Cube groups and filter tiles repeat a few names many times.
        if (++seen[field.header + field.name] > kShortRepeats && !verbose) {
            ++left_out;
            continue;
        }
        count_left_out();
        text += fmt::format("  {:<12} {:<44} {:>6}  {}\n", field.header, field.name, fmt::format("u({})", field.bits),
                            field_value(field, verbose));
    }
    count_left_out();
}

}  // namespace

std::string info_text(const LoadedStream& loaded, std::span<const Violation> violations, const TextOptions& options) {
    std::string text;
    add_summary(text, loaded);
    add_verdict(text, loaded.stream.picture, violations);
    add_substreams(text, loaded.stream, options.verbose);
    if (options.fields) add_fields(text, loaded.stream, options.verbose);
    return text;
}

}  // namespace jpegai::tools
