#include <array>
#include <cmath>

#include "backend/contract/elementary.h"
#include "backend/contract/isa.h"
#include "backend/contract/ops.h"
#include "base/error.h"

namespace jpegai::contract {

namespace {

constexpr std::size_t kLanes = 16;
constexpr float kLayerNormEpsilon = 1e-5F;  // 03 section 2.7

template <class F>
Plane3 map(const Plane3& x, const F& f) {
    Plane3 out = Plane3::uninitialized(x.channels(), x.rows(), x.cols());
    const float* const in = x.data();
    float* const to = out.data();
    const std::size_t count = x.size();
    run_vectorised([&]() JPEGAI_VECTOR_BODY {
        for (std::size_t i = 0; i < count; ++i) to[i] = f(in[i]);
    });
    return out;
}

template <class F>
Plane3 zip(const Plane3& a, const Plane3& b, const F& f) {
    Plane3 out = Plane3::uninitialized(a.channels(), a.rows(), a.cols());
    const float* const left = a.data();
    const float* const right = b.data();
    float* const to = out.data();
    const std::size_t count = a.size();
    run_vectorised([&]() JPEGAI_VECTOR_BODY {
        for (std::size_t i = 0; i < count; ++i) to[i] = f(left[i], right[i]);
    });
    return out;
}

/// Sixteen lanes to one: 16, 8, 4, 2, 1.
float sum_lanes(std::array<float, kLanes> lanes) {
    for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
        for (std::size_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
    }
    return lanes[0];
}

/// Normalises the channels of one pixel; `pixel` points into plane 0, planes lie `stride` apart.
void normalise_pixel(const float* pixel, float* out, std::size_t channels, std::size_t stride,
                     std::span<const float> weight, std::span<const float> bias) {
    const auto count = static_cast<float>(channels);
    std::array<float, kLanes> lanes{};
    for (std::size_t c = 0; c < channels; ++c) lanes[c % kLanes] += pixel[c * stride];
    const float mean = sum_lanes(lanes) / count;
    lanes = {};
    for (std::size_t c = 0; c < channels; ++c) {
        const float d = pixel[c * stride] - mean;
        lanes[c % kLanes] = fma(d, d, lanes[c % kLanes]);
    }
    const float variance = sum_lanes(lanes) / count;
    const float inverse = 1.0F / std::sqrt(variance + kLayerNormEpsilon);
    for (std::size_t c = 0; c < channels; ++c) {
        out[c * stride] = fma((pixel[c * stride] - mean) * inverse, weight[c], bias[c]);
    }
}

}  // namespace

Plane3 apply_elementwise(Op op, const Plane3& x) {
    switch (op) {
        case Op::kRelu:
            return map(x, [](float v) JPEGAI_VECTOR_BODY { return relu(v); });
        case Op::kRelu6:
            return map(x, [](float v) JPEGAI_VECTOR_BODY { return relu6(v); });
        case Op::kLeakyRelu:
            return map(x, [](float v) JPEGAI_VECTOR_BODY { return leaky_relu(v); });
        case Op::kSigmoid:
            return map(x, [](float v) JPEGAI_VECTOR_BODY { return sigmoid(v); });
        case Op::kAbs:
            return map(x, [](float v) JPEGAI_VECTOR_BODY { return __builtin_fabsf(v); });
        case Op::kNormalise:
            return map(x, [](float v) JPEGAI_VECTOR_BODY { return normalise(v); });
        case Op::kDenormalise:
            return map(x, [](float v) JPEGAI_VECTOR_BODY { return denormalise(v); });
        default:
            throw Error(JPEGAI_ERROR_INTERNAL, std::string("not elementwise: ") + op_name(op));
    }
}

Plane3 add(const Plane3& a, const Plane3& b) {
    return zip(a, b, [](float left, float right) JPEGAI_VECTOR_BODY { return left + right; });
}

Plane3 multiply(const Plane3& a, const Plane3& b) {
    return zip(a, b, [](float left, float right) JPEGAI_VECTOR_BODY { return left * right; });
}

Plane3 gate(const Plane3& x, const Plane3& m) {
    return zip(x, m, [](float left, float right) JPEGAI_VECTOR_BODY { return contract::gate(left, right); });
}

Plane3 elu_gate(const Plane3& x) {
    const std::size_t half = x.channels() / 2;
    Plane3 out = Plane3::uninitialized(half, x.rows(), x.cols());
    const float* const first = x.data();
    const float* const second = x.plane(half);
    float* const to = out.data();
    const std::size_t count = out.size();
    run_vectorised([&]() JPEGAI_VECTOR_BODY {
        for (std::size_t i = 0; i < count; ++i) to[i] = elu(first[i]) * second[i];
    });
    return out;
}

Plane3 scale(const Plane3& x, float factor) {
    return map(x, [factor](float v) JPEGAI_VECTOR_BODY { return v * factor; });
}

Plane3 batch_norm(const Plane3& x, std::span<const float> scale, std::span<const float> shift) {
    Plane3 out = Plane3::uninitialized(x.channels(), x.rows(), x.cols());
    for (std::size_t c = 0; c < x.channels(); ++c) {
        for (std::size_t i = 0; i < x.plane_size(); ++i) out.plane(c)[i] = fma(x.plane(c)[i], scale[c], shift[c]);
    }
    return out;
}

Plane3 layer_norm(const Plane3& x, std::span<const float> weight, std::span<const float> bias) {
    Plane3 out = Plane3::uninitialized(x.channels(), x.rows(), x.cols());
    for (std::size_t i = 0; i < x.plane_size(); ++i) {
        normalise_pixel(x.data() + i, out.data() + i, x.channels(), x.plane_size(), weight, bias);
    }
    return out;
}

}  // namespace jpegai::contract
