#include "detection/artifacts/local_maps.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace jpegai::detection {
namespace {

constexpr std::size_t kWindow = 32;

/// out = body(sample of a, sample of b).
template <class Body>
Plane combined(const Plane& a, const Plane& b, const RowRunner& rows, Body body) {
    Plane out = Plane::uninitialized(1, a.rows(), a.cols());
    rows(a.rows(), [&](std::size_t first, std::size_t last) {
        for (std::size_t y = first; y < last; ++y) {
            const float *pa = a.row(0, y), *pb = b.row(0, y);
            float* to = out.row(0, y);
            for (std::size_t x = 0; x < a.cols(); ++x) to[x] = body(pa[x], pb[x]);
        }
    });
    return out;
}

Plane difference(const Plane& original, const Plane& decode, const RowRunner& rows) {
    return combined(original, decode, rows, [](float a, float b) { return b - a; });
}

float mean_of(const Plane& plane) {
    double sum = 0;
    for (const float value : plane.span()) sum += static_cast<double>(value);
    return static_cast<float>(sum / static_cast<double>(plane.size()));
}

Plane fine_detail(const Plane& luma, const RowRunner& rows) {
    return combined(gaussian_blur(luma, 11, 2, rows), luma, rows, [](float smooth, float v) { return v - smooth; });
}

Plane transposed(const Plane& in) {
    constexpr std::size_t kTile = 32;
    Plane out = Plane::uninitialized(1, in.cols(), in.rows());
    for (std::size_t y0 = 0; y0 < in.rows(); y0 += kTile) {
        for (std::size_t x0 = 0; x0 < in.cols(); x0 += kTile) {
            for (std::size_t y = y0; y < std::min(y0 + kTile, in.rows()); ++y) {
                for (std::size_t x = x0; x < std::min(x0 + kTile, in.cols()); ++x) out(0, x, y) = in(0, y, x);
            }
        }
    }
    return out;
}

/// Sums over one band of rows, per column.
struct SeamSums {
    std::vector<float> step, lasting, weight;
};

/// Adds one row: steps of the error between neighbouring columns and between the means of the eight columns on both
/// sides, each cut to what a seam can be, leaving out columns where the original itself has an edge.
void add_row(const float* original, const float* decode, std::size_t cols, std::vector<float>& error, SeamSums& sums) {
    constexpr std::size_t kSide = 8;
    constexpr float kMost = 8, kEdge = 20;
    for (std::size_t x = 0; x < cols; ++x) error[x] = 255 * (decode[x] - original[x]);
    float left = 0, right = 0;
    for (std::size_t x = 0; x < kSide; ++x) {
        left += error[x];
        right += error[x + kSide];
    }
    for (std::size_t x = kSide; x + kSide <= cols; ++x) {
        const float edge = 255 * std::fabs(original[x] - original[x - 1]);
        if (edge < kEdge) {
            sums.step[x] += std::clamp(error[x] - error[x - 1], -kMost, kMost);
            sums.lasting[x] += std::clamp((right - left) / kSide, -kMost, kMost);
            sums.weight[x] += 1;
        }
        if (x + kSide < cols) {
            left += error[x] - error[x - kSide];
            right += error[x + kSide] - error[x];
        }
    }
}

/// The strongest vertical seam of one band.
Seam best_of(const SeamSums& sums, std::size_t cols, std::size_t length, std::span<const std::size_t> borders) {
    const auto step_at = [&](std::size_t x) {
        return sums.weight[x] * 2 >= static_cast<float>(length) ? sums.step[x] / sums.weight[x] : 0.0F;
    };
    Seam best;
    for (std::size_t x = 8; x + 8 <= cols; ++x) {
        const float step = step_at(x);
        if (step == 0) continue;
        const float lasting = sums.lasting[x] / sums.weight[x];
        if (step * lasting <= 0) continue;
        float around = 0;
        for (const std::size_t at : {x - 3, x - 2, x + 2, x + 3}) around = std::max(around, std::fabs(step_at(at)));
        double score = static_cast<double>(std::min(std::fabs(step), std::fabs(lasting)) - around / 2);
        const bool known = std::find(borders.begin(), borders.end(), x) != borders.end();
        if (known) score *= 2;
        if (score > best.score) best = {score, true, x, 0, known};
    }
    return best;
}

Seam vertical_seam(const Plane& original, const Plane& decode, std::span<const std::size_t> borders,
                   const RowRunner& rows) {
    constexpr std::size_t kLength = 128, kStride = 16;
    const std::size_t height = original.rows(), cols = original.cols();
    if (cols < 16) return {};
    const std::size_t length = std::min(kLength, height), bands = (height - length) / kStride + 1;
    std::vector<Seam> found(bands);
    rows(bands, [&](std::size_t first, std::size_t last) {
        std::vector<float> error(cols);
        for (std::size_t band = first; band < last; ++band) {
            SeamSums sums{std::vector<float>(cols), std::vector<float>(cols), std::vector<float>(cols)};
            for (std::size_t y = band * kStride; y < band * kStride + length; ++y)
                add_row(original.row(0, y), decode.row(0, y), cols, error, sums);
            found[band] = best_of(sums, cols, length, borders);
            found[band].start = band * kStride;
        }
    });
    return *std::max_element(found.begin(), found.end(),
                             [](const Seam& a, const Seam& b) { return a.score < b.score; });
}

}  // namespace

Plane hue_map(const Lab& original, const Lab& decode, const RowRunner& rows) {
    std::array<Plane, 2> mean;
    for (std::size_t c = 0; c < 2; ++c) {
        Plane shift = difference(original[c + 1], decode[c + 1], rows);
        const float whole = mean_of(shift);
        for (float& value : shift.span()) value -= whole;
        mean[c] = box_mean(shift, kWindow, rows);
    }
    return combined(mean[0], mean[1], rows, [](float a, float b) { return std::sqrt(a * a + b * b); });
}

Plane edge_map(const Gradient& original, const Gradient& decode, const RowRunner& rows) {
    constexpr float kLeast = 0.25F, kMost = 1, kFloor = 0.02F;
    Plane weight = combined(original.x, original.y, rows, [](float x, float y) {
        const float length = std::sqrt(x * x + y * y);
        return length < kLeast ? 0.0F : length < kMost ? length : kMost;
    });
    Plane loss = Plane::uninitialized(1, weight.rows(), weight.cols());
    for_rows(loss, rows, [&](std::size_t y, float* out) {
        const float *gx = original.x.row(0, y), *gy = original.y.row(0, y), *hx = decode.x.row(0, y),
                    *hy = decode.y.row(0, y), *w = weight.row(0, y);
        for (std::size_t x = 0; x < loss.cols(); ++x) {
            const float both = gx[x] * gx[x] + gy[x] * gy[x] + hx[x] * hx[x] + hy[x] * hy[x];
            out[x] = w[x] * std::min(1 - 2 * (gx[x] * hx[x] + gy[x] * hy[x]) / (both + 1e-6F), 1.0F);
        }
    });
    return combined(box_mean(loss, kWindow, rows), box_mean(weight, kWindow, rows), rows,
                    [](float lost, float all) { return lost / (all + kFloor); });
}

Plane detail_map(const Plane& original, const Plane& decode, const RowRunner& rows) {
    constexpr float kFloor = 16.0F / (255 * 255);
    const auto energy = [&](const Plane& luma) {
        Plane detail = fine_detail(luma, rows);
        for (float& value : detail.span()) value *= value;
        return box_mean(detail, kWindow, rows);
    };
    return combined(energy(original), energy(decode), rows,
                    [](float before, float after) { return std::log2((before + kFloor) / (after + kFloor)); });
}

Plane clipping_map(const Samples& original, const Samples& decode, const RowRunner& rows) {
    constexpr float kEnd = 0.5F / 255, kApart = 6.0F / 255;
    const Plane& first = original.rgb[0];
    Plane clipped = Plane::uninitialized(1, first.rows(), first.cols());
    const bool grey = original.grey || decode.grey;
    for_rows(clipped, rows, [&](std::size_t y, float* out) {
        std::fill_n(out, first.cols(), 0.0F);
        for (std::size_t c = 0; c < (grey ? 1U : 3U); ++c) {
            const float* a = grey ? luma_of(original).row(0, y) : original.rgb[c].row(0, y);
            const float* b = grey ? luma_of(decode).row(0, y) : decode.rgb[c].row(0, y);
            for (std::size_t x = 0; x < first.cols(); ++x) {
                const bool low = b[x] < kEnd && a[x] > kApart, high = b[x] > 1 - kEnd && a[x] < 1 - kApart;
                if (low || high) out[x] = 1;
            }
        }
    });
    return box_mean(clipped, kWindow, rows);
}

Seam strongest_seam(const Plane& original, const Plane& decode, std::span<const std::size_t> columns,
                    std::span<const std::size_t> rows_of_borders, const RowRunner& rows) {
    const Seam vertical = vertical_seam(original, decode, columns, rows);
    Seam horizontal = vertical_seam(transposed(original), transposed(decode), rows_of_borders, rows);
    horizontal.vertical = false;
    return vertical.score >= horizontal.score ? vertical : horizontal;
}

std::array<double, 3> colour_shift(const Lab& original, const Lab& decode) {
    constexpr float kMost = 10;
    std::array<double, 3> shift{};
    for (std::size_t c = 0; c < 3; ++c) {
        const Plane &a = original[c], &b = decode[c];
        for (std::size_t i = 0; i < a.size(); ++i)
            shift[c] += static_cast<double>(std::clamp(b.data()[i] - a.data()[i], -kMost, kMost));
        shift[c] /= static_cast<double>(a.size());
    }
    return shift;
}

}  // namespace jpegai::detection
