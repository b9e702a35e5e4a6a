// Encoding with the networks on a CUDA device: the bytes of the processor.
#include <gtest/gtest.h>

#include <cmath>

#include "backend/select.h"
#include "encoder/encoder.h"
#include "models/default_weights.h"
#include "tests/support/cuda_devices.h"

namespace jpegai {
namespace {

Picture waves(std::size_t rows, std::size_t cols) {
    Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, rows, cols);
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t y = 0; y < rows; ++y) {
            for (std::size_t x = 0; x < cols; ++x) {
                const double wave =
                    std::sin(static_cast<double>(x * (i + 1)) / 9) + std::cos(static_cast<double>(y) / 7);
                picture.planes[i](0, y, x) = static_cast<std::uint16_t>(127 + 60 * wave);
            }
        }
    }
    return picture;
}

TEST(CudaEncode, GivesTheBytesOfTheProcessor) {
    const auto weights = open_default_weights();
    const Encoder host(weights, make_backend({"auto", 1}));
    for (const auto& device : test::cuda_devices()) {
        const bool gpu = device->info().index >= 0;
        const Encoder there(weights, make_backend({"auto", 1, gpu ? "cuda:0" : "cuda:emulator"}));
        for (const OperatingPoint point : {OperatingPoint::kSop, OperatingPoint::kBop}) {
            if (!gpu && point == OperatingPoint::kBop) continue;  // takes long in the emulator
            const Picture picture = gpu ? waves(301, 417) : waves(64, 72);
            EncodeOptions options;
            options.synthesis = point;
            options.rate = {1, {0, 0}};
            EXPECT_EQ(there.encode(picture, options).bytes, host.encode(picture, options).bytes) << device->describe();
        }
    }
}

}  // namespace
}  // namespace jpegai
