#include "detection/artifacts/plane_ops.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/error.h"

namespace jpegai::detection {
namespace {

constexpr std::size_t kMaxTaps = 11;
constexpr std::size_t kStrip = 64;  ///< columns that a vertical pass takes together

/// Position outside 0 .. count - 1 mirrored as often as it takes.
std::size_t mirrored(std::ptrdiff_t index, std::size_t count) {
    if (count == 1) return 0;
    const auto last = static_cast<std::ptrdiff_t>(count) - 1;
    while (index < 0 || index > last) index = index < 0 ? -index : 2 * last - index;
    return static_cast<std::size_t>(index);
}

/// Window sums along one row; the window of x covers x - before .. x - before + size - 1.
void slide_row(const float* in, std::size_t count, std::size_t size, std::size_t before, float* out) {
    const std::size_t ahead = size - before - 1;
    double sum = 0;
    for (std::size_t x = 0; x < std::min(ahead, count); ++x) sum += static_cast<double>(in[x]);
    for (std::size_t x = 0; x < count; ++x) {
        if (x + ahead < count) sum += static_cast<double>(in[x + ahead]);
        if (x > before) sum -= static_cast<double>(in[x - before - 1]);
        out[x] = static_cast<float>(sum);
    }
}

/// The same down the columns [first, last) of a plane, scaled.
void slide_columns(const Plane& in, std::size_t first, std::size_t last, std::size_t size, std::size_t before,
                   Plane& out) {
    const std::size_t ahead = size - before - 1, count = in.rows();
    const double scale = 1.0 / (static_cast<double>(size) * static_cast<double>(size));
    std::array<double, kStrip> sums{};
    const auto add = [&](std::size_t y, double sign) {
        const float* row = in.row(0, y);
        for (std::size_t x = first; x < last; ++x) sums[x - first] += sign * static_cast<double>(row[x]);
    };
    for (std::size_t y = 0; y < std::min(ahead, count); ++y) add(y, 1);
    for (std::size_t y = 0; y < count; ++y) {
        if (y + ahead < count) add(y + ahead, 1);
        if (y > before) add(y - before - 1, -1);
        float* to = out.row(0, y);
        for (std::size_t x = first; x < last; ++x) to[x] = static_cast<float>(sums[x - first] * scale);
    }
}

}  // namespace

Peak peak_of(const Plane& plane) {
    Peak peak;
    if (plane.empty()) return peak;
    peak.value = plane(0, 0, 0);
    for (std::size_t y = 0; y < plane.rows(); ++y) {
        const float* row = plane.row(0, y);
        for (std::size_t x = 0; x < plane.cols(); ++x) {
            if (row[x] > peak.value) peak = {row[x], x, y};
        }
    }
    return peak;
}

Box box_around(std::size_t x, std::size_t y, std::size_t side, std::size_t rows, std::size_t cols) {
    const auto start = [side](std::size_t at, std::size_t count) {
        const std::size_t wanted = at > side / 2 ? at - side / 2 : 0;
        return count > side ? std::min(wanted, count - side) : 0;
    };
    return {start(x, cols), start(y, rows), std::min(side, cols), std::min(side, rows)};
}

void for_rows(Plane& out, const RowRunner& rows, const std::function<void(std::size_t y, float* out)>& body) {
    rows(out.rows(), [&](std::size_t first, std::size_t last) {
        for (std::size_t y = first; y < last; ++y) body(y, out.row(0, y));
    });
}

Plane box_mean(const Plane& in, std::size_t size, std::size_t before, const RowRunner& rows) {
    if (before >= size) throw Error(JPEGAI_ERROR_ARGUMENT, "box_mean: no such window");
    Plane across = Plane::uninitialized(1, in.rows(), in.cols()), out = Plane::uninitialized(1, in.rows(), in.cols());
    for_rows(across, rows, [&](std::size_t y, float* to) { slide_row(in.row(0, y), in.cols(), size, before, to); });
    rows((in.cols() + kStrip - 1) / kStrip, [&](std::size_t first, std::size_t last) {
        for (std::size_t strip = first; strip < last; ++strip)
            slide_columns(across, strip * kStrip, std::min((strip + 1) * kStrip, in.cols()), size, before, out);
    });
    return out;
}

Plane box_mean(const Plane& in, std::size_t size, const RowRunner& rows) {
    return box_mean(in, size, size / 2, rows);
}

Plane separable(const Plane& in, std::span<const float> down, std::span<const float> across, const RowRunner& rows) {
    if (down.size() % 2 == 0 || across.size() % 2 == 0 || std::max(down.size(), across.size()) > kMaxTaps)
        throw Error(JPEGAI_ERROR_ARGUMENT, "separable: no such filter");
    const std::size_t half_down = down.size() / 2, half_across = across.size() / 2, cols = in.cols();
    Plane out = Plane::uninitialized(1, in.rows(), cols);
    rows(in.rows(), [&](std::size_t first, std::size_t last) {
        std::vector<float> padded(cols + 2 * half_across);
        for (std::size_t y = first; y < last; ++y) {
            float* middle = padded.data() + half_across;
            std::fill_n(middle, cols, 0.0F);
            for (std::size_t k = 0; k < down.size(); ++k) {
                const float* row = in.row(
                    0,
                    mirrored(static_cast<std::ptrdiff_t>(y + k) - static_cast<std::ptrdiff_t>(half_down), in.rows()));
                for (std::size_t x = 0; x < cols; ++x) middle[x] += down[k] * row[x];
            }
            for (std::size_t i = 1; i <= half_across; ++i) {
                const auto step = static_cast<std::ptrdiff_t>(i);
                padded[half_across - i] = middle[mirrored(-step, cols)];
                middle[cols - 1 + i] = middle[mirrored(static_cast<std::ptrdiff_t>(cols) - 1 + step, cols)];
            }
            float* to = out.row(0, y);
            std::fill_n(to, cols, 0.0F);
            for (std::size_t k = 0; k < across.size(); ++k) {
                for (std::size_t x = 0; x < cols; ++x) to[x] += across[k] * padded[x + k];
            }
        }
    });
    return out;
}

Gradient sobel(const Plane& in, const RowRunner& rows) {
    constexpr std::array<float, 3> kSmooth = {1, 2, 1}, kSlope = {-1, 0, 1};
    return {separable(in, kSmooth, kSlope, rows), separable(in, kSlope, kSmooth, rows)};
}

Plane gaussian_blur(const Plane& in, std::size_t taps, double sigma, const RowRunner& rows) {
    std::array<double, kMaxTaps> exact{};
    std::array<float, kMaxTaps> window{};
    double sum = 0;
    for (std::size_t i = 0; i < std::min(taps, kMaxTaps); ++i) {
        const double d = static_cast<double>(i) - static_cast<double>(taps / 2);
        sum += exact[i] = std::exp(-d * d / (2 * sigma * sigma));
    }
    for (std::size_t i = 0; i < std::min(taps, kMaxTaps); ++i) window[i] = static_cast<float>(exact[i] / sum);
    const std::span<const float> used(window.data(), std::min(taps, kMaxTaps));
    return separable(in, used, used, rows);
}

}  // namespace jpegai::detection
