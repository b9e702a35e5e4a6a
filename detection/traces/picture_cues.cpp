#include "detection/traces/picture_cues.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <span>

#include "metrics/fft.h"

namespace jpegai::detection {
namespace {

/// Sample minus the mean of its neighbours, inside the picture's border.
std::vector<double> high_pass(const Array3<std::uint16_t>& plane) {
    std::vector<double> result;
    result.reserve(plane.size());
    for (std::size_t y = 1; y + 1 < plane.rows(); ++y) {
        const std::uint16_t* here = plane.row(0, y);
        const std::uint16_t* above = plane.row(0, y - 1);
        const std::uint16_t* below = plane.row(0, y + 1);
        for (std::size_t x = 1; x + 1 < plane.cols(); ++x) {
            result.push_back(here[x] - 0.25 * (above[x] + below[x] + here[x - 1] + here[x + 1]));
        }
    }
    return result;
}

std::optional<double> correlation(const std::vector<double>& a, const std::vector<double>& b) {
    double aa = 0, bb = 0, ab = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        aa += a[i] * a[i];
        bb += b[i] * b[i];
        ab += a[i] * b[i];
    }
    if (!(aa > 0 && bb > 0)) return std::nullopt;
    return ab / std::sqrt(aa * bb);
}

/// Transforms all rows of a complex square in place, 16 at a time; `turned` takes columns instead.
void transform(std::vector<float>& re, std::vector<float>& im, std::size_t side, bool turned) {
    metrics::Fft fft(side);
    constexpr std::size_t kLanes = metrics::kFftLanes;
    std::vector<float> lane_re(side * kLanes), lane_im(side * kLanes);
    const auto index = [&](std::size_t line, std::size_t i) { return turned ? i * side + line : line * side + i; };
    for (std::size_t first = 0; first < side; first += kLanes) {
        for (std::size_t i = 0; i < side; ++i) {
            for (std::size_t k = 0; k < kLanes; ++k) {
                lane_re[i * kLanes + k] = re[index(first + k, i)];
                lane_im[i * kLanes + k] = im[index(first + k, i)];
            }
        }
        fft.forward(lane_re.data(), lane_im.data());
        for (std::size_t i = 0; i < side; ++i) {
            for (std::size_t k = 0; k < kLanes; ++k) {
                re[index(first + k, i)] = lane_re[i * kLanes + k];
                im[index(first + k, i)] = lane_im[i * kLanes + k];
            }
        }
    }
}

/// Slope of the least squares line through log power over log frequency.
double fit_slope(const std::array<double, kSpectrumRings>& log_power) {
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (std::size_t r = 2; r < kSpectrumRings; ++r) {
        const double x = std::log10(static_cast<double>(r) + 0.5), y = log_power[r];
        n += 1;
        sx += x;
        sy += y;
        sxx += x * x;
        sxy += x * y;
    }
    return (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

constexpr std::size_t kBlock = 8;

/// Low frequencies of the 8x8 DCT that JPEG keeps best, with their entry in the luma table of the standard's Annex K.
struct Frequency {
    std::size_t v, u;
    int step;
};
constexpr std::array<Frequency, 15> kFrequencies = {{{0, 0, 16},
                                                     {0, 1, 11},
                                                     {0, 2, 10},
                                                     {0, 3, 16},
                                                     {0, 4, 24},
                                                     {1, 0, 12},
                                                     {1, 1, 12},
                                                     {1, 2, 14},
                                                     {1, 3, 19},
                                                     {2, 0, 14},
                                                     {2, 1, 13},
                                                     {2, 2, 16},
                                                     {3, 0, 14},
                                                     {3, 1, 17},
                                                     {4, 0, 18}}};
constexpr int kLowestQuality = 30, kHighestQuality = 98;

/// Step of a table entry at a quality, as libjpeg scales it.
int jpeg_step(int entry, int quality) {
    const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    return std::clamp((entry * scale + 50) / 100, 1, 255);
}

std::vector<float> dct_basis(const Frequency& frequency) {
    std::vector<float> basis(kBlock * kBlock);
    const auto wave = [](std::size_t k, std::size_t x) {
        const double norm = k == 0 ? std::sqrt(0.125) : 0.5;
        return norm * std::cos((2.0 * static_cast<double>(x) + 1) * static_cast<double>(k) * std::numbers::pi / 16);
    };
    for (std::size_t y = 0; y < kBlock; ++y) {
        for (std::size_t x = 0; x < kBlock; ++x) {
            basis[y * kBlock + x] = static_cast<float>(wave(frequency.v, y) * wave(frequency.u, x));
        }
    }
    return basis;
}

/// Coefficients of one frequency of all whole blocks.
std::vector<float> coefficients(const Array3<float>& luma, const Frequency& frequency) {
    const std::vector<float> basis = dct_basis(frequency);
    std::vector<float> values;
    for (std::size_t y = 0; y + kBlock <= luma.rows(); y += kBlock) {
        for (std::size_t x = 0; x + kBlock <= luma.cols(); x += kBlock) {
            float sum = 0;
            for (std::size_t i = 0; i < kBlock; ++i) {
                const float* row = luma.row(0, y + i) + x;
                for (std::size_t k = 0; k < kBlock; ++k) sum += basis[i * kBlock + k] * (row[k] - 128);
            }
            values.push_back(sum);
        }
    }
    return values;
}

/// Sum of cos(2 pi c / step) over coefficients that are not near 0, and their number.
struct Fit {
    double sum = 0, count = 0;
};
Fit fit_step(const std::vector<float>& values, int step) {
    Fit fit;
    const float scale = 1 / static_cast<float>(step);
    for (const float value : values) {
        const float steps = std::abs(value) * scale;
        if (steps < 0.5F) continue;
        fit.sum += std::cos(2 * std::numbers::pi * static_cast<double>(steps));
        fit.count += 1;
    }
    return fit;
}

}  // namespace

std::optional<ColourCorrelation> colour_correlation(const Picture& picture) {
    if (picture.model != ColourModel::kRgb || picture.rows() < 3 || picture.cols() < 3) return std::nullopt;
    const auto red = high_pass(picture.planes[0]), green = high_pass(picture.planes[1]),
               blue = high_pass(picture.planes[2]);
    const auto rg = correlation(red, green), rb = correlation(red, blue), gb = correlation(green, blue);
    if (!rg || !rb || !gb) return std::nullopt;
    return ColourCorrelation{*rg, *rb, *gb};
}

Spectrum spectrum(const Array3<float>& luma) {
    constexpr std::size_t kLargestSide = 256;
    const std::size_t side = std::bit_floor(std::min({kLargestSide, luma.rows(), luma.cols()}));
    Spectrum result;
    if (side < 2 * kSpectrumRings) return result;
    const std::size_t top = (luma.rows() - side) / 2, left = (luma.cols() - side) / 2;
    std::vector<float> window(side), re(side * side), im(side * side);
    for (std::size_t i = 0; i < side; ++i) {
        const double turn = 2 * std::numbers::pi * (static_cast<double>(i) + 0.5) / static_cast<double>(side);
        window[i] = static_cast<float>(0.5 - 0.5 * std::cos(turn));
    }
    double mean = 0;
    for (std::size_t y = 0; y < side; ++y) {
        for (std::size_t x = 0; x < side; ++x) mean += static_cast<double>(luma(0, top + y, left + x));
    }
    mean /= static_cast<double>(side * side);
    for (std::size_t y = 0; y < side; ++y) {
        for (std::size_t x = 0; x < side; ++x) {
            re[y * side + x] = (luma(0, top + y, left + x) - static_cast<float>(mean)) * window[y] * window[x];
        }
    }
    transform(re, im, side, false);
    transform(re, im, side, true);

    std::array<double, kSpectrumRings> sum{}, count{};
    constexpr double kFloor = 1e-3;
    for (std::size_t y = 0; y < side; ++y) {
        for (std::size_t x = 0; x < side; ++x) {
            const auto fy = static_cast<double>(std::min(y, side - y)), fx = static_cast<double>(std::min(x, side - x));
            const double radius = std::hypot(fy, fx) / static_cast<double>(side / 2);
            if (radius >= 1 || (x == 0 && y == 0)) continue;
            const auto ring = static_cast<std::size_t>(radius * kSpectrumRings);
            const double a = static_cast<double>(re[y * side + x]), b = static_cast<double>(im[y * side + x]);
            sum[ring] += std::log10(kFloor + a * a + b * b);
            count[ring] += 1;
        }
    }
    for (std::size_t r = 0; r < kSpectrumRings; ++r) result.log_power[r] = sum[r] / count[r] - sum[0] / count[0];
    result.slope = fit_slope(result.log_power);
    const auto& p = result.log_power;
    result.tail = (p[kSpectrumRings - 1] + p[kSpectrumRings - 2] - p[kSpectrumRings - 3] - p[kSpectrumRings - 4]) / 2;
    return result;
}

JpegTrace find_jpeg(const Array3<float>& luma) {
    std::array<std::vector<float>, kFrequencies.size()> values;
    for (std::size_t f = 0; f < kFrequencies.size(); ++f) values[f] = coefficients(luma, kFrequencies[f]);
    // Neighbouring qualities share most steps.
    std::vector<std::array<std::optional<Fit>, kFrequencies.size()>> known(256);
    JpegTrace best;
    for (int quality = kLowestQuality; quality <= kHighestQuality; ++quality) {
        Fit all;
        for (std::size_t f = 0; f < kFrequencies.size(); ++f) {
            const int step = jpeg_step(kFrequencies[f].step, quality);
            auto& fit = known[static_cast<std::size_t>(step)][f];
            if (!fit) fit = fit_step(values[f], step);
            all.sum += fit->sum;
            all.count += fit->count;
        }
        constexpr double kMinCount = 30;
        if (all.count < kMinCount) continue;
        const double score = all.sum / std::sqrt(all.count / 2);
        if (score > best.score) best = {score, quality};
    }
    return best;
}

Array3<float> jfif_luma(const Picture& picture) {
    Array3<float> luma(1, picture.rows(), picture.cols());
    constexpr std::array<float, 3> kWeights = {0.299F, 0.587F, 0.114F};
    const float scale = 255 / static_cast<float>(picture.max_value());
    for (std::size_t i = 0; i < luma.size(); ++i) {
        float value = static_cast<float>(picture.planes[0].data()[i]);
        if (picture.model == ColourModel::kRgb) {
            value *= kWeights[0];
            for (std::size_t c = 1; c < 3; ++c) {
                value += kWeights[c] * static_cast<float>(picture.planes[c].data()[i]);
            }
        }
        luma.data()[i] = value * scale;
    }
    return luma;
}

}  // namespace jpegai::detection
