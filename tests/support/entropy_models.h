// Entropy models of the reference vectors, loaded once per process.
#pragma once

#include <array>
#include <filesystem>

#include "decoder/entropy_model.h"

namespace jpegai::test {

using EntropyModels = std::array<const EntropyModel*, kComponents>;

/// The models of one quality, of the trained weights (streams of models/vectors) or the synthetic ones (vectors).
[[nodiscard]] EntropyModels entropy_models(bool trained, std::size_t model_id);

/// Whether a case folder of stream_cases() was made with the trained weights.
[[nodiscard]] bool uses_trained_weights(const std::filesystem::path& folder);

}  // namespace jpegai::test
