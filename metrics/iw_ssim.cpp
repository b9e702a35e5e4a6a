// Information content weighted SSIM.
#include <algorithm>

#include "metrics/laplacian.h"
#include "metrics/planes.h"
#include "metrics/symmetric.h"
#include "metrics/window.h"

namespace jpegai::metrics {
namespace {

constexpr std::size_t kScales = 5, kTaps = 11;
constexpr std::array<double, kScales> kWeights = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
constexpr float kC1 = 2.55F * 2.55F, kC2 = 7.65F * 7.65F;  // (0.01 * 255)^2, (0.03 * 255)^2
constexpr float kNoise = 0.4F, kTolerance = 1e-15F;
constexpr std::size_t kBorder = 4;  ///< of the weight map, which starts one sample inside the band

/// Contrast-structure map of a scale; where the luminance counts too, the whole SSIM map. `offset` has been taken from
/// all samples, which leaves float more digits for the variances.
Plane quality_map(const Plane& a, const Plane& b, bool with_luminance, float offset) {
    const std::size_t cols = a.cols() - kTaps + 1;
    Plane map = Plane::uninitialized(1, a.rows() - kTaps + 1, cols);
    for_each_moment_row<kTaps>(a, b, gaussian<kTaps>(1.5), [&](std::size_t y, const MomentRow& m) {
        float* out = map.row(0, y);
        for (std::size_t x = 0; x < cols; ++x) {
            const float spread = std::max(m.aa[x] - m.a[x] * m.a[x], 0.0F) + std::max(m.bb[x] - m.b[x] * m.b[x], 0.0F);
            out[x] = (2 * (m.ab[x] - m.a[x] * m.b[x]) + kC2) / (spread + kC2);
            const float mean_a = m.a[x] + offset, mean_b = m.b[x] + offset;
            if (with_luminance) out[x] *= (2 * mean_a * mean_b + kC1) / (mean_a * mean_a + mean_b * mean_b + kC1);
        }
    });
    return map;
}

/// Where sample i of a doubled axis comes from.
struct Tap {
    std::size_t left;
    float weight;  ///< of the sample after it
};

/// The definition interpolates an axis to 4 count - 3 samples (half-sample alignment, ends repeated), extrapolates one
/// more at both ends and takes every second of the result. More than three samples are needed for what is used here:
/// the two samples at either end that the extrapolation starts from are then both copies of the outermost one, and so
/// is the result.
std::vector<Tap> enlarge_taps(std::size_t count) {
    const std::size_t fine = 4 * count - 3;
    const auto most = static_cast<double>(count - 1);
    std::vector<Tap> taps(2 * count);
    taps.front() = {0, 0};
    taps.back() = {count - 2, 1};
    for (std::size_t i = 1; i + 1 < taps.size(); ++i) {
        const double step = static_cast<double>(count) / static_cast<double>(fine);
        const double at = std::clamp((static_cast<double>(2 * i) - 0.5) * step - 0.5, 0.0, most);
        const std::size_t left = std::min(static_cast<std::size_t>(at), count - 2);
        taps[i] = {left, static_cast<float>(at - static_cast<double>(left))};
    }
    return taps;
}

/// The first rows x cols samples of a coarser band brought to twice its size.
Plane enlarge(const Plane& in, std::size_t rows, std::size_t cols) {
    const std::vector<Tap> down = enlarge_taps(in.rows()), across = enlarge_taps(in.cols());
    Plane out = Plane::uninitialized(1, rows, cols);
    std::vector<float> blend(in.cols());
    for (std::size_t y = 0; y < rows; ++y) {
        const float *upper = in.row(0, down[y].left), *lower = in.row(0, down[y].left + 1);
        const float weight = down[y].weight;
        for (std::size_t x = 0; x < in.cols(); ++x) blend[x] = upper[x] * (1 - weight) + lower[x] * weight;
        for (std::size_t x = 0; x < cols; ++x) {
            const Tap& t = across[x];
            out(0, y, x) = blend[t.left] * (1 - t.weight) + blend[t.left + 1] * t.weight;
        }
    }
    return out;
}

/// Samples of the neighbourhood of every inner position: nine of the band and, if there is one, one of the parent. Row
/// pointers, so that the loops run along rows.
struct Neighbourhood {
    const Plane& band;
    const Plane* parent;
    [[nodiscard]] std::size_t order() const { return parent != nullptr ? 10 : 9; }
    [[nodiscard]] std::size_t rows() const { return band.rows() - 2; }
    [[nodiscard]] std::size_t cols() const { return band.cols() - 2; }
    [[nodiscard]] std::array<const float*, kMaxOrder> row(std::size_t y) const {
        std::array<const float*, kMaxOrder> at{};
        for (std::size_t i = 0; i < 9; ++i) at[i] = band.row(0, y + i / 3) + i % 3;
        if (parent != nullptr) at[9] = parent->row(0, y + 1) + 1;
        return at;
    }
};

/// Second moments of the neighbourhoods.
SquareMatrix correlation(const Neighbourhood& around) {
    SquareMatrix matrix{};
    std::vector<float> products(around.cols());
    for (std::size_t y = 0; y < around.rows(); ++y) {
        const auto at = around.row(y);
        for (std::size_t i = 0; i < around.order(); ++i) {
            for (std::size_t j = 0; j <= i; ++j) {
                const float *p = at[i], *q = at[j];
                for (std::size_t x = 0; x < products.size(); ++x) products[x] = p[x] * q[x];
                matrix[i][j] += sum_row(products.data(), products.size());
            }
        }
    }
    const auto count = static_cast<double>(around.rows() * around.cols());
    for (std::size_t i = 0; i < around.order(); ++i) {
        for (std::size_t j = 0; j <= i; ++j) matrix[j][i] = matrix[i][j] = matrix[i][j] / count;
    }
    return matrix;
}

/// The variance field of the Gaussian scale mixture: y' C^-1 y / order for every neighbourhood y.
class VarianceField {
public:
    VarianceField(const Neighbourhood& around, const Eigen& eigen) : around_(around) {
        // Negative eigenvalues, which only rounding can make, are left out and the rest scaled to the same sum.
        double sum = 0, positive = 0;
        for (std::size_t k = 0; k < around.order(); ++k) {
            sum += eigen.value[k];
            positive += std::max(eigen.value[k], 0.0);
        }
        for (std::size_t k = 0; k < around.order(); ++k) {
            const double value = positive > 0 ? eigen.value[k] * sum / positive : 0;
            if (value <= 1e-12 * positive) continue;  // no variation in this direction
            const double scale = 1 / std::sqrt(value * static_cast<double>(around.order()));
            for (std::size_t i = 0; i < around.order(); ++i)
                basis_[used_][i] = static_cast<float>(eigen.vector[i][k] * scale);
            ++used_;
        }
    }
    void row(std::size_t y, float* __restrict out) {
        const auto at = around_.row(y);
        std::fill_n(out, around_.cols(), 0.0F);
        for (std::size_t k = 0; k < used_; ++k) {
            if (around_.order() == 10)
                add_projection<10>(at, basis_[k], out);
            else
                add_projection<9>(at, basis_[k], out);
        }
    }

private:
    template <std::size_t Order>
    void add_projection(const std::array<const float*, kMaxOrder>& at, const std::array<float, kMaxOrder>& basis,
                        float* __restrict out) {
        for (std::size_t x = 0; x < around_.cols(); ++x) {
            float projection = 0;
            for (std::size_t i = 0; i < Order; ++i) projection += basis[i] * at[i][x];
            out[x] += projection * projection;
        }
    }

    const Neighbourhood& around_;
    std::array<std::array<float, kMaxOrder>, kMaxOrder> basis_{};
    std::size_t used_ = 0;
};

/// Mutual information of the two bands with what the eye sees of them, in bits, for every inner position.
Plane weight_map(const Plane& a, const Plane& b, const Plane* parent) {
    const Neighbourhood around{a, parent};
    const Eigen eigen = symmetric_eigen(correlation(around), around.order());
    VarianceField variance(around, eigen);
    Plane map = Plane::uninitialized(1, around.rows(), around.cols());
    std::vector<float> field(around.cols()), gain(around.cols()), error(around.cols());
    constexpr std::array<float, 3> kBox = {1.0F / 3, 1.0F / 3, 1.0F / 3};
    for_each_moment_row<3>(a, b, kBox, [&](std::size_t y, const MomentRow& m) {
        variance.row(y, field.data());
        for (std::size_t x = 0; x < field.size(); ++x) {
            const float var_a = std::max(m.aa[x] - m.a[x] * m.a[x], 0.0F);
            const float var_b = std::max(m.bb[x] - m.b[x] * m.b[x], 0.0F);
            const float covariance = m.ab[x] - m.a[x] * m.b[x];
            const bool none = var_a < kTolerance || var_b < kTolerance;
            const float g = covariance / (var_a + kTolerance);
            gain[x] = none ? 0.0F : g;
            error[x] = var_b < kTolerance ? 0.0F : var_a < kTolerance ? var_b : var_b - g * covariance;
        }
        float* out = map.row(0, y);
        for (std::size_t x = 0; x < field.size(); ++x) {
            const double per_value =
                static_cast<double>((error[x] + (1 + gain[x] * gain[x]) * kNoise) * field[x]) / 0.16;
            const double constant = 1 + static_cast<double>(error[x]) / 0.4;
            double product = 1;
            for (std::size_t k = 0; k < around.order(); ++k) product *= constant + per_value * eigen.value[k];
            out[x] = static_cast<float>(std::log2(std::max(product, 1.0)));
            if (out[x] < kTolerance) out[x] = 0;
        }
    });
    return map;
}

double weighted_mean(const Plane& values, const Plane* weights) {
    double sum = 0, total = 0, plain = 0;
    std::vector<float> products(values.cols());
    for (std::size_t y = 0; y < values.rows(); ++y) {
        const float* row = values.row(0, y);
        plain += sum_row(row, values.cols());
        if (weights == nullptr) continue;
        const float* weight = weights->row(0, y + kBorder) + kBorder;
        for (std::size_t x = 0; x < values.cols(); ++x) products[x] = row[x] * weight[x];
        sum += sum_row(products.data(), values.cols());
        total += sum_row(weight, values.cols());
    }
    return total > 0 ? sum / total : plain / static_cast<double>(values.size());
}

/// Middle of the scale 0..255, which is taken from the samples; every level of the pyramid doubles what is left of it.
constexpr float kMiddle = 127.5F;

Plane to_bytes(const Plane& in) {
    Plane out = Plane::uninitialized(1, in.rows(), in.cols());
    for (std::size_t i = 0; i < in.size(); ++i) out.data()[i] = in.data()[i] * 255 - kMiddle;
    return out;
}

}  // namespace

double iw_ssim(const Plane& reference, const Plane& distorted) {
    const std::vector<Plane> a = laplacian_pyramid(to_bytes(reference), kScales),
                             b = laplacian_pyramid(to_bytes(distorted), kScales);
    double product = 1;
    for (std::size_t s = 0; s < kScales; ++s) {
        const bool last = s + 1 == kScales;
        const Plane quality = quality_map(a[s], b[s], last, last ? kMiddle * (1 << (kScales - 1)) : 0);
        double mean = 0;
        if (!last) {
            // The low-pass rest is no parent.
            Plane parent;
            const bool has_parent = s + 2 < kScales;
            if (has_parent) parent = enlarge(a[s + 1], a[s].rows(), a[s].cols());
            const Plane weights = weight_map(a[s], b[s], has_parent ? &parent : nullptr);
            mean = weighted_mean(quality, &weights);
        } else {
            mean = weighted_mean(quality, nullptr);
        }
        product *= std::pow(std::fabs(mean), kWeights[s]);
    }
    return product;
}

}  // namespace jpegai::metrics
