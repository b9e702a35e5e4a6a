// The maps of the artifact detectors and the filters that they are made of.
#include <gtest/gtest.h>

#include <random>

#include "detection/artifacts/plane_ops.h"

namespace jpegai::detection {
namespace {

Plane noise(std::size_t rows, std::size_t cols) {
    Plane plane(1, rows, cols);
    std::mt19937 random(7);
    for (float& value : plane.span()) value = static_cast<float>(random() % 1000) / 1000.0F;
    return plane;
}

double window_mean(const Plane& in, std::size_t y, std::size_t x, std::size_t size, std::size_t before) {
    double sum = 0;
    for (std::size_t i = y; i < y + size; ++i) {
        for (std::size_t j = x; j < x + size; ++j) {
            if (i >= before && j >= before && i - before < in.rows() && j - before < in.cols())
                sum += static_cast<double>(in(0, i - before, j - before));
        }
    }
    return sum / static_cast<double>(size * size);
}

TEST(BoxMean, EqualsPlainLoops) {
    const RowRunner parts = [](std::size_t rows, const RowBody& body) {
        for (std::size_t first = 0; first < rows; first += 5) body(first, std::min(first + 5, rows));
    };
    const Plane in = noise(23, 31);
    for (const auto& [size, before] : {std::pair<std::size_t, std::size_t>{1, 0}, {4, 0}, {4, 1}, {8, 7}, {64, 32}}) {
        const Plane whole = box_mean(in, size, before, serial_rows), divided = box_mean(in, size, before, parts);
        for (std::size_t y = 0; y < in.rows(); ++y) {
            for (std::size_t x = 0; x < in.cols(); ++x) {
                EXPECT_NEAR(whole(0, y, x), window_mean(in, y, x, size, before), 1e-6) << size << ' ' << before;
                EXPECT_NEAR(divided(0, y, x), whole(0, y, x), 1e-6);
            }
        }
    }
}

}  // namespace
}  // namespace jpegai::detection
