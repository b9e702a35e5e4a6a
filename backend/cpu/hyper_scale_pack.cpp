#include "backend/cpu/hyper_scale_pack.h"

#include <algorithm>

#include "base/error.h"

namespace jpegai {
namespace {

void check(const IntegerConv& conv) {
    const std::size_t taps = checked_mul(conv.kernel, conv.kernel);
    const bool shapes = (taps == 1 || taps == 9) &&
                        conv.weight.size() == checked_mul(checked_mul(conv.out_channels, conv.in_channels), taps) &&
                        conv.bias.size() == conv.out_channels && conv.shift.size() == conv.out_channels;
    if (!shapes) throw Error(JPEGAI_ERROR_MODEL, "hyper-scale decoder: array sizes contradict the layer's shape");
    if (std::any_of(conv.shift.begin(), conv.shift.end(), [](std::uint8_t s) { return s > 31; })) {
        throw Error(JPEGAI_ERROR_MODEL, "hyper-scale decoder: shift above 31");
    }
}

/// bias - 128 * sum of the weights, modulo 2^32: what an offset of 128 on every input adds.
std::int32_t offset_bias(const IntegerConv& conv, std::size_t output) {
    const std::size_t count = conv.weight.size() / conv.out_channels;
    auto bias = static_cast<std::uint32_t>(conv.bias[output]);
    for (std::size_t i = 0; i < count; ++i) {
        bias -= static_cast<std::uint32_t>(128 * std::int32_t{conv.weight[output * count + i]});
    }
    return static_cast<std::int32_t>(bias);
}

}  // namespace

HsPackedConv::HsPackedConv(const IntegerConv& conv, HsFirstInput input, bool wide_weights) {
    check(conv);
    const std::size_t copies = input == HsFirstInput::kOffsetSplit ? 2 : 1;
    const std::size_t copy_groups = ceil_div(conv.in_channels, kHsGroup);
    taps_ = conv.kernel * conv.kernel;
    groups_ = copies * copy_groups;
    pairs_ = ceil_div(conv.out_channels, kHsPair);
    const std::size_t value_size = wide_weights ? 2 : 1;
    weight_ = Array3<std::int8_t>(pairs_, taps_ * groups_, kHsPair * kHsGroup * value_size);
    bias_ = Array3<std::int32_t>(1, pairs_, kHsPair);
    shift_ = Array3<std::int32_t>(1, pairs_, kHsPair);

    for (std::size_t o = 0; o < conv.out_channels; ++o) {
        bias_.data()[o] = input == HsFirstInput::kSigned ? conv.bias[o] : offset_bias(conv, o);
        shift_.data()[o] = conv.shift[o];
        for (std::size_t i = 0; i < conv.in_channels; ++i) {
            for (std::size_t tap = 0; tap < taps_; ++tap) {
                const std::int8_t value = conv.weight[(o * conv.in_channels + i) * taps_ + tap];
                for (std::size_t copy = 0; copy < copies; ++copy) {
                    const std::size_t group = tap * groups_ + copy * copy_groups + i / kHsGroup;
                    std::int8_t* bytes = weight_.row(o / kHsPair, group);
                    if (wide_weights) {
                        const std::int16_t wide = value;
                        __builtin_memcpy(bytes + 2 * (i % kHsGroup * kHsPair + o % kHsPair), &wide, 2);
                    } else {
                        bytes[o % kHsPair * kHsGroup + i % kHsGroup] = value;
                    }
                }
            }
        }
    }
}

HsConv HsPackedConv::view() const {
    return {weight_.data(), bias_.data(), shift_.data(), pairs_, groups_, taps_};
}

HsBuffer::HsBuffer(std::size_t groups, std::size_t rows, std::size_t cols) {
    const std::size_t stride = kHsGroup * checked_add(cols, 2);
    // An odd number of cache lines per plane spreads the planes over the cache sets.
    const std::size_t plane = (ceil_div<std::size_t>(checked_mul(stride, checked_add(rows, 2)), 64) | 1) * 64;
    memory_ = Array3<std::uint8_t>(1, groups, plane);
    view_ = {memory_.data(), plane, stride, rows, cols};
}

}  // namespace jpegai
