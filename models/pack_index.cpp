#include <algorithm>
#include <cstring>
#include <tuple>

#include <fmt/format.h>

#include "base/error.h"
#include "models/crc32.h"
#include "models/little_endian.h"
#include "models/pack_format.h"
#include "models/pack_index_v1.h"
#include "models/pack_index_v2.h"

namespace jpegai {
namespace {

constexpr std::uint64_t kJsonHeadBytes = 12;  // version 1: magic and length of the JSON text

[[noreturn]] void fail(const ByteSource& source, std::uint64_t offset, const std::string& message) {
    throw Error(JPEGAI_ERROR_MODEL, std::min(offset, source.size()), fmt::format("{}: {}", source.name(), message));
}

// Decoded size of an entry, or nothing when it is over the limit.
std::optional<std::uint64_t> tensor_bytes(const PackEntry& entry) {
    std::uint64_t bytes = dtype_size(entry.dtype);
    for (const std::size_t side : entry.shape) {
        if (__builtin_mul_overflow(bytes, side, &bytes) || bytes > kMaxPackTensorBytes) return std::nullopt;
    }
    return bytes;
}

PackIndex read_version_1(const ByteSource& source, std::uint32_t json_size) {
    if (json_size > kMaxPackIndexBytes) fail(source, 8, "the head is too long");
    std::vector<std::uint8_t> buffer;
    const auto json = source.view(kJsonHeadBytes, json_size, buffer);
    return parse_pack_json(json, kJsonHeadBytes + json_size);
}

PackIndex read_version_2(const ByteSource& source, std::uint32_t index_size, std::uint32_t crc) {
    if (index_size > kMaxPackIndexBytes) fail(source, 8, "the index is too long");
    std::vector<std::uint8_t> buffer;
    const auto bytes = source.view(kPackHeadBytes, index_size, buffer);
    if (crc32(bytes) != crc) fail(source, 12, "the index does not have its CRC-32");
    PackIndex index = parse_pack_index(bytes);
    for (PackEntry& entry : index.entries) {
        if (!tensor_bytes(entry)) fail(source, entry.offset, fmt::format("{} is too large", entry.key));
        entry.raw_size = pack_raw_size(entry).value_or(0);
    }
    const PackEntry* const last = index.entries.empty() ? nullptr : &index.entries.back();
    const std::uint64_t end = last != nullptr ? last->offset + last->size : index.data_offset;
    if (end != source.size()) {
        fail(source, std::min(end, source.size()), fmt::format("{} bytes instead of {}", source.size(), end));
    }
    return index;
}

bool valid_name(const std::string& name) {
    return !name.empty() && name.size() <= kMaxPackName &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > 32 && c < 127; });
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

/// Text that is safe to show: no control characters except line ends and tabs.
bool valid_text(const std::string& text) {
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 32 && c != '\n' && c != '\t') || byte == 127;
    });
}

void check_index(const ByteSource& source, PackIndex& index) {
    if (!valid_text(index.name) || !valid_text(index.info)) fail(source, 0, "control characters in the description");
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
    std::array<std::uint8_t, kPackHeadBytes> head{};
    if (source.size() < head.size()) fail(source, source.size(), "not a weight pack");
    source.read(0, head);
    const auto size = load_le<std::uint32_t>(&head[8]);
    PackIndex index;
    if (std::memcmp(head.data(), "JAIWGT01", 8) == 0) {
        index = read_version_1(source, size);
    } else if (std::memcmp(head.data(), "JAIWGT02", 8) == 0) {
        index = read_version_2(source, size, load_le<std::uint32_t>(&head[12]));
    } else {
        fail(source, 0, "not a weight pack of a known version");
    }
    check_index(source, index);
    return index;
}

}  // namespace jpegai
