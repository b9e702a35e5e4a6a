#include "metrics/laplacian.h"

#include <algorithm>
#include <cmath>

#include "metrics/window.h"

namespace jpegai::metrics {
namespace {

std::array<float, 5> binomial() {
    std::array<float, 5> taps = {1, 4, 6, 4, 1};
    for (float& tap : taps) tap = static_cast<float>(static_cast<double>(tap) * std::sqrt(2.0) / 16);
    return taps;
}

/// Two mirrored samples on both sides of a row of `count`.
void mirror_ends(float* padded, std::size_t count) {
    for (std::size_t i = 1; i <= 2; ++i) {
        padded[2 - i] = padded[2 + i];
        padded[1 + count + i] = padded[1 + count - i];
    }
}

Plane reduce(const Plane& in) {
    const auto taps = binomial();
    Plane out = Plane::uninitialized(1, (in.rows() + 1) / 2, (in.cols() + 1) / 2);
    std::vector<float> padded(in.cols() + 4), filtered(in.cols());
    for (std::size_t y = 0; y < out.rows(); ++y) {
        std::array<const float*, 5> rows{};
        for (std::size_t k = 0; k < 5; ++k)
            rows[k] = in.row(0, mirrored(static_cast<std::ptrdiff_t>(2 * y + k) - 2, in.rows()));
        filter_rows<5>(rows, taps, in.cols(), padded.data() + 2);
        mirror_ends(padded.data(), in.cols());
        filter_row<5>(padded.data(), taps, in.cols(), filtered.data());
        for (std::size_t x = 0; x < out.cols(); ++x) out(0, y, x) = filtered[2 * x];
    }
    return out;
}

/// Zeros between the samples, then the same filter; borders are mirrored in the larger grid.
Plane expand(const Plane& in, std::size_t rows, std::size_t cols) {
    const auto taps = binomial();
    Plane out = Plane::uninitialized(1, rows, cols);
    std::vector<float> sums(in.cols()), padded(cols + 4);
    for (std::size_t y = 0; y < rows; ++y) {
        std::fill(sums.begin(), sums.end(), 0.0F);
        for (std::size_t k = 0; k < 5; ++k) {
            const std::size_t at = mirrored(static_cast<std::ptrdiff_t>(y + k) - 2, rows);
            if (at % 2 != 0) continue;
            const float* row = in.row(0, at / 2);
            for (std::size_t x = 0; x < in.cols(); ++x) sums[x] += taps[k] * row[x];
        }
        std::fill(padded.begin(), padded.end(), 0.0F);
        for (std::size_t x = 0; x < in.cols(); ++x) padded[2 + 2 * x] = sums[x];
        mirror_ends(padded.data(), cols);
        filter_row<5>(padded.data(), taps, cols, out.row(0, y));
    }
    return out;
}

}  // namespace

std::vector<Plane> laplacian_pyramid(Plane plane, std::size_t levels) {
    std::vector<Plane> bands;
    while (bands.size() + 1 < levels) {
        Plane coarse = reduce(plane);
        const Plane predicted = expand(coarse, plane.rows(), plane.cols());
        for (std::size_t i = 0; i < plane.size(); ++i) plane.data()[i] -= predicted.data()[i];
        bands.push_back(std::move(plane));
        plane = std::move(coarse);
    }
    bands.push_back(std::move(plane));
    return bands;
}

}  // namespace jpegai::metrics
