#include "tests/models/archive_builder.h"

#include "models/crc32.h"
#include "models/little_endian.h"

namespace jpegai::test {
namespace {

void append(Bytes& out, const Bytes& more) {
    out.insert(out.end(), more.begin(), more.end());
}

struct Sizes {
    std::uint32_t crc;
    std::uint64_t stored, size;
};

// CRC, stored size and size as the narrow fields hold them.
void append_sizes(Bytes& out, const Sizes& sizes, bool zip64) {
    append_le<std::uint32_t>(out, sizes.crc);
    append_le<std::uint32_t>(out, zip64 ? 0xFFFFFFFF : static_cast<std::uint32_t>(sizes.stored));
    append_le<std::uint32_t>(out, zip64 ? 0xFFFFFFFF : static_cast<std::uint32_t>(sizes.size));
}

}  // namespace

Bytes to_bytes(std::string_view text) {
    return {text.begin(), text.end()};
}

void ZipBuilder::add(const std::string& name, const Bytes& content, const ZipStyle& style) {
    const std::uint64_t header = bytes_.size();
    const auto declared = static_cast<std::uint64_t>(static_cast<std::int64_t>(content.size()) + style.declared_extra);
    const Sizes sizes{crc32(content), declared, declared};
    const auto flags = static_cast<std::uint16_t>(style.flags | (style.data_descriptor ? 8 : 0));

    Bytes local_extra;
    const std::size_t start = bytes_.size() + 30 + name.size();
    if (const std::size_t padding = (style.alignment - (start + 4) % style.alignment) % style.alignment;
        style.alignment > 1) {
        append_le<std::uint16_t>(local_extra, 0x4246);  // the id torch uses
        append_le<std::uint16_t>(local_extra, static_cast<std::uint16_t>(padding));
        local_extra.insert(local_extra.end(), padding, 'Z');
    }
    append_le<std::uint32_t>(bytes_, 0x04034B50);
    append_le<std::uint16_t>(bytes_, 45);
    append_le<std::uint16_t>(bytes_, flags);
    append_le<std::uint16_t>(bytes_, style.method);
    append_le<std::uint32_t>(bytes_, 0);  // date
    append_sizes(bytes_, style.data_descriptor ? Sizes{0, 0, 0} : sizes, false);
    append_le<std::uint16_t>(bytes_, static_cast<std::uint16_t>(name.size()));
    append_le<std::uint16_t>(bytes_, static_cast<std::uint16_t>(local_extra.size()));
    append(bytes_, to_bytes(name));
    append(bytes_, local_extra);
    append(bytes_, content);
    if (style.data_descriptor) {
        append_le<std::uint32_t>(bytes_, 0x08074B50);
        append_sizes(bytes_, sizes, false);
    }

    Bytes extra;
    if (style.zip64) {
        append_le<std::uint32_t>(extra, 0x00004246);  // an empty field of another kind comes first
        append_le<std::uint16_t>(extra, 1);
        append_le<std::uint16_t>(extra, 24);
        append_le<std::uint64_t>(extra, sizes.size);
        append_le<std::uint64_t>(extra, sizes.stored);
        append_le<std::uint64_t>(extra, header);
    }
    append_le<std::uint32_t>(directory_, 0x02014B50);
    append_le<std::uint32_t>(directory_, 0x002D002D);
    append_le<std::uint16_t>(directory_, flags);
    append_le<std::uint16_t>(directory_, style.method);
    append_le<std::uint32_t>(directory_, 0);
    append_sizes(directory_, sizes, style.zip64);
    append_le<std::uint16_t>(directory_, static_cast<std::uint16_t>(name.size()));
    append_le<std::uint16_t>(directory_, static_cast<std::uint16_t>(extra.size()));
    append_le<std::uint16_t>(directory_, 0);
    directory_.insert(directory_.end(), 8, 0);
    append_le<std::uint32_t>(directory_, style.zip64 ? 0xFFFFFFFF : static_cast<std::uint32_t>(header));
    append(directory_, to_bytes(name));
    append(directory_, extra);
    ++entries_;
}

Bytes ZipBuilder::finish(const ZipStyle& style, const std::string& comment) {
    const std::uint64_t directory = bytes_.size();
    append(bytes_, directory_);
    if (style.zip64) {
        const std::uint64_t end = bytes_.size();
        append_le<std::uint32_t>(bytes_, 0x06064B50);
        append_le<std::uint64_t>(bytes_, 44);
        append_le<std::uint32_t>(bytes_, 0x002D002D);
        append_le<std::uint64_t>(bytes_, 0);
        append_le<std::uint64_t>(bytes_, entries_);
        append_le<std::uint64_t>(bytes_, entries_);
        append_le<std::uint64_t>(bytes_, directory_.size());
        append_le<std::uint64_t>(bytes_, directory);
        append_le<std::uint32_t>(bytes_, 0x07064B50);
        append_le<std::uint32_t>(bytes_, 0);
        append_le<std::uint64_t>(bytes_, end);
        append_le<std::uint32_t>(bytes_, 1);
    }
    append_le<std::uint32_t>(bytes_, 0x06054B50);
    append_le<std::uint32_t>(bytes_, 0);
    append_le<std::uint16_t>(bytes_, style.zip64 ? 0xFFFF : static_cast<std::uint16_t>(entries_));
    append_le<std::uint16_t>(bytes_, style.zip64 ? 0xFFFF : static_cast<std::uint16_t>(entries_));
    append_le<std::uint32_t>(bytes_, style.zip64 ? 0xFFFFFFFF : static_cast<std::uint32_t>(directory_.size()));
    append_le<std::uint32_t>(bytes_, style.zip64 ? 0xFFFFFFFF : static_cast<std::uint32_t>(directory));
    append_le<std::uint16_t>(bytes_, static_cast<std::uint16_t>(comment.size()));
    append(bytes_, to_bytes(comment));
    return std::move(bytes_);
}

PickleBuilder& PickleBuilder::raw(std::string_view opcodes) {
    append(bytes_, to_bytes(opcodes));
    return *this;
}

PickleBuilder& PickleBuilder::global(const std::string& module, const std::string& name) {
    return raw("c" + module + "\n" + name + "\n");
}

PickleBuilder& PickleBuilder::text(const std::string& words) {
    raw("X");
    append_le<std::uint32_t>(bytes_, static_cast<std::uint32_t>(words.size()));
    return raw(words);
}

PickleBuilder& PickleBuilder::number(std::int32_t value) {
    raw("J");
    append_le<std::int32_t>(bytes_, value);
    return *this;
}

PickleBuilder& PickleBuilder::tuple(const std::vector<std::int32_t>& numbers) {
    raw("(");
    for (const std::int32_t value : numbers) number(value);
    return raw("t");
}

PickleBuilder& PickleBuilder::tensor(const std::string& storage_class, const std::string& key, std::int32_t length,
                                     std::int32_t offset, const std::vector<std::int32_t>& sizes,
                                     const std::vector<std::int32_t>& strides) {
    global("torch._utils", "_rebuild_tensor_v2").raw("((").text("storage").global("torch", storage_class).text(key);
    text("cpu").number(length).raw("tQ").number(offset).tuple(sizes).tuple(strides).raw("\x89");
    return global("collections", "OrderedDict").raw(")RtR");
}

Bytes PickleBuilder::stop() {
    raw(".");
    return bytes_;
}

}  // namespace jpegai::test
