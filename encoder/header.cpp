#include "encoder/header.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "base/error.h"
#include "base/math.h"
#include "profiles/profiles.h"

namespace jpegai {
namespace {

constexpr std::size_t kMaxTile = 255 * 16, kMaxTileOverlap = 31 * 16;  // u(8) and u(5)
constexpr std::size_t kRegionTileOverlap = 128;                        // 05 section 3.3

[[noreturn]] void bad(const std::string& message) {
    throw Error(JPEGAI_ERROR_ARGUMENT, message);
}

std::uint8_t lane_count(std::size_t lanes) {
    for (const std::size_t legal : {1U, 2U, 4U, 8U, 16U}) {
        if (lanes == legal) return static_cast<std::uint8_t>(lanes);
    }
    bad(fmt::format("entropy coding cannot have {} threads, only 1, 2, 4, 8 or 16", lanes));
}

std::vector<std::uint8_t> transform_list(const EncodeOptions& options) {
    const auto wanted = static_cast<std::uint8_t>(options.synthesis);
    if (!options.transforms.empty()) {
        if (options.transforms.front() != wanted) bad("the first synthesis transform is the one to code for");
        if (options.transforms.size() > 16) bad("there can be at most 16 synthesis transforms");
        return options.transforms;
    }
    for (const Profile& profile : kProfiles) {
        if (profile.synthesis_transforms.contains(wanted)) {
            return {profile.written_transforms.begin(),
                    profile.written_transforms.begin() + static_cast<std::ptrdiff_t>(profile.written_count)};
        }
    }
    bad("no profile has the synthesis transform");
}

void set_bit_depth(PictureHeader& picture, const EncodeOptions& options, unsigned source_depth) {
    const unsigned depth = options.bit_depth.value_or(source_depth == 8 ? 8 : 10);
    if (depth != 8 && depth != 10) bad(fmt::format("pictures are coded with 8 or 10 bit, not {}", depth));
    picture.bit_depth_idc = depth == 8 ? 0 : 1;
}

void set_channels_and_lanes(PictureHeader& picture, const EncodeOptions& options) {
    picture.num_threads_z = lane_count(options.lanes_z);
    picture.num_threads_q = lane_count(options.lanes_q);
    for (const Component c : {kPrimary, kSecondary}) {
        if (options.num_chs[c] > kLatentChannels[c]) {
            bad(fmt::format("there are {} latent channels, {} cannot be coded", kLatentChannels[c],
                            options.num_chs[c]));
        }
        picture.component[c].num_chs = static_cast<std::uint8_t>(options.num_chs[c]);
        picture.component[c].num_threads_r = lane_count(options.lanes_r[c]);
        picture.component[c].rvs_enable_flag = options.tools.rvs[c];
        picture.component[c].grfs_enable_flag = options.tools.grfs[c];
    }
}

/// Size 0 where none follows from the regions, which then means no tiles.
TileOptions tiles_by_default(const EncodeOptions& options, const PictureHeader& picture) {
    if (!picture.independent_regions()) return {};
    return {region_tile_size(picture, options.dialect == Dialect::kDis ? 512 : kRegionUnit), kRegionTileOverlap};
}

void set_synthesis_tiles(PictureHeader& picture, const EncodeOptions& options) {
    const TileOptions tiles = options.synthesis_tiles.value_or(tiles_by_default(options, picture));
    if (!tiles.divides(picture.img_height, picture.img_width)) return;
    if (tiles.size % 16 != 0 || tiles.overlap % 16 != 0 || tiles.size > kMaxTile || tiles.overlap > kMaxTileOverlap) {
        bad(fmt::format("synthesis tiles of {} with overlap {} cannot be signalled", tiles.size, tiles.overlap));
    }
    for (ComponentHeader& component : picture.component) {
        component.synthesis_tile_enable = true;
        component.synthesis_tile_size_div16 = static_cast<std::uint8_t>(tiles.size / 16);
        component.synthesis_tile_overlap_div16 = static_cast<std::uint8_t>(tiles.overlap / 16);
    }
}

}  // namespace

PictureHeader make_picture_header(const EncodeOptions& options, const SourcePlanes& source, unsigned bit_depth) {
    PictureHeader picture;
    picture.synthesis_transform_id = transform_list(options);
    picture.img_width = static_cast<std::uint32_t>(source.width());
    picture.img_height = static_cast<std::uint32_t>(source.height());
    picture.diff_display_img_width = static_cast<std::uint8_t>(source.width() - source.original.cols());
    picture.diff_display_img_height = static_cast<std::uint8_t>(source.height() - source.original.rows());
    set_bit_depth(picture, options, bit_depth);
    picture.s_ver = source.source.ver;
    picture.s_hor = source.source.hor;
    picture.c_ver = source.coded.ver;
    picture.c_hor = source.coded.hor;
    picture.colour_transform_idx = source.from_rgb ? 1 : 0;
    picture.regions = options.regions;
    set_channels_and_lanes(picture, options);
    set_synthesis_tiles(picture, options);
    return picture;
}

void set_rate_point(PictureHeader& picture, const RatePoint& rate, const EncodeOptions& options) {
    if (rate.model_id >= kModels) bad(fmt::format("there are models 0 to {}, not {}", kModels - 1, rate.model_id));
    for (const Component c : {kPrimary, kSecondary}) {
        if (rate.beta[c] < -2048 || rate.beta[c] > 2047) {
            bad(fmt::format("the displacement {} is not within -2048..2047", rate.beta[c]));
        }
        picture.beta_displacement_log[c] = static_cast<std::int16_t>(rate.beta[c]);
    }
    picture.independent_beta_uv = rate.beta[kPrimary] != rate.beta[kSecondary];
    picture.model_id = static_cast<std::uint8_t>(rate.model_id);

    PictureNeeds needs;
    needs.img_width = picture.img_width;
    needs.img_height = picture.img_height;
    needs.synthesis_transforms = picture.synthesis_transform_id;
    needs.model_id = picture.model_id;
    needs.dialect = options.dialect;
    if (options.decoder_profile_id && options.level_idc) {
        picture.decoder_profile_id = *options.decoder_profile_id;
        picture.level_idc = *options.level_idc;
        return;
    }
    const ProfileLevel smallest = smallest_profile_level(needs);
    picture.decoder_profile_id = options.decoder_profile_id.value_or(smallest.decoder_profile_id);
    picture.level_idc = options.level_idc.value_or(smallest.level_idc);
}

void require_codable(const PictureHeader& picture, Dialect dialect) {
    for (const Violation& violation : check_picture(picture, dialect)) {
        if (violation.severity == Severity::kError) bad(violation.message);
    }
}

TileOptions analysis_tile_options(const EncodeOptions& options, const PictureHeader& picture) {
    return options.analysis_tiles.value_or(tiles_by_default(options, picture));
}

std::optional<RegionHeader> reference_regions(std::size_t width, std::size_t height, std::size_t samples,
                                              bool independent) {
    if (samples == 0 || height * width <= samples) return std::nullopt;
    const auto step = static_cast<std::size_t>(std::sqrt(static_cast<double>(samples)));
    const std::size_t hor = std::max<std::size_t>(1, width / step), ver = std::max<std::size_t>(1, height / step);
    if (std::max(hor, ver) > kMaxRegionsPerSide) bad(fmt::format("{}x{} regions are too many", hor, ver));
    RegionHeader regions;
    regions.num_hor = static_cast<std::uint8_t>(hor);
    regions.num_ver = static_cast<std::uint8_t>(ver);
    regions.residual_in_its_own_substream = independent;
    return regions;
}

std::size_t region_tile_size(const PictureHeader& picture, std::size_t unit) {
    const std::size_t height = picture.img_height, width = picture.img_width;
    // The reference divides the height by the number of columns and the other way round; for the size of tiles that
    // does no harm.
    const std::size_t v = ceil_div(height, unit) / picture.regions->num_hor * unit;
    const std::size_t h = ceil_div(width, unit) / picture.regions->num_ver * unit;
    std::size_t size = 0;
    if (v != 0 && h != 0 && v <= height && h <= width) {
        size = std::gcd(v, h);
    } else if (v != 0 && v <= height) {
        size = v;
    } else if (h != 0 && h <= width) {
        size = h;
    }
    return std::min<std::size_t>(size, kMaxTile / 64 * 64);
}

}  // namespace jpegai
