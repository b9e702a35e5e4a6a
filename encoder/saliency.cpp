#include "encoder/saliency.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "spec/constants.h"
#include "spec/scale_tables.h"

namespace jpegai {
namespace {

constexpr std::size_t kSurround = 4;  ///< blocks to each side
constexpr double kSalientShare = 0.25;

/// Mean and standard deviation of a plane over the block at (row, col) of a grid.
struct BlockMoments {
    Array3<float> mean, deviation;
};

BlockMoments block_moments(const Array3<float>& plane, std::size_t block_rows, std::size_t block_cols, std::size_t rows,
                           std::size_t cols) {
    BlockMoments moments = {Array3<float>(1, rows, cols), Array3<float>(1, rows, cols)};
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t c = 0; c < cols; ++c) {
            const std::size_t y0 = std::min(r * block_rows, (plane.rows() - 1) / block_rows * block_rows);
            const std::size_t x0 = std::min(c * block_cols, (plane.cols() - 1) / block_cols * block_cols);
            const std::size_t y1 = std::min(y0 + block_rows, plane.rows()),
                              x1 = std::min(x0 + block_cols, plane.cols());
            double sum = 0, squares = 0;
            for (std::size_t y = y0; y < y1; ++y) {
                const float* in = plane.row(0, y);
                for (std::size_t x = x0; x < x1; ++x) {
                    const double value = static_cast<double>(in[x]);
                    sum += value;
                    squares += value * value;
                }
            }
            const double count = static_cast<double>((y1 - y0) * (x1 - x0)), mean = sum / count;
            moments.mean(0, r, c) = static_cast<float>(mean);
            moments.deviation(0, r, c) = static_cast<float>(std::sqrt(std::max(0.0, squares / count - mean * mean)));
        }
    }
    return moments;
}

/// Mean over the blocks within `reach` of each block, itself included.
Array3<float> box_mean(const Array3<float>& in, std::size_t reach) {
    Array3<float> out(1, in.rows(), in.cols());
    for (std::size_t r = 0; r < in.rows(); ++r) {
        for (std::size_t c = 0; c < in.cols(); ++c) {
            const std::size_t y0 = r - std::min(r, reach), y1 = std::min(r + reach + 1, in.rows());
            const std::size_t x0 = c - std::min(c, reach), x1 = std::min(c + reach + 1, in.cols());
            double sum = 0;
            for (std::size_t y = y0; y < y1; ++y) {
                for (std::size_t x = x0; x < x1; ++x) sum += static_cast<double>(in(0, y, x));
            }
            out(0, r, c) = static_cast<float>(sum / static_cast<double>((y1 - y0) * (x1 - x0)));
        }
    }
    return out;
}

/// Adds how far each block differs from its surroundings, in units of the picture's mean difference.
void add_contrast(const Array3<float>& feature, Array3<float>& saliency) {
    const Array3<float> surround = box_mean(feature, kSurround);
    double sum = 0;
    for (std::size_t i = 0; i < feature.size(); ++i) {
        sum += static_cast<double>(std::abs(feature.data()[i] - surround.data()[i]));
    }
    const float mean = static_cast<float>(sum / static_cast<double>(feature.size()));
    constexpr float kNothing = 0.05F;  // differences of less than that, on the scale 0..255, are none
    if (!(mean > kNothing)) return;
    for (std::size_t i = 0; i < feature.size(); ++i) {
        saliency.data()[i] += std::abs(feature.data()[i] - surround.data()[i]) / mean;
    }
}

}  // namespace

Array3<float> block_saliency(const Planes& planes, std::size_t rows, std::size_t cols) {
    check_planes(planes);
    Array3<float> saliency(1, rows, cols);
    for (std::size_t i = 0; i < 3; ++i) {
        const std::size_t ver = i == 0 ? 1 : planes.chroma.ver, hor = i == 0 ? 1 : planes.chroma.hor;
        const BlockMoments moments = block_moments(planes.plane[i], kLatentStep / ver, kLatentStep / hor, rows, cols);
        add_contrast(moments.mean, saliency);
        if (i == 0) add_contrast(moments.deviation, saliency);
    }
    return box_mean(saliency, 1);
}

Array3<std::int8_t> quality_map_from_saliency(const Planes& planes, std::size_t rows, std::size_t cols, int strength) {
    if (strength < 1 || strength > kQualityMapMax) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "the strength of a saliency map has to be 1 to 8");
    }
    const Array3<float> saliency = block_saliency(planes, rows, cols);
    std::vector<float> sorted(saliency.data(), saliency.data() + saliency.size());
    const auto rank = static_cast<std::size_t>((1 - kSalientShare) * static_cast<double>(sorted.size() - 1));
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(rank), sorted.end());
    const float limit = sorted[rank];
    Array3<std::int8_t> map(1, rows, cols);
    if (!(*std::max_element(sorted.begin(), sorted.end()) > limit)) return map;
    for (std::size_t i = 0; i < map.size(); ++i) {
        map.data()[i] = static_cast<std::int8_t>(saliency.data()[i] > limit ? strength : -strength / 2);
    }
    return map;
}

}  // namespace jpegai
