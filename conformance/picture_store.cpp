// Expected pictures of a suite as PNG files.
#include <filesystem>

#include <fmt/format.h>

#include "base/file.h"
#include "conformance/device.h"
#include "picture_io/picture_io.h"

namespace jpegai::conformance {
namespace {

ChromaFormat format_by_name(const std::string& name) {
    for (const ChromaFormat format : {ChromaFormat{1, 1}, ChromaFormat{1, 2}, ChromaFormat{2, 2}}) {
        if (format.name() == name) return format;
    }
    throw Error(JPEGAI_ERROR_STRUCTURE, fmt::format("\"{}\" is not a chroma format", name));
}

void store(const std::string& folder, const std::string& file, const Picture& picture) {
    WriteOptions options;
    options.png_photo = true;
    write_file((std::filesystem::path(folder) / file).string(), encode_picture(PictureFormat::kPng, picture, options));
}

}  // namespace

ExpectedPicture store_expected_picture(const std::string& suite_folder, const std::string& name,
                                       const Picture& picture) {
    ExpectedPicture expected;
    expected.width = picture.cols();
    expected.height = picture.rows();
    expected.bit_depth = picture.bit_depth;
    expected.rgb = picture.model == ColourModel::kRgb;
    expected.format = picture.chroma.name();
    expected.md5 = plane_md5(picture);
    if (expected.rgb) {
        expected.files = {"pictures/" + name + ".png"};
        store(suite_folder, expected.files[0], picture);
        return expected;
    }
    for (std::size_t i = 0; i < picture.planes.size(); ++i) {
        Picture plane;
        plane.model = ColourModel::kGrey;
        plane.bit_depth = picture.bit_depth;
        plane.planes = {picture.planes[i]};
        expected.files.push_back(fmt::format("pictures/{}.{}.png", name, "yuv"[i]));
        store(suite_folder, expected.files.back(), plane);
    }
    return expected;
}

Picture load_expected_picture(const std::string& suite_folder, const ExpectedPicture& expected) {
    Picture picture;
    picture.model = expected.rgb ? ColourModel::kRgb : ColourModel::kYuv;
    picture.chroma = format_by_name(expected.format);
    picture.bit_depth = expected.bit_depth;
    if (expected.files.size() != (expected.rgb ? 1U : 3U)) {
        throw Error(JPEGAI_ERROR_STRUCTURE, "a case has a wrong number of expected picture files");
    }
    for (const std::string& file : expected.files) {
        Picture part = read_picture((std::filesystem::path(suite_folder) / file).string());
        if (part.bit_depth != expected.bit_depth) {
            throw Error(JPEGAI_ERROR_STRUCTURE, file + " does not have the bit depth of its descriptor");
        }
        for (auto& plane : part.planes) picture.planes.push_back(std::move(plane));
    }
    check_picture(picture);
    if (picture.cols() != expected.width || picture.rows() != expected.height) {
        throw Error(JPEGAI_ERROR_STRUCTURE, fmt::format("{} has {}x{} samples instead of the {}x{} of its descriptor",
                                                        expected.files[0], picture.cols(), picture.rows(),
                                                        expected.width, expected.height));
    }
    return picture;
}

}  // namespace jpegai::conformance
