#include "detection/artifacts/views.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "detection/artifacts/colour.h"

namespace jpegai::detection {
namespace {

std::uint16_t level(float value) {
    return static_cast<std::uint16_t>(std::lround(std::clamp(value, 0.0F, 1.0F) * 255));
}

}  // namespace

Picture as_rgb8(const Picture& picture) {
    if (picture.model == ColourModel::kRgb && picture.bit_depth == 8) {
        Picture plain = picture;
        plain.metadata = {};
        return plain;
    }
    const Samples samples = samples_of(picture, serial_rows);
    Picture rgb = make_picture(ColourModel::kRgb, {1, 1}, 8, picture.rows(), picture.cols());
    for (std::size_t c = 0; c < 3; ++c) {
        const float* in = samples.rgb[samples.grey ? 0 : c].data();
        std::transform(in, in + rgb.planes[c].size(), rgb.planes[c].data(), level);
    }
    return rgb;
}

Picture heat_map(const Plane& map, double most, const Picture& original) {
    const Samples samples = samples_of(original, serial_rows);
    const Plane& luma = luma_of(samples);
    Picture out = make_picture(ColourModel::kRgb, {1, 1}, 8, map.rows(), map.cols());
    const auto scale = static_cast<float>(most > 0 ? 1 / most : 0);
    for (std::size_t i = 0; i < map.size(); ++i) {
        const float heat = std::clamp(map.data()[i] * scale, 0.0F, 1.0F), ground = luma.data()[i] * 0.4F * (1 - heat);
        for (std::size_t c = 0; c < 3; ++c)
            out.planes[c].data()[i] = level(ground + std::clamp(3 * heat - static_cast<float>(c), 0.0F, 1.0F));
    }
    return out;
}

void draw_box(Picture& rgb8, const Box& box, std::array<std::uint16_t, 3> colour) {
    constexpr std::size_t kWidth = 3;
    for (std::size_t y = box.y; y < std::min(box.y + box.height, rgb8.rows()); ++y) {
        for (std::size_t x = box.x; x < std::min(box.x + box.width, rgb8.cols()); ++x) {
            const bool inner = y >= box.y + kWidth && y + kWidth < box.y + box.height && x >= box.x + kWidth &&
                               x + kWidth < box.x + box.width;
            for (std::size_t c = 0; c < 3 && !inner; ++c) rgb8.planes[c](0, y, x) = colour[c];
        }
    }
}

Picture enlarged(const Picture& rgb8, const Box& box, std::size_t zoom) {
    if (box.width == 0 || box.height == 0 || box.x + box.width > rgb8.cols() || box.y + box.height > rgb8.rows())
        throw Error(JPEGAI_ERROR_ARGUMENT, "the box leaves the picture");
    Picture out = make_picture(ColourModel::kRgb, {1, 1}, 8, box.height * zoom, box.width * zoom);
    for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t y = 0; y < out.rows(); ++y) {
            const std::uint16_t* from = rgb8.planes[c].row(0, box.y + y / zoom) + box.x;
            for (std::size_t x = 0; x < out.cols(); ++x) out.planes[c](0, y, x) = from[x / zoom];
        }
    }
    return out;
}

}  // namespace jpegai::detection
