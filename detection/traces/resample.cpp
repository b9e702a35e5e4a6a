#include "detection/traces/resample.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "decoder/planes.h"
#include "encoder/source_planes.h"

namespace jpegai::detection {
namespace {

/// Weights of one output sample.
struct Tap {
    std::ptrdiff_t first = 0;
    std::vector<float> weight;
};

double cubic(double x) {
    constexpr double kA = -0.5;
    x = std::abs(x);
    if (x < 1) return ((kA + 2) * x - (kA + 3)) * x * x + 1;
    if (x < 2) return ((kA * x - 5 * kA) * x + 8 * kA) * x - 4 * kA;
    return 0;
}

std::vector<Tap> taps(std::size_t from, std::size_t to, std::size_t start, std::size_t count) {
    const double step = static_cast<double>(from) / static_cast<double>(to), width = std::max(1.0, step);
    std::vector<Tap> all(count);
    for (std::size_t i = 0; i < count; ++i) {
        const double centre = (static_cast<double>(start + i) + 0.5) * step - 0.5;
        Tap& tap = all[i];
        tap.first = static_cast<std::ptrdiff_t>(std::ceil(centre - 2 * width));
        const auto last = static_cast<std::ptrdiff_t>(std::floor(centre + 2 * width));
        double sum = 0;
        for (std::ptrdiff_t k = tap.first; k <= last; ++k) {
            const double weight = cubic((static_cast<double>(k) - centre) / width);
            tap.weight.push_back(static_cast<float>(weight));
            sum += weight;
        }
        for (float& weight : tap.weight) weight = static_cast<float>(static_cast<double>(weight) / sum);
    }
    return all;
}

std::size_t inside(std::ptrdiff_t index, std::size_t size) {
    return static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(index, 0, static_cast<std::ptrdiff_t>(size) - 1));
}

Array3<std::uint16_t> resize_plane(const Array3<std::uint16_t>& in, Size size, const Area& window, unsigned largest) {
    const std::vector<Tap> rows = taps(in.rows(), size.rows, window.row, window.rows);
    const std::vector<Tap> cols = taps(in.cols(), size.cols, window.col, window.cols);
    // Rows of the input that are needed, at their new width.
    const std::ptrdiff_t top = rows.front().first;
    const std::ptrdiff_t bottom = rows.back().first + static_cast<std::ptrdiff_t>(rows.back().weight.size());
    auto narrow = Array3<float>::uninitialized(1, static_cast<std::size_t>(bottom - top), window.cols);
    for (std::ptrdiff_t y = top; y < bottom; ++y) {
        const std::uint16_t* line = in.row(0, inside(y, in.rows()));
        float* out = narrow.row(0, static_cast<std::size_t>(y - top));
        for (std::size_t x = 0; x < window.cols; ++x) {
            float sum = 0;
            for (std::size_t k = 0; k < cols[x].weight.size(); ++k) {
                const std::size_t at = inside(cols[x].first + static_cast<std::ptrdiff_t>(k), in.cols());
                sum += cols[x].weight[k] * static_cast<float>(line[at]);
            }
            out[x] = sum;
        }
    }
    auto result = Array3<std::uint16_t>::uninitialized(1, window.rows, window.cols);
    std::vector<float> sums(window.cols);
    for (std::size_t y = 0; y < window.rows; ++y) {
        std::fill(sums.begin(), sums.end(), 0.0F);
        for (std::size_t k = 0; k < rows[y].weight.size(); ++k) {
            const float* line = narrow.row(0, static_cast<std::size_t>(rows[y].first - top) + k);
            for (std::size_t x = 0; x < window.cols; ++x) sums[x] += rows[y].weight[k] * line[x];
        }
        for (std::size_t x = 0; x < window.cols; ++x) {
            const float clamped = std::clamp(sums[x], 0.0F, static_cast<float>(largest));
            result(0, y, x) = static_cast<std::uint16_t>(std::lround(clamped));
        }
    }
    return result;
}

void require_plain(const Picture& picture, const Area& area, std::size_t rows, std::size_t cols) {
    if (!picture.chroma.is_444() || area.rows == 0 || area.cols == 0 || area.row > rows || area.col > cols ||
        area.rows > rows - area.row || area.cols > cols - area.col) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "no such part of the picture");
    }
}

/// The description of a picture without its samples.
Picture frame_of(const Picture& picture) {
    Picture frame;
    frame.model = picture.model;
    frame.bit_depth = picture.bit_depth;
    frame.range = picture.range;
    return frame;
}

}  // namespace

Picture cut_picture(const Picture& picture, const Area& area) {
    require_plain(picture, area, picture.rows(), picture.cols());
    Picture result = frame_of(picture);
    for (const auto& plane : picture.planes) {
        auto part = Array3<std::uint16_t>::uninitialized(1, area.rows, area.cols);
        for (std::size_t y = 0; y < area.rows; ++y) {
            std::copy_n(plane.row(0, area.row + y) + area.col, area.cols, part.row(0, y));
        }
        result.planes.push_back(std::move(part));
    }
    return result;
}

Picture resize_picture(const Picture& picture, Size size, const Area& window) {
    require_plain(picture, window, size.rows, size.cols);
    Picture result = frame_of(picture);
    for (const auto& plane : picture.planes) {
        result.planes.push_back(resize_plane(plane, size, window, picture.max_value()));
    }
    return result;
}

Picture resize_picture(const Picture& picture, Size size) {
    return resize_picture(picture, size, {0, 0, size.rows, size.cols});
}

Picture to_plain(const Picture& picture) {
    if (picture.chroma.is_444()) return picture;
    Planes planes = to_yuv(picture);
    yuv_to_rgb(planes);
    return quantise(planes, picture.bit_depth);
}

}  // namespace jpegai::detection
