// Random planes and ways to run rows, for the tests of the reconstruction back end.
#pragma once

#include <random>
#include <thread>
#include <vector>

#include "decoder/planes.h"

namespace jpegai::test {

inline Array3<float> random_plane(std::mt19937& random, std::size_t rows, std::size_t cols, float low = 0.0F,
                                  float high = 255.0F) {
    auto plane = Array3<float>::uninitialized(1, rows, cols);
    std::uniform_real_distribution<float> sample(low, high);
    for (float& value : plane.span()) value = sample(random);
    return plane;
}

inline Planes random_planes(std::mt19937& random, std::size_t rows, std::size_t cols, ChromaFormat chroma,
                            float low = 0.0F, float high = 255.0F) {
    Planes planes;
    planes.chroma = chroma;
    planes.plane[0] = random_plane(random, rows, cols, low, high);
    for (std::size_t i = 1; i < 3; ++i) {
        const Size size = planes.size(i);
        planes.plane[i] = random_plane(random, size.rows, size.cols, low, high);
    }
    return planes;
}

/// Splits the rows into ranges of at most `step` and runs them last to first, on several threads where there are
/// enough.
inline RowRunner scattered_rows(std::size_t step) {
    return [step](std::size_t rows, const RowBody& body) {
        std::vector<std::thread> threads;
        for (std::size_t end = rows; end > 0; end -= std::min(step, end)) {
            const std::size_t first = end - std::min(step, end);
            if (threads.size() < 3) {
                threads.emplace_back([&body, first, end] { body(first, end); });
            } else {
                body(first, end);
            }
        }
        for (std::thread& thread : threads) thread.join();
    };
}

/// Same bits, NaN and signs of zero included.
inline bool same_bits(const Array3<float>& a, const Array3<float>& b) {
    return a.channels() == b.channels() && a.rows() == b.rows() && a.cols() == b.cols() &&
           std::equal(reinterpret_cast<const std::uint32_t*>(a.data()),
                      reinterpret_cast<const std::uint32_t*>(a.data()) + a.size(),
                      reinterpret_cast<const std::uint32_t*>(b.data()));
}

inline bool same_bits(const Planes& a, const Planes& b) {
    return a.chroma == b.chroma && a.rgb == b.rgb && same_bits(a.plane[0], b.plane[0]) &&
           same_bits(a.plane[1], b.plane[1]) && same_bits(a.plane[2], b.plane[2]);
}

}  // namespace jpegai::test
