// The headers of a codestream as plain data: PIH, TON, RDI. Field names are those of the standard
// (standard/01-codestream.md sections 6 to 8); derived values carry the name they are derived under.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "spec/constants.h"

namespace jpegai {

/// Two mutually unreadable picture header syntaxes (01 section 1). IS is the published one.
enum class Dialect : std::uint8_t { kDis, kIs };

/// Fields 29 to 38 of the picture header, one set per component.
struct ComponentHeader {
    std::uint8_t num_threads_r = 1;  ///< lanes of each residual payload: 1, 2, 4, 8 or 16
    std::uint8_t num_chs = 0;        ///< coded latent channels, as signalled (may exceed the component's channels)
    bool use_cube_flags = false;
    std::vector<std::uint8_t> cube_flag;  ///< [phase][row][col] of the cube grid, 0 or 1; empty unless use_cube_flags
    /// Groups of eight flags, ascending, that are all 1 and yet coded literally (01 section 6.1): legal, but no encoder
    /// has a reason to. Kept so that such a header is written again unchanged; empty for every canonical header.
    std::vector<std::uint32_t> literal_one_groups;
    bool rvs_enable_flag = false;
    bool grfs_enable_flag = false;
    std::vector<std::uint8_t>
        grfs_channel_flag;  ///< min(num_chs, channels) values 0 or 1; empty unless grfs_enable_flag
    bool synthesis_tile_enable = false;
    std::uint8_t synthesis_tile_size_div16 = 0;     ///< luma samples / 16
    std::uint8_t synthesis_tile_overlap_div16 = 0;  ///< luma samples / 16

    bool operator==(const ComponentHeader&) const = default;
    /// Channels that carry residual: num_chs clamped to the component's latent channels (01 section 6, field 31).
    [[nodiscard]] std::size_t coded_channels(Component component) const {
        return num_chs < kLatentChannels[component] ? num_chs : kLatentChannels[component];
    }
};

/// Fields 21 to 26: partition of the picture into regions (01 sections 4.3 to 4.5).
struct RegionHeader {
    std::uint8_t num_ver = 1;                     ///< rows of regions, 1..128
    std::uint8_t num_hor = 1;                     ///< columns of regions, 1..128
    bool residual_in_its_own_substream = false;   ///< independent regions
    std::uint8_t hyper_decoder_overlap_code = 2;  ///< HyperDecoderOverlap = 2 * value latent samples of z
    std::uint8_t mcm_overlap_code = 8;            ///< McmOverlap = 4 * value

    bool operator==(const RegionHeader&) const = default;
    [[nodiscard]] std::size_t count() const { return std::size_t{num_ver} * num_hor; }
};

/// Picture header, marker PIH (01 section 6).
struct PictureHeader {
    std::uint8_t stream_profile_idc = 0;  ///< IS dialect only
    std::uint8_t decoder_profile_id = 1;
    std::vector<std::uint8_t> synthesis_transform_id = {1, 0};  ///< 1..16 ids; [0] is the default synthesis
    std::uint8_t level_idc = 52;
    std::uint32_t img_width = 64;                           ///< 64..65599, coded size in luma samples
    std::uint32_t img_height = 64;                          ///< 64..65599
    std::uint8_t diff_display_img_width = 0;                ///< 0..63 right columns not displayed
    std::uint8_t diff_display_img_height = 0;               ///< 0..63 bottom rows not displayed
    std::uint8_t bit_depth_idc = 0;                         ///< 0: 8 bit, 1: 10 bit (2..4 have no decoder)
    std::uint8_t s_ver = 1, s_hor = 1;                      ///< source chroma factors, 1 or 2
    std::uint8_t c_ver = 1, c_hor = 1;                      ///< coded chroma factors, 1 or 2; inferred 2 where s is 2
    std::uint8_t colour_transform_idx = 1;                  ///< 0 YUV, 1 BT.709 to RGB, 2 user matrix
    std::array<std::uint8_t, 9> colour_transform_matrix{};  ///< row-major, idx 2 only
    std::array<std::uint8_t, 3> colour_transform_offset{};
    std::uint8_t model_id = 0;
    std::uint8_t num_threads_z = 1;
    std::array<std::int16_t, kComponents> beta_displacement_log{};  ///< -2048..2047
    std::optional<RegionHeader> regions;                            ///< present iff region_partitioning_flag
    bool independent_beta_uv = false;
    std::array<ComponentHeader, kComponents> component;
    bool gain_3d_enable_flag = false;  ///< a quality map follows in SOQ
    std::uint8_t num_threads_q = 1;
    std::uint8_t quality_map_entropy_index = 0;  ///< 0..7

    bool operator==(const PictureHeader&) const = default;

    [[nodiscard]] std::uint32_t display_width() const { return img_width - diff_display_img_width; }
    [[nodiscard]] std::uint32_t display_height() const { return img_height - diff_display_img_height; }
    [[nodiscard]] std::size_t latent_rows() const { return (img_height + kLatentStep - 1) / kLatentStep; }
    [[nodiscard]] std::size_t latent_cols() const { return (img_width + kLatentStep - 1) / kLatentStep; }
    [[nodiscard]] std::size_t hyper_rows() const { return (img_height + kHyperStep - 1) / kHyperStep; }
    [[nodiscard]] std::size_t hyper_cols() const { return (img_width + kHyperStep - 1) / kHyperStep; }
    [[nodiscard]] std::size_t region_count() const { return regions ? regions->count() : 1; }
    [[nodiscard]] bool independent_regions() const { return regions && regions->residual_in_its_own_substream; }
    /// Rows and columns of the cube grid of one phase (01 section 6.1).
    [[nodiscard]] std::size_t cube_rows() const { return ((latent_rows() + 1) / 2 + kCubeSide - 1) / kCubeSide; }
    [[nodiscard]] std::size_t cube_cols() const { return ((latent_cols() + 1) / 2 + kCubeSide - 1) / kCubeSide; }
};

/// One of the two filter sets of EFE linear (01 section 7.1).
struct EfeLinearSet {
    struct Plane {
        std::uint8_t best_cand_idx = 0;  ///< 0: plane not filtered, k: candidate k-1; 0..8
        std::uint8_t filter_length = 0;  ///< fL, 1..4
        /// Coded values before minSymbol is added: [region][phase][row][col] and [region][row][col].
        std::vector<std::uint16_t> weights, weights2;
        bool operator==(const Plane&) const = default;
    };
    std::array<Plane, 2> plane;  ///< U, V
    std::uint16_t min_symbol = 0, max_symbol = 0;
    bool operator==(const EfeLinearSet&) const = default;
};

/// EFE linear parameters (01 section 7.1).
struct EfeLinearHeader {
    std::array<std::uint16_t, 2> b1{};  ///< u(15), x100
    EfeLinearSet upsampled, main;       ///< set A, set B
    bool operator==(const EfeLinearHeader&) const = default;
};

/// eICCI parameters (01 section 7.2).
struct EicciHeader {
    struct Tile {
        std::array<bool, 3> use{};  ///< Y, U, V
        bool use_short_list = false;
        std::uint8_t model_idx_y = 0, model_idx_uv = 0;
        bool operator==(const Tile&) const = default;
    };
    bool tile_enable = false;
    std::uint8_t tile_size_div16 = 0, tile_overlap_div16 = 0;
    std::vector<Tile> tiles;  ///< raster order; one when tiling is off
    bool operator==(const EicciHeader&) const = default;
};

/// EFE non-linear parameters (01 section 7.3).
struct EfeNonlinearHeader {
    std::uint16_t min_symbol = 0, max_symbol = 0;
    std::array<bool, 2> mask_enabled{};
    std::uint16_t block_size = 0, mask_rows = 0, mask_cols = 0;  ///< bS, len_mask_y, len_mask_x; u(10) each
    std::array<std::vector<std::uint8_t>, 2> mask;               ///< W5[.,.,k], row-major, 0..2
    std::array<bool, 2> enabled{};                               ///< U, V
    std::uint16_t tile_width = 0, tile_height = 0;               ///< nonlinearW, nonlinearH
    std::vector<std::uint16_t> min_luma, max_luma;               ///< x100, numTiles each
    std::array<std::vector<std::uint16_t>, 2> a1;  ///< coded values before minSymbol is added, candNum each
    bool operator==(const EfeNonlinearHeader&) const = default;
};

/// Tool header, marker TON (01 section 7).
struct ToolHeader {
    std::array<bool, kComponents> lsbs_enable_flag{};
    std::optional<EfeLinearHeader> efe_linear;
    std::optional<EicciHeader> eicci;
    std::optional<EfeNonlinearHeader> efe_nonlinear;
    std::optional<std::uint8_t> lef_ch_idx;  ///< present iff LEF_enabled_flag; < 160
    bool operator==(const ToolHeader&) const = default;
};

/// Rendering information, marker RDI (01 section 8). No influence on decoded samples.
struct RenderingInfo {
    struct Cicp {
        std::uint8_t colour_primaries = 2, transfer_characteristics = 2, matrix_coefficients = 2;
        bool image_full_range_flag = true;
        std::uint8_t chroma420_sample_loc_type = 2;  ///< 0..7
        bool operator==(const Cicp&) const = default;
    };
    struct MasteringDisplay {
        std::array<std::uint16_t, 6> primaries{};    ///< x0 y0 x1 y1 x2 y2
        std::array<std::uint16_t, 2> white_point{};  ///< x y
        std::uint32_t maximum_luminance = 0, minimum_luminance = 0;
        bool operator==(const MasteringDisplay&) const = default;
    };
    struct ContentLight {
        std::uint16_t maximum_content_light_level = 0, maximum_frame_average_light_level = 0;
        bool operator==(const ContentLight&) const = default;
    };
    struct DynamicMetadata {
        std::uint8_t type = 0;
        std::vector<std::uint8_t> data;  ///< up to 65535 bytes
        bool operator==(const DynamicMetadata&) const = default;
    };
    std::optional<Cicp> cicp;
    std::optional<MasteringDisplay> mdcv;
    std::optional<ContentLight> clli;
    std::optional<DynamicMetadata> dm;
    bool operator==(const RenderingInfo&) const = default;
};

}  // namespace jpegai
