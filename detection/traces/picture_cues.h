// Cues in the samples themselves, for which no network is needed.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "base/array.h"
#include "decoder/picture.h"

namespace jpegai::detection {

/// Correlation of the high-pass residuals of two colours (sample minus the mean of its four neighbours), -1..1. Chroma
/// that was coded coarser than luma leaves them more alike.
struct ColourCorrelation {
    double red_green = 0, red_blue = 0, green_blue = 0;
    [[nodiscard]] double mean() const { return (red_green + red_blue + green_blue) / 3; }
};
/// nullopt for grey pictures and for pictures without any high frequencies in one of the colours.
[[nodiscard]] std::optional<ColourCorrelation> colour_correlation(const Picture& picture);

/// Rings of the azimuthal power spectrum; the last ends at half a cycle per sample.
inline constexpr std::size_t kSpectrumRings = 16;
struct Spectrum {
    /// Mean log10 power over each ring of a Hann-windowed square of luma, relative to the first ring.
    std::array<double, kSpectrumRings> log_power{};
    double slope = 0;  ///< of log10 power against log10 frequency over rings 2..15
    double tail = 0;   ///< last two rings minus the two before: how much the power rises again at the end
};
/// Of the middle 256x256 samples, or the largest square of a power of two that fits. At least 32x32.
[[nodiscard]] Spectrum spectrum(const Array3<float>& luma);

/// What a JPEG coding leaves: coefficients of the 8x8 DCT at multiples of the quantiser's steps.
struct JpegTrace {
    double score = 0;  ///< as LatticeScore::score, over 15 low frequencies; below about 6 for other pictures
    int quality = 0;   ///< of the IJG luma table that fits best, 30..98
    [[nodiscard]] bool found() const { return score > kThreshold; }
    static constexpr double kThreshold = 10;
};
/// Only for a grid that begins at the upper left corner, and tables that are scaled as the IJG library scales them.
[[nodiscard]] JpegTrace find_jpeg(const Array3<float>& luma);

/// BT.601 luma 0..255 of a picture, as JFIF has it.
[[nodiscard]] Array3<float> jfif_luma(const Picture& picture);

}  // namespace jpegai::detection
