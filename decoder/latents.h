// The entropy stage of the decoder: from payload bytes to the dequantised latent residual, exact in every bit
// (standard/02-entropy-and-latent.md). No float network is involved.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "backend/picture_device.h"
#include "base/array.h"
#include "bitstream/codestream.h"
#include "bitstream/me_tans.h"
#include "decoder/entropy_model.h"

namespace jpegai {

/// What the entropy stage yields for one component. Arrays are [channel][latent row][latent column] of the whole
/// picture.
struct LatentComponent {
    Array3<std::int8_t> z_hat;            ///< [channel][hyper row][hyper col]
    Array3<std::int16_t> skip_scale_log;  ///< scale index x128 before RVS and GRFS
    Array3<std::int16_t> scale_log;       ///< after RVS and GRFS
    Array3<std::int16_t> rvs_likely;      ///< [channel][block row][block col]: mean of skip_scale_log per 8x8 block
    Array3<std::uint8_t> mask;            ///< 1 where a symbol is coded (0 for channels that are not coded)
    Array3<std::int16_t> residual_quant;  ///< symbols; 0 beyond the decoded channels and in absent regions
    Array3<float> residual;               ///< dequantised
};

struct Latents {
    std::array<LatentComponent, kComponents> component;
    std::optional<Array3<std::int8_t>> qp_map;  ///< quality map, 1 plane, -8..8
};

/// Is told, on the decoding thread, what decode_latents has finished, so that work on it can begin. What a call throws
/// ends the stage.
class LatentListener {
public:
    virtual ~LatentListener() = default;
    /// z_hat of both components is there.
    virtual void hyper_decoded(Latents& latents) = 0;
    /// Memory for the residual of a component, contents unspecified; asked for when its symbols are there.
    [[nodiscard]] virtual Array3<float> residual_memory(Component component, const Shape& shape) = 0;
    /// All of one component is there: kPrimary first, kSecondary at the end of the stage. `residual` may be taken away.
    virtual void component_decoded(Latents& latents, Component component) = 0;
};

struct EntropyOptions {
    /// Decode only the first N residual channels of each component (progressive decoding); the rest is zero.
    std::array<std::size_t, kComponents> max_channels = kLatentChannels;
    /// Keep all arrays. Otherwise only what reconstruction needs is filled: z_hat, residual, qp_map and, when RVS or
    /// LSBS is on, rvs_likely.
    bool keep_intermediates = true;
    LatentListener* listener = nullptr;
};

/// Where the processor time of decode_latents goes, in seconds, summed over both components.
struct EntropyTimes {
    double hyper_symbols = 0, scales = 0, residual_symbols = 0, dequantisation = 0;
};

/// Decodes SOQ, SOZ, SORP and SORS. `models` are those of stream.picture.model_id; `file` holds the bytes that `stream`
/// was parsed from. Memory is proportional to the picture, whose size the parser has limited.
/// Throws Error{entropy} for a corrupt payload, Error{header} for a model_id above 3, Error{argument} for models or a
/// file that do not fit the stream. `times`, when given, is added to.
[[nodiscard]] Latents decode_latents(const Codestream& stream, std::span<const std::uint8_t> file,
                                     const std::array<const EntropyModel*, kComponents>& models,
                                     const EntropyOptions& options = {}, EntropyTimes* times = nullptr);

/// y' of LSBS (02 section 11), in place on the merged latent `y`: y + ((A * (y - res)) + (B * res)) / 8192, A and B by
/// block. `residual` is the dequantised one, `rvs_likely` the block analysis; model_id < 4.
/// Throws Error{argument} when the sizes differ.
void apply_lsbs(Array3<float>& y, const Array3<float>& residual, const Array3<std::int16_t>& rvs_likely,
                std::size_t model_id);

/// What a device needs for the same; model_id < 4.
[[nodiscard]] LsbsFactors lsbs_factors(std::size_t model_id);

}  // namespace jpegai
