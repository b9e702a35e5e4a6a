// Picture header PIH (standard/01-codestream.md sections 1, 6, 6.1).
#include <algorithm>

#include "base/math.h"
#include "bitstream/header_syntax.h"
#include "bitstream/syntax_io.h"

namespace jpegai {

namespace {

using namespace syntax;

constexpr const char* kPictureHeaderName = "pic_header";
constexpr std::int64_t kBetaBias = -2048;

/// Fields 10 to 13: chroma formats of source and coded picture, each 4:4:4, 4:2:2 or 4:2:0 (01 section 11).
template <class Io, class H>
void chroma_format_syntax(Io& io, H& h) {
    code(io, "s_ver_minus1", 1, h.s_ver, 1);
    code(io, "s_hor_minus1", 1, h.s_hor, 1);
    io.require(h.s_ver == 1 || h.s_hor == 2, "s_ver_minus1", "gives a chroma format that does not exist");
    if (h.s_ver == 1) {
        code(io, "c_ver_minus1", 1, h.c_ver, 1);
    } else {
        infer(io, "c_ver_minus1", h.c_ver, 2);
    }
    if (h.s_hor == 1) {
        code(io, "c_hor_minus1", 1, h.c_hor, 1);
    } else {
        infer(io, "c_hor_minus1", h.c_hor, 2);
    }
    io.require(h.c_ver == 1 || h.c_hor == 2, "c_ver_minus1", "gives a chroma format that does not exist");
}

template <class Io, class H>
void colour_transform_syntax(Io& io, H& h) {
    code(io, "colour_transform_idx", 2, h.colour_transform_idx);
    io.require(h.colour_transform_idx <= 2, "colour_transform_idx", "has to be at most 2");
    if (h.colour_transform_idx != 2) return;
    for (std::size_t k = 0; k < h.colour_transform_matrix.size(); ++k) {
        code(io, {"colour_transform_matrix[{}][{}]", k / 3, k % 3}, 8, h.colour_transform_matrix[k]);
    }
    for (std::size_t k = 0; k < h.colour_transform_offset.size(); ++k) {
        code(io, {"colour_transform_offset[{}]", k}, 8, h.colour_transform_offset[k]);
    }
}

/// Largest legal number of regions along a side of `length` luma samples. IS states limits; in DIS any split goes whose
/// regions are not empty (01 sections 1, 4.5).
std::uint32_t max_regions(std::uint32_t length, Dialect dialect, std::uint32_t is_step) {
    return ceil_div(length, dialect == Dialect::kIs ? is_step : std::uint32_t{128});
}

/// Fields 21 to 26.
template <class Io, class H>
void region_syntax(Io& io, H& h, Dialect dialect) {
    if (!present(io, "region_partitioning_flag", h.regions)) return;
    auto& regions = *h.regions;
    code(io, "num_ver_splits_minus1", 7, regions.num_ver, 1);
    io.require(regions.num_ver <= max_regions(h.img_height, dialect, 256), "num_ver_splits_minus1",
               "is too large for the picture");
    code(io, "num_hor_splits_minus1", 7, regions.num_hor, 1);
    io.require(regions.num_hor <= max_regions(h.img_width, dialect, 512), "num_hor_splits_minus1",
               "is too large for the picture");
    code(io, "region_residual_in_its_own_substream_flag", 1, regions.residual_in_its_own_substream);
    if (regions.residual_in_its_own_substream) {
        io.require(regions.count() <= kMaxIndependentRegions, "region_residual_in_its_own_substream_flag",
                   "is set for more regions than a one-byte index can name");
        return;
    }
    code(io, "hyper_decoder_overlap_in_latent_samples", 2, regions.hyper_decoder_overlap_code);
    code(io, "mcm_overlap_in_latent_samples", 4, regions.mcm_overlap_code);
}

/// Fields 32 and 33 (01 section 6.1); `count` flags on the picture's cube grid.
template <class Io, class C>
void cube_syntax(Io& io, C& component, std::size_t c, std::size_t count) {
    code(io, {"use_cube_flags[{}]", c}, 1, component.use_cube_flags);
    const FieldName group_name("cube_group_flag[{}]", c), flag_name("cube_flag[{}]", c);
    const std::size_t groups = component.use_cube_flags ? ceil_div(count, kCubeGroup) : 0;
    io.need(group_name, groups);
    if constexpr (Io::kReads) {
        component.cube_flag.assign(component.use_cube_flags ? count : 0, 1);
    } else {
        io.require(component.cube_flag.size() == (component.use_cube_flags ? count : 0), flag_name,
                   "has the wrong number of elements");
    }
    for (std::size_t g = 0; g < groups; ++g) {
        const auto flags =
            std::span(component.cube_flag).subspan(g * kCubeGroup, std::min(kCubeGroup, count - g * kCubeGroup));
        const auto all_ones = [&] {
            return std::all_of(flags.begin(), flags.end(), [](std::uint8_t f) { return f == 1; });
        };
        bool literal = false;
        if constexpr (!Io::kReads) {
            literal = !all_ones() ||
                      std::binary_search(component.literal_one_groups.begin(), component.literal_one_groups.end(), g);
        }
        code(io, group_name, 1, literal);
        if (!literal) continue;
        io.elements(flag_name, 1, flags, 1);
        if constexpr (Io::kReads) {
            if (all_ones()) component.literal_one_groups.push_back(static_cast<std::uint32_t>(g));
        }
    }
}

/// Fields 37 and 38. The tile layout is that of 03 section 14, where both components share one grid.
template <class Io, class H>
void synthesis_tile_syntax(Io& io, H& h, std::size_t c) {
    auto& component = h.component[c];
    const FieldName enable_name("synthesis_tile_enable[{}]", c);
    code(io, enable_name, 1, component.synthesis_tile_enable);
    if (component.synthesis_tile_enable) {
        code(io, "synthesis_tile_size", 8, component.synthesis_tile_size_div16);
        io.require(component.synthesis_tile_size_div16 > 0, "synthesis_tile_size", "is zero");
        code(io, "synthesis_tile_overlap", 5, component.synthesis_tile_overlap_div16);
        io.require(component.synthesis_tile_overlap_div16 < component.synthesis_tile_size_div16,
                   "synthesis_tile_overlap", "is not smaller than the tile");
        const std::uint32_t overlap = 16U * component.synthesis_tile_overlap_div16;
        io.require(h.independent_regions() || overlap < std::min(h.img_width, h.img_height), "synthesis_tile_overlap",
                   "is not smaller than the picture");
    }
    if (c == kPrimary) return;
    const auto& luma = h.component[kPrimary];
    io.require(component.synthesis_tile_enable == luma.synthesis_tile_enable &&
                   (!luma.synthesis_tile_enable ||
                    (component.synthesis_tile_size_div16 == luma.synthesis_tile_size_div16 &&
                     component.synthesis_tile_overlap_div16 == luma.synthesis_tile_overlap_div16)),
               enable_name, "and its tile size have to equal those of the primary component");
}

/// Fields 29 to 38 of one component.
template <class Io, class H>
void component_syntax(Io& io, H& h, std::size_t c) {
    auto& component = h.component[c];
    code_threads(io, {"multi_threading_r[{}]", c}, {"log2_num_threads_r_minus1[{}]", c}, component.num_threads_r);
    code(io, {"num_chs[{}]", c}, 8, component.num_chs);
    io.require(!io.strict() || component.num_chs <= kLatentChannels[c], {"num_chs[{}]", c},
               "exceeds the component's channels");
    cube_syntax(io, component, c, kCubePhases * h.cube_rows() * h.cube_cols());
    code(io, {"rvs_enable_flag[{}]", c}, 1, component.rvs_enable_flag);
    code(io, {"grfs_enable_flag[{}]", c}, 1, component.grfs_enable_flag);
    const std::size_t gains = component.grfs_enable_flag ? component.coded_channels(static_cast<Component>(c)) : 0;
    const FieldName gain_name("grfs_channel_flag[{}]", c);
    size_array(io, gain_name, 1, component.grfs_channel_flag, gains);
    if (gains > 0) io.elements(gain_name, 1, std::span(component.grfs_channel_flag), 1);
    synthesis_tile_syntax(io, h, c);
}

/// Fields 39 to 42.
template <class Io, class H>
void quality_map_syntax(Io& io, H& h) {
    code(io, "gain_3D_enable_flag", 1, h.gain_3d_enable_flag);
    if (!h.gain_3d_enable_flag) return;
    code_threads(io, "multi_threading_q", "log2_num_threads_q_minus1", h.num_threads_q);
    code(io, "quality_map_entropy_index", 3, h.quality_map_entropy_index);
}

/// Fields 0 to 9.
template <class Io, class H>
void identification_syntax(Io& io, H& h, Dialect dialect) {
    if (dialect == Dialect::kIs) {
        code(io, "stream_profile_idc", 4, h.stream_profile_idc);
        io.require(h.stream_profile_idc == 0, "stream_profile_idc", "is not 0");
    }
    code(io, "decoder_profile_id", 4, h.decoder_profile_id);
    io.require(h.decoder_profile_id <= 2, "decoder_profile_id", "has to be at most 2");
    std::size_t transforms = h.synthesis_transform_id.size();
    code(io, "num_synthesis_transforms_minus1", 4, transforms, 1);
    if constexpr (Io::kReads) h.synthesis_transform_id.resize(transforms);
    for (std::size_t i = 0; i < transforms; ++i) {
        const FieldName name("synthesis_transform_id[{}]", i);
        code(io, name, 4, h.synthesis_transform_id[i]);
        io.require(h.synthesis_transform_id[i] <= 2, name, "has to be at most 2");
    }
    code(io, "level_idc", 8, h.level_idc);
    code(io, "img_width_minus64", 16, h.img_width, kMinPictureSide);
    code(io, "img_height_minus64", 16, h.img_height, kMinPictureSide);
    code(io, "diff_display_img_width", 6, h.diff_display_img_width);
    code(io, "diff_display_img_height", 6, h.diff_display_img_height);
    code(io, "bit_depth_idc", 3, h.bit_depth_idc);
    io.require(h.bit_depth_idc <= 4, "bit_depth_idc", "has to be at most 4");
    io.require(h.bit_depth_idc <= 1, "bit_depth_idc", "is above 1: no decoder is defined for this bit depth",
               JPEGAI_ERROR_UNSUPPORTED);
}

template <class Io, class H>
void picture_syntax(Io& io, H& h, Dialect dialect) {
    identification_syntax(io, h, dialect);
    chroma_format_syntax(io, h);
    colour_transform_syntax(io, h);
    code(io, "model_id", 4, h.model_id);
    io.require(h.model_id < kModels, "model_id", "has to be at most 3");
    code_threads(io, "multi_threading_z", "log2_num_threads_z_minus1", h.num_threads_z);
    code(io, {"beta_displacement_log_plus_2048[{}]", kPrimary}, 12, h.beta_displacement_log[kPrimary], kBetaBias);
    region_syntax(io, h, dialect);
    code(io, "independent_beta_uv", 1, h.independent_beta_uv);
    const FieldName beta_uv("beta_displacement_log_plus_2048[{}]", kSecondary);
    if (h.independent_beta_uv) {
        code(io, beta_uv, 12, h.beta_displacement_log[kSecondary], kBetaBias);
    } else if constexpr (Io::kReads) {
        h.beta_displacement_log[kSecondary] = h.beta_displacement_log[kPrimary];
    } else {
        io.require(h.beta_displacement_log[kSecondary] == h.beta_displacement_log[kPrimary], beta_uv,
                   "differs from that of the primary component without independent_beta_uv");
    }
    for (std::size_t c = 0; c < kComponents; ++c) component_syntax(io, h, c);
    quality_map_syntax(io, h);
}

bool known_level(std::uint32_t level) {
    return level / 10 >= 1 && level / 10 <= 5 && level % 10 <= 2;
}

}  // namespace

Dialect detect_dialect(std::span<const std::uint8_t> pih_payload, std::uint64_t offset) {
    BitReader bits(pih_payload, offset);
    const std::uint32_t first = bits.u(4), second = bits.u(4);
    if (first != 0) return Dialect::kDis;
    if (second != 0) return Dialect::kIs;
    // Simple profile with one transform: the level, 10..52, lies at bit 12 (DIS) or at bit 16 (IS).
    const std::uint32_t third = bits.u(4), fourth = bits.u(4), fifth = bits.u(4);
    if (third == 0 && known_level(fourth << 4 | fifth)) return Dialect::kDis;
    if (fourth == 0 && known_level(fifth << 4 | bits.u(4))) return Dialect::kIs;
    throw Error(JPEGAI_ERROR_HEADER, offset, "pic_header: neither dialect of the picture header fits");
}

PictureHeader parse_picture_header(std::span<const std::uint8_t> payload, Dialect dialect, std::uint64_t offset,
                                   const HeaderOptions& options) {
    SyntaxReader io(payload, offset, kPictureHeaderName, options.strict);
    PictureHeader header;
    picture_syntax(io, header, dialect);
    io.finish();
    return header;
}

std::vector<std::uint8_t> write_picture_header(const PictureHeader& header, Dialect dialect) {
    SyntaxWriter io(kPictureHeaderName);
    picture_syntax(io, header, dialect);
    return std::move(io).take();
}

std::vector<HeaderField> list_fields(const PictureHeader& header, Dialect dialect) {
    SyntaxLister io(kPictureHeaderName);
    picture_syntax(io, header, dialect);
    return std::move(io).take();
}

void make_canonical(PictureHeader& header) {
    header.independent_beta_uv = header.beta_displacement_log[kPrimary] != header.beta_displacement_log[kSecondary];
    for (ComponentHeader& component : header.component) {
        component.literal_one_groups.clear();
        const auto& flags = component.cube_flag;
        component.use_cube_flags = std::find(flags.begin(), flags.end(), 0) != flags.end();
        if (!component.use_cube_flags) component.cube_flag.clear();
    }
}

}  // namespace jpegai
