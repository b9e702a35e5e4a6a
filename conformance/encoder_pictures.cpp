#include "conformance/encoder_pictures.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/math.h"
#include "conformance/random.h"

namespace jpegai::conformance {
namespace {

/// Values on a coarse grid, interpolated linearly: smooth at distances below `step` samples. 16 bits of fraction.
class SmoothNoise {
public:
    SmoothNoise(Random& random, std::uint32_t step) : step_(step) {
        for (int& value : grid_) value = random.between(-128, 128);
    }
    [[nodiscard]] int operator()(std::uint32_t y, std::uint32_t x) const {
        const auto row = static_cast<int>(y % step_), col = static_cast<int>(x % step_), step = static_cast<int>(step_);
        const std::uint32_t i = y / step_, j = x / step_;
        const int top = at(i, j) * (step - col) + at(i, j + 1) * col;
        const int bottom = at(i + 1, j) * (step - col) + at(i + 1, j + 1) * col;
        return (top * (step - row) + bottom * row) / (step * step);
    }

private:
    static constexpr std::uint32_t kSide = 64;
    [[nodiscard]] int at(std::uint32_t i, std::uint32_t j) const { return grid_[i % kSide * kSide + j % kSide]; }
    std::uint32_t step_;
    std::array<int, std::size_t{kSide} * kSide> grid_{};
};

/// Discs and bars in front of a textured ground; a value per plane and place, about -400 to 400.
class Scene {
public:
    explicit Scene(Random& random) : wide_(random, 61), middle_(random, 17), fine_(random, 5), grain_(random, 2) {
        for (Disc& disc : discs_) {
            disc = {random.between(0, 640), random.between(0, 512), random.between(8, 60), {}};
            for (int& shade : disc.shade) shade = random.between(-150, 150);
        }
    }
    [[nodiscard]] int operator()(std::size_t plane, std::uint32_t y, std::uint32_t x) const {
        // Planes are alike in their details and differ in their shading, as colours of photographs do.
        const auto offset = static_cast<std::uint32_t>(plane * 97);
        int value = wide_(y + offset, x + offset) * 3 / 4 + middle_(y, x + offset / 2) / 3;
        const int texture = std::max(0, wide_(x + 300, y + 500));
        value += (fine_(y, x) + grain_(y, x) / 2) * texture / 160;
        for (const Disc& disc : discs_) {
            const int dy = static_cast<int>(y) - disc.y, dx = static_cast<int>(x) - disc.x;
            if (dy * dy + dx * dx < disc.radius * disc.radius) value += disc.shade[plane];
        }
        if (x / 9 % 11 == 3 && y / 50 % 2 == 0) value -= 70;
        return value;
    }

private:
    struct Disc {
        int x, y, radius;
        std::array<int, 3> shade;
    };
    SmoothNoise wide_, middle_, fine_, grain_;
    std::array<Disc, 24> discs_{};
};

}  // namespace

const std::vector<EncoderPicture>& encoder_pictures() {
    constexpr ChromaFormat k444{1, 1}, k422{1, 2}, k420{2, 2};
    static const std::vector<EncoderPicture> pictures = {
        {"rgb_64x64", "The smallest picture", 64, 64, ColourModel::kRgb, k444, 8, {1.5}},
        {"rgb_127x65", "Odd sides", 127, 65, ColourModel::kRgb, k444, 8, {1.0}},
        {"rgb_320x240", "Every usual rate", 320, 240, ColourModel::kRgb, k444, 8, {0.25, 0.5, 0.75, 1.0, 1.5}},
        {"rgb_577x64", "A long picture", 577, 64, ColourModel::kRgb, k444, 8, {0.75}},
        {"rgb_96x700", "A high picture", 96, 700, ColourModel::kRgb, k444, 8, {0.5}},
        {"rgb_640x512", "A larger picture", 640, 512, ColourModel::kRgb, k444, 8, {0.12, 0.5}},
        {"rgb10_176x144", "Ten bits", 176, 144, ColourModel::kRgb, k444, 10, {0.75}},
        {"yuv420_176x144", "4:2:0", 176, 144, ColourModel::kYuv, k420, 8, {0.5, 1.0}},
        {"yuv420_101x83", "4:2:0 with odd sides", 101, 83, ColourModel::kYuv, k420, 8, {1.0}},
        {"yuv420_10_176x144", "4:2:0 of ten bits", 176, 144, ColourModel::kYuv, k420, 10, {0.75}},
        {"yuv422_176x144", "4:2:2", 176, 144, ColourModel::kYuv, k422, 8, {0.75}},
        {"yuv444_176x144", "YUV 4:4:4", 176, 144, ColourModel::kYuv, k444, 8, {0.75}},
    };
    return pictures;
}

Picture draw(const EncoderPicture& picture) {
    Random random(1, picture.name);
    const Scene scene(random);
    Picture drawn = make_picture(picture.model, picture.chroma, picture.bit_depth, picture.height, picture.width);
    const int shift = static_cast<int>(picture.bit_depth) - 8;
    const bool yuv = picture.model == ColourModel::kYuv;
    for (std::size_t p = 0; p < drawn.planes.size(); ++p) {
        auto& plane = drawn.planes[p];
        const std::uint32_t ver = p == 0 ? 1 : picture.chroma.ver, hor = p == 0 ? 1 : picture.chroma.hor;
        for (std::uint32_t y = 0; y < plane.rows(); ++y) {
            for (std::uint32_t x = 0; x < plane.cols(); ++x) {
                // Chroma is weaker than luma, or converted colours would leave their range.
                const int value = 128 + scene(p, y * ver, x * hor) / (yuv && p > 0 ? 4 : 2);
                plane(0, y, x) = static_cast<std::uint16_t>(std::clamp(value, 0, 255) << shift);
            }
        }
    }
    return drawn;
}

}  // namespace jpegai::conformance
