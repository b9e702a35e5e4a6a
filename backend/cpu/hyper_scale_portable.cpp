// Hyper-scale decoder for any CPU: loops over 16 outputs that compilers vectorise (SSE2, NEON).
#include "backend/cpu/hyper_scale_kernels.h"
#include "spec/constants.h"

namespace jpegai {
namespace {

/// Sums of the 16 outputs of one block at one place. Unsigned, so that they wrap.
void accumulate(const HsConv& conv, std::size_t pair, std::size_t block, const HsActivations& in, std::size_t row,
                std::size_t col, std::uint32_t (&acc)[kHsBlock]) {
    for (std::size_t o = 0; o < kHsBlock; ++o) {
        acc[o] = static_cast<std::uint32_t>(conv.bias[pair * kHsPair + block * kHsBlock + o]);
    }
    const auto* weight = static_cast<const std::int16_t*>(conv.weight) +
                         pair * conv.taps * conv.groups * kHsGroup * kHsPair + block * kHsBlock;
    const std::size_t radius = conv.taps == 9 ? 1 : 0, width = 2 * radius + 1;
    const std::uint8_t* origin = in.data + (row + 1 - radius) * in.stride + 4 * (col + 1 - radius);
    for (std::size_t tap = 0; tap < conv.taps; ++tap) {
        const std::uint8_t* source = origin + tap / width * in.stride + 4 * (tap % width);
        for (std::size_t group = 0; group < conv.groups; ++group) {
            for (std::size_t i = 0; i < kHsGroup; ++i) {
                const auto x = static_cast<std::int16_t>(source[i]);
                for (std::size_t o = 0; o < kHsBlock; ++o) {
                    acc[o] += static_cast<std::uint32_t>(std::int32_t{weight[o]} * std::int32_t{x});
                }
                weight += kHsPair;
            }
            source += in.plane;
        }
    }
}

std::int32_t clip(std::int32_t value, std::int32_t high) {
    return value < 0 ? 0 : value > high ? high : value;
}

void hidden(const HsConv& conv, const HsActivations& in, const HsActivations& out) {
    for (std::size_t row = 0; row < in.rows; ++row) {
        for (std::size_t pair = 0; pair < conv.pairs; ++pair) {
            for (std::size_t block = 0; block < 2; ++block) {
                const std::size_t first = pair * kHsPair + block * kHsBlock;
                for (std::size_t col = 0; col < in.cols; ++col) {
                    std::uint32_t acc[kHsBlock];
                    accumulate(conv, pair, block, in, row, col, acc);
                    for (std::size_t o = 0; o < kHsBlock; ++o) {
                        const std::int32_t value = static_cast<std::int32_t>(acc[o]) >> conv.shift[first + o];
                        out.data[(first + o) / kHsGroup * out.plane + (row + 1) * out.stride + 4 * (col + 1) +
                                 o % kHsGroup] = static_cast<std::uint8_t>(clip(value, 127));
                    }
                }
            }
        }
    }
}

void scale(const HsConv& conv, std::size_t pair, const HsActivations& in, std::size_t first_row, std::size_t rows,
           const HsScaleTile& out) {
    for (std::size_t block = 0; block < 2; ++block) {
        const std::int32_t* shift = conv.shift + pair * kHsPair + block * kHsBlock;
        for (std::size_t row = 0; row < rows; ++row) {
            for (std::size_t col = 0; col < in.cols; ++col) {
                std::uint32_t acc[kHsBlock];
                accumulate(conv, pair, block, in, first_row + row, col, acc);
                for (std::size_t o = 0; o < kHsBlock; ++o) {
                    const std::int32_t value = static_cast<std::int32_t>(acc[o]) >> shift[o];
                    const std::int32_t magnitude = value == INT32_MIN ? 0 : value < 0 ? -value : value;
                    out.channel[block][(4 * row + o / 4) * out.stride + 4 * col + o % 4] =
                        static_cast<std::int16_t>(clip(magnitude, kScaleLogMax));
                }
            }
        }
    }
}

}  // namespace

const HyperScaleKernels kHyperScalePortable = {"portable", true, HsFirstInput::kOffset, hidden, scale};

}  // namespace jpegai
