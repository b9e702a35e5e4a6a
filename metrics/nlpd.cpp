// Normalised Laplacian pyramid distance.
#include <algorithm>

#include "metrics/planes.h"
#include "metrics/window.h"

namespace jpegai::metrics {
namespace {

constexpr std::size_t kLevels = 6;
constexpr std::array<float, 5> kLowPass = {0.05F, 0.25F, 0.4F, 0.25F, 0.05F};

/// Divisive normalisation of one level: weights of the four neighbours' magnitudes and a constant.
struct Normalisation {
    float up, left, right, down, sigma;
};
constexpr std::array<Normalisation, kLevels> kNormalisation = {{{0.1011F, 0.1493F, 0.1460F, 0.1015F, 0.0248F},
                                                                {0.0757F, 0.1986F, 0.1846F, 0.0837F, 0.0185F},
                                                                {0.0477F, 0.2138F, 0.2243F, 0.0467F, 0.0179F},
                                                                {0, 0.2503F, 0.2616F, 0, 0.0191F},
                                                                {0, 0.2598F, 0.2552F, 0, 0.0220F},
                                                                {0, 0.2215F, 0.0717F, 0, 0.2782F}}};

/// A row with `margin` mirrored samples on both sides.
void mirror_row(const float* in, std::size_t count, std::size_t margin, float* out) {
    std::copy_n(in, count, out + margin);
    for (std::size_t i = 1; i <= margin; ++i) {
        out[margin - i] = in[i];
        out[margin + count - 1 + i] = in[count - 1 - i];
    }
}

/// Low-pass with mirrored borders; every step-th sample in both directions.
Plane low_pass(const Plane& in, std::size_t step) {
    const std::size_t rows = (in.rows() + step - 1) / step, cols = (in.cols() + step - 1) / step;
    Plane out = Plane::uninitialized(1, rows, cols);
    std::vector<float> sums(in.cols()), padded(in.cols() + 4), filtered(in.cols());
    for (std::size_t y = 0; y < rows; ++y) {
        std::array<const float*, 5> taps{};
        for (std::size_t k = 0; k < 5; ++k)
            taps[k] = in.row(0, mirrored(static_cast<std::ptrdiff_t>(step * y + k) - 2, in.rows()));
        filter_rows<5>(taps, kLowPass, in.cols(), sums.data());
        mirror_row(sums.data(), in.cols(), 2, padded.data());
        filter_row<5>(padded.data(), kLowPass, in.cols(), filtered.data());
        for (std::size_t x = 0; x < cols; ++x) out(0, y, x) = filtered[step * x];
    }
    return out;
}

/// Where the bilinear interpolation with aligned corners to twice the size takes its samples from.
struct Tap {
    std::size_t first, second;
    float weight;  ///< of the second
};
std::vector<Tap> doubling_taps(std::size_t count) {
    std::vector<Tap> taps(2 * count);
    for (std::size_t i = 0; i < taps.size(); ++i) {
        const double at = static_cast<double>(i * (count - 1)) / static_cast<double>(2 * count - 1);
        const auto first = static_cast<std::size_t>(at);
        taps[i] = {first, std::min(first + 1, count - 1), static_cast<float>(at - static_cast<double>(first))};
    }
    return taps;
}

Plane twice(const Plane& in) {
    Plane out = Plane::uninitialized(1, 2 * in.rows(), 2 * in.cols());
    const std::vector<Tap> rows = doubling_taps(in.rows()), cols = doubling_taps(in.cols());
    std::vector<float> blend(in.cols());
    for (std::size_t y = 0; y < out.rows(); ++y) {
        const float *first = in.row(0, rows[y].first), *second = in.row(0, rows[y].second);
        const float weight = rows[y].weight;
        for (std::size_t x = 0; x < in.cols(); ++x) blend[x] = first[x] * (1 - weight) + second[x] * weight;
        float* row = out.row(0, y);
        for (std::size_t x = 0; x < out.cols(); ++x)
            row[x] = blend[cols[x].first] * (1 - cols[x].weight) + blend[cols[x].second] * cols[x].weight;
    }
    return out;
}

/// Divides every sample of the band by what its neighbours' magnitudes say.
Plane normalise(const Plane& band, const Normalisation& n) {
    Plane out = Plane::uninitialized(1, band.rows(), band.cols());
    std::vector<float> padded(band.cols() + 2);
    for (std::size_t y = 0; y < band.rows(); ++y) {
        const float* row = band.row(0, y);
        const float* above = band.row(0, mirrored(static_cast<std::ptrdiff_t>(y) - 1, band.rows()));
        const float* below = band.row(0, mirrored(static_cast<std::ptrdiff_t>(y) + 1, band.rows()));
        mirror_row(row, band.cols(), 1, padded.data());
        float* to = out.row(0, y);
        for (std::size_t x = 0; x < band.cols(); ++x) {
            to[x] = row[x] / (n.sigma + n.up * std::fabs(above[x]) + n.left * std::fabs(padded[x]) +
                              n.right * std::fabs(padded[x + 2]) + n.down * std::fabs(below[x]));
        }
    }
    return out;
}

/// The normalised band of this level; `level` becomes the next coarser one.
Plane take_band(Plane& level, const Normalisation& normalisation) {
    Plane coarse = low_pass(level, 2);
    const Plane predicted = low_pass(twice(coarse), 1);  // one row or column more than an odd level has
    for (std::size_t y = 0; y < level.rows(); ++y) {
        float* row = level.row(0, y);
        const float* subtract = predicted.row(0, y);
        for (std::size_t x = 0; x < level.cols(); ++x) row[x] -= subtract[x];
    }
    Plane band = normalise(level, normalisation);
    level = std::move(coarse);
    return band;
}

}  // namespace

double nlpd(const Plane& a, const Plane& b) {
    Plane first = a, second = b;
    double sum = 0;
    for (const Normalisation& normalisation : kNormalisation) {
        const Plane x = take_band(first, normalisation), y = take_band(second, normalisation);
        sum += std::sqrt(squared_error(x, y) / static_cast<double>(x.size()));
    }
    return sum / kLevels;
}

}  // namespace jpegai::metrics
