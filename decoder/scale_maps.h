// From the hyper latent to the scale of every residual: gain, quality map, RVS, GRFS, skip mask and distribution index
// (standard/02-entropy-and-latent.md sections 7 and 8). Decoder and encoder share it.
//
// All values fit 16 bits: s0 is 0..3967, the gain -4096..4094, the quality map -886..886, RVS and GRFS -80..239, so
// every sum lies in -5062..9072 and the rounded one, + 64, too; hostile headers cannot leave these ranges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/array.h"
#include "bitstream/headers.h"
#include "decoder/entropy_model.h"
#include "decoder/region_layout.h"
#include "spec/scale_tables.h"

namespace jpegai {

/// What the headers say about the scales of one component.
struct ScaleSetup {
    std::size_t model_id = 0;
    std::size_t rows = 0, cols = 0;  ///< latent size
    std::vector<std::int16_t> gain;  ///< per channel: gain_vector_log + beta_displacement_log, -4096..4094
    std::vector<GrfsVariant> grfs;   ///< per channel
    bool rvs = false;
    Array3<std::int8_t> qp_map;      ///< empty without a quality map
    Array3<std::uint8_t> forced;     ///< 1 where all channels are coded; empty without cube flags
    std::size_t coded_channels = 0;  ///< min(num_chs, channels)

    /// Factors of the residual of channel c by bucket.
    [[nodiscard]] const RvsTable& rvs_table(std::size_t c) const { return jpegai::rvs_table(model_id, rvs, grfs[c]); }
    /// Whether the residual is scaled by rvs_table at all.
    [[nodiscard]] bool scales_residual() const { return rvs || (!grfs.empty() && grfs[0] != GrfsVariant::kOff); }
};

/// Collects the setup. `qp_map` may be null. Throws Error{header} for a model_id above 3, Error{model} when gains leave
/// -2048..2047, Error{argument} when arrays do not fit the picture.
[[nodiscard]] ScaleSetup make_scale_setup(const PictureHeader& picture, Component component, const EntropyModel& model,
                                          const Array3<std::int8_t>* qp_map);

/// Scale maps of one component, [channel][latent row][latent col] except rvs_likely.
struct ScaleMaps {
    Array3<std::int16_t> skip_scale_log;  ///< scale index x128 before RVS and GRFS
    Array3<std::int16_t> scale_log;       ///< after RVS and GRFS
    Array3<std::int16_t> rvs_likely;      ///< [channel][block row][block col], mean of each 8x8 block, 0..4351
    Array3<std::uint8_t> mask;            ///< 1 where a symbol is coded; 0 for channels that are not coded
};

/// Arrays of the right size, contents unspecified.
[[nodiscard]] ScaleMaps make_scale_maps(const ScaleSetup& setup, std::size_t channels);
[[nodiscard]] Array3<std::int16_t> make_block_array(const ScaleSetup& setup, std::size_t channels);

/// What compute_scales writes; everything is optional. Arrays have to have their full size.
struct ScaleTargets {
    ScaleMaps* maps = nullptr;                   ///< all four arrays
    Array3<std::int16_t>* rvs_likely = nullptr;  ///< this one only; needed for RVS and LSBS
    std::span<std::uint8_t> table;               ///< distribution index or kNotCoded of every element of `layout`
    const RegionLayout* layout = nullptr;        ///< order of `table`
    std::size_t table_channels = 0;              ///< channels of `table` to fill, at most those of the layout
};

/// Runs the hyper-scale decoder and the scale pipeline over `channels` channels.
/// Throws Error{argument} when z_hat does not fit.
void compute_scales(const EntropyModel& model, const ScaleSetup& setup, const Array3<std::int8_t>& z_hat,
                    std::size_t channels, const ScaleTargets& targets);

/// The scale pipeline alone, from given s0 ([channel][latent row][latent col], 0..3967; channels as in the setup).
/// Throws Error{argument} when s0 does not fit.
void compute_scales_from(const ScaleSetup& setup, const Array3<std::int16_t>& s0, const ScaleTargets& targets);

/// All maps of one component, as the encoder needs them.
[[nodiscard]] ScaleMaps compute_scale_maps(const EntropyModel& model, const ScaleSetup& setup,
                                           const Array3<std::int8_t>& z_hat);

}  // namespace jpegai
