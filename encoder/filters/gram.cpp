#include "encoder/filters/gram.h"

#include <algorithm>
#include <cmath>

namespace jpegai {
namespace {

/// A pivot below this share of the feature's own energy is rounding noise.
constexpr double kSingular = 1e-11;

/// Lower triangular factor of a symmetric matrix; columns without information are zero.
std::vector<double> factorise(const Gram& gram, double ridge) {
    const std::size_t n = gram.features();
    std::vector<double> factor(n * n);
    for (std::size_t j = 0; j < n; ++j) {
        const double own = gram.at(j, j) + ridge;
        double pivot = own;
        for (std::size_t k = 0; k < j; ++k) pivot -= factor[j * n + k] * factor[j * n + k];
        if (!(pivot > kSingular * own)) continue;
        const double root = std::sqrt(pivot);
        factor[j * n + j] = root;
        for (std::size_t i = j + 1; i < n; ++i) {
            double sum = gram.at(i, j);
            for (std::size_t k = 0; k < j; ++k) sum -= factor[i * n + k] * factor[j * n + k];
            factor[i * n + j] = sum / root;
        }
    }
    return factor;
}

}  // namespace

void Gram::add_sample(std::span<const double> features, double target) {
    double* sum = sums_.data();
    for (std::size_t i = 0; i < features_; ++i) {
        for (std::size_t j = 0; j <= i; ++j) *sum++ += features[i] * features[j];
    }
    for (std::size_t j = 0; j < features_; ++j) *sum++ += target * features[j];
    *sum += target * target;
}

void Gram::add(const Gram& other) {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += other.sums_[i];
}

Gram Gram::select(std::span<const std::size_t> features) const {
    Gram part(features.size());
    for (std::size_t i = 0; i <= features.size(); ++i) {
        const std::size_t row = i < features.size() ? features[i] : features_;
        for (std::size_t j = 0; j <= i; ++j) part.at(i, j) = at(row, j < features.size() ? features[j] : features_);
    }
    return part;
}

double Gram::squared_error(std::span<const double> weights) const {
    double error = target_energy();
    for (std::size_t i = 0; i < features_; ++i) {
        double row = at(i, i) * weights[i] - 2 * at(features_, i);
        for (std::size_t j = 0; j < i; ++j) row += 2 * at(i, j) * weights[j];
        error += weights[i] * row;
    }
    return std::max(error, 0.0);
}

std::vector<double> Gram::solve(double ridge) const {
    const std::size_t n = features_;
    const std::vector<double> factor = factorise(*this, ridge);
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        if (factor[i * n + i] == 0) continue;
        double sum = at(n, i);
        for (std::size_t k = 0; k < i; ++k) sum -= factor[i * n + k] * x[k];
        x[i] = sum / factor[i * n + i];
    }
    for (std::size_t i = n; i-- > 0;) {
        if (factor[i * n + i] == 0) continue;
        double sum = x[i];
        for (std::size_t k = i + 1; k < n; ++k) sum -= factor[k * n + i] * x[k];
        x[i] = sum / factor[i * n + i];
    }
    return x;
}

}  // namespace jpegai
