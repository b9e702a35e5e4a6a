// The order of sums over all pixels of a plane (spec/numeric_contract.md section 6).
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace jpegai::contract {

inline constexpr std::size_t kSumSegment = 256;

/// Samples [first, first + count) of one row; each segment is summed as one chain.
struct Segment {
    std::size_t row, first, count;
};

/// The segments of a plane in raster order.
[[nodiscard]] inline std::vector<Segment> plane_segments(std::size_t rows, std::size_t cols) {
    std::vector<Segment> segments;
    for (std::size_t y = 0; y < rows; ++y) {
        for (std::size_t x = 0; x < cols; x += kSumSegment) segments.push_back({y, x, std::min(kSumSegment, cols - x)});
    }
    return segments;
}

/// Adds `parts` vectors of equal length that lie one after the other, neighbours in pairs until one is left; an odd
/// last one moves up unchanged. The sum ends up in the first vector.
inline void sum_pairwise(std::vector<float>& values, std::size_t parts) {
    const std::size_t length = parts == 0 ? 0 : values.size() / parts;
    for (; parts > 1; parts = (parts + 1) / 2) {
        for (std::size_t p = 0; p + 1 < parts; p += 2) {
            const float* const left = &values[p * length];
            const float* const right = left + length;
            float* const out = &values[p / 2 * length];
            for (std::size_t i = 0; i < length; ++i) out[i] = left[i] + right[i];
        }
        if (parts % 2 != 0 && parts > 1) {
            std::copy_n(&values[(parts - 1) * length], length, &values[parts / 2 * length]);
        }
    }
}

}  // namespace jpegai::contract
