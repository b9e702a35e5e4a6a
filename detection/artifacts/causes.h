// Likely causes of artifacts, from the codestream of the decode.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "decoder/decoder.h"
#include "detection/artifacts.h"
#include "models/weight_set.h"

namespace jpegai::detection {

/// A codestream as far as its artifacts are concerned: the decode and what the headers and latents say.
struct DecodedStream {
    std::vector<std::uint8_t> file;
    Codestream stream;
    Picture picture;                                       ///< RGB, of the signalled depth
    double bpp = 0;                                        ///< bits per displayed sample position
    std::array<Array3<float>, kComponents> y_hat;          ///< decoded latents
    std::array<Array3<float>, kComponents> coded;          ///< share of channels with a symbol, per latent position
    std::vector<std::size_t> tile_columns, tile_rows;      ///< where synthesis tiles meet, in luma samples
    std::vector<std::size_t> region_columns, region_rows;  ///< where regions meet
};

/// Decodes with everything noted. Throws as Decoder::decode.
[[nodiscard]] DecodedStream decode_with_notes(const Decoder& decoder, std::vector<std::uint8_t> file,
                                              DecodeOptions options = {});

/// Borders of tiles and regions, for ArtifactOptions.
void note_borders(const DecodedStream& stream, ArtifactOptions& options);

/// Sets Finding::cause of every artifact found. Tools that only the decoder's synthesis knows are tried: the stream is
/// decoded without synthesis tiles, or without one of its filters, and the one without which the artifact is weakest is
/// named if its score falls by a quarter or more. Otherwise headers and latents at the place say what is likely: a
/// border of tiles or regions, latents that were skipped, coarse chroma, quantisation. A cause is a hint, no proof.
void name_causes(ArtifactReport& report, const Picture& original, const Picture* classic,
                 const ArtifactOptions& options, const Decoder& decoder, const DecodedStream& stream,
                 const DecodeOptions& decode_options, const RowRunner& rows);

/// Energy (variance over the picture) of one latent channel in the original and in the decode.
struct ChannelEnergy {
    Component component{};
    std::size_t channel = 0;
    double original = 0, decode = 0;
};

/// Per channel, the analysis transform of the original beside the decoded latent; channels in order, luma first. Needs
/// the analysis networks of the stream's model. Throws Error{model} where they are missing, Error{argument} when the
/// sizes differ.
[[nodiscard]] std::vector<ChannelEnergy> latent_energies(const std::shared_ptr<const WeightSet>& weights,
                                                         const std::shared_ptr<const Backend>& backend,
                                                         const Picture& original, const DecodedStream& stream);

/// What a component lost.
struct EnergyLoss {
    double share = 0;           ///< of the energy of all channels
    std::size_t channels = 0;   ///< those that carry energy in the original: 0.1 % of the component's or more
    std::size_t silent = 0;     ///< of these, those that carry a hundredth of it or less in the decode
    std::size_t worst = 0;      ///< the one of these that lost most energy
    double worst_decibels = 0;  ///< by how much
};
[[nodiscard]] EnergyLoss energy_loss(std::span<const ChannelEnergy> energies, Component component);

}  // namespace jpegai::detection
