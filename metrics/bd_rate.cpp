#include "metrics/bd_rate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace jpegai {
namespace {

struct Point {
    double x, y;
};

/// Sorted by x; of points with the same x the mean, so that x rises strictly.
std::vector<Point> sorted(std::vector<Point> points) {
    std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.x < b.x; });
    std::vector<Point> distinct;
    for (std::size_t i = 0; i < points.size();) {
        double sum = 0;
        std::size_t end = i;
        for (; end < points.size() && points[end].x == points[i].x; ++end) sum += points[end].y;
        distinct.push_back({points[i].x, sum / static_cast<double>(end - i)});
        i = end;
    }
    return distinct;
}

/// Least-squares cubic in a variable scaled to -1..1, which keeps the normal equations well conditioned.
class Cubic {
public:
    explicit Cubic(const std::vector<Point>& points)
        : middle_((points.front().x + points.back().x) / 2), half_((points.back().x - points.front().x) / 2) {
        std::array<std::array<double, 5>, 4> rows{};
        for (const Point& point : points) {
            std::array<double, 4> power = {1, 0, 0, 0};
            for (std::size_t k = 1; k < 4; ++k) power[k] = power[k - 1] * scaled(point.x);
            for (std::size_t i = 0; i < 4; ++i) {
                for (std::size_t j = 0; j < 4; ++j) rows[i][j] += power[i] * power[j];
                rows[i][4] += power[i] * point.y;
            }
        }
        solve(rows);
    }
    [[nodiscard]] double integral(double from, double to) const {
        return (primitive(scaled(to)) - primitive(scaled(from))) * half_;
    }

private:
    [[nodiscard]] double scaled(double x) const { return (x - middle_) / half_; }
    [[nodiscard]] double primitive(double t) const {
        return t * (coefficient_[0] + t * (coefficient_[1] / 2 + t * (coefficient_[2] / 3 + t * coefficient_[3] / 4)));
    }
    /// Gaussian elimination with pivoting; four different x make the matrix regular.
    void solve(std::array<std::array<double, 5>, 4>& rows) {
        for (std::size_t k = 0; k < 4; ++k) {
            std::size_t pivot = k;
            for (std::size_t i = k + 1; i < 4; ++i) {
                if (std::fabs(rows[i][k]) > std::fabs(rows[pivot][k])) pivot = i;
            }
            std::swap(rows[k], rows[pivot]);
            for (std::size_t i = 0; i < 4; ++i) {
                if (i == k) continue;
                const double factor = rows[i][k] / rows[k][k];
                for (std::size_t j = k; j < 5; ++j) rows[i][j] -= factor * rows[k][j];
            }
        }
        for (std::size_t k = 0; k < 4; ++k) coefficient_[k] = rows[k][4] / rows[k][k];
    }
    double middle_, half_;
    std::array<double, 4> coefficient_{};
};

/// Monotone piecewise cubic Hermite interpolation with the slopes of Fritsch and Butland (as MATLAB's and SciPy's
/// pchip).
class Pchip {
public:
    explicit Pchip(std::vector<Point> points) : points_(std::move(points)), slopes_(points_.size()) {
        const std::size_t last = points_.size() - 1;
        if (last == 1) {
            slopes_[0] = slopes_[1] = secant(0);
            return;
        }
        for (std::size_t i = 1; i < last; ++i) {
            const double before = secant(i - 1), after = secant(i);
            if (before * after <= 0) continue;  // an extremum stays flat
            const double w1 = 2 * step(i) + step(i - 1), w2 = step(i) + 2 * step(i - 1);
            slopes_[i] = (w1 + w2) / (w1 / before + w2 / after);
        }
        slopes_[0] = end_slope(step(0), step(1), secant(0), secant(1));
        slopes_[last] = end_slope(step(last - 1), step(last - 2), secant(last - 1), secant(last - 2));
    }
    [[nodiscard]] double integral(double from, double to) const {
        double sum = 0;
        for (std::size_t i = 0; i + 1 < points_.size(); ++i) {
            const double a = std::max(from, points_[i].x), b = std::min(to, points_[i + 1].x);
            if (a < b) sum += primitive(i, b) - primitive(i, a);
        }
        return sum;
    }

private:
    [[nodiscard]] double step(std::size_t i) const { return points_[i + 1].x - points_[i].x; }
    [[nodiscard]] double secant(std::size_t i) const { return (points_[i + 1].y - points_[i].y) / step(i); }
    /// Three-point formula, limited so that the shape is kept.
    static double end_slope(double near, double far, double near_secant, double far_secant) {
        const double slope = ((2 * near + far) * near_secant - near * far_secant) / (near + far);
        if (slope * near_secant <= 0) return 0;
        if (near_secant * far_secant <= 0 && std::fabs(slope) > 3 * std::fabs(near_secant)) return 3 * near_secant;
        return slope;
    }
    /// Of piece i, from its left end to x.
    [[nodiscard]] double primitive(std::size_t i, double x) const {
        const double h = step(i), t = x - points_[i].x;
        const double c2 = (3 * secant(i) - 2 * slopes_[i] - slopes_[i + 1]) / h;
        const double c3 = (slopes_[i] + slopes_[i + 1] - 2 * secant(i)) / (h * h);
        return t * (points_[i].y + t * (slopes_[i] / 2 + t * (c2 / 3 + t * c3 / 4)));
    }
    std::vector<Point> points_;
    std::vector<double> slopes_;
};

/// Mean of (test - anchor) over the interval of x that both have.
std::optional<double> mean_difference(std::vector<Point> anchor, std::vector<Point> test, BdFit fit) {
    anchor = sorted(std::move(anchor));
    test = sorted(std::move(test));
    const std::size_t needed = fit == BdFit::kCubic ? 4 : 2;
    if (anchor.size() < needed || test.size() < needed) return std::nullopt;
    const double from = std::max(anchor.front().x, test.front().x), to = std::min(anchor.back().x, test.back().x);
    if (from >= to) return std::nullopt;
    const double difference = fit == BdFit::kCubic ? Cubic(test).integral(from, to) - Cubic(anchor).integral(from, to)
                                                   : Pchip(test).integral(from, to) - Pchip(anchor).integral(from, to);
    return difference / (to - from);
}

std::vector<Point> curve(std::span<const RatePoint> points, bool over_quality) {
    std::vector<Point> result;
    for (const RatePoint& point : points) {
        if (!(point.rate > 0) || !std::isfinite(point.rate) || !std::isfinite(point.quality))
            throw Error(JPEGAI_ERROR_ARGUMENT, "a rate that is not above 0, or a value that is not finite");
        const double rate = std::log(point.rate);
        result.push_back(over_quality ? Point{point.quality, rate} : Point{rate, point.quality});
    }
    return result;
}

}  // namespace

std::optional<double> bd_rate(std::span<const RatePoint> anchor, std::span<const RatePoint> test, BdFit fit) {
    const auto difference = mean_difference(curve(anchor, true), curve(test, true), fit);
    return difference ? std::optional((std::exp(*difference) - 1) * 100) : std::nullopt;
}

std::optional<double> bd_quality(std::span<const RatePoint> anchor, std::span<const RatePoint> test, BdFit fit) {
    return mean_difference(curve(anchor, false), curve(test, false), fit);
}

}  // namespace jpegai
