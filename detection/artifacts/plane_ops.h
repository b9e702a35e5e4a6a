// Filters on planes that the detectors of artifacts are made of. Results do not depend on the row runner.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "base/array.h"
#include "decoder/rows.h"

namespace jpegai::detection {

using Plane = Array3<float>;  ///< one channel

/// Rectangle of a picture in samples.
struct Box {
    std::size_t x = 0, y = 0, width = 0, height = 0;
    bool operator==(const Box&) const = default;
};

/// The largest sample, the first one in raster order where several are equal; zero at the origin of an empty plane.
struct Peak {
    float value = 0;
    std::size_t x = 0, y = 0;
};
[[nodiscard]] Peak peak_of(const Plane& plane);

/// The box of side x side samples around a sample, moved so that it lies inside the picture and cut where that is
/// smaller.
[[nodiscard]] Box box_around(std::size_t x, std::size_t y, std::size_t side, std::size_t rows, std::size_t cols);

/// out = body(index) for every sample, row by row: body(y, first column pointer of the output row).
void for_rows(Plane& out, const RowRunner& rows, const std::function<void(std::size_t y, float* out)>& body);

/// Sums over windows of size x size samples divided by size^2; the window of (y, x) begins at (y - before, x - before)
/// and samples outside the plane are zero. Throws Error{argument} unless `before` is below `size`.
[[nodiscard]] Plane box_mean(const Plane& in, std::size_t size, std::size_t before, const RowRunner& rows);
/// With the window in the middle: size / 2 before.
[[nodiscard]] Plane box_mean(const Plane& in, std::size_t size, const RowRunner& rows);

/// Correlation with the outer product of two odd numbers of taps, at most 11; the plane is mirrored at its outermost
/// samples, which are not repeated.
[[nodiscard]] Plane separable(const Plane& in, std::span<const float> down, std::span<const float> across,
                              const RowRunner& rows);

/// Gradient by Sobel's operator, without normalisation: a ramp of slope 1 has gradient 8.
struct Gradient {
    Plane x, y;
};
[[nodiscard]] Gradient sobel(const Plane& in, const RowRunner& rows);

/// A Gaussian of `taps` taps (odd, at most 11) and sum 1 in both directions.
[[nodiscard]] Plane gaussian_blur(const Plane& in, std::size_t taps, double sigma, const RowRunner& rows);

}  // namespace jpegai::detection
