// Reports of artifacts as data.
#pragma once

#include <span>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "detection/artifacts.h"
#include "detection/artifacts/causes.h"

namespace jpegai::detection {

/// Size, verdict, findings and text regions; maps are left out.
[[nodiscard]] nlohmann::ordered_json artifact_json(const ArtifactReport& report);

/// "model 1, 0.50 bpp, synthesis tiles, EFE linear".
[[nodiscard]] std::string stream_words(const DecodedStream& stream);

/// What the codestream is, its borders, and what its latents lost; of the latents nothing, or `latents_reason`, where
/// there are no energies.
[[nodiscard]] nlohmann::ordered_json stream_json(const DecodedStream& stream, std::span<const ChannelEnergy> latents,
                                                 const std::string& latents_reason);

}  // namespace jpegai::detection
