#include "backend/cpu/storage.h"

#include <algorithm>

#include "backend/cpu/layer.h"

namespace jpegai::cpu {

BoundView::BoundView(const View& view, const std::vector<Storage>& storage, Size size)
    : size_(size), planar_(view.planar) {
    for (const View::Part& part : view.parts) {
        for (std::size_t b = 0; b < part.blocks; ++b) {
            blocks_.push_back({&storage[part.value], part.first_block + b});
        }
    }
}

Range same_rows(Range units, std::size_t rows_per_unit, Size view) {
    return {std::min(units.first * rows_per_unit, view.rows), std::min(units.end * rows_per_unit, view.rows)};
}

}  // namespace jpegai::cpu
