#include <algorithm>
#include <cstring>
#include <tuple>

#include <fmt/format.h>

#include "base/error.h"
#include "models/pack_format.h"
#include "models/pack_index_v1.h"

namespace jpegai {
namespace {

constexpr std::uint64_t kHeadBytes = 12;  // magic and length of the index

[[noreturn]] void fail(const ByteSource& source, std::uint64_t offset, const std::string& message) {
    throw Error(JPEGAI_ERROR_MODEL, offset, fmt::format("{}: {}", source.name(), message));
}

std::uint32_t u32(const std::uint8_t* bytes) {
    return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
           static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

PackIndex read_version_1(const ByteSource& source, std::uint32_t json_size) {
    if (json_size > kMaxPackIndexBytes) fail(source, 8, "the head is too long");
    std::vector<std::uint8_t> buffer;
    const auto json = source.view(kHeadBytes, json_size, buffer);
    return parse_pack_json(json, kHeadBytes + json_size);
}

bool valid_name(const std::string& name) {
    return !name.empty() && name.size() <= kMaxPackName &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > 32 && c < 127; });
}

// Decoded size of an entry, or nothing when it is over the limit.
std::optional<std::uint64_t> tensor_bytes(const PackEntry& entry) {
    std::uint64_t bytes = dtype_size(entry.dtype);
    for (const std::size_t side : entry.shape) {
        if (__builtin_mul_overflow(bytes, side, &bytes) || bytes > kMaxPackTensorBytes) return std::nullopt;
    }
    return bytes;
}

void check_entry(const ByteSource& source, std::uint64_t data_offset, const PackEntry& entry) {
    const auto complain = [&](const char* what) {
        fail(source, data_offset, fmt::format("{} {}: {}", entry.file, entry.key, what));
    };
    if (entry.shape.size() > kMaxPackRank || !tensor_bytes(entry)) complain("the tensor is too large");
    const auto raw_size = pack_raw_size(entry);
    if (!raw_size) complain("the encoding does not fit the type");
    if (*raw_size != entry.raw_size) complain("the size does not fit the shape");
    if (entry.codec == PackCodec::kRaw && entry.size != entry.raw_size) complain("the sizes contradict each other");
    // The densest zstd block makes 128 KiB out of 4 bytes, so anything beyond is a lie worth no allocation.
    if (entry.raw_size / 32768 > entry.size) complain("the block is too small for its content");
    if (entry.offset < data_offset || entry.offset > source.size() || entry.size > source.size() - entry.offset) {
        complain("the block lies outside the file");
    }
}

void check_index(const ByteSource& source, PackIndex& index) {
    std::uint64_t total = 0;
    for (const PackEntry& entry : index.entries) {
        if (!valid_name(entry.file) || !valid_name(entry.key)) fail(source, index.data_offset, "a name is not valid");
        check_entry(source, index.data_offset, entry);
        total += *tensor_bytes(entry);
        if (total > kMaxPackSetBytes) fail(source, index.data_offset, "the set is too large");
    }
    const auto name = [](const PackEntry& entry) { return std::tie(entry.file, entry.key); };
    std::sort(index.entries.begin(), index.entries.end(),
              [&](const PackEntry& a, const PackEntry& b) { return name(a) < name(b); });
    const auto twin = std::adjacent_find(index.entries.begin(), index.entries.end(),
                                         [&](const PackEntry& a, const PackEntry& b) { return name(a) == name(b); });
    if (twin != index.entries.end()) {
        fail(source, index.data_offset, fmt::format("{} {} is there twice", twin->file, twin->key));
    }
}

}  // namespace

PackIndex read_pack_index(const ByteSource& source) {
    std::array<std::uint8_t, kHeadBytes> head{};
    if (source.size() < head.size()) fail(source, source.size(), "not a weight pack");
    source.read(0, head);
    if (std::memcmp(head.data(), "JAIWGT01", 8) != 0) fail(source, 0, "not a weight pack");
    PackIndex index = read_version_1(source, u32(head.data() + 8));
    check_index(source, index);
    return index;
}

}  // namespace jpegai
