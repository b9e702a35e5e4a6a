// Rectangles cut out of and written into [channel][row][column] arrays.
#pragma once

#include <algorithm>
#include <cstring>

#include "base/array.h"
#include "bitstream/regions.h"

namespace jpegai {

/// Copy of the part of every channel that lies in `area`, which has to lie inside the array.
template <class T>
[[nodiscard]] Array3<T> cut(const Array3<T>& in, const Area& area) {
    Array3<T> out = Array3<T>::uninitialized(in.channels(), area.rows, area.cols);
    for (std::size_t c = 0; c < in.channels(); ++c) {
        for (std::size_t y = 0; y < area.rows; ++y) {
            std::copy_n(in.row(c, area.row + y) + area.col, area.cols, out.row(c, y));
        }
    }
    return out;
}

/// Writes the part of `from` that starts at (row, col) of it to `area` of `to`; both have to hold it.
template <class T>
void paste(const Array3<T>& from, std::size_t row, std::size_t col, Array3<T>& to, const Area& area) {
    for (std::size_t c = 0; c < to.channels(); ++c) {
        for (std::size_t y = 0; y < area.rows; ++y) {
            std::copy_n(from.row(c, row + y) + col, area.cols, to.row(c, area.row + y) + area.col);
        }
    }
}

/// True when the area is the whole plane of an array of that size.
[[nodiscard]] inline bool covers(const Area& area, std::size_t rows, std::size_t cols) {
    return area == Area{0, 0, rows, cols};
}

}  // namespace jpegai
