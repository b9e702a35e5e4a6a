#include "decoder/filters/efe_nonlinear.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/math.h"

namespace jpegai {
namespace {

constexpr std::size_t kPieces = 8;  ///< weights per tile

/// C' = max(0, b0 + (w0 Y + C)) + sum over k of wk max(0, Y + bk).
EfeCurve make_curve(const EfeNonlinearHeader& header, std::size_t plane, std::size_t tile) {
    EfeCurve curve;
    const double low = header.min_luma[tile] / 100.0, high = header.max_luma[tile] / 100.0;
    const auto min = static_cast<float>(low), gap = static_cast<float>((high - low) / 8.0);
    for (std::size_t k = 0; k < kPieces; ++k) {
        const int code = int{header.min_symbol} + int{header.a1[plane][kPieces * tile + k]};
        curve.weight[k] = static_cast<float>(code - 32767) / 2048.0F;
        curve.bias[k] = -(min + static_cast<float>(k) * gap);
    }
    curve.bias[0] = curve.weight[0] * -min;
    return curve;
}

inline float rectified(float x) {
    return x > 0.0F ? x : 0.0F;
}

void correct_row(const EfeCurve& curve, const float* luma, std::size_t step, float* chroma, std::size_t count) {
    for (std::size_t x = 0; x < count; ++x) {
        const float y = luma[x * step];
        float sum = rectified(curve.bias[0] + (curve.weight[0] * y + chroma[x]));
        for (std::size_t k = 1; k < kPieces; ++k) sum = sum + curve.weight[k] * rectified(y + curve.bias[k]);
        chroma[x] = sum;
    }
}

/// Number of tiles in each direction.
Size tile_grid(const EfeNonlinearHeader& header, Size chroma) {
    return {ceil_div<std::size_t>(chroma.rows, header.tile_height),
            ceil_div<std::size_t>(chroma.cols, header.tile_width)};
}

void correct_plane(Planes& planes, std::size_t plane, const EfeNonlinearHeader& header, const RowRunner& rows) {
    Array3<float>& chroma = planes.plane[plane + 1];
    const EfeNonlinearPlane filter = efe_nonlinear_plane(header, plane, planes.size(1), planes.chroma);
    rows(chroma.rows(), [&](std::size_t first, std::size_t last) {
        for (std::size_t y = first; y < last; ++y) {
            const float* luma = planes.plane[0].row(0, y * filter.ver);
            for (std::size_t c = 0; c < filter.grid_cols; ++c) {
                const std::size_t start = c * filter.tile_cols;
                const std::size_t count = std::min(filter.tile_cols, chroma.cols() - start);
                const EfeCurve& curve = filter.curves[y / filter.tile_rows * filter.grid_cols + c];
                if (filter.hor == 1) {
                    correct_row(curve, luma + start, 1, chroma.row(0, y) + start, count);
                } else {
                    correct_row(curve, luma + 2 * start, 2, chroma.row(0, y) + start, count);
                }
            }
        }
    });
}

/// (R M + (2 - M) F) / 2 for M = 0, 1, 2; only M = 1 rounds, once.
void blend_row(const float* second, std::uint8_t mask, float* corrected, std::size_t count) {
    if (mask == 2) {
        std::copy_n(second, count, corrected);
    } else if (mask == 1) {
        for (std::size_t x = 0; x < count; ++x) corrected[x] = (second[x] + corrected[x]) / 2.0F;
    }
}

void blend_plane(Array3<float>& corrected, const Array3<float>& second, const EfeNonlinearHeader& header,
                 const std::vector<std::uint8_t>& mask, const RowRunner& rows) {
    const std::size_t block = header.block_size;
    rows(corrected.rows(), [&](std::size_t first, std::size_t last) {
        for (std::size_t y = first; y < last; ++y) {
            for (std::size_t c = 0; c < header.mask_cols; ++c) {
                const std::size_t start = c * block, count = std::min(block, corrected.cols() - start);
                blend_row(second.row(0, y) + start, mask[y / block * header.mask_cols + c], corrected.row(0, y) + start,
                          count);
            }
        }
    });
}

[[noreturn]] void fail(const std::string& what) {
    throw Error(JPEGAI_ERROR_HEADER, "EFE non-linear: " + what);
}

void check_masks(const EfeNonlinearHeader& header, Size chroma, const std::array<bool, 2>& used) {
    if (!used[0] && !used[1]) return;
    if (header.block_size == 0) fail("mask blocks of zero size");
    const Size grid{ceil_div<std::size_t>(chroma.rows, header.block_size),
                    ceil_div<std::size_t>(chroma.cols, header.block_size)};
    if (Size{header.mask_rows, header.mask_cols} != grid) {
        fail(fmt::format("mask of {}x{} entries, the plane needs {}x{}", header.mask_cols, header.mask_rows, grid.cols,
                         grid.rows));
    }
    for (std::size_t p = 0; p < 2; ++p) {
        if (!used[p]) continue;
        if (header.mask[p].size() != grid.rows * grid.cols) fail("a mask has the wrong number of entries");
        if (*std::max_element(header.mask[p].begin(), header.mask[p].end()) > 2) fail("a mask entry above 2");
    }
}

void check_curves(const EfeNonlinearHeader& header, Size chroma) {
    if (!header.enabled[0] && !header.enabled[1]) return;
    if (header.tile_width == 0 || header.tile_height == 0) fail("tiles of zero size");
    const Size grid = tile_grid(header, chroma);
    const std::size_t tiles = grid.rows * grid.cols;
    if (header.min_luma.size() < tiles || header.max_luma.size() < tiles) {
        fail(fmt::format("numTiles is {}, the plane has {} tiles", header.min_luma.size(), tiles));
    }
    for (std::size_t p = 0; p < 2; ++p) {
        if (!header.enabled[p]) continue;
        if (header.a1[p].size() < kPieces * tiles)
            fail(fmt::format("candNum {} for {} tiles", header.a1[p].size(), tiles));
        for (const std::uint16_t coded : header.a1[p]) {
            if (std::uint32_t{coded} + header.min_symbol > 0xFFFF) fail("a weight has more than 16 bits");
        }
    }
}

}  // namespace

EfeNonlinearPlane efe_nonlinear_plane(const EfeNonlinearHeader& header, std::size_t plane, Size chroma,
                                      ChromaFormat format) {
    const Size grid = tile_grid(header, chroma);
    EfeNonlinearPlane filter{format.ver, format.hor, header.tile_height, header.tile_width, grid.cols, {}};
    for (std::size_t t = 0; t < grid.rows * grid.cols; ++t) filter.curves.push_back(make_curve(header, plane, t));
    return filter;
}

std::array<bool, 2> efe_masks_used(const EfeNonlinearHeader& header, bool lone_v_mask_ignored) {
    return {header.mask_enabled[0], header.mask_enabled[1] && (header.mask_enabled[0] || !lone_v_mask_ignored)};
}

void check_efe_nonlinear(const EfeNonlinearHeader& header, Size chroma, bool have_second, bool lone_v_mask_ignored) {
    const std::array<bool, 2> used = efe_masks_used(header, lone_v_mask_ignored);
    if ((used[0] || used[1]) && !have_second) fail("a mask without the second picture of EFE linear");
    check_masks(header, chroma, used);
    check_curves(header, chroma);
}

void apply_efe_nonlinear(Planes& planes, const std::array<Array3<float>, 2>* second, const EfeNonlinearHeader& header,
                         bool lone_v_mask_ignored, const RowRunner& rows) {
    check_planes(planes);
    if (planes.rgb) throw Error(JPEGAI_ERROR_ARGUMENT, "EFE non-linear needs YUV planes");
    check_efe_nonlinear(header, planes.size(1), second != nullptr, lone_v_mask_ignored);
    const std::array<bool, 2> used = efe_masks_used(header, lone_v_mask_ignored);
    for (std::size_t p = 0; p < 2; ++p) {
        Array3<float>& plane = planes.plane[p + 1];
        if (used[p] && ((*second)[p].rows() != plane.rows() || (*second)[p].cols() != plane.cols())) {
            throw Error(JPEGAI_ERROR_ARGUMENT, "second picture of another size");
        }
        if (header.enabled[p]) correct_plane(planes, p, header, rows);
        if (used[p]) blend_plane(plane, (*second)[p], header, header.mask[p], rows);
    }
}

}  // namespace jpegai
