#include "detection/artifacts/colour.h"

#include <cmath>
#include <numbers>
#include <vector>

#include "decoder/planes.h"

namespace jpegai::detection {
namespace {

/// sRGB to linear light on a grid that holds every sample of up to 12 bits; between its points the curve is straight
/// to 1e-8.
class LinearLight {
public:
    LinearLight() : table_(kSteps + 2) {
        for (std::size_t i = 0; i < table_.size(); ++i) {
            const double v = static_cast<double>(i) / kSteps;
            table_[i] = static_cast<float>(v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4));
        }
    }
    [[nodiscard]] float operator()(float value) const {
        const float scaled = std::fmin(std::fmax(value, 0.0F), 1.0F) * kSteps;
        const auto index = static_cast<std::size_t>(scaled);
        const float part = scaled - static_cast<float>(index);
        return table_[index] + part * (table_[index + 1] - table_[index]);
    }

private:
    static constexpr std::size_t kSteps = 255 * 257;
    std::vector<float> table_;
};

float lab_curve(float t) {
    constexpr float kDelta = 6.0F / 29.0F;
    return t > kDelta * kDelta * kDelta ? std::cbrt(t) : t / (3 * kDelta * kDelta) + 4.0F / 29.0F;
}

Plane scaled(const Array3<std::uint16_t>& in, float scale) {
    Plane out = Plane::uninitialized(1, in.rows(), in.cols());
    for (std::size_t i = 0; i < in.size(); ++i) out.data()[i] = static_cast<float>(in.data()[i]) * scale;
    return out;
}

float degrees(float radians) {
    return radians * (180.0F / std::numbers::pi_v<float>);
}
float radians(float degrees) {
    return degrees * (std::numbers::pi_v<float> / 180.0F);
}
float seventh_power(float v) {
    const float cube = v * v * v;
    return cube * cube * v;
}
/// 0 .. 360; 0 for grey.
float hue(float a, float b) {
    if (a == 0 && b == 0) return 0;
    const float angle = degrees(std::atan2(b, a));
    return angle < 0 ? angle + 360 : angle;
}

}  // namespace

Samples samples_of(const Picture& picture, const RowRunner& rows) {
    check_picture(picture);
    Samples samples;
    samples.grey = picture.model == ColourModel::kGrey;
    const bool yuv = picture.model == ColourModel::kYuv;
    const float scale = (yuv ? 255.0F : 1.0F) / static_cast<float>(picture.max_value());
    for (std::size_t i = 0; i < picture.planes.size(); ++i) samples.rgb[i] = scaled(picture.planes[i], scale);
    if (yuv) {
        Planes planes{std::move(samples.rgb), picture.chroma, false};
        yuv_to_rgb(planes, rows);
        for (std::size_t i = 0; i < 3; ++i) {
            for (float& value : planes.plane[i].span()) value /= 255;
            samples.rgb[i] = std::move(planes.plane[i]);
        }
    }
    if (samples.grey) return samples;
    samples.luma = Plane::uninitialized(1, picture.rows(), picture.cols());
    for_rows(samples.luma, rows, [&](std::size_t y, float* out) {
        const float *r = samples.rgb[0].row(0, y), *g = samples.rgb[1].row(0, y), *b = samples.rgb[2].row(0, y);
        for (std::size_t x = 0; x < picture.cols(); ++x) out[x] = 0.2126F * r[x] + 0.7152F * g[x] + 0.0722F * b[x];
    });
    return samples;
}

const Plane& luma_of(const Samples& samples) {
    return samples.grey ? samples.rgb[0] : samples.luma;
}

Lab lab_of(const Samples& samples, const RowRunner& rows) {
    static const LinearLight linear;
    const Plane& first = samples.rgb[0];
    Lab lab;
    for (Plane& plane : lab) plane = Plane::uninitialized(1, first.rows(), first.cols());
    rows(first.rows(), [&](std::size_t begin, std::size_t end) {
        for (std::size_t y = begin; y < end; ++y) {
            const float *red = first.row(0, y), *green = samples.rgb[samples.grey ? 0 : 1].row(0, y),
                        *blue = samples.rgb[samples.grey ? 0 : 2].row(0, y);
            for (std::size_t x = 0; x < first.cols(); ++x) {
                const float r = linear(red[x]), g = linear(green[x]), b = linear(blue[x]);
                const float fx = lab_curve((0.4124564F * r + 0.3575761F * g + 0.1804375F * b) / 0.95047F);
                const float fy = lab_curve(0.2126729F * r + 0.7151522F * g + 0.0721750F * b);
                const float fz = lab_curve((0.0193339F * r + 0.1191920F * g + 0.9503041F * b) / 1.08883F);
                lab[0](0, y, x) = 116 * fy - 16;
                lab[1](0, y, x) = 500 * (fx - fy);
                lab[2](0, y, x) = 200 * (fy - fz);
            }
        }
    });
    return lab;
}

float ciede2000(const std::array<float, 3>& lab1, const std::array<float, 3>& lab2) {
    constexpr float k25To7 = 6103515625.0F;
    const auto [l1, a1, b1] = lab1;
    const auto [l2, a2, b2] = lab2;
    const float mean_chroma7 = seventh_power((std::sqrt(a1 * a1 + b1 * b1) + std::sqrt(a2 * a2 + b2 * b2)) / 2);
    const float stretch = 1.5F - 0.5F * std::sqrt(mean_chroma7 / (mean_chroma7 + k25To7));
    const float sa1 = a1 * stretch, sa2 = a2 * stretch;
    const float c1 = std::sqrt(sa1 * sa1 + b1 * b1), c2 = std::sqrt(sa2 * sa2 + b2 * b2);
    const float h1 = hue(sa1, b1), h2 = hue(sa2, b2);

    const bool coloured = c1 != 0 && c2 != 0;
    float dh = coloured ? h2 - h1 : 0;
    if (dh > 180) dh -= 360;
    if (dh < -180) dh += 360;
    const float dl = l2 - l1, dc = c2 - c1, dhue = 2 * std::sqrt(c1 * c2) * std::sin(radians(dh / 2));

    const float l = (l1 + l2) / 2, c = (c1 + c2) / 2;
    float h = h1 + h2;
    if (coloured) {
        if (std::fabs(h1 - h2) > 180) h += h < 360 ? 360.0F : -360.0F;
        h /= 2;
    }
    const float t = 1 - 0.17F * std::cos(radians(h - 30)) + 0.24F * std::cos(radians(2 * h)) +
                    0.32F * std::cos(radians(3 * h + 6)) - 0.20F * std::cos(radians(4 * h - 63));
    const float turn = (h - 275) / 25, c7 = seventh_power(c), l50 = (l - 50) * (l - 50);
    const float rotation = -2 * std::sqrt(c7 / (c7 + k25To7)) * std::sin(radians(60 * std::exp(-turn * turn)));
    const float sl = dl / (1 + 0.015F * l50 / std::sqrt(20 + l50)), sc = dc / (1 + 0.045F * c),
                sh = dhue / (1 + 0.015F * c * t);
    return std::sqrt(std::fmax(sl * sl + sc * sc + sh * sh + rotation * sc * sh, 0.0F));
}

}  // namespace jpegai::detection
