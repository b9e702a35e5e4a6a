// Pictures and headers for the tests of the filter decisions.
#pragma once

#include <cmath>
#include <random>

#include "encoder/filters/choose.h"
#include "encoder/filters/plane_error.h"
#include "tests/decoder/plane_support.h"

namespace jpegai::test {

/// Source format, coded format, luma size.
struct PictureShape {
    ChromaFormat source, coded;
    std::size_t rows, cols;
};

/// Every format that the filters know, even and odd sizes.
inline const std::vector<PictureShape>& picture_shapes() {
    static const std::vector<PictureShape> shapes = {
        {{1, 1}, {1, 1}, 96, 128}, {{1, 1}, {1, 1}, 131, 199}, {{1, 2}, {1, 2}, 64, 200}, {{1, 2}, {1, 2}, 151, 77},
        {{2, 2}, {2, 2}, 200, 64}, {{2, 2}, {2, 2}, 95, 157},  {{1, 1}, {2, 2}, 80, 112}, {{1, 1}, {1, 2}, 101, 87},
    };
    return shapes;
}

inline PictureHeader header_of(const PictureShape& shape) {
    PictureHeader picture;
    picture.img_height = static_cast<std::uint32_t>(shape.rows);
    picture.img_width = static_cast<std::uint32_t>(shape.cols);
    picture.s_ver = shape.source.ver;
    picture.s_hor = shape.source.hor;
    picture.c_ver = shape.coded.ver;
    picture.c_hor = shape.coded.hor;
    picture.colour_transform_idx = 0;
    picture.model_id = 1;
    return picture;
}

/// Soft waves with edges and a little noise, so that planes have structure that filters can use.
inline Planes textured_planes(std::mt19937& random, const PictureShape& shape) {
    Planes planes = random_planes(random, shape.rows, shape.cols, shape.source, -4.0F, 4.0F);
    for (std::size_t p = 0; p < 3; ++p) {
        const float tilt = 0.05F + 0.02F * static_cast<float>(p);
        const std::size_t ver = p == 0 ? 1 : shape.source.ver, hor = p == 0 ? 1 : shape.source.hor;
        for (std::size_t y = 0; y < planes.plane[p].rows(); ++y) {
            for (std::size_t x = 0; x < planes.plane[p].cols(); ++x) {
                const auto row = static_cast<float>(y * ver), col = static_cast<float>(x * hor);
                const float wave = std::sin(row * tilt + col * 0.03F) + std::cos(col * 0.11F - row * 0.02F);
                const float edge = (y * ver / 23 + x * hor / 17) % 2 == 0 ? 20.0F : -20.0F;
                planes.plane[p](0, y, x) += 125.0F + 25.0F * wave + (p == 0 ? edge : 0.4F * edge);
            }
        }
    }
    return planes;
}

/// Adds uniform noise that nothing can predict.
inline void add_noise(std::mt19937& random, Planes& planes, float amplitude) {
    for (std::size_t p = 0; p < 3; ++p) {
        std::uniform_real_distribution<float> noise(-amplitude, amplitude);
        for (float& sample : planes.plane[p].span()) sample += noise(random);
    }
}

inline FilterChoiceInputs inputs_of(const PictureHeader& picture, const Planes& original) {
    FilterChoiceInputs inputs;
    inputs.picture = &picture;
    inputs.original = &original;
    inputs.lagrangian.sse_per_bit = 10;
    return inputs;
}

/// The decoder's planes for a header.
inline Planes filtered(Planes planes, const PictureHeader& picture, const ToolHeader& tools,
                       const FilterChoiceInputs& choice = {}) {
    PostFilterInputs inputs;
    inputs.picture = &picture;
    inputs.tools = &tools;
    inputs.synthesis = choice.synthesis;
    inputs.scale_log = choice.scale_log;
    inputs.eicci = choice.eicci;
    RunContext context;
    apply_post_filters(planes, inputs, context);
    return planes;
}

inline double weighted_error(const Planes& a, const Planes& b) {
    const std::array<double, 3> errors = squared_errors(a, b);
    return errors[0] + errors[1] + errors[2];
}

}  // namespace jpegai::test
