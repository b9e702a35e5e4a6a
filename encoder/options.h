// What a caller of the encoder can choose (standard/05-encoder.md sections 1, 4, 8 and 9).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/array.h"
#include "bitstream/codestream.h"
#include "decoder/decoder.h"
#include "decoder/network_cache.h"
#include "decoder/planes.h"
#include "encoder/analysis.h"
#include "encoder/filters/choose.h"

namespace jpegai {

/// Quality of the coded picture: the trained model and how much coarser (negative) or finer its step is. 128 units are
/// a factor of e^0.2 (05 section 4.2).
struct RatePoint {
    std::size_t model_id = 1;  ///< 0 (fewest bits) .. 3
    /// beta_displacement_log of luma and chroma, -2048..2047; the reference stays within kBetaMin..kBetaMax.
    std::array<int, kComponents> beta{};
    bool operator==(const RatePoint&) const = default;
};
inline constexpr int kBetaMin = -1069, kBetaMax = 702;

/// Tools on the latents, per component where that can be chosen (05 sections 4.4 and 4.9).
struct LatentTools {
    std::array<bool, kComponents> rvs{}, grfs{}, lsbs{};
};

/// Time of the stages of an encode, in order; stages that ran several times have several entries.
struct EncodeStats {
    std::vector<StageTiming> stages;  ///< "prepare", "analysis y", "quantise y", "entropy" ...
    std::vector<LayerTiming> layers;  ///< filled when want_layers
    bool want_layers = false;
};

struct EncodeOptions {
    RatePoint rate;

    /// Synthesis transform the stream is made for, synthesis_transform_id[0]. The list in the header, and the profile,
    /// are the smallest that have it (05 section 8), unless `transforms` says otherwise.
    OperatingPoint synthesis = OperatingPoint::kBop;
    std::vector<std::uint8_t> transforms;            ///< synthesis_transform_id as written; empty: by profile
    std::optional<std::uint8_t> decoder_profile_id;  ///< default: the smallest that has all transforms
    std::optional<std::uint8_t> level_idc;           ///< default: the smallest that permits size and model
    /// kBop or kHop. By default what the weight set has: kHop for kHop where it is there, else kBop (analysis_needs()).
    std::optional<OperatingPoint> analysis;
    Dialect dialect = Dialect::kIs;

    LatentTools tools;
    AllowedFilters filters = {false, false, false, false};  ///< post-filters that may be switched on
    FilterSearch filter_search = FilterSearch::kBest;
    bool eicci_long_list = false, eicci_per_tile = false;  ///< see FilterChoiceInputs
    /// Filter parts of the tool header to write as they are, instead of deciding.
    std::optional<ToolHeader> filter_parameters;

    /// Partition into regions; see reference_regions(). Dependent regions without overlap lose a column of latents on
    /// each side of a border (03 section 13.3): use such overlaps for tests only.
    std::optional<RegionHeader> regions;
    std::array<std::size_t, kComponents> num_chs = kLatentChannels;  ///< coded latent channels, 0..160 and 0..96
    std::size_t lanes_z = 1, lanes_q = 1;                            ///< entropy coding threads: 1, 2, 4, 8 or 16
    std::array<std::size_t, kComponents> lanes_r = {1, 1};
    /// Quality map, -8 (coarse) .. 8 (fine), one plane of the latent grid's size: one value per
    /// 16x16 samples (05 section 5). See quality_map_from_mask().
    std::optional<Array3<std::int8_t>> quality_map;
    /// Without a map: make one with this strength, 1..8 (quality_map_from_saliency); 0: none.
    int saliency = 0;
    float cube_threshold = 3;  ///< see QuantiserOptions
    /// Attempts to find better symbols (encoder/refine.h), each a synthesis, its derivative and a trial; 0: none.
    std::size_t refinements = 0;

    std::optional<ChromaFormat> coded_chroma;      ///< default: as the source
    std::size_t hidden_cols = 0, hidden_rows = 0;  ///< coded, but not displayed, at the right and the bottom
    std::optional<unsigned> bit_depth;             ///< 8 or 10, as signalled; default: 8 for pictures of 8 bit, else 10

    /// Tiles of the analysis; with independent regions the size follows the regions unless given here.
    std::optional<TileOptions> analysis_tiles;
    std::optional<TileOptions> synthesis_tiles;  ///< likewise; multiples of 16, at most 4080 and 496

    RenderingInfo rendering;
    std::vector<std::uint8_t> user_data;  ///< UDI, after the record that names the weight set
    /// Write the record, unless the set is the official one (models/weight_identity.h).
    bool name_weights = true;

    bool want_reconstruction = false;      ///< fill EncodeResult::reconstruction
    std::function<bool(double)> progress;  ///< called with 0..1 from the encoding thread; returns false to cancel
    EncodeStats* stats = nullptr;
};

}  // namespace jpegai
