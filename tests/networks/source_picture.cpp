#include "tests/networks/source_picture.h"

#include <png.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "tests/support/test_data.h"

namespace jpegai::test {

namespace {

/// Y, U, V planes, 0..255.
Array3<float> load_yuv(const std::string& path) {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    if (png_image_begin_read_from_file(&image, path.c_str()) == 0)
        throw std::runtime_error(path + ": " + image.message);
    image.format = PNG_FORMAT_RGB;
    std::vector<png_byte> bytes(PNG_IMAGE_SIZE(image));
    if (png_image_finish_read(&image, nullptr, bytes.data(), 0, nullptr) == 0)
        throw std::runtime_error(path + ": " + image.message);
    Array3<float> yuv(3, image.height, image.width);
    for (std::size_t i = 0; i < yuv.plane_size(); ++i) {
        const auto part = [&](std::size_t c) { return static_cast<float>(bytes[3 * i + c]) / 255.0F; };
        const float r = part(0), g = part(1), b = part(2);
        const float y = (0.2126F * r + 0.7152F * g) + 0.0722F * b;
        yuv.plane(0)[i] = y * 255.0F;
        yuv.plane(1)[i] = ((b - y) / 1.8556F + 0.5F) * 255.0F;
        yuv.plane(2)[i] = ((r - y) / 1.5748F + 0.5F) * 255.0F;
    }
    return yuv;
}

}  // namespace

AnalysisInputs load_analysis_inputs(const std::string& picture) {
    const Array3<float> yuv = load_yuv((shared_dir() / "vectors" / picture).string());
    AnalysisInputs inputs{Array3<float>(1, yuv.rows(), yuv.cols()),
                          Array3<float>(12, (yuv.rows() + 1) / 2, (yuv.cols() + 1) / 2)};
    std::copy_n(yuv.data(), yuv.plane_size(), inputs.luma.data());
    for (std::size_t c = 0; c < 12; ++c) {
        for (std::size_t y = 0; y < inputs.chroma.rows(); ++y) {
            for (std::size_t x = 0; x < inputs.chroma.cols(); ++x) {
                const std::size_t row = std::min(2 * y + c % 4 / 2, yuv.rows() - 1);
                const std::size_t col = std::min(2 * x + c % 2, yuv.cols() - 1);
                inputs.chroma(c, y, x) = yuv(c / 4, row, col);
            }
        }
    }
    return inputs;
}

}  // namespace jpegai::test
