#include <bit>

#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"
#include "models/weight_set.h"

namespace jpegai {

static_assert(std::endian::native == std::endian::little, "tensors hold little-endian values that are read in place");

namespace {

template <class T>
std::span<const T> view(const Tensor& tensor, DType wanted, std::string_view what) {
    if (tensor.dtype != wanted) {
        throw Error(JPEGAI_ERROR_MODEL,
                    fmt::format("{}: expected {}, found {}", what, dtype_name(wanted), dtype_name(tensor.dtype)));
    }
    return {reinterpret_cast<const T*>(tensor.bytes.data()), tensor.bytes.size() / sizeof(T)};
}

}  // namespace

const char* dtype_name(DType type) {
    switch (type) {
        case DType::kFloat32:
            return "float32";
        case DType::kInt32:
            return "int32";
        case DType::kInt64:
            return "int64";
        case DType::kInt16:
            return "int16";
        case DType::kInt8:
            return "int8";
        case DType::kUint8:
            return "uint8";
        case DType::kBool:
            return "bool";
        case DType::kFloat64:
            return "float64";
        case DType::kFloat16:
            return "float16";
    }
    return "unknown";
}

std::size_t dtype_size(DType type) {
    switch (type) {
        case DType::kInt64:
        case DType::kFloat64:
            return 8;
        case DType::kFloat32:
        case DType::kInt32:
            return 4;
        case DType::kInt16:
        case DType::kFloat16:
            return 2;
        case DType::kInt8:
        case DType::kUint8:
        case DType::kBool:
            return 1;
    }
    throw Error(JPEGAI_ERROR_INTERNAL, "unknown tensor type");
}

std::size_t Tensor::count() const {
    std::size_t product = 1;
    for (const std::size_t side : shape) product *= side;
    return product;
}

std::span<const float> Tensor::floats(std::string_view what) const {
    return view<float>(*this, DType::kFloat32, what);
}

std::span<const std::int32_t> Tensor::ints(std::string_view what) const {
    return view<std::int32_t>(*this, DType::kInt32, what);
}

std::span<const std::int8_t> Tensor::bytes8(std::string_view what) const {
    return view<std::int8_t>(*this, DType::kInt8, what);
}

const Tensor& WeightSet::tensor(std::string_view file, std::string_view key) const {
    const Checkpoint& tensors = load(file);
    const auto found = tensors.find(key);
    if (found == tensors.end()) throw Error(JPEGAI_ERROR_MODEL, fmt::format("{}: no tensor \"{}\"", file, key));
    return found->second;
}

std::vector<TensorInfo> WeightSet::list(std::string_view file) const {
    std::vector<TensorInfo> list;
    for (const auto& [key, tensor] : load(file)) list.push_back({key, tensor.dtype, tensor.shape});
    return list;
}

std::uint64_t WeightSet::value_hash(std::string_view file, std::string_view key) const {
    return xxh64(tensor(file, key).bytes);
}

}  // namespace jpegai
