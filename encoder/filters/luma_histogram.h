// What EFE-nonlinear curves are fitted from: errors of chroma against luma, per tile.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "decoder/planes.h"
#include "encoder/filters/gram.h"

namespace jpegai {

/// Samples of a part of the chroma planes, sorted by the luma at their position into narrow bins. The curves depend on
/// luma alone, so this replaces the samples for every choice of breakpoints; a bin counts as its mean luma.
class LumaHistogram {
public:
    LumaHistogram();
    /// A sample of plane 0 (U) or 1 (V) with its correction original - reconstruction.
    void add_sample(std::size_t plane, float luma, double correction);
    void add(const LumaHistogram& other);

    [[nodiscard]] double samples(std::size_t plane) const { return samples_[plane]; }
    /// Luma below which a share (0..1) of the samples of both planes lies; the smallest and largest luma for 0 and 1.
    [[nodiscard]] double quantile(double share) const;
    /// Sum of the squared corrections of plane 0 (U) or 1 (V): the error without curve.
    [[nodiscard]] double energy(std::size_t plane) const { return energy_[plane]; }
    /// Sums for the eight pieces of a curve: luma - low, and max(0, luma - low - k gap) for k = 1..7, gap = (high -
    /// low) / 8 (04 section 5.3); the target is the correction.
    [[nodiscard]] Gram pieces(std::size_t plane, double low, double high) const;

private:
    struct Bin {
        double count = 0, luma = 0, correction = 0;
    };
    std::array<std::vector<Bin>, 2> bins_;  ///< of U and V
    double least_, most_;
    std::array<double, 2> samples_{}, energy_{};
};

/// Histograms of tiles of tile.rows x tile.cols chroma samples in raster order, the last ones truncated. The luma of a
/// chroma sample is the one at its position (04 section 5.1). Blocks that `masks` give a part of the second picture are
/// left out. Does not depend on the row runner.
[[nodiscard]] std::vector<LumaHistogram> luma_histograms(const Planes& planes, const Planes& original,
                                                         const EfeNonlinearHeader& masks, Size tile,
                                                         const RowRunner& rows = serial_rows);

}  // namespace jpegai
