#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <zstd.h>

#include "base/error.h"
#include "models/crc32.h"
#include "models/half.h"
#include "models/pack_format.h"

namespace jpegai {
namespace {

bool is_integer(DType type) {
    return type == DType::kInt8 || type == DType::kUint8 || type == DType::kInt16 || type == DType::kInt32 ||
           type == DType::kInt64;
}

void join_planes(const std::uint8_t* planes, std::size_t count, std::size_t width, std::uint8_t* out) {
    for (std::size_t byte = 0; byte < width; ++byte) {
        const std::uint8_t* const plane = planes + byte * count;
        for (std::size_t i = 0; i < count; ++i) out[i * width + byte] = plane[i];
    }
}

void widen_halves(const std::uint8_t* low, const std::uint8_t* high, std::size_t step, std::size_t count,
                  std::uint8_t* out) {
    for (std::size_t i = 0; i < count; ++i) {
        const auto half = static_cast<std::uint16_t>(low[i * step] | high[i * step] << 8);
        const std::uint32_t bits = half_to_float_bits(half);
        std::memcpy(out + 4 * i, &bits, 4);
    }
}

// The zigzag number at position i, from its byte planes.
template <unsigned kPlanes>
std::uint32_t zigzag_at(const std::uint8_t* planes, std::size_t count, std::size_t i) {
    std::uint32_t u = 0;
    for (unsigned plane = 0; plane < kPlanes; ++plane) {
        u |= static_cast<std::uint32_t>(planes[plane * count + i]) << (8 * plane);
    }
    return u;
}

template <unsigned kPlanes, class T>
void join_grid(const std::uint8_t* planes, std::size_t count, T step, std::uint8_t* out) {
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t u = zigzag_at<kPlanes>(planes, count, i);
        const auto index = static_cast<std::int32_t>((u >> 1) ^ (0u - (u & 1u)));
        T value;
        if constexpr (std::is_same_v<T, float>) {
            value = static_cast<float>(index) * step;
        } else {
            value = static_cast<T>(index);
        }
        std::memcpy(out + sizeof(T) * i, &value, sizeof(T));
    }
}

template <class T>
void join_grid(const std::uint8_t* raw, const PackEntry& entry, std::size_t count, T step, std::uint8_t* out) {
    switch (entry.planes) {
        case 1:
            return join_grid<1>(raw, count, step, out);
        case 2:
            return join_grid<2>(raw, count, step, out);
        case 3:
            return join_grid<3>(raw, count, step, out);
        default:
            return join_grid<4>(raw, count, step, out);
    }
}

void decode_grid(const std::uint8_t* raw, const PackEntry& entry, std::size_t count, std::uint8_t* out) {
    switch (entry.dtype) {
        case DType::kFloat32:
            return join_grid(raw, entry, count, std::ldexp(1.0f, entry.exponent), out);
        case DType::kInt64:
            return join_grid(raw, entry, count, std::int64_t{1}, out);
        case DType::kInt32:
            return join_grid(raw, entry, count, std::int32_t{1}, out);
        default:
            return join_grid(raw, entry, count, std::int16_t{1}, out);
    }
}

void decode_u8(const std::uint8_t* raw, std::size_t count, std::size_t width, std::uint8_t* out) {
    for (std::size_t i = 0; i < count; ++i) out[i * width] = raw[i];  // the rest of each value is zero already
}

void decode_values(std::span<const std::uint8_t> raw, const PackEntry& entry, Tensor& tensor) {
    const std::size_t count = tensor.count(), width = dtype_size(entry.dtype);
    std::uint8_t* const out = tensor.bytes.data();
    switch (entry.encoding) {
        case PackEncoding::kPlain:
            std::copy(raw.begin(), raw.end(), out);
            break;
        case PackEncoding::kPlanes:
            join_planes(raw.data(), count, width, out);
            break;
        case PackEncoding::kHalf:
            widen_halves(raw.data(), raw.data() + 1, 2, count, out);
            break;
        case PackEncoding::kHalfPlanes:
            widen_halves(raw.data(), raw.data() + count, 1, count, out);
            break;
        case PackEncoding::kGrid:
            decode_grid(raw.data(), entry, count, out);
            break;
        case PackEncoding::kU8:
            decode_u8(raw.data(), count, width, out);
            break;
    }
}

ZSTD_DCtx* context_of(void* context) {
    return static_cast<ZSTD_DCtx*>(context);
}

}  // namespace

std::uint64_t PackEntry::count() const {
    std::uint64_t product = 1;
    for (const std::size_t side : shape) product *= side;
    return product;
}

std::optional<std::uint64_t> pack_raw_size(const PackEntry& entry) {
    const std::uint64_t count = entry.count(), width = dtype_size(entry.dtype);
    switch (entry.encoding) {
        case PackEncoding::kPlain:
            return count * width;
        case PackEncoding::kPlanes:
            return width > 1 ? std::optional(count * width) : std::nullopt;
        case PackEncoding::kHalf:
        case PackEncoding::kHalfPlanes:
            return entry.dtype == DType::kFloat32 ? std::optional(count * 2) : std::nullopt;
        case PackEncoding::kU8:
            return is_integer(entry.dtype) && width > 1 ? std::optional(count) : std::nullopt;
        case PackEncoding::kGrid:
            break;
    }
    const bool fits = entry.dtype == DType::kFloat32 ? entry.exponent >= -126 && entry.exponent <= 64
                                                     : is_integer(entry.dtype) && width > 1 && entry.exponent == 0;
    if (entry.encoding != PackEncoding::kGrid || !fits || entry.planes < 1 || entry.planes > 4) return std::nullopt;
    return count * entry.planes;
}

BlockDecoder::BlockDecoder() : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw Error(JPEGAI_ERROR_MEMORY, "out of memory");
}

BlockDecoder::~BlockDecoder() {
    ZSTD_freeDCtx(context_of(context_));
}

std::span<const std::uint8_t> BlockDecoder::decompress(const ByteSource& source, const PackEntry& entry) {
    const auto stored = source.view(entry.offset, entry.size, stored_);
    if (entry.crc && crc32(stored) != *entry.crc) {
        throw Error(JPEGAI_ERROR_MODEL, entry.offset,
                    fmt::format("{}: {} {} does not have its CRC-32", source.name(), entry.file, entry.key));
    }
    if (entry.codec == PackCodec::kRaw) return stored;
    // A frame that says another length than the index is refused before memory is taken for either.
    const std::uint64_t declared = ZSTD_getFrameContentSize(stored.data(), stored.size());
    const bool one_frame = ZSTD_findFrameCompressedSize(stored.data(), stored.size()) == stored.size();
    if (!one_frame || (declared != ZSTD_CONTENTSIZE_UNKNOWN && declared != entry.raw_size)) {
        throw Error(JPEGAI_ERROR_MODEL, entry.offset,
                    fmt::format("{}: {} {}: not one zstd frame of its size", source.name(), entry.file, entry.key));
    }
    raw_.resize(static_cast<std::size_t>(entry.raw_size));
    const std::size_t made =
        ZSTD_decompressDCtx(context_of(context_), raw_.data(), raw_.size(), stored.data(), stored.size());
    if (ZSTD_isError(made) != 0 || made != raw_.size()) {
        const char* const cause = ZSTD_isError(made) != 0 ? ZSTD_getErrorName(made) : "wrong length";
        throw Error(JPEGAI_ERROR_MODEL, entry.offset,
                    fmt::format("{}: {} {}: {}", source.name(), entry.file, entry.key, cause));
    }
    return raw_;
}

Tensor BlockDecoder::decode(const ByteSource& source, const PackEntry& entry) {
    const auto raw = decompress(source, entry);
    Tensor tensor;
    tensor.dtype = entry.dtype;
    tensor.shape = entry.shape;
    tensor.bytes.resize(tensor.count() * dtype_size(tensor.dtype));
    decode_values(raw, entry, tensor);
    const bool truth = entry.dtype != DType::kBool ||
                       std::all_of(tensor.bytes.begin(), tensor.bytes.end(), [](std::uint8_t b) { return b <= 1; });
    if (!truth) {
        throw Error(JPEGAI_ERROR_MODEL, entry.offset,
                    fmt::format("{}: {} {}: not a truth value", source.name(), entry.file, entry.key));
    }
    return tensor;
}

}  // namespace jpegai
