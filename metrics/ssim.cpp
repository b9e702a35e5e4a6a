// SSIM and MS-SSIM.
#include <algorithm>

#include "metrics/planes.h"
#include "metrics/window.h"

namespace jpegai::metrics {
namespace {

constexpr std::size_t kTaps = 11;
constexpr std::size_t kScales = 5;
constexpr std::array<double, kScales> kWeights = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
constexpr float kC1 = 0.01F * 0.01F, kC2 = 0.03F * 0.03F;

/// Means over all window positions of the SSIM map and of its contrast-structure part.
struct ScaleMeans {
    double ssim = 0, structure = 0;
};

ScaleMeans scale_means(const Plane& a, const Plane& b, bool clamp_map) {
    const auto window = gaussian<kTaps>(1.5);
    const std::size_t rows = a.rows() - kTaps + 1, cols = a.cols() - kTaps + 1;
    std::vector<float> structure(cols), whole(cols);
    const float least = clamp_map ? 0.0F : -2.0F;
    ScaleMeans sums;
    for_each_moment_row<kTaps>(a, b, window, [&](std::size_t, const MomentRow& m) {
        for (std::size_t x = 0; x < cols; ++x) {
            const float product = m.a[x] * m.b[x], squares = m.a[x] * m.a[x] + m.b[x] * m.b[x];
            const float cs = (2 * (m.ab[x] - product) + kC2) / (m.aa[x] + m.bb[x] - squares + kC2);
            structure[x] = std::max(cs, least);
            whole[x] = structure[x] * (2 * product + kC1) / (squares + kC1);
        }
        sums.structure += sum_row(structure.data(), cols);
        sums.ssim += sum_row(whole.data(), cols);
    });
    const auto count = static_cast<double>(rows * cols);
    return {sums.ssim / count, sums.structure / count};
}

/// Means of 2x2 samples; an odd side is first extended by a zero at both ends.
Plane halve(const Plane& in) {
    const std::size_t rows = (in.rows() + 1) / 2, cols = (in.cols() + 1) / 2;
    const std::size_t up = in.rows() % 2, left = in.cols() % 2;
    Plane out(1, rows, cols);
    std::vector<float> sums(in.cols() + 2);
    for (std::size_t y = 0; y < rows; ++y) {
        std::fill(sums.begin(), sums.end(), 0.0F);
        for (std::size_t k = 0; k < 2; ++k) {
            if (2 * y + k < up || 2 * y + k - up >= in.rows()) continue;
            const float* row = in.row(0, 2 * y + k - up);
            for (std::size_t x = 0; x < in.cols(); ++x) sums[x + left] += row[x];
        }
        for (std::size_t x = 0; x < cols; ++x) out(0, y, x) = (sums[2 * x] + sums[2 * x + 1]) * 0.25F;
    }
    return out;
}

Plane extended(const Plane& in, std::size_t least) {
    Plane out(1, std::max(in.rows(), least), std::max(in.cols(), least));
    for (std::size_t y = 0; y < in.rows(); ++y) std::copy_n(in.row(0, y), in.cols(), out.row(0, y));
    return out;
}

}  // namespace

double ssim(const Plane& a, const Plane& b) {
    return scale_means(a, b, true).ssim;
}

double ms_ssim(const Plane& a, const Plane& b, MsSsimClamp clamp) {
    constexpr std::size_t kLeast = 164;
    Plane first = extended(a, kLeast), second = extended(b, kLeast);
    double product = 1;
    for (std::size_t s = 0; s < kScales; ++s) {
        const ScaleMeans means = scale_means(first, second, clamp == MsSsimClamp::kMap);
        const double term = s + 1 < kScales ? means.structure : means.ssim;
        product *= std::pow(std::max(term, 0.0), kWeights[s]);
        if (s + 1 == kScales) break;
        first = halve(first);
        second = halve(second);
    }
    return product;
}

}  // namespace jpegai::metrics
