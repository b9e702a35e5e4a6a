// Local statistics in a sliding window, row by row, so that everything stays in the cache and vectorises.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "metrics/planes.h"

namespace jpegai::metrics {

/// A Gaussian of odd length Taps and sum 1; the window is its outer product with itself.
template <std::size_t Taps>
[[nodiscard]] std::array<float, Taps> gaussian(double sigma) {
    std::array<double, Taps> exact{};
    double sum = 0;
    for (std::size_t i = 0; i < Taps; ++i) {
        const double d = static_cast<double>(i) - static_cast<double>(Taps / 2);
        sum += exact[i] = std::exp(-d * d / (2 * sigma * sigma));
    }
    std::array<float, Taps> window{};
    for (std::size_t i = 0; i < Taps; ++i) window[i] = static_cast<float>(exact[i] / sum);
    return window;
}

/// out[x] = sum over k of window[k] * in[x + k] for a symmetric window, x = 0 .. count - 1.
template <std::size_t Taps>
inline void filter_row(const float* __restrict in, const std::array<float, Taps>& window, std::size_t count,
                       float* __restrict out) {
    constexpr std::size_t kHalf = Taps / 2;
    for (std::size_t x = 0; x < count; ++x) {
        float sum = window[kHalf] * in[x + kHalf];
        for (std::size_t k = 0; k < kHalf; ++k) sum += window[k] * (in[x + k] + in[x + Taps - 1 - k]);
        out[x] = sum;
    }
}

/// The same over rows: out[x] = sum over k of window[k] * rows[k][x].
template <std::size_t Taps>
inline void filter_rows(const std::array<const float*, Taps>& rows, const std::array<float, Taps>& window,
                        std::size_t count, float* __restrict out) {
    constexpr std::size_t kHalf = Taps / 2;
    for (std::size_t x = 0; x < count; ++x) {
        float sum = window[kHalf] * rows[kHalf][x];
        for (std::size_t k = 0; k < kHalf; ++k) sum += window[k] * (rows[k][x] + rows[Taps - 1 - k][x]);
        out[x] = sum;
    }
}

/// Weighted means of one row of window positions: of a, b, a^2, b^2 and a * b.
struct MomentRow {
    const float *a, *b, *aa, *bb, *ab;
};

/// Calls use(y, MomentRow) for every row of positions at which the window lies inside the planes:
/// rows - Taps + 1 rows of cols - Taps + 1 positions.
template <std::size_t Taps, class Use>
void for_each_moment_row(const Plane& a, const Plane& b, const std::array<float, Taps>& window, Use use) {
    constexpr std::size_t kMaps = 5;
    const std::size_t cols = a.cols(), count = cols - Taps + 1;
    // Horizontally filtered rows in a ring of Taps rows per map.
    std::vector<float> ring(kMaps * Taps * count), products(3 * cols), moments(kMaps * count);
    for (std::size_t y = 0; y < a.rows(); ++y) {
        const float *ra = a.row(0, y), *rb = b.row(0, y);
        float *aa = products.data(), *bb = aa + cols, *ab = bb + cols;
        for (std::size_t x = 0; x < cols; ++x) {
            aa[x] = ra[x] * ra[x];
            bb[x] = rb[x] * rb[x];
            ab[x] = ra[x] * rb[x];
        }
        const std::array<const float*, kMaps> sources = {ra, rb, aa, bb, ab};
        for (std::size_t m = 0; m < kMaps; ++m)
            filter_row<Taps>(sources[m], window, count, ring.data() + (m * Taps + y % Taps) * count);
        if (y + 1 < Taps) continue;
        for (std::size_t m = 0; m < kMaps; ++m) {
            std::array<const float*, Taps> rows{};
            for (std::size_t k = 0; k < Taps; ++k) rows[k] = ring.data() + (m * Taps + (y + 1 + k) % Taps) * count;
            filter_rows<Taps>(rows, window, count, moments.data() + m * count);
        }
        const float* out = moments.data();
        use(y + 1 - Taps, MomentRow{out, out + count, out + 2 * count, out + 3 * count, out + 4 * count});
    }
}

/// Sum of a row, in partial sums that vectorise.
[[nodiscard]] inline double sum_row(const float* row, std::size_t count) {
    constexpr std::size_t kLanes = 16;
    std::array<float, kLanes> lanes{};
    std::size_t x = 0;
    for (; x + kLanes <= count; x += kLanes) {
        for (std::size_t i = 0; i < kLanes; ++i) lanes[i] += row[x + i];
    }
    double sum = 0;
    for (; x < count; ++x) sum += static_cast<double>(row[x]);
    for (const float lane : lanes) sum += static_cast<double>(lane);
    return sum;
}

/// Index of a sample outside 0 .. count - 1, mirrored at the first and last sample, which are not repeated. `offset` is
/// at most count - 1 outside.
[[nodiscard]] inline std::size_t mirrored(std::ptrdiff_t index, std::size_t count) {
    const auto last = static_cast<std::ptrdiff_t>(count) - 1;
    if (index < 0) index = -index;
    if (index > last) index = 2 * last - index;
    return static_cast<std::size_t>(index);
}

}  // namespace jpegai::metrics
