#include "api/source.h"

#include <algorithm>
#include <cstring>

#include "api/guarded.h"

namespace jpegai::api {
namespace {

constexpr std::uint32_t kMaxSide = 65'599;

void copy_row(const void* from, unsigned bit_depth, std::uint16_t* to, std::size_t count) {
    if (bit_depth > 8) {
        std::memcpy(to, from, count * sizeof(std::uint16_t));
    } else {
        const auto* bytes = static_cast<const std::uint8_t*>(from);
        std::copy_n(bytes, count, to);
    }
}

}  // namespace

Picture picture_of(const jpegai_source& source) {
    need(static_cast<unsigned>(source.colour) <= JPEGAI_RGB, "unknown colour");
    need(source.width >= 1 && source.height >= 1 && source.width <= kMaxSide && source.height <= kMaxSide,
         "width and height have to be 1 to 65599");
    const auto factor = [](std::uint32_t value) {
        need(value <= 2, "chroma factors are 1 or 2");
        return static_cast<std::uint8_t>(value == 0 ? 1 : value);
    };
    Picture picture =
        make_picture(static_cast<ColourModel>(source.colour), {factor(source.chroma_ver), factor(source.chroma_hor)},
                     source.bit_depth, source.height, source.width);
    for (std::size_t i = 0; i < picture.planes.size(); ++i) {
        need(source.samples[i] != nullptr, "a plane is NULL");
        auto& plane = picture.planes[i];
        const std::size_t bytes = source.bit_depth > 8 ? 2 : 1;
        need(source.stride[i] >= plane.cols() * bytes, "a stride is shorter than a row");
        for (std::size_t y = 0; y < plane.rows(); ++y) {
            copy_row(static_cast<const std::uint8_t*>(source.samples[i]) + y * source.stride[i], source.bit_depth,
                     plane.row(0, y), plane.cols());
        }
    }
    return picture;
}

}  // namespace jpegai::api
