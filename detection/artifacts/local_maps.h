// Detectors of this project's own: patches of another colour, lost or displaced edges, lost detail, clipping, seams and
// a shift of the whole picture. They look where the published ones are blind: differences above 8 or below 3, patches
// smaller than their windows, edges displaced without turning, texture that is not the strongest of the picture.
#pragma once

#include <array>
#include <span>

#include "detection/artifacts/class_maps.h"

namespace jpegai::detection {

/// Length of the mean a*, b* difference in 32x32 windows, less the mean over the picture.
[[nodiscard]] Plane hue_map(const Lab& original, const Lab& decode, const RowRunner& rows);

/// Share of the original's edges that is not there in the decode: 1 - 2 g.h / (|g|^2 + |h|^2) of the two gradients,
/// averaged over 32x32 windows with the length of the original's gradient as weight.
[[nodiscard]] Plane edge_map(const Gradient& original, const Gradient& decode, const RowRunner& rows);

/// Octaves by which the energy of fine detail (luma less its Gaussian of sigma 2) has fallen in 32x32 windows; an
/// energy of 4 levels of 255 squared is added to both, below which nobody misses detail.
[[nodiscard]] Plane detail_map(const Plane& original, const Plane& decode, const RowRunner& rows);

/// Share of samples in 32x32 windows that are at an end of the range in some channel and were 6 of 255 or more away
/// from it in the original.
[[nodiscard]] Plane clipping_map(const Samples& original, const Samples& decode, const RowRunner& rows);

/// A straight step in the error, of one sample's width and lasting to both sides, over 128 samples of its length (or
/// the side of a smaller picture).
struct Seam {
    double score = 0;                     ///< height of the step in levels of 255
    bool vertical = false;                ///< between the columns position - 1 and position, else between rows
    std::size_t position = 0, start = 0;  ///< start: first row (column) of the 128
    bool known = false;                   ///< at one of the given borders, where half as high a step counts as much
};
[[nodiscard]] Seam strongest_seam(const Plane& original, const Plane& decode, std::span<const std::size_t> columns,
                                  std::span<const std::size_t> rows_of_borders, const RowRunner& rows);

/// Mean difference of L*, a* and b* over the picture; single samples count 10 at most.
[[nodiscard]] std::array<double, 3> colour_shift(const Lab& original, const Lab& decode);

}  // namespace jpegai::detection
