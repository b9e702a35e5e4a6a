// What the instruction-set specific files of the hyper-scale decoder share: data layout and function table.
// Plain types only: these files are compiled with different flags, so no inline function of another header may end up
// in them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace jpegai {

/// Output channels that one block of packed weights serves, and that are computed together.
inline constexpr std::size_t kHsBlock = 16, kHsPair = 2 * kHsBlock;
/// Input channels per 32-bit word of the activations.
inline constexpr std::size_t kHsGroup = 4;

/// Unsigned activations as words of four channels: word (group, row, col) lies at
/// data + group * plane + (row + 1) * stride + 4 * (col + 1) bytes. One row or column of zeros surrounds the picture.
struct HsActivations {
    std::uint8_t* data;
    std::size_t plane, stride;  ///< bytes
    std::size_t rows, cols;     ///< without the border
};

/// One integer convolution, packed by hyper_scale_pack.cpp. `weight` is
/// quads: int8  [pair][tap][group][block of the pair][output of the block][4 inputs]
/// wide:  int16 [pair][tap][group][4 inputs][block of the pair][output of the block]
struct HsConv {
    const void* weight;
    const std::int32_t* bias;   ///< [pair][32], with the correction for the offset of unsigned inputs
    const std::int32_t* shift;  ///< [pair][32], 0..31
    std::size_t pairs;          ///< output channels / 32, rounded up; the surplus has zero weights
    std::size_t groups;         ///< input channels / 4, rounded up
    std::size_t taps;           ///< 1 or 9
};

/// Where one pair of output blocks of the last layer goes: channel 0 and 1, rows of int16.
struct HsScaleTile {
    std::int16_t* channel[2];
    std::size_t stride;  ///< values
};

/// How the first layer's inputs, int8, are stored. Those of the other layers are 0..127 as they are.
enum class HsFirstInput : std::uint8_t {
    kSigned,       ///< as they are
    kOffset,       ///< x + 128; the bias takes the offset back
    kOffsetSplit,  ///< x + 128 = a + b, a = min(x + 128, 128): all a, then all b as further channels; no product of a
                   ///< or b saturates 16-bit sums of two
};

struct HyperScaleKernels {
    const char* name;
    bool wide_weights;  ///< layout "wide" instead of "quads"
    HsFirstInput first_input;
    /// conv, ReLU and clip to 0..127 of all rows.
    void (*hidden)(const HsConv& conv, const HsActivations& in, const HsActivations& out);
    /// Pair `pair` of the last convolution for `rows` rows from `first_row`, |x|, clip, pixel shuffle: writes 4 * rows
    /// rows of 4 * cols values.
    void (*scale)(const HsConv& conv, std::size_t pair, const HsActivations& in, std::size_t first_row,
                  std::size_t rows, const HsScaleTile& out);
};

extern const HyperScaleKernels kHyperScalePortable;
#if defined(__x86_64__)
extern const HyperScaleKernels kHyperScaleAvx2, kHyperScaleAvxVnni, kHyperScaleAvx512Bw, kHyperScaleAvx512Vnni;
#elif defined(__aarch64__)
extern const HyperScaleKernels kHyperScaleNeonDot;
#endif

}  // namespace jpegai
