// Least squares from sums of products, in double precision.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace jpegai {

/// Sums of all products of n features and one target over a set of samples. This is all that a least squares fit, and
/// the error of any given weights, need to know of the samples; sets of samples are united by adding their sums.
class Gram {
public:
    explicit Gram(std::size_t features = 0) : features_(features), sums_((features + 1) * (features + 2) / 2) {}

    [[nodiscard]] std::size_t features() const { return features_; }
    /// Sum of the products of features i and j, in any order; index features() is the target.
    [[nodiscard]] double at(std::size_t i, std::size_t j) const { return sums_[place(i, j)]; }
    double& at(std::size_t i, std::size_t j) { return sums_[place(i, j)]; }
    /// One more sample.
    void add_sample(std::span<const double> features, double target);
    /// The samples of another sum with the same features.
    void add(const Gram& other);
    /// The same samples with some of the features, in the given order.
    [[nodiscard]] Gram select(std::span<const std::size_t> features) const;

    /// Sum over the samples of (target - weights * features)^2; never negative.
    [[nodiscard]] double squared_error(std::span<const double> weights) const;
    /// Sum of target^2: the error with all weights zero.
    [[nodiscard]] double target_energy() const { return at(features_, features_); }

    /// Weights that minimise squared_error + ridge * sum of weight^2, by Cholesky decomposition. A feature that the
    /// ones before it determine (up to rounding) gets weight 0 rather than an arbitrary one.
    [[nodiscard]] std::vector<double> solve(double ridge) const;

private:
    [[nodiscard]] static std::size_t place(std::size_t i, std::size_t j) {
        return i >= j ? i * (i + 1) / 2 + j : j * (j + 1) / 2 + i;
    }
    std::size_t features_;
    std::vector<double> sums_;  ///< lower triangle, row by row
};

}  // namespace jpegai
