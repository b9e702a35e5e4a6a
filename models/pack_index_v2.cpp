#include "models/pack_index_v2.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"
#include "models/little_endian.h"

namespace jpegai {
namespace {

constexpr std::size_t kFingerprintBytes = 32;

/// Takes the fields of an index one after the other.
class Cursor {
public:
    explicit Cursor(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    [[noreturn]] void fail(const std::string& message) const {
        throw Error(JPEGAI_ERROR_MODEL, kPackHeadBytes + at_, "weight pack index: " + message);
    }
    std::span<const std::uint8_t> take(std::size_t count) {
        if (count > bytes_.size() - at_) fail("ends too early");
        const auto taken = bytes_.subspan(at_, count);
        at_ += count;
        return taken;
    }
    template <class T>
    T number() {
        return load_le<T>(take(sizeof(T)).data());
    }
    std::string text(std::size_t length, std::size_t maximum) {
        if (length > maximum) fail("a text is too long");
        const auto taken = take(length);
        return {taken.begin(), taken.end()};
    }
    [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }
    [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }

private:
    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
};

DType parse_dtype(Cursor& in) {
    const auto code = in.number<std::uint8_t>();
    if (code > static_cast<std::uint8_t>(DType::kFloat16)) in.fail("unknown type");
    return static_cast<DType>(code);
}

PackEncoding parse_encoding(Cursor& in) {
    const auto code = in.number<std::uint8_t>();
    if (code > static_cast<std::uint8_t>(PackEncoding::kU8)) in.fail("unknown encoding");
    return static_cast<PackEncoding>(code);
}

PackCodec parse_codec(Cursor& in) {
    const auto code = in.number<std::uint8_t>();
    if (code > static_cast<std::uint8_t>(PackCodec::kZstd)) in.fail("unknown codec");
    return static_cast<PackCodec>(code);
}

PackEntry parse_entry(Cursor& in, const std::string& file) {
    PackEntry entry;
    entry.file = file;
    entry.key = in.text(in.number<std::uint16_t>(), kMaxPackName);
    entry.dtype = parse_dtype(in);
    entry.encoding = parse_encoding(in);
    entry.codec = parse_codec(in);
    entry.planes = in.number<std::uint8_t>();
    entry.exponent = in.number<std::int16_t>();
    if (entry.encoding != PackEncoding::kGrid && (entry.planes != 0 || entry.exponent != 0))
        in.fail("grid without grid");
    const std::size_t rank = in.number<std::uint8_t>();
    if (rank > kMaxPackRank) in.fail("too many dimensions");
    for (std::size_t d = 0; d < rank; ++d) entry.shape.push_back(in.number<std::uint32_t>());
    entry.size = in.number<std::uint32_t>();
    entry.crc = in.number<std::uint32_t>();
    return entry;
}

void parse_file(Cursor& in, PackIndex& index) {
    const std::string file = in.text(in.number<std::uint16_t>(), kMaxPackName);
    if (!index.entries.empty() && index.entries.back().file >= file) in.fail("files are not in order");
    const std::size_t tensors = in.number<std::uint32_t>();
    if (tensors == 0 || tensors > kMaxPackTensors - index.entries.size()) in.fail("wrong number of tensors");
    for (std::size_t i = 0; i < tensors; ++i) {
        PackEntry entry = parse_entry(in, file);
        if (i > 0 && index.entries.back().key >= entry.key) in.fail("tensors are not in order");
        index.entries.push_back(std::move(entry));
    }
}

}  // namespace

PackIndex parse_pack_index(std::span<const std::uint8_t> bytes) {
    Cursor in(bytes);
    PackIndex index;
    index.version = 2;
    index.name = in.text(in.number<std::uint16_t>(), kMaxPackName);
    index.info = in.text(in.number<std::uint32_t>(), kMaxPackInfo);
    index.fingerprint = to_hex(in.take(kFingerprintBytes));
    const std::size_t files = in.number<std::uint32_t>();
    if (files > kMaxPackFiles) in.fail("too many files");
    for (std::size_t i = 0; i < files; ++i) parse_file(in, index);
    if (!in.at_end()) in.fail("bytes after the end");
    // Blocks follow the index in its order without gaps.
    index.data_offset = kPackHeadBytes + bytes.size();
    std::uint64_t offset = index.data_offset;
    for (PackEntry& entry : index.entries) {
        entry.offset = offset;
        offset += entry.size;
    }
    return index;
}

std::vector<std::uint8_t> format_pack_index(const PackIndex& index) {
    std::vector<std::uint8_t> out;
    const auto append_text = [&](const std::string& text) { out.insert(out.end(), text.begin(), text.end()); };
    append_le(out, static_cast<std::uint16_t>(index.name.size()));
    append_text(index.name);
    append_le(out, static_cast<std::uint32_t>(index.info.size()));
    append_text(index.info);
    for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
        out.push_back(static_cast<std::uint8_t>(std::stoul(index.fingerprint.substr(2 * i, 2), nullptr, 16)));
    }
    const auto& entries = index.entries;
    const auto same_file = [](const PackEntry& a, const PackEntry& b) { return a.file == b.file; };
    std::uint32_t files = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) files += i == 0 || !same_file(entries[i - 1], entries[i]);
    append_le(out, files);
    for (auto first = entries.begin(); first != entries.end();) {
        const auto last =
            std::find_if_not(first, entries.end(), [&](const PackEntry& e) { return same_file(*first, e); });
        append_le(out, static_cast<std::uint16_t>(first->file.size()));
        append_text(first->file);
        append_le(out, static_cast<std::uint32_t>(last - first));
        for (; first != last; ++first) {
            append_le(out, static_cast<std::uint16_t>(first->key.size()));
            append_text(first->key);
            out.push_back(static_cast<std::uint8_t>(first->dtype));
            out.push_back(static_cast<std::uint8_t>(first->encoding));
            out.push_back(static_cast<std::uint8_t>(first->codec));
            out.push_back(static_cast<std::uint8_t>(first->planes));
            append_le(out, static_cast<std::int16_t>(first->exponent));
            out.push_back(static_cast<std::uint8_t>(first->shape.size()));
            for (const std::size_t side : first->shape) append_le(out, static_cast<std::uint32_t>(side));
            append_le(out, static_cast<std::uint32_t>(first->size));
            append_le(out, first->crc.value_or(0));
        }
    }
    return out;
}

}  // namespace jpegai
