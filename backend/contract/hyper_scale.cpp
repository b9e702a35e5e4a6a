#include "backend/contract/hyper_scale.h"

#include <algorithm>

#include "base/error.h"
#include "spec/constants.h"

namespace jpegai {
namespace {

/// One integer convolution; sums and products wrap in 32 bits, which unsigned arithmetic defines.
Array3<std::int32_t> convolve(const IntegerConv& conv, const Array3<std::int32_t>& input) {
    Array3<std::int32_t> output(conv.out_channels, input.rows(), input.cols());
    const std::size_t kernel = conv.kernel;
    const std::ptrdiff_t pad = static_cast<std::ptrdiff_t>(kernel) / 2;
    const auto rows = static_cast<std::ptrdiff_t>(input.rows()), cols = static_cast<std::ptrdiff_t>(input.cols());
    for (std::size_t o = 0; o < conv.out_channels; ++o) {
        for (std::ptrdiff_t y = 0; y < rows; ++y) {
            for (std::ptrdiff_t x = 0; x < cols; ++x) {
                auto acc = static_cast<std::uint32_t>(conv.bias[o]);
                for (std::size_t i = 0; i < conv.in_channels; ++i) {
                    for (std::size_t ky = 0; ky < kernel; ++ky) {
                        for (std::size_t kx = 0; kx < kernel; ++kx) {
                            const std::ptrdiff_t row = y + static_cast<std::ptrdiff_t>(ky) - pad;
                            const std::ptrdiff_t col = x + static_cast<std::ptrdiff_t>(kx) - pad;
                            if (row < 0 || row >= rows || col < 0 || col >= cols) continue;
                            const std::int32_t value =
                                input(i, static_cast<std::size_t>(row), static_cast<std::size_t>(col));
                            const std::int32_t weight =
                                conv.weight[((o * conv.in_channels + i) * kernel + ky) * kernel + kx];
                            acc += static_cast<std::uint32_t>(weight * std::clamp(value, -128, 127));
                        }
                    }
                }
                output(o, static_cast<std::size_t>(y), static_cast<std::size_t>(x)) =
                    static_cast<std::int32_t>(acc) >> conv.shift[o];
            }
        }
    }
    return output;
}

void relu(Array3<std::int32_t>& values) {
    for (std::int32_t& value : values.span()) value = std::max(value, 0);
}

/// |x| clipped to 0..3967; the magnitude of INT32_MIN does not exist and counts as negative, hence 0.
std::int16_t finish(std::int32_t value) {
    if (value == INT32_MIN) return 0;
    return static_cast<std::int16_t>(std::min(value < 0 ? -value : value, kScaleLogMax));
}

}  // namespace

Array3<std::int16_t> contract_hyper_scale(const HyperScaleNetwork& network, const Array3<std::int8_t>& z_hat,
                                          std::size_t latent_rows, std::size_t latent_cols) {
    if (z_hat.channels() != network.channels || ceil_div<std::size_t>(latent_rows, 4) > z_hat.rows() ||
        ceil_div<std::size_t>(latent_cols, 4) > z_hat.cols()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "hyper latent does not fit the hyper-scale decoder");
    }
    Array3<std::int32_t> x(z_hat.channels(), z_hat.rows(), z_hat.cols());
    std::copy_n(z_hat.data(), z_hat.size(), x.data());
    x = convolve(network.conv1, x);
    relu(x);
    x = convolve(network.depthwise, x);
    relu(x);
    x = convolve(network.pointwise, x);

    Array3<std::int16_t> scale(network.channels, latent_rows, latent_cols);
    for (std::size_t c = 0; c < network.channels; ++c) {
        for (std::size_t row = 0; row < latent_rows; ++row) {
            for (std::size_t col = 0; col < latent_cols; ++col) {
                scale(c, row, col) = finish(x(16 * c + 4 * (row % 4) + col % 4, row / 4, col / 4));
            }
        }
    }
    return scale;
}

}  // namespace jpegai
