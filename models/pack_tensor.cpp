#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>

#include <zstd.h>

#include "base/error.h"
#include "models/crc32.h"
#include "models/half.h"
#include "models/pack_writer.h"

namespace jpegai {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// One way to write the values before compression.
struct Candidate {
    PackEncoding encoding = PackEncoding::kPlain;
    int exponent = 0;
    unsigned planes = 0;
    Bytes raw;
};

Bytes split_planes(const Bytes& values, std::size_t width) {
    const std::size_t count = values.size() / width;
    Bytes planes(values.size());
    for (std::size_t byte = 0; byte < width; ++byte) {
        for (std::size_t i = 0; i < count; ++i) planes[byte * count + i] = values[i * width + byte];
    }
    return planes;
}

template <class T>
std::vector<T> values_of(const Tensor& tensor) {
    std::vector<T> values(tensor.count());
    if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    return values;
}

/// All values as float16, when that keeps every bit.
std::optional<Bytes> to_halves(const std::vector<std::uint32_t>& floats) {
    Bytes halves(floats.size() * 2);
    for (std::size_t i = 0; i < floats.size(); ++i) {
        const std::uint16_t half = float_bits_to_half(floats[i]);
        if (half_to_float_bits(half) != floats[i]) return std::nullopt;
        std::memcpy(&halves[2 * i], &half, 2);
    }
    return halves;
}

/// Zigzag numbers in as few byte planes as hold them.
Candidate grid_of(const std::vector<std::int64_t>& indices, int exponent) {
    std::uint64_t all = 0;
    const auto zigzag = [](std::int64_t i) { return static_cast<std::uint64_t>(i >= 0 ? 2 * i : -2 * i - 1); };
    for (const std::int64_t i : indices) all |= zigzag(i);
    Candidate grid{PackEncoding::kGrid, exponent, 1, {}};
    while (all >> (8 * grid.planes) != 0) ++grid.planes;
    grid.raw.reserve(indices.size() * grid.planes);
    for (unsigned plane = 0; plane < grid.planes; ++plane) {
        for (const std::int64_t i : indices) grid.raw.push_back(static_cast<std::uint8_t>(zigzag(i) >> (8 * plane)));
    }
    return grid;
}

/// The exponent of the lowest set bit of a finite non-zero value.
int lowest_bit(float value) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(value) & 0x7FFFFFFF;
    const std::uint32_t exponent = bits >> 23, fraction = bits & 0x7FFFFF;
    const std::uint32_t mantissa = exponent != 0 ? fraction | 0x800000 : fraction;
    return static_cast<int>(std::max(exponent, 1u)) - 150 + std::countr_zero(mantissa);
}

/// All values as whole multiples of one power of two, when they are and the multiples fit in 32 bits.
std::optional<Candidate> float_grid(const std::vector<float>& values) {
    constexpr int kLowest = -126, kHighest = 64;
    int exponent = kHighest;
    float largest = 0.0f;
    for (const float value : values) {
        if (!std::isfinite(value) || (value == 0.0f && std::signbit(value))) return std::nullopt;
        if (value == 0.0f) continue;
        exponent = std::min(exponent, lowest_bit(value));
        largest = std::max(largest, std::fabs(value));
    }
    if (largest == 0.0f) exponent = 0;
    if (exponent < kLowest || std::ldexp(static_cast<double>(largest), -exponent) >= 0x1p31) return std::nullopt;
    std::vector<std::int64_t> indices(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        indices[i] = static_cast<std::int64_t>(std::ldexp(static_cast<double>(values[i]), -exponent));
    }
    return grid_of(indices, exponent);
}

void add_float_candidates(const Tensor& tensor, std::vector<Candidate>& candidates) {
    if (auto halves = to_halves(values_of<std::uint32_t>(tensor))) {
        Bytes planes = split_planes(*halves, 2);
        candidates.push_back({PackEncoding::kHalf, 0, 0, std::move(*halves)});
        candidates.push_back({PackEncoding::kHalfPlanes, 0, 0, std::move(planes)});
    }
    if (auto grid = float_grid(values_of<float>(tensor))) candidates.push_back(std::move(*grid));
}

template <class T>
void add_integer_candidates(const Tensor& tensor, std::vector<Candidate>& candidates) {
    const std::vector<T> values = values_of<T>(tensor);
    const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
    if (values.empty() || *lowest < INT32_MIN || *highest > INT32_MAX) return;
    candidates.push_back(grid_of({values.begin(), values.end()}, 0));
    if (*lowest >= 0 && *highest <= 255)
        candidates.push_back({PackEncoding::kU8, 0, 0, {values.begin(), values.end()}});
}

/// Everything that can hold the tensor, in the order of the encodings' numbers.
std::vector<Candidate> candidates_of(const Tensor& tensor) {
    std::vector<Candidate> candidates;
    candidates.push_back({PackEncoding::kPlain, 0, 0, tensor.bytes});
    const std::size_t width = dtype_size(tensor.dtype);
    if (width > 1) candidates.push_back({PackEncoding::kPlanes, 0, 0, split_planes(tensor.bytes, width)});
    switch (tensor.dtype) {
        case DType::kFloat32:
            add_float_candidates(tensor, candidates);
            break;
        case DType::kInt64:
            add_integer_candidates<std::int64_t>(tensor, candidates);
            break;
        case DType::kInt32:
            add_integer_candidates<std::int32_t>(tensor, candidates);
            break;
        case DType::kInt16:
            add_integer_candidates<std::int16_t>(tensor, candidates);
            break;
        default:
            break;
    }
    return candidates;
}

Bytes compress(const Bytes& raw, int level) {
    const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
    if (!context) throw Error(JPEGAI_ERROR_MEMORY, "out of memory");
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
    // Weights have next to no repeated strings; looking for long ones only leaves more to the entropy coder.
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_minMatch, 7);
    Bytes packed(ZSTD_compressBound(raw.size()));
    const std::size_t size = ZSTD_compress2(context.get(), packed.data(), packed.size(), raw.data(), raw.size());
    if (ZSTD_isError(size) != 0) throw Error(JPEGAI_ERROR_INTERNAL, ZSTD_getErrorName(size));
    packed.resize(size);
    return packed;
}

}  // namespace

PackedTensor pack_tensor(const Tensor& tensor, int level) {
    std::vector<Candidate> candidates = candidates_of(tensor);
    const auto quick_size = [](const Candidate& c) { return std::min(c.raw.size(), compress(c.raw, 1).size()); };
    std::size_t best = 0, best_size = quick_size(candidates[0]);
    for (std::size_t i = 1; i < candidates.size(); ++i) {
        if (const std::size_t size = quick_size(candidates[i]); size < best_size) best = i, best_size = size;
    }
    Candidate& chosen = candidates[best];
    PackedTensor packed;
    packed.entry.dtype = tensor.dtype;
    packed.entry.shape = tensor.shape;
    packed.entry.encoding = chosen.encoding;
    packed.entry.exponent = chosen.exponent;
    packed.entry.planes = chosen.planes;
    packed.entry.raw_size = chosen.raw.size();
    packed.block = compress(chosen.raw, level);
    packed.entry.codec = PackCodec::kZstd;
    if (packed.block.size() >= chosen.raw.size()) {
        packed.block = std::move(chosen.raw);
        packed.entry.codec = PackCodec::kRaw;
    }
    packed.entry.size = packed.block.size();
    packed.entry.crc = crc32(packed.block);
    return packed;
}

}  // namespace jpegai
