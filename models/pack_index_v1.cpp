#include "models/pack_index_v1.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace jpegai {
namespace {

using nlohmann::json;

// All messages of this file speak of the head, whose JSON starts at byte 12.
constexpr std::uint64_t kJsonOffset = 12;

[[noreturn]] void fail(const std::string& message) {
    throw Error(JPEGAI_ERROR_MODEL, kJsonOffset, "weight pack head: " + message);
}

const json& member(const json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) fail(fmt::format("\"{}\" is missing", name));
    return *found;
}

std::string text(const json& object, const char* name) {
    const json& value = member(object, name);
    if (!value.is_string()) fail(fmt::format("\"{}\" is not a string", name));
    return value.get<std::string>();
}

std::uint64_t whole(const json& object, const char* name, std::uint64_t maximum) {
    const json& value = member(object, name);
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > maximum) {
        fail(fmt::format("\"{}\" is not a number up to {}", name, maximum));
    }
    return value.get<std::uint64_t>();
}

std::vector<std::size_t> parse_shape(const json& object) {
    const json& list = member(object, "shape");
    if (!list.is_array() || list.size() > kMaxPackRank) fail("\"shape\" is not a short list");
    std::vector<std::size_t> shape;
    for (const json& side : list) {
        if (!side.is_number_unsigned() || side.get<std::uint64_t>() > kMaxPackTensorBytes)
            fail("\"shape\" is not valid");
        shape.push_back(side.get<std::size_t>());
    }
    return shape;
}

DType parse_dtype(const std::string& name) {
    for (const DType type : {DType::kFloat32, DType::kInt32, DType::kInt8, DType::kBool}) {
        if (name == dtype_name(type)) return type;
    }
    fail(fmt::format("unknown type \"{}\"", name.substr(0, 32)));
}

void parse_encoding(const json& item, PackEntry& entry) {
    const std::string name = text(item, "enc");
    const DType type = entry.dtype;
    if (name == "grid" && type == DType::kFloat32) {
        const json& exponent = member(item, "exp");
        if (!exponent.is_number_integer()) fail("\"exp\" is not a number");
        entry.encoding = PackEncoding::kGrid;
        entry.exponent = static_cast<int>(std::clamp<std::int64_t>(exponent.get<std::int64_t>(), -1000, 1000));
        entry.planes = static_cast<unsigned>(whole(item, "planes", 2));
    } else if (name == "f16" && type == DType::kFloat32) {
        entry.encoding = PackEncoding::kHalf;
    } else if (name == "u8" && type == DType::kInt32) {
        entry.encoding = PackEncoding::kU8;
    } else if ((name == "u8" && type == DType::kBool) || (name == "i8" && type == DType::kInt8) ||
               (name == "i32" && type == DType::kInt32)) {
        entry.encoding = PackEncoding::kPlain;
    } else {
        fail(fmt::format("encoding \"{}\" of type {}", name.substr(0, 32), dtype_name(type)));
    }
}

PackCodec parse_codec(const std::string& name) {
    if (name == "raw") return PackCodec::kRaw;
    if (name == "zstd") return PackCodec::kZstd;
    fail(fmt::format("unknown codec \"{}\"", name.substr(0, 32)));
}

PackEntry parse_entry(const json& item, const std::string& beta, std::uint64_t data_offset) {
    if (!item.is_object()) fail("a tensor is not an object");
    PackEntry entry;
    entry.file = text(item, "file") + "_" + beta;
    entry.key = text(item, "key");
    entry.dtype = parse_dtype(text(item, "dtype"));
    entry.shape = parse_shape(item);
    parse_encoding(item, entry);
    entry.codec = parse_codec(text(item, "codec"));
    constexpr std::uint64_t kLargest = std::uint64_t{1} << 40;
    entry.offset = data_offset + whole(item, "offset", kLargest);
    entry.size = whole(item, "size", kLargest);
    entry.raw_size = whole(item, "raw_size", kLargest);
    return entry;
}

}  // namespace

PackIndex parse_pack_json(std::span<const std::uint8_t> bytes, std::uint64_t data_offset) {
    const json head = json::parse(bytes.begin(), bytes.end(), nullptr, false);
    if (!head.is_object()) fail("not a JSON object");
    if (text(head, "format") != "jpegai-weights" || whole(head, "version", 1000) != 1)
        fail("another format or version");
    PackIndex index;
    index.version = 1;
    index.data_offset = data_offset;
    index.data_sha256 = text(head, "data_sha256");
    const std::string beta = text(head, "beta");
    const json& tensors = member(head, "tensors");
    if (!tensors.is_array() || tensors.size() > kMaxPackTensors) fail("\"tensors\" is not a list");
    index.entries.reserve(tensors.size());
    for (const json& item : tensors) index.entries.push_back(parse_entry(item, beta, data_offset));
    return index;
}

}  // namespace jpegai
