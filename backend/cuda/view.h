// What kernels know of a value: planes in device memory, and the elementwise operations that end a kernel.
#pragma once

#include <cstdint>

namespace jpegai::cuda {

/// channels x rows x cols floats; sample (c, y, x) lies at data[c * plane_stride + y * row_stride + x].
struct View {
    float* data = nullptr;
    long long plane_stride = 0;
    int channels = 0, rows = 0, cols = 0, row_stride = 0;
};

/// Elementwise operations on a value v that is about to be stored, with another value o of the same place.
enum class Step : std::int32_t {
    kRelu,
    kRelu6,
    kLeakyRelu,
    kDenormalise,
    kAdd,        ///< v + o
    kMul,        ///< v * o
    kGate,       ///< o * (1 + v)
    kGated,      ///< v * (1 + o)
    kSigmoid,    ///< from here on: of the map kernel only
    kAbs,
    kNormalise,
    kScale,      ///< v * scale[0]
    kBatchNorm,  ///< fma(v, scale[c], shift[c])
};

inline constexpr int kMostSteps = 6, kMostOthers = 3;

/// Operations in the order they are applied.
struct Chain {
    struct Entry {
        Step step;
        std::int32_t other;  ///< index into others
        const float* scale;
        const float* shift;
    };
    Entry entries[kMostSteps];
    View others[kMostOthers];  ///< of the shape of the result
    int count = 0;
};

}  // namespace jpegai::cuda
