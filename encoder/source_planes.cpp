#include "encoder/source_planes.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/error.h"
#include "base/math.h"
#include "decoder/cut.h"
#include "decoder/row_ops.h"
#include "profiles/tables.h"
#include "spec/constants.h"

namespace jpegai {
namespace {

constexpr std::size_t kMaxHidden = 63;  // diff_display_img_width and _height are u(6)

/// Samples on the scale 0..1.
void to_unit_row(const std::uint16_t* in, float* out, std::size_t count, float max) {
    for (std::size_t x = 0; x < count; ++x) out[x] = static_cast<float>(in[x]);
    divide_row(out, out, count, max);
}

/// In place: a, b, c hold R, G, B on the scale 0..1 and get Y, U, V on 0..255. The order of operations is the
/// reference's (03 section 18.1).
void yuv_row(float* a, float* b, float* c, std::size_t count) {
    for (std::size_t x = 0; x < count; ++x) {
        const float red = a[x], green = b[x], blue = c[x];
        const float luma = (0.2126F * red + 0.7152F * green) + 0.0722F * blue;
        a[x] = luma * 255.0F;
        b[x] = ((blue - luma) / 1.8556F + 0.5F) * 255.0F;
        c[x] = ((red - luma) / 1.5748F + 0.5F) * 255.0F;
    }
}

/// Extends a plane to the right and downwards by its last column and row, or cuts it.
Array3<float> resized(const Array3<float>& in, Size size) {
    if (size == Size{in.rows(), in.cols()}) return in;
    auto out = Array3<float>::uninitialized(1, size.rows, size.cols);
    const std::size_t copied = std::min(size.cols, in.cols());
    for (std::size_t y = 0; y < size.rows; ++y) {
        const float* from = in.row(0, std::min(y, in.rows() - 1));
        std::copy_n(from, copied, out.row(0, y));
        std::fill(out.row(0, y) + copied, out.row(0, y) + size.cols, from[in.cols() - 1]);
    }
    return out;
}

/// All planes brought to a luma size, chroma along with it.
Planes resized(const Planes& planes, Size luma) {
    Planes out;
    out.chroma = planes.chroma;
    out.plane[0] = resized(planes.plane[0], luma);
    for (std::size_t i = 1; i < 3; ++i) out.plane[i] = resized(planes.plane[i], out.size(i));
    return out;
}

/// Samples (row_phase + row_step * y, col_phase + col_step * x) of a plane; beyond its end the last ones repeat.
void take_phase(const Array3<float>& in, std::size_t row_step, std::size_t row_phase, std::size_t col_step,
                std::size_t col_phase, Array3<float>& out, std::size_t channel, const RowRunner& rows) {
    rows(out.rows(), [&](std::size_t first, std::size_t last) {
        for (std::size_t y = first; y < last; ++y) {
            const float* from = in.row(0, std::min(row_step * y + row_phase, in.rows() - 1));
            float* to = out.row(channel, y);
            const std::size_t inside = (in.cols() - col_phase + col_step - 1) / col_step;
            for (std::size_t x = 0; x < std::min(inside, out.cols()); ++x) to[x] = from[col_step * x + col_phase];
            for (std::size_t x = inside; x < out.cols(); ++x) to[x] = from[in.cols() - 1];
        }
    });
}

/// The twelve half-resolution planes (03 section 18.1, points 4 to 6). Each chroma plane yields four: its phases where
/// it has them, repeated where it does not.
Array3<float> support_planes(const Planes& coded, const RowRunner& rows) {
    auto support = Array3<float>::uninitialized(12, ceil_div<std::size_t>(coded.rows(), 2),
                                                ceil_div<std::size_t>(coded.cols(), 2));
    for (std::size_t i = 0; i < 3; ++i) {
        const std::size_t row_step = i == 0 ? 2 : 2U / coded.chroma.ver, col_step = i == 0 ? 2 : 2U / coded.chroma.hor;
        for (std::size_t k = 0; k < 4; ++k) {
            const std::size_t row_phase = row_step == 2 ? k / 2 : 0, col_phase = col_step == 2 ? k % 2 : 0;
            take_phase(coded.plane[i], row_step, row_phase, col_step, col_phase, support, 4 * i + k, rows);
        }
    }
    return support;
}

void check_source(const Picture& picture, const SourceOptions& options) {
    check_picture(picture);
    if (std::max(picture.rows(), picture.cols()) > kMaxPictureSide) {
        throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("the picture of {}x{} is too large: no side may exceed {}",
                                                       picture.cols(), picture.rows(), kMaxPictureSide));
    }
    if (options.hidden_rows > kMaxHidden || options.hidden_cols > kMaxHidden || options.hidden_rows >= picture.rows() ||
        options.hidden_cols >= picture.cols()) {
        throw Error(JPEGAI_ERROR_ARGUMENT,
                    fmt::format("cannot hide {} columns and {} rows of a picture of {}x{}", options.hidden_cols,
                                options.hidden_rows, picture.cols(), picture.rows()));
    }
}

}  // namespace

Planes to_yuv(const Picture& picture, const RowRunner& rows) {
    check_picture(picture);
    Planes planes;
    planes.chroma = picture.chroma;
    const float max = static_cast<float>(picture.max_value());
    for (std::size_t i = 0; i < 3; ++i) {
        const Array3<std::uint16_t>& in = picture.planes[picture.model == ColourModel::kGrey ? 0 : i];
        planes.plane[i] = Array3<float>::uninitialized(1, in.rows(), in.cols());
        rows(in.rows(), [&](std::size_t first, std::size_t last) {
            to_unit_row(in.row(0, first), planes.plane[i].row(0, first), (last - first) * in.cols(), max);
        });
    }
    if (picture.model != ColourModel::kYuv) {
        rows(planes.rows(), [&](std::size_t first, std::size_t last) {
            yuv_row(planes.plane[0].row(0, first), planes.plane[1].row(0, first), planes.plane[2].row(0, first),
                    (last - first) * planes.cols());
        });
        return planes;
    }
    for (Array3<float>& plane : planes.plane) {
        rows(plane.rows(), [&](std::size_t first, std::size_t last) {
            multiply_row(plane.row(0, first), plane.row(0, first), (last - first) * plane.cols(), 255.0F);
        });
    }
    return planes;
}

SourcePlanes prepare_source(const Picture& picture, const SourceOptions& options, const RowRunner& rows) {
    check_source(picture, options);
    SourcePlanes source;
    source.source = picture.chroma;
    source.coded = options.coded_chroma.value_or(picture.chroma);
    source.from_rgb = picture.model != ColourModel::kYuv;
    if (!source.coded.valid() || source.coded.ver < source.source.ver || source.coded.hor < source.source.hor) {
        throw Error(JPEGAI_ERROR_UNSUPPORTED,
                    fmt::format("a picture in {} cannot be coded in {}", source.source.name(), source.coded.name()));
    }
    source.original = to_yuv(picture, rows);
    const Size coded_size = {std::max<std::size_t>(picture.rows(), kMinPictureSide),
                             std::max<std::size_t>(picture.cols(), kMinPictureSide)};
    const bool as_is = coded_size == Size{picture.rows(), picture.cols()} && source.coded == source.source;
    Planes changed;
    if (!as_is) {
        changed = resized(source.original, coded_size);
        convert_chroma(changed, source.coded, rows);
    }
    const Planes& coded = as_is ? source.original : changed;
    source.support = support_planes(coded, rows);
    source.luma = coded.plane[0];
    if (options.hidden_rows + options.hidden_cols > 0) {
        source.original =
            resized(source.original, {picture.rows() - options.hidden_rows, picture.cols() - options.hidden_cols});
    }
    return source;
}

}  // namespace jpegai
