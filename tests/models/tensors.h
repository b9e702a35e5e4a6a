// Small tensors for tests.
#pragma once

#include <cstring>
#include <vector>

#include "models/weight_set.h"

namespace jpegai::test {

/// A tensor of any number type; its shape is one row unless given.
template <class T>
[[nodiscard]] Tensor make_tensor(DType dtype, const std::vector<T>& values, std::vector<std::size_t> shape = {}) {
    Tensor tensor;
    tensor.dtype = dtype;
    tensor.shape = shape.empty() ? std::vector<std::size_t>{values.size()} : std::move(shape);
    tensor.bytes.resize(values.size() * sizeof(T));
    if (!values.empty()) std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
    return tensor;
}

[[nodiscard]] inline Tensor floats_of(const std::vector<float>& values, std::vector<std::size_t> shape = {}) {
    return make_tensor(DType::kFloat32, values, std::move(shape));
}

/// Pseudo-random 32-bit numbers, the same everywhere.
[[nodiscard]] inline std::vector<std::uint32_t> random_numbers(std::size_t count, std::uint64_t seed) {
    std::vector<std::uint32_t> numbers(count);
    for (std::uint32_t& number : numbers) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        number = static_cast<std::uint32_t>(seed >> 32);
    }
    return numbers;
}

}  // namespace jpegai::test
