#include "detection/artifacts/class_maps.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "metrics/window.h"

namespace jpegai::detection {
namespace {

/// Neighbours on both sides along a gradient, whose angle is rounded to a multiple of 45 degrees.
std::array<std::ptrdiff_t, 2> step_along(float gx, float gy) {
    constexpr float kTan = 0.41421356F;  // of 22.5 degrees
    const float ax = std::fabs(gx), ay = std::fabs(gy);
    if (ay <= kTan * ax) return {0, 1};
    if (ax <= kTan * ay) return {1, 0};
    return {1, (gx > 0) == (gy > 0) ? 1 : -1};
}

/// 2 above the high threshold, 1 above the low one, 0 elsewhere and where the gradient is not longest along its
/// direction.
Plane thin_edges(const Gradient& gradient, const RowRunner& rows) {
    constexpr float kLow = 0.1F, kHigh = 0.2F;
    const std::size_t height = gradient.x.rows(), width = gradient.x.cols();
    Plane length = Plane::uninitialized(1, height, width), edges(1, height, width);
    for_rows(length, rows, [&](std::size_t y, float* out) {
        const float *gx = gradient.x.row(0, y), *gy = gradient.y.row(0, y);
        for (std::size_t x = 0; x < width; ++x) out[x] = std::sqrt(gx[x] * gx[x] + gy[x] * gy[x]);
    });
    for_rows(edges, rows, [&](std::size_t y, float* out) {
        if (y == 0 || y + 1 >= height) return;
        const float* here = length.row(0, y);
        for (std::size_t x = 1; x + 1 < width; ++x) {
            if (here[x] <= kLow) continue;
            const auto [down, right] = step_along(gradient.x(0, y, x), gradient.y(0, y, x));
            const std::ptrdiff_t offset = down * static_cast<std::ptrdiff_t>(width) + right;
            const float ahead = *(here + x + offset), behind = *(here + x - offset);
            if (here[x] >= ahead && here[x] > behind) out[x] = here[x] > kHigh ? 2.0F : 1.0F;
        }
    });
    return edges;
}

}  // namespace

Analysed analyse(const Picture& picture, const RowRunner& rows) {
    Analysed result;
    result.samples = samples_of(picture, rows);
    if (!result.samples.grey) result.lab = lab_of(result.samples, rows);
    const Gradient gradient = sobel(luma_of(result.samples), rows);
    result.gradient = {gaussian_blur(gradient.x, 3, 1, rows), gaussian_blur(gradient.y, 3, 1, rows)};
    return result;
}

Plane colour_map(const Lab& original, const Lab& decode, const RowRunner& rows) {
    constexpr float kLeast = 3, kMost = 8;
    Plane difference = Plane::uninitialized(1, original[0].rows(), original[0].cols());
    for_rows(difference, rows, [&](std::size_t y, float* out) {
        std::array<const float*, 3> a{}, b{};
        for (std::size_t c = 0; c < 3; ++c) {
            a[c] = original[c].row(0, y);
            b[c] = decode[c].row(0, y);
        }
        for (std::size_t x = 0; x < difference.cols(); ++x) {
            const float value = ciede2000({a[0][x], a[1][x], a[2][x]}, {b[0][x], b[1][x], b[2][x]});
            out[x] = value < kLeast || value > kMost ? 0.0F : value;
        }
    });
    Plane map = box_mean(difference, 64, rows);
    for (float& value : map.span()) value = value < kLeast ? 0.0F : value / 8;
    return map;
}

Plane canny(const Plane& luma, const RowRunner& rows) {
    Plane edges = thin_edges(sobel(gaussian_blur(luma, 5, 1, rows), rows), rows);
    // From every strong edge along the weak ones that touch it.
    std::vector<std::size_t> open;
    const std::size_t width = edges.cols();
    for (std::size_t i = 0; i < edges.size(); ++i) {
        if (edges.data()[i] == 2.0F) open.push_back(i);
    }
    while (!open.empty()) {
        const std::size_t at = open.back();
        open.pop_back();
        for (const std::size_t row : {at - width, at, at + width}) {  // edges never lie on the rim
            for (std::size_t i = row - 1; i <= row + 1; ++i) {
                if (edges.data()[i] != 1.0F) continue;
                edges.data()[i] = 2;
                open.push_back(i);
            }
        }
    }
    for (float& value : edges.span()) value = value == 2.0F ? 1.0F : 0.0F;
    return edges;
}

Plane gradient_likeness(const Gradient& original, const Gradient& decode, const RowRunner& rows) {
    Plane likeness = Plane::uninitialized(1, original.x.rows(), original.x.cols());
    for_rows(likeness, rows, [&](std::size_t y, float* out) {
        const float *ax = original.x.row(0, y), *ay = original.y.row(0, y), *bx = decode.x.row(0, y),
                    *by = decode.y.row(0, y);
        for (std::size_t x = 0; x < likeness.cols(); ++x) {
            const float lengths = std::sqrt((ax[x] * ax[x] + ay[x] * ay[x]) * (bx[x] * bx[x] + by[x] * by[x]));
            out[x] = std::fabs(ax[x] * bx[x] + ay[x] * by[x]) / (lengths + 1e-7F);
        }
    });
    return likeness;
}

Plane dissimilarity(const Plane& original, const Plane& decode, const RowRunner& rows) {
    constexpr std::size_t kTaps = 11, kBand = 64;
    constexpr float kC1 = 0.01F * 0.01F, kC2 = 0.03F * 0.03F;
    const auto window = metrics::gaussian<kTaps>(1.5);
    const std::size_t height = original.rows(), width = original.cols();
    const auto mirror = [](std::size_t index, std::size_t count) {  // index counts from kTaps / 2 before the plane
        auto at = static_cast<std::ptrdiff_t>(index) - static_cast<std::ptrdiff_t>(kTaps / 2);
        const auto last = static_cast<std::ptrdiff_t>(count) - 1;
        while (last > 0 && (at < 0 || at > last)) at = at < 0 ? -at : 2 * last - at;
        return last == 0 ? std::size_t{0} : static_cast<std::size_t>(at);
    };
    const auto padded = [&](const Plane& in, std::size_t first, std::size_t count) {
        Plane out = Plane::uninitialized(1, count + kTaps - 1, width + kTaps - 1);
        for (std::size_t y = 0; y < out.rows(); ++y) {
            const float* from = in.row(0, mirror(first + y, height));
            float* to = out.row(0, y);
            std::copy_n(from, width, to + kTaps / 2);
            for (std::size_t x = 0; x < kTaps / 2; ++x) {
                to[x] = from[mirror(x, width)];
                to[width + kTaps / 2 + x] = from[mirror(width + kTaps / 2 + x, width)];
            }
        }
        return out;
    };
    Plane map = Plane::uninitialized(1, height, width);
    rows((height + kBand - 1) / kBand, [&](std::size_t first, std::size_t last) {
        for (std::size_t band = first; band < last; ++band) {
            const std::size_t top = band * kBand, count = std::min(kBand, height - top);
            metrics::for_each_moment_row<kTaps>(
                padded(original, top, count), padded(decode, top, count), window,
                [&](std::size_t y, const metrics::MomentRow& m) {
                    float* out = map.row(0, top + y);
                    for (std::size_t x = 0; x < width; ++x) {
                        const float product = m.a[x] * m.b[x], squares = m.a[x] * m.a[x] + m.b[x] * m.b[x];
                        const float structure = (2 * (m.ab[x] - product) + kC2) / (m.aa[x] + m.bb[x] - squares + kC2);
                        out[x] = 1 - structure * (2 * product + kC1) / (squares + kC1);
                    }
                });
        }
    });
    return map;
}

Plane texture_mask(const Plane& luma, const RowRunner& rows) {
    constexpr std::size_t kSide = 11;
    constexpr float kThreshold = 0.3F;
    Plane squares = Plane::uninitialized(1, luma.rows(), luma.cols());
    for_rows(squares, rows, [&](std::size_t y, float* out) {
        const float* in = luma.row(0, y);
        for (std::size_t x = 0; x < luma.cols(); ++x) out[x] = in[x] * in[x];
    });
    const Plane means = box_mean(luma, kSide, rows);
    Plane variance = box_mean(squares, kSide, rows);
    const auto inside = [](std::size_t at, std::size_t count) {  // samples of the window that lie in the picture
        return static_cast<float>(std::min(at + kSide / 2, count - 1) - (at > kSide / 2 ? at - kSide / 2 : 0) + 1);
    };
    for (std::size_t y = 0; y < luma.rows(); ++y) {
        for (std::size_t x = 0; x < luma.cols(); ++x) {
            const float share = inside(y, luma.rows()) * inside(x, luma.cols()) / (kSide * kSide);
            const float mean = means(0, y, x) / share;
            variance(0, y, x) = std::max(variance(0, y, x) / share - mean * mean, 0.0F);
        }
    }
    const float most = peak_of(variance).value;
    if (most <= 1e-6F) return Plane(1, luma.rows(), luma.cols());
    for (float& value : variance.span()) value /= most;
    Plane mask = box_mean(box_mean(variance, 4, rows), 4, rows);
    for (float& value : mask.span()) value = value > kThreshold ? 1.0F : 0.0F;
    return mask;
}

Plane colour_artifacts(const Analysed& original, const Analysed& decode, const Analysed* classic,
                       const RowRunner& rows) {
    Plane map = colour_map(original.lab, decode.lab, rows);
    if (classic == nullptr) return map;
    const Plane other = colour_map(original.lab, classic->lab, rows);
    for (std::size_t i = 0; i < map.size(); ++i) map.data()[i] -= other.data()[i];
    return map;
}

Plane boundary_artifacts(const Plane& edges, const Analysed& original, const Analysed& decode, const Analysed* classic,
                         const RowRunner& rows) {
    const Plane ours = gradient_likeness(original.gradient, decode.gradient, rows);
    Plane loss = Plane::uninitialized(1, edges.rows(), edges.cols());
    std::fill_n(loss.data(), loss.size(), 1.0F);
    if (classic != nullptr) loss = gradient_likeness(original.gradient, classic->gradient, rows);
    for (std::size_t i = 0; i < loss.size(); ++i) loss.data()[i] = (loss.data()[i] - ours.data()[i]) * edges.data()[i];
    return box_mean(loss, 128, rows);
}

Plane texture_artifacts(const Plane& mask, const Analysed& original, const Analysed& decode, const Analysed* classic,
                        const RowRunner& rows) {
    const Plane& luma = luma_of(original.samples);
    Plane difference = dissimilarity(luma, luma_of(decode.samples), rows);
    if (classic != nullptr) {
        const Plane other = dissimilarity(luma, luma_of(classic->samples), rows);
        for (std::size_t i = 0; i < difference.size(); ++i) difference.data()[i] -= other.data()[i];
    }
    Plane map = box_mean(difference, 32, rows);
    for (std::size_t i = 0; i < map.size(); ++i) map.data()[i] *= mask.data()[i];
    return map;
}

}  // namespace jpegai::detection
