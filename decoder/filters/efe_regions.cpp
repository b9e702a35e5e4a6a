#include "decoder/filters/efe_regions.h"

#include <algorithm>
#include <cmath>

namespace jpegai {
namespace {

/// Borders of a direction cut into 1, 2 or 3 parts: the decimal literals of the standard, not exact fractions.
std::vector<double> cuts(std::size_t parts) {
    if (parts == 1) return {0.0, 1.0};
    if (parts == 2) return {0.0, 0.5, 1.0};
    return {0.0, 0.33, 0.66, 1.0};
}

/// Rows and columns of parts, and whether columns are the outer loop.
struct Split {
    std::size_t rows, cols;
    bool cols_first;
};

constexpr Split kSplits[kEfeSplits] = {{1, 1, false}, {2, 1, false}, {1, 2, false}, {1, 3, false},
                                       {3, 1, false}, {2, 2, false}, {3, 2, false}, {2, 3, true}};

/// 32 * rne(f (n + 31) / 32), in double precision; nearbyint rounds half to even.
std::size_t border(double fraction, std::size_t length) {
    return 32 * static_cast<std::size_t>(std::nearbyint(fraction * static_cast<double>(length + 31) / 32.0));
}

struct Interval {
    std::size_t start, size;
};

std::vector<Interval> intervals(std::size_t parts, std::size_t length) {
    const std::vector<double> cut = cuts(parts);
    std::vector<Interval> result;
    for (std::size_t i = 0; i < parts; ++i) {
        const std::size_t start = border(cut[i], length), end = std::min(border(cut[i + 1], length), length);
        result.push_back({std::min(start, end), end - std::min(start, end)});
    }
    return result;
}

}  // namespace

std::vector<Area> efe_regions(std::size_t split, Size phase_plane) {
    const Split& shape = kSplits[split];
    const std::vector<Interval> rows = intervals(shape.rows, phase_plane.rows),
                                cols = intervals(shape.cols, phase_plane.cols);
    std::vector<Area> regions;
    for (std::size_t i = 0; i < shape.rows * shape.cols; ++i) {
        const Interval& row = rows[shape.cols_first ? i % shape.rows : i / shape.cols];
        const Interval& col = cols[shape.cols_first ? i / shape.rows : i % shape.cols];
        regions.push_back({row.start, col.start, row.size, col.size});
    }
    return regions;
}

std::size_t efe_region_count(std::size_t split) {
    return kSplits[split].rows * kSplits[split].cols;
}

}  // namespace jpegai
