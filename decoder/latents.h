// The entropy stage of the decoder: from payload bytes to the dequantised latent residual, exact in every bit
// (standard/02-entropy-and-latent.md). No float network is involved.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/array.h"
#include "bitstream/codestream.h"
#include "bitstream/me_tans.h"
#include "models/weight_set.h"
#include "networks/hyper_scale.h"

namespace jpegai {

/// Everything of one trained model that the entropy stage needs, for one component.
struct EntropyModel {
    HyperScaleNetwork hyper_scale;              ///< integer hyper-scale decoder
    std::vector<HyperTable> hyper_tables;       ///< one per latent channel
    std::vector<std::int16_t> gain_vector_log;  ///< one per latent channel, -2048..2047
};

/// Reads the entropy tensors of VM_common_int/{Y,UV}_<beta> and checks every shape. Throws Error{model}.
[[nodiscard]] EntropyModel load_entropy_model(const WeightSet& weights, std::size_t model_id, Component component);

/// What the entropy stage yields for one component. Arrays are [channel][latent row][latent column] of the whole picture.
struct LatentComponent {
    Array3<std::int8_t> z_hat;              ///< [channel][hyper row][hyper col]
    Array3<std::int16_t> skip_scale_log;    ///< scale index x128 before RVS and GRFS
    Array3<std::int16_t> scale_log;         ///< after RVS and GRFS
    Array3<std::int16_t> rvs_likely;        ///< 8x8 block analysis of skip_scale_log, one value per BLOCK
    Array3<std::uint8_t> mask;              ///< 1 where a symbol is coded (0 for channels that are not coded)
    Array3<std::int16_t> residual_quant;    ///< symbols
    Array3<float> residual;                 ///< dequantised
};

struct Latents {
    std::array<LatentComponent, kComponents> component;
    std::optional<Array3<std::int8_t>> qp_map;  ///< quality map, 1 plane, -8..8
};

struct EntropyOptions {
    /// Decode only the first N residual channels of each component (progressive decoding); the rest is zero.
    std::array<std::size_t, kComponents> max_channels = kLatentChannels;
    /// Keep the intermediate arrays (z_hat is always kept); without it only what reconstruction needs is filled.
    bool keep_intermediates = true;
};

/// Decodes SOQ, SOZ, SORP and SORS. `models` are those of stream.picture.model_id.
/// Throws Error{entropy, model, limit, header}.
[[nodiscard]] Latents decode_latents(const Codestream& stream, std::span<const std::uint8_t> file,
                                     const std::array<const EntropyModel*, kComponents>& models, const EntropyOptions& options = {});

/// y' of LSBS (02 section 11), in place on the merged latent `y`; `residual` is the dequantised one.
void apply_lsbs(Array3<float>& y, const Array3<float>& residual, const Array3<std::int16_t>& rvs_likely, std::size_t model_id);

}  // namespace jpegai
