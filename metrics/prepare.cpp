#include <algorithm>

#include "base/error.h"
#include "metrics/planes.h"
#include "metrics/window.h"

namespace jpegai::metrics {
namespace {

/// Rounds half to even for 0 <= value < 2^22 at the default rounding mode: the sum has no bits left for a fraction.
/// Unlike std::nearbyint this vectorises everywhere.
float round_to_even(float value) {
    constexpr float kShift = 12582912.0F;  // 1.5 * 2^23
    return (value + kShift) - kShift;
}

/// Integer samples of one plane on the scale 0..1, rounded to `most` + 1 levels.
Plane scale(const Array3<std::uint16_t>& samples, unsigned max_value, float most) {
    Plane plane = Plane::uninitialized(1, samples.rows(), samples.cols());
    const auto divisor = static_cast<float>(max_value);
    const std::uint16_t* in = samples.data();
    float* out = plane.data();
    for (std::size_t i = 0; i < samples.size(); ++i)
        out[i] = round_to_even(static_cast<float>(in[i]) / divisor * most) / most;
    return plane;
}

void clamp_and_round(Plane& plane, float most) {
    float* samples = plane.data();
    for (std::size_t i = 0; i < plane.size(); ++i)
        samples[i] = round_to_even(std::min(std::max(samples[i], 0.0F), 1.0F) * most) / most;
}

std::array<Plane, 3> to_yuv(const std::array<Plane, 3>& rgb, float most) {
    std::array<Plane, 3> yuv;
    for (Plane& plane : yuv) plane = Plane::uninitialized(1, rgb[0].rows(), rgb[0].cols());
    const float *r = rgb[0].data(), *g = rgb[1].data(), *b = rgb[2].data();
    float *y = yuv[0].data(), *u = yuv[1].data(), *v = yuv[2].data();
    for (std::size_t i = 0; i < rgb[0].size(); ++i) {
        y[i] = (0.2126F * r[i] + 0.7152F * g[i]) + 0.0722F * b[i];
        u[i] = (b[i] - y[i]) / 1.8556F + 0.5F;
        v[i] = (r[i] - y[i]) / 1.5748F + 0.5F;
    }
    for (Plane& plane : yuv) clamp_and_round(plane, most);
    return yuv;
}

}  // namespace

Prepared prepare(const Picture& picture, unsigned internal_depth) {
    check_picture(picture);
    if (internal_depth < 8 || internal_depth > 16)
        throw Error(JPEGAI_ERROR_ARGUMENT, "the internal bit depth of metrics is 8 to 16");
    const auto most = static_cast<float>((1U << internal_depth) - 1);
    Prepared prepared;
    prepared.colour = picture.planes.size() == 3;
    prepared.chroma = picture.chroma;
    prepared.has_rgb = picture.model == ColourModel::kRgb;
    std::array<Plane, 3> planes;
    for (std::size_t i = 0; i < picture.planes.size(); ++i)
        planes[i] = scale(picture.planes[i], picture.max_value(), most);
    if (prepared.has_rgb) {
        prepared.yuv = to_yuv(planes, most);
        prepared.rgb = std::move(planes);
    } else {
        prepared.yuv = std::move(planes);
    }
    return prepared;
}

double squared_error(const Plane& a, const Plane& b) {
    double sum = 0;
    std::vector<float> squares(a.cols());
    for (std::size_t y = 0; y < a.rows(); ++y) {
        const float *ra = a.row(0, y), *rb = b.row(0, y);
        for (std::size_t x = 0; x < a.cols(); ++x) squares[x] = (ra[x] - rb[x]) * (ra[x] - rb[x]);
        sum += sum_row(squares.data(), a.cols());
    }
    return sum;
}

double psnr(const Plane& a, const Plane& b) {
    const double error = squared_error(a, b);
    return error == 0 ? 100 : -10 * std::log10(error / static_cast<double>(a.size()));
}

}  // namespace jpegai::metrics
