// From symbols to payload bytes: the inverse of decoder/latents.h (standard/02-entropy-and-latent.md sections 3, 5, 7.3
// and 9). Which symbols, cube flags and tools to choose is decided elsewhere.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/array.h"
#include "bitstream/codestream.h"
#include "decoder/entropy_model.h"
#include "decoder/latents.h"

namespace jpegai {

/// The symbols of a picture. Arrays are those of the whole picture; nothing is owned.
struct LatentSymbols {
    std::array<const Array3<std::int8_t>*, kComponents> z_hat{};  ///< [channel][hyper row][hyper col], -31..31
    std::array<const Array3<std::int16_t>*, kComponents> residual_quant{};  ///< [channel][latent row][latent col]
    const Array3<std::int8_t>* qp_map = nullptr;                            ///< -8..8; present iff gain_3d_enable_flag
    /// Output of the hyper-scale decoder for z_hat, [channel][latent row][latent col], where it is known already;
    /// computed from z_hat otherwise.
    std::array<const Array3<std::int16_t>*, kComponents> s0{};
    /// Which independent regions to write, [component][region]; empty means all.
    std::array<std::vector<bool>, kComponents> regions;
};

/// The symbols of decoded latents (with residual_quant kept), which must outlive the result.
[[nodiscard]] LatentSymbols symbols_of(const Latents& latents);

/// Lanes of all entropy coded substreams, as CodestreamParts takes them.
struct LatentLanes {
    std::array<std::vector<std::optional<Lanes>>, kComponents> residual;  ///< [component][region]
    Lanes hyper;
    std::optional<Lanes> quality_map;
};

/// Codes z_hat, residuals and quality map as `picture` says: lane counts, coded channels, regions, cube flags, RVS and
/// GRFS flags, gain displacement, model. decode_latents of the result gives the symbols back.
/// Throws Error{argument} when a size does not fit the picture, a value is out of range, or a residual is not 0 where
/// none is coded (masked out, or beyond num_chs); Error{header} for a model_id above 3.
[[nodiscard]] LatentLanes encode_latents(const PictureHeader& picture,
                                         const std::array<const EntropyModel*, kComponents>& models,
                                         const LatentSymbols& symbols);

/// Puts the lanes where write_codestream looks for them.
void set_lanes(CodestreamParts& parts, LatentLanes lanes);

/// The codestream with only the first max_channels residual channels of each component: num_chs and the GRFS flags are
/// reduced and the residual is coded anew; everything else stays. It decodes to what progressive decoding with the same
/// limit gives. `models` are those of the stream's model_id.
/// Throws Error{entropy} when the residual of `stream` is corrupt, Error{argument} for models that do not fit.
[[nodiscard]] std::vector<std::uint8_t> reduce_channels(const Codestream& stream, std::span<const std::uint8_t> file,
                                                        const std::array<const EntropyModel*, kComponents>& models,
                                                        const std::array<std::size_t, kComponents>& max_channels);

}  // namespace jpegai
