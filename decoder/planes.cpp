#include "decoder/planes.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

#include "backend/picture_math.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/math.h"
#include "decoder/row_ops.h"

namespace jpegai {
namespace {

void copy_rows(const Array3<float>& from, std::size_t channel, ChromaFormat step, Array3<float>& to,
               const RowRunner& rows) {
    rows(to.rows(), [&](std::size_t first, std::size_t last) {
        for (std::size_t y = first; y < last; ++y) {
            const float* in = from.row(channel, y * step.ver);
            float* out = to.row(0, y);
            if (step.hor == 1) {
                std::copy_n(in, to.cols(), out);
            } else {
                for (std::size_t x = 0; x < to.cols(); ++x) out[x] = in[2 * x];
            }
        }
    });
}

using picture_math::kBlueFromU;
using picture_math::kGreenFromU;
using picture_math::kGreenFromV;
using picture_math::kRedFromV;

/// In place: a, b, c hold Y, U, V on the scale 0..255, or chroma on 0..1 when `scaled_chroma`.
void rgb_row(float* a, float* b, float* c, std::size_t count, bool scaled_chroma) {
    divide_row(a, a, count, 255.0F);
    if (!scaled_chroma) {
        divide_row(b, b, count, 255.0F);
        divide_row(c, c, count, 255.0F);
    }
    for (std::size_t x = 0; x < count; ++x) {
        const float y = a[x], u = b[x] - 0.5F, v = c[x] - 0.5F;
        a[x] = (y + kRedFromV * v) * 255.0F;
        b[x] = ((y - kGreenFromU * u) - kGreenFromV * v) * 255.0F;
        c[x] = (y + kBlueFromU * u) * 255.0F;
    }
    for (float* row : {a, b, c}) clamp_row(row, row, count, 0.0F, 255.0F);
}

/// Integers nearest to non-negative values below 2^22, halves to even.
void round_row(const float* in, std::uint16_t* out, std::size_t count) {
    for (std::size_t x = 0; x < count; ++x) out[x] = picture_math::round_sample(in[x]);
}

/// `max` is the largest sample value, or 0 to round as it is.
void quantise_samples(const float* in, std::uint16_t* out, std::size_t count, float max) {
    std::array<float, 512> level;
    for (std::size_t start = 0; start < count; start += level.size()) {
        const std::size_t some = std::min(level.size(), count - start);
        clamp_row(in + start, level.data(), some, 0.0F, 255.0F);
        if (max > 0.0F) {
            divide_row(level.data(), level.data(), some, 255.0F);
            multiply_row(level.data(), level.data(), some, max);
        }
        round_row(level.data(), out + start, some);
    }
}

}  // namespace

Size plane_size(Size luma, ChromaFormat chroma, std::size_t i) {
    if (i == 0) return luma;
    return {ceil_div<std::size_t>(luma.rows, chroma.ver), ceil_div<std::size_t>(luma.cols, chroma.hor)};
}

Area window_of_plane(const Area& window, ChromaFormat chroma, std::size_t i) {
    if (i == 0) return window;
    return {window.row / chroma.ver, window.col / chroma.hor, ceil_div<std::size_t>(window.rows, chroma.ver),
            ceil_div<std::size_t>(window.cols, chroma.hor)};
}

void check_synthesised(const Shape& luma, const Shape& chroma, Size display, ChromaFormat coded) {
    if (luma.channels != 1 || chroma.channels != 2 || luma.size != chroma.size || display.rows == 0 ||
        display.cols == 0 || display.rows > luma.size.rows || display.cols > luma.size.cols || !coded.valid()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "synthesised planes do not fit the displayed size");
    }
}

void require_conversion(ChromaFormat from, ChromaFormat to) {
    if (!to.valid() || (!from.is_444() && !to.is_444())) {
        throw Error(JPEGAI_ERROR_UNSUPPORTED,
                    fmt::format("no conversion from chroma format {} to {}", from.name(), to.name()));
    }
}

void require_colour_transform(unsigned colour_transform_idx) {
    if (colour_transform_idx < 2) return;
    if (colour_transform_idx == 2)
        throw Error(JPEGAI_ERROR_UNSUPPORTED, "user-defined colour transform (colour_transform_idx 2)");
    throw Error(JPEGAI_ERROR_HEADER, fmt::format("colour_transform_idx {} is not defined", colour_transform_idx));
}

float quantise_max(bool rgb, unsigned bit_depth) {
    if (bit_depth < 8 || bit_depth > 16)
        throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("bit depth {} is not 8..16", bit_depth));
    return !rgb && bit_depth == 8 ? 0.0F : static_cast<float>((1U << bit_depth) - 1);
}

Size Planes::size(std::size_t i) const {
    return plane_size({rows(), cols()}, chroma, i);
}

void check_planes(const Planes& planes) {
    bool good = planes.chroma.valid() && (!planes.rgb || planes.chroma.is_444()) && !planes.plane[0].empty();
    for (std::size_t i = 0; good && i < 3; ++i) {
        const Array3<float>& plane = planes.plane[i];
        good = plane.channels() == 1 && Size{plane.rows(), plane.cols()} == planes.size(i);
    }
    if (!good) throw Error(JPEGAI_ERROR_ARGUMENT, "planes do not have the sizes of their chroma format");
}

Planes make_planes(Array3<float> luma, Array3<float> chroma, Size display, ChromaFormat coded, const RowRunner& rows) {
    check_synthesised({luma.channels(), {luma.rows(), luma.cols()}},
                      {chroma.channels(), {chroma.rows(), chroma.cols()}}, display, coded);
    Planes planes;
    planes.chroma = coded;
    if (Size{luma.rows(), luma.cols()} == display) {
        planes.plane[0] = std::move(luma);
    } else {
        planes.plane[0] = Array3<float>::uninitialized(1, display.rows, display.cols);
        copy_rows(luma, 0, {1, 1}, planes.plane[0], rows);
    }
    if (coded.is_444() && Size{chroma.rows(), chroma.cols()} == display) {
        std::vector<Array3<float>> parts = Array3<float>::split_channels(std::move(chroma));
        planes.plane[1] = std::move(parts[0]);
        planes.plane[2] = std::move(parts[1]);
        return planes;
    }
    for (std::size_t i = 1; i < 3; ++i) {
        const Size size = planes.size(i);
        planes.plane[i] = Array3<float>::uninitialized(1, size.rows, size.cols);
        copy_rows(chroma, i - 1, coded, planes.plane[i], rows);
    }
    return planes;
}

void convert_chroma(Planes& planes, ChromaFormat target, const RowRunner& rows) {
    check_planes(planes);
    if (planes.chroma == target) return;
    require_conversion(planes.chroma, target);
    const bool up = target.is_444();
    planes.chroma = target;
    for (std::size_t i = 1; i < 3; ++i) {
        Array3<float>& plane = planes.plane[i];
        plane = up ? resample_bicubic(plane, planes.size(i), rows) : resample_bilinear(plane, planes.size(i), rows);
    }
}

void yuv_to_rgb(Planes& planes, const RowRunner& rows) {
    check_planes(planes);
    if (planes.rgb) throw Error(JPEGAI_ERROR_ARGUMENT, "planes are RGB already");
    const bool upsample = !planes.chroma.is_444();
    if (upsample) {
        for (std::size_t i = 1; i < 3; ++i) {
            Array3<float>& plane = planes.plane[i];
            rows(plane.rows(), [&](std::size_t first, std::size_t last) {
                divide_row(plane.row(0, first), plane.row(0, first), (last - first) * plane.cols(), 255.0F);
            });
        }
        convert_chroma(planes, {1, 1}, rows);
    }
    rows(planes.rows(), [&](std::size_t first, std::size_t last) {
        for (std::size_t y = first; y < last; ++y) {
            rgb_row(planes.plane[0].row(0, y), planes.plane[1].row(0, y), planes.plane[2].row(0, y), planes.cols(),
                    upsample);
        }
    });
    planes.rgb = true;
}

void clamp_planes(Planes& planes, const RowRunner& rows) {
    for (Array3<float>& plane : planes.plane) {
        rows(plane.rows(), [&](std::size_t first, std::size_t last) {
            clamp_row(plane.row(0, first), plane.row(0, first), (last - first) * plane.cols(), 0.0F, 255.0F);
        });
    }
}

void finish_colour(Planes& planes, unsigned colour_transform_idx, const RowRunner& rows) {
    require_colour_transform(colour_transform_idx);
    if (colour_transform_idx == 1) {
        yuv_to_rgb(planes, rows);
    } else {
        clamp_planes(planes, rows);
    }
}

namespace {

/// `finished(i)` is called when nobody reads plane i any more.
template <class Finished>
Picture quantise_planes(const Planes& planes, unsigned bit_depth, const RowRunner& rows, const Finished& finished) {
    check_planes(planes);
    Picture picture;
    picture.model = planes.rgb ? ColourModel::kRgb : ColourModel::kYuv;
    picture.chroma = planes.chroma;
    picture.bit_depth = bit_depth;
    picture.range = SampleRange::kFull;
    const float max = quantise_max(planes.rgb, bit_depth);
    for (std::size_t i = 0; i < 3; ++i) {
        const Array3<float>& in = planes.plane[i];
        auto out = Array3<std::uint16_t>::uninitialized(1, in.rows(), in.cols());
        rows(in.rows(), [&](std::size_t first, std::size_t last) {
            quantise_samples(in.row(0, first), out.row(0, first), (last - first) * in.cols(), max);
        });
        picture.planes.push_back(std::move(out));
        finished(i);
    }
    return picture;
}

}  // namespace

Picture quantise(const Planes& planes, unsigned bit_depth, const RowRunner& rows) {
    return quantise_planes(planes, bit_depth, rows, [](std::size_t) {});
}

Picture quantise(Planes&& planes, unsigned bit_depth, const RowRunner& rows) {
    return quantise_planes(planes, bit_depth, rows, [&](std::size_t i) { planes.plane[i] = {}; });
}

std::array<std::string, 3> plane_md5(const Planes& planes) {
    static_assert(std::endian::native == std::endian::little, "samples are hashed as they lie in memory");
    std::array<std::string, 3> digests;
    for (std::size_t i = 0; i < 3; ++i) {
        const Array3<float>& plane = planes.plane[i];
        digests[i] = md5_hex({reinterpret_cast<const std::uint8_t*>(plane.data()), plane.size() * sizeof(float)});
    }
    return digests;
}

}  // namespace jpegai
