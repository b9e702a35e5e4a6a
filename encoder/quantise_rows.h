// The arithmetic of the residual quantiser on runs of latents (standard/02-entropy-and-latent.md sections 10 and 12).
#pragma once

#include <cstddef>
#include <cstdint>

namespace jpegai {

/// Factors of a run of latents of one channel. The arrays are per latent; null where the tool is off.
struct QuantiserFactors {
    float scaler = 1;                ///< gain_scaler
    float divisor = 1;               ///< gain_divisor
    const float* quality = nullptr;  ///< kQualityMapLinear
    const float* lin = nullptr;      ///< RvsTable::lin, together with inv
    const float* inv = nullptr;      ///< RvsTable::inv
    [[nodiscard]] QuantiserFactors from(std::size_t x) const {
        return {scaler, divisor, quality != nullptr ? quality + x : nullptr, lin != nullptr ? lin + x : nullptr,
                inv != nullptr ? inv + x : nullptr};
    }
};

/// What decides between symbols by rate and distortion; the arrays are per latent.
struct SymbolPrices {
    /// Squared error, in bits, per square of a latent's unit: an error e of the latent counts as weight * e * e.
    float weight = 0;
    const std::uint8_t* tables = nullptr;  ///< distribution of each symbol, 0..31
    [[nodiscard]] SymbolPrices from(std::size_t x) const { return {weight, tables + x}; }
};

/// symbols[x] = difference[x] * scaler [* quality / 16] [* lin / 128] clamped to int16 and rounded half to even where
/// coded[x] is not 0, otherwise 0 (coded null: everywhere); restored[x] is what the decoder makes of it, to the last
/// bit. Every operation rounds to float; a NaN counts as the smallest value. With `prices` (may be null) a symbol comes
/// nearer to 0 by one where that saves more bits than its error is worth.
void quantise_run(const float* difference, const std::uint8_t* coded, const QuantiserFactors& factors,
                  std::size_t count, std::int16_t* symbols, float* restored, const SymbolPrices* prices = nullptr);

}  // namespace jpegai
