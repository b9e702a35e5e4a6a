// From latents to symbols: skip mask, context model in the loop, cube flags, residual (standard/05-encoder.md
// sections 4.5 and 4.6, 03-networks.md section 18.5).
#pragma once

#include <cstdint>
#include <span>

#include "backend/backend.h"
#include "base/array.h"
#include "bitstream/headers.h"
#include "decoder/geometry.h"
#include "decoder/network_cache.h"
#include "decoder/scale_maps.h"
#include "encoder/analysis.h"

namespace jpegai {

/// The symbols of one component, [channel][latent row][latent col] of the picture.
struct QuantisedComponent {
    Array3<std::int16_t> residual_quant;
    Array3<float> residual;           ///< what the decoder makes of the symbols
    Array3<std::int16_t> scale_log;   ///< scale index x128 after RVS and GRFS
    Array3<std::int16_t> rvs_likely;  ///< block analysis, for LSBS
};

struct QuantiserOptions {
    /// A cube is coded whole when the reconstruction of one of its latents is further off than this; larger means fewer
    /// symbols (05 section 4.6). Infinity: never.
    float cube_threshold = 3;
    /// Latents to quantise instead of the analysed ones, of the same size; may be null.
    const Array3<float>* latent = nullptr;
    /// Weigh symbols by rate and distortion: SymbolPrices::weight per channel. Empty: round to the nearest. Otherwise
    /// only errors where no symbol is coded make a cube coded whole.
    std::span<const float> weights;
};

/// Quantises one component with the gains, tools and coded channels of `picture`, and writes use_cube_flags and
/// cube_flag of it; what they say before is ignored. With several regions every latent has the symbol of the last
/// region in raster order that yields it, as the decoder's latent has. `qp_map` may be null. Throws as
/// make_scale_setup, and Error{cancelled, memory}.
[[nodiscard]] QuantisedComponent quantise_component(const NetworkCache& networks, PictureHeader& picture,
                                                    Component component, std::span<const RegionWindow> regions,
                                                    const AnalysedComponent& analysed,
                                                    const Array3<std::int8_t>* qp_map, const QuantiserOptions& options,
                                                    RunContext& context);

}  // namespace jpegai
