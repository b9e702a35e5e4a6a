#include "encoder/filters/ms_ssim.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace jpegai {
namespace {

constexpr std::size_t kTaps = 11;
constexpr double kSigma = 1.5, kC1 = 0.01 * 0.01, kC2 = 0.03 * 0.03;
constexpr std::array<double, 5> kWeights = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};

/// Dense plane of doubles.
struct Field {
    std::size_t rows = 0, cols = 0;
    std::vector<double> samples;
    Field(std::size_t r, std::size_t c) : rows(r), cols(c), samples(r * c) {}
    double& at(std::size_t y, std::size_t x) { return samples[y * cols + x]; }
    [[nodiscard]] double at(std::size_t y, std::size_t x) const { return samples[y * cols + x]; }
};

std::array<double, kTaps> gaussian() {
    std::array<double, kTaps> taps{};
    double sum = 0;
    for (std::size_t i = 0; i < kTaps; ++i) {
        const double distance = static_cast<double>(i) - static_cast<double>(kTaps / 2);
        taps[i] = std::exp(-distance * distance / (2 * kSigma * kSigma));
        sum += taps[i];
    }
    for (double& tap : taps) tap /= sum;
    return taps;
}

/// Gaussian mean of the product of two fields at every position where the window fits.
Field blurred_product(const Field& a, const Field& b) {
    static const std::array<double, kTaps> kGaussian = gaussian();
    Field down(a.rows - kTaps + 1, a.cols), out(down.rows, a.cols - kTaps + 1);
    for (std::size_t y = 0; y < down.rows; ++y) {
        for (std::size_t i = 0; i < kTaps; ++i) {
            for (std::size_t x = 0; x < a.cols; ++x) down.at(y, x) += kGaussian[i] * a.at(y + i, x) * b.at(y + i, x);
        }
        for (std::size_t i = 0; i < kTaps; ++i) {
            for (std::size_t x = 0; x < out.cols; ++x) out.at(y, x) += kGaussian[i] * down.at(y, x + i);
        }
    }
    return out;
}

/// Means over the picture of the contrast-structure term and of the full index.
struct Similarity {
    double contrast = 0, full = 0;
};

Similarity similarity(const Field& a, const Field& b) {
    Field one(a.rows, a.cols);
    std::fill(one.samples.begin(), one.samples.end(), 1.0);
    const Field mean_a = blurred_product(a, one), mean_b = blurred_product(b, one);
    const Field aa = blurred_product(a, a), bb = blurred_product(b, b), ab = blurred_product(a, b);
    Similarity sum;
    for (std::size_t i = 0; i < aa.samples.size(); ++i) {
        const double ma = mean_a.samples[i], mb = mean_b.samples[i];
        const double va = aa.samples[i] - ma * ma, vb = bb.samples[i] - mb * mb, cov = ab.samples[i] - ma * mb;
        const double contrast = (2 * cov + kC2) / (va + vb + kC2);
        sum.contrast += contrast;
        sum.full += contrast * (2 * ma * mb + kC1) / (ma * ma + mb * mb + kC1);
    }
    const auto count = static_cast<double>(aa.samples.size());
    return {sum.contrast / count, sum.full / count};
}

/// Means of 2x2 samples; an odd side is padded with a zero at both ends.
Field halved(const Field& in) {
    const std::size_t pad_y = in.rows % 2, pad_x = in.cols % 2;
    Field out((in.rows + 2 * pad_y) / 2, (in.cols + 2 * pad_x) / 2);
    for (std::size_t y = 0; y < in.rows; ++y) {
        for (std::size_t x = 0; x < in.cols; ++x) {
            const std::size_t row = (y + pad_y) / 2, col = (x + pad_x) / 2;
            if (row < out.rows && col < out.cols) out.at(row, col) += in.at(y, x) / 4;
        }
    }
    return out;
}

Field to_field(const Array3<float>& plane) {
    Field field(plane.rows(), plane.cols());
    std::copy_n(plane.data(), plane.size(), field.samples.begin());
    return field;
}

}  // namespace

double ms_ssim(const Array3<float>& a, const Array3<float>& b) {
    if (a.channels() != 1 || b.channels() != 1 || a.rows() != b.rows() || a.cols() != b.cols() ||
        std::min(a.rows(), a.cols()) < kMsSsimLeastSide) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "MS-SSIM: planes do not fit");
    }
    Field p = to_field(a), q = to_field(b);
    double product = 1;
    for (std::size_t scale = 0; scale < kWeights.size(); ++scale) {
        const Similarity terms = similarity(p, q);
        const double term = scale + 1 < kWeights.size() ? terms.contrast : terms.full;
        product *= std::pow(std::max(term, 0.0), kWeights[scale]);
        if (scale + 1 == kWeights.size()) break;
        p = halved(p);
        q = halved(q);
    }
    return product;
}

}  // namespace jpegai
