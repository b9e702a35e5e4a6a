#include "decoder/picture.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/math.h"

namespace jpegai {
namespace {

std::size_t plane_count(ColourModel model) {
    return model == ColourModel::kGrey ? 1 : 3;
}

void check_description(const Picture& picture) {
    if (picture.bit_depth < 8 || picture.bit_depth > 16) {
        throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("bit depth {} is not 8..16", picture.bit_depth));
    }
    if (!picture.chroma.valid() || (picture.model != ColourModel::kYuv && !picture.chroma.is_444())) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "no such chroma format: " + picture.chroma.name());
    }
}

}  // namespace

std::string ChromaFormat::name() const {
    if (valid()) return is_444() ? "4:4:4" : ver == 1 ? "4:2:2" : "4:2:0";
    return fmt::format("{}x{}", hor, ver);
}

Picture make_picture(ColourModel model, ChromaFormat chroma, unsigned bit_depth, std::size_t rows, std::size_t cols) {
    Picture picture;
    picture.model = model;
    picture.chroma = chroma;
    picture.bit_depth = bit_depth;
    check_description(picture);
    if (rows == 0 || cols == 0) throw Error(JPEGAI_ERROR_ARGUMENT, "empty picture");
    for (std::size_t i = 0; i < plane_count(model); ++i) {
        const std::size_t ver = i == 0 ? 1 : chroma.ver, hor = i == 0 ? 1 : chroma.hor;
        picture.planes.emplace_back(1, ceil_div(rows, ver), ceil_div(cols, hor));
    }
    return picture;
}

void check_picture(const Picture& picture) {
    check_description(picture);
    if (picture.planes.size() != plane_count(picture.model) || picture.planes[0].empty()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "picture has the wrong number of planes");
    }
    for (std::size_t i = 0; i < picture.planes.size(); ++i) {
        const Array3<std::uint16_t>& plane = picture.planes[i];
        const std::size_t ver = i == 0 ? 1 : picture.chroma.ver, hor = i == 0 ? 1 : picture.chroma.hor;
        if (plane.channels() != 1 || plane.rows() != ceil_div(picture.rows(), ver) ||
            plane.cols() != ceil_div(picture.cols(), hor)) {
            throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("plane {} has the wrong size", i));
        }
        unsigned largest = 0;
        for (const std::uint16_t sample : plane.span()) largest = std::max<unsigned>(largest, sample);
        if (largest > picture.max_value()) {
            throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("sample {} exceeds {} bits", largest, picture.bit_depth));
        }
    }
}

std::vector<std::string> plane_md5(const Picture& picture) {
    static_assert(std::endian::native == std::endian::little, "samples are hashed as they lie in memory");
    std::vector<std::string> digests;
    for (const Array3<std::uint16_t>& plane : picture.planes) {
        Md5 md5;
        if (picture.bit_depth > 8) {
            md5.update({reinterpret_cast<const std::uint8_t*>(plane.data()), plane.size() * sizeof(std::uint16_t)});
        } else {
            std::vector<std::uint8_t> row(plane.cols());
            for (std::size_t y = 0; y < plane.rows(); ++y) {
                std::transform(plane.row(0, y), plane.row(0, y) + plane.cols(), row.begin(),
                               [](std::uint16_t sample) { return static_cast<std::uint8_t>(sample); });
                md5.update(row);
            }
        }
        digests.push_back(to_hex(md5.finish()));
    }
    return digests;
}

}  // namespace jpegai
