#include "bench/detection/planted_defects.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <random>

#include "detection/artifacts/plane_ops.h"

namespace jpegai::planted {
namespace {

using detection::Box;
using detection::Plane;

constexpr std::size_t kPatch = 96;

/// Letters A to Z in 5x7 dots, a row per byte, the left dot highest.
constexpr std::array<std::array<std::uint8_t, 7>, 26> kFont = {{
    {14, 17, 17, 31, 17, 17, 17}, {30, 17, 17, 30, 17, 17, 30}, {14, 17, 16, 16, 16, 17, 14},
    {30, 17, 17, 17, 17, 17, 30}, {31, 16, 16, 30, 16, 16, 31}, {31, 16, 16, 30, 16, 16, 16},
    {14, 17, 16, 23, 17, 17, 14}, {17, 17, 17, 31, 17, 17, 17}, {14, 4, 4, 4, 4, 4, 14},
    {7, 2, 2, 2, 2, 18, 12},      {17, 18, 20, 24, 20, 18, 17}, {16, 16, 16, 16, 16, 16, 31},
    {17, 27, 21, 21, 17, 17, 17}, {17, 25, 21, 19, 17, 17, 17}, {14, 17, 17, 17, 17, 17, 14},
    {30, 17, 17, 30, 16, 16, 16}, {14, 17, 17, 17, 21, 18, 13}, {30, 17, 17, 30, 20, 18, 17},
    {15, 16, 16, 14, 1, 1, 30},   {31, 4, 4, 4, 4, 4, 4},       {17, 17, 17, 17, 17, 17, 14},
    {17, 17, 17, 17, 17, 10, 4},  {17, 17, 17, 21, 21, 27, 17}, {17, 17, 10, 4, 10, 17, 17},
    {17, 17, 10, 4, 4, 4, 4},     {31, 1, 2, 4, 8, 16, 31},
}};

class Random {
public:
    explicit Random(std::uint32_t seed) : engine_(seed) {}
    /// 0 .. count - 1.
    std::size_t below(std::size_t count) { return engine_() % count; }
    double angle() { return static_cast<double>(below(3600)) / 1800 * std::numbers::pi; }

private:
    std::mt19937 engine_;  // its sequence is the same everywhere, unlike the standard distributions
};

std::uint16_t level(double value) {
    return static_cast<std::uint16_t>(std::lround(std::clamp(value, 0.0, 255.0)));
}

/// Calls body(y, x) for every sample of a box.
template <class Body>
void each(const Box& box, Body body) {
    for (std::size_t y = box.y; y < box.y + box.height; ++y) {
        for (std::size_t x = box.x; x < box.x + box.width; ++x) body(y, x);
    }
}

Plane as_plane(const Array3<std::uint16_t>& samples) {
    Plane plane = Plane::uninitialized(1, samples.rows(), samples.cols());
    for (std::size_t i = 0; i < samples.size(); ++i) plane.data()[i] = static_cast<float>(samples.data()[i]);
    return plane;
}

/// A box of letters: ground and ink, `seed` says which letters.
void write_letters(Picture& picture, const Box& box, std::size_t dot, bool dark_on_light, Random& random) {
    for (std::size_t c = 0; c < 3; ++c)
        each(box, [&](std::size_t y, std::size_t x) { picture.planes[c](0, y, x) = dark_on_light ? 225 : 40; });
    const std::size_t letters = (box.width - 2 * dot) / (6 * dot);
    for (std::size_t i = 0; i < letters; ++i) {
        const auto& glyph = kFont[random.below(kFont.size())];
        const std::size_t left = box.x + dot * (2 + 6 * i), top = box.y + 2 * dot;
        each({left, top, 5 * dot, 7 * dot}, [&](std::size_t y, std::size_t x) {
            if (((glyph[(y - top) / dot] >> (4 - (x - left) / dot)) & 1) == 0) return;
            for (Array3<std::uint16_t>& plane : picture.planes) plane(0, y, x) = dark_on_light ? 35 : 215;
        });
    }
}

/// Of 40 random patches the one of the largest value.
template <class Value>
std::pair<Box, double> best_patch(const Picture& picture, Random& random, Value value) {
    Box best;
    double most = -1;
    for (int i = 0; i < 40; ++i) {
        const Box box{random.below(picture.cols() - kPatch), random.below(picture.rows() - kPatch), kPatch, kPatch};
        const double here = value(box);
        if (here > most) most = here, best = box;
    }
    return {best, most};
}

/// Third smallest standard deviation of green of the patch's nine squares: texture everywhere, not just an edge.
double texture(const Picture& picture, const Box& box) {
    std::array<double, 9> deviations{};
    constexpr std::size_t kSide = kPatch / 3;
    for (std::size_t i = 0; i < 9; ++i) {
        double sum = 0, squares = 0;
        each({box.x + i % 3 * kSide, box.y + i / 3 * kSide, kSide, kSide}, [&](std::size_t y, std::size_t x) {
            const double fine = static_cast<double>(picture.planes[1](0, y, x)) -
                                static_cast<double>(picture.planes[1](0, y, x > 0 ? x - 1 : 1));
            sum += fine, squares += fine * fine;
        });
        deviations[i] = std::sqrt(squares / (kSide * kSide) - std::pow(sum / (kSide * kSide), 2));
    }
    std::sort(deviations.begin(), deviations.end());
    return deviations[2];
}

/// Share of samples of the patch with a step of 30 levels or more to a neighbour four samples away.
double edges(const Picture& picture, const Box& box) {
    double count = 0;
    const auto& green = picture.planes[1];
    each({box.x, box.y, box.width - 4, box.height - 4}, [&](std::size_t y, std::size_t x) {
        const int here = green(0, y, x);
        if (std::max(std::abs(here - green(0, y, x + 4)), std::abs(here - green(0, y + 4, x))) >= 30) count += 1;
    });
    return count / (kPatch * kPatch);
}

void blur(Picture& picture, const Box& box) {
    for (Array3<std::uint16_t>& plane : picture.planes) {
        const Plane smooth = detection::gaussian_blur(as_plane(plane), 11, 2.5, serial_rows);
        each(box, [&](std::size_t y, std::size_t x) { plane(0, y, x) = level(static_cast<double>(smooth(0, y, x))); });
    }
}

/// Adds to R, G and B.
void add(Picture& picture, const Box& box, std::array<double, 3> change) {
    for (std::size_t c = 0; c < 3; ++c)
        each(box, [&](std::size_t y, std::size_t x) {
            picture.planes[c](0, y, x) = level(picture.planes[c](0, y, x) + change[c]);
        });
}

Planted shift_hue(Picture picture, Random& random) {
    const Box box{random.below(picture.cols() - kPatch), random.below(picture.rows() - kPatch), kPatch, kPatch};
    const double angle = random.angle(), cb = 10 * std::cos(angle), cr = 10 * std::sin(angle);
    add(picture, box, {1.5748 * cr, -0.1873 * cb - 0.4681 * cr, 1.8556 * cb});
    return {std::move(picture), box};
}

std::optional<Planted> blur_texture(Picture picture, Random& random) {
    const auto [box, deviation] = best_patch(picture, random, [&](const Box& b) { return texture(picture, b); });
    if (deviation < 5) return std::nullopt;
    blur(picture, box);
    return Planted{std::move(picture), box};
}

std::optional<Planted> displace_edges(Picture picture, Random& random) {
    const auto [box, share] = best_patch(picture, random, [&](const Box& b) { return edges(picture, b); });
    if (share < 0.1) return std::nullopt;
    const auto by = [&] { return (random.below(2) != 0 ? 1 : -1) * static_cast<std::ptrdiff_t>(2 + random.below(2)); };
    const std::ptrdiff_t dx = 2 * by(), dy = by();
    const Picture before = picture;
    const auto moved = [](std::size_t at, std::ptrdiff_t step, std::size_t count) {
        return static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(at) + step, 0,
                                                                   static_cast<std::ptrdiff_t>(count) - 1));
    };
    for (std::size_t c = 0; c < 3; ++c)
        each(box, [&](std::size_t y, std::size_t x) {
            picture.planes[c](0, y, x) = before.planes[c](0, moved(y, dy, before.rows()), moved(x, dx, before.cols()));
        });
    return Planted{std::move(picture), box};
}

Planted destroy_text(Picture picture, const Box& text, Random& random) {
    if (random.below(2) == 0) {
        blur(picture, text);
    } else {
        const std::size_t dot = text.height / 11;
        write_letters(picture, text, dot, picture.planes[1](0, text.y + 1, text.x + 1) > 128, random);
    }
    return {std::move(picture), text};
}

Planted add_seam(Picture picture, Random& random) {
    constexpr std::size_t kLength = 160, kFade = 48;
    const bool vertical = random.below(2) == 0;
    const std::size_t across = vertical ? picture.cols() : picture.rows(),
                      along = vertical ? picture.rows() : picture.cols();
    const std::size_t at = 64 * (1 + random.below(across / 64 - 1)), start = random.below(along - kLength + 1);
    const double height = random.below(2) == 0 ? 4 : -4;
    const std::size_t fade = std::min(kFade, across - at);
    for (std::size_t i = 0; i < fade; ++i) {
        const double step = height * (1 - static_cast<double>(i) / kFade);
        const Box line = vertical ? Box{at + i, start, 1, kLength} : Box{start, at + i, kLength, 1};
        add(picture, line, {step, step, step});
    }
    const Box where = vertical ? Box{at - 8, start, 16, kLength} : Box{start, at - 8, kLength, 16};
    return {std::move(picture), where};
}

std::optional<Planted> clip(Picture picture, Random& random) {
    const auto clipped = [&](const Box& box, bool up) {
        double count = 0;
        each(box, [&](std::size_t y, std::size_t x) {
            for (const auto& plane : picture.planes) {
                const unsigned v = plane(0, y, x);
                if (up ? v > 210 && v < 247 : v < 45 && v > 8) {
                    count += 1;
                    break;
                }
            }
        });
        return count / (kPatch * kPatch);
    };
    const bool first_up = random.below(2) == 0;
    for (const bool up : {first_up, !first_up}) {
        const auto [box, share] = best_patch(picture, random, [&](const Box& b) { return clipped(b, up); });
        if (share < 0.3) continue;
        const double change = up ? 50 : -50;
        add(picture, box, {change, change, change});
        return Planted{std::move(picture), box};
    }
    return std::nullopt;
}

Planted shift_all(Picture picture, Random& random) {
    const double sign = random.below(2) == 0 ? 1 : -1;
    const auto some = [&] { return 2 + static_cast<double>(random.below(2)); };
    const Box all{0, 0, picture.cols(), picture.rows()};
    add(picture, all, {sign * some(), 0, -sign * some()});
    return {std::move(picture), all};
}

}  // namespace

const char* defect_name(Defect defect) {
    constexpr std::array<const char*, kDefectCount> kNames = {"hue",  "texture",  "edges", "text",
                                                              "seam", "clipping", "shift"};
    return kNames.at(static_cast<std::size_t>(defect));
}

Planted with_text(const Picture& picture, std::uint32_t seed) {
    Random random(seed);
    const std::size_t dot = 2 + random.below(2), letters = 6 + random.below(5);
    Box box{0, 0, dot * (6 * letters + 3), dot * 11};
    box.x = random.below(picture.cols() - box.width);
    box.y = random.below(picture.rows() - box.height);
    Planted result{picture, box};
    write_letters(result.picture, box, dot, random.below(2) == 0, random);
    return result;
}

std::optional<Planted> plant(Defect defect, const Picture& decode, const Box& text, std::uint32_t seed) {
    if (std::min(decode.rows(), decode.cols()) < 200) return std::nullopt;
    Random random(seed);
    switch (defect) {
        case Defect::kHue:
            return shift_hue(decode, random);
        case Defect::kTexture:
            return blur_texture(decode, random);
        case Defect::kEdges:
            return displace_edges(decode, random);
        case Defect::kText:
            return destroy_text(decode, text, random);
        case Defect::kSeam:
            return add_seam(decode, random);
        case Defect::kClipping:
            return clip(decode, random);
        case Defect::kShift:
            return shift_all(decode, random);
    }
    return std::nullopt;
}

}  // namespace jpegai::planted
