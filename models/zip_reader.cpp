#include "models/zip_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "base/error.h"
#include "models/crc32.h"
#include "models/little_endian.h"

namespace jpegai {
namespace {

// Sizes and signatures of the fixed parts of the records (APPNOTE 4.3.7, 4.3.12, 4.3.14 to 4.3.16).
constexpr std::size_t kLocalBytes = 30, kCentralBytes = 46, kEnd64Bytes = 56, kLocator64Bytes = 20, kEndBytes = 22;
constexpr std::uint32_t kLocal = 0x04034B50, kCentral = 0x02014B50, kEnd64 = 0x06064B50, kLocator64 = 0x07064B50,
                        kEnd = 0x06054B50;
constexpr std::uint32_t kIn64 = 0xFFFFFFFF;  // "see the ZIP64 field"
constexpr std::uint64_t kMaxDirectoryBytes = 16 << 20, kMaxEntries = 1 << 16;

[[noreturn]] void fail(const ByteSource& source, std::uint64_t offset, const std::string& message) {
    throw Error(JPEGAI_ERROR_MODEL, std::min(offset, source.size()), fmt::format("{}: {}", source.name(), message));
}

struct Directory {
    std::uint64_t offset = 0, size = 0, entries = 0;
};

/// Offset of the end record: the last signature whose comment reaches exactly to the end of the file.
std::uint64_t find_end(const ByteSource& source, std::vector<std::uint8_t>& tail) {
    const std::uint64_t length = std::min<std::uint64_t>(source.size(), kEndBytes + 0xFFFF);
    const std::uint64_t start = source.size() - length;
    tail.resize(static_cast<std::size_t>(length));
    source.read(start, tail);
    for (std::size_t at = tail.size() < kEndBytes ? 0 : tail.size() - kEndBytes + 1; at-- > 0;) {
        if (load_le<std::uint32_t>(&tail[at]) != kEnd) continue;
        const std::size_t comment = load_le<std::uint16_t>(&tail[at + 20]);
        if (at + kEndBytes + comment == tail.size()) {
            tail.erase(tail.begin(), tail.begin() + static_cast<std::ptrdiff_t>(at));
            return start + at;
        }
    }
    fail(source, source.size(), "not a ZIP archive, or cut short");
}

/// The ZIP64 end record, when its locator stands right before the end record.
std::optional<Directory> find_directory64(const ByteSource& source, std::uint64_t end) {
    if (end < kLocator64Bytes) return std::nullopt;
    std::array<std::uint8_t, kLocator64Bytes> locator{};
    source.read(end - kLocator64Bytes, locator);
    if (load_le<std::uint32_t>(locator.data()) != kLocator64) return std::nullopt;
    const auto offset = load_le<std::uint64_t>(&locator[8]);
    std::array<std::uint8_t, kEnd64Bytes> record{};
    source.read(offset, record);
    if (load_le<std::uint32_t>(record.data()) != kEnd64) fail(source, offset, "the ZIP64 end record is missing");
    const auto entries = load_le<std::uint64_t>(&record[32]);
    if (load_le<std::uint64_t>(&record[24]) != entries) fail(source, offset, "ZIP archives in several parts");
    return Directory{load_le<std::uint64_t>(&record[48]), load_le<std::uint64_t>(&record[40]), entries};
}

Directory find_directory(const ByteSource& source) {
    std::vector<std::uint8_t> end;
    const std::uint64_t end_offset = find_end(source, end);
    if (const auto directory = find_directory64(source, end_offset)) return *directory;
    const auto entries = load_le<std::uint16_t>(&end[10]);
    if (load_le<std::uint16_t>(&end[8]) != entries) fail(source, end_offset, "ZIP archives in several parts");
    return {load_le<std::uint32_t>(&end[16]), load_le<std::uint32_t>(&end[12]), entries};
}

/// Takes the 64-bit values of an entry's ZIP64 extra field, which are there only for those that do not fit (4.5.3).
struct Zip64 {
    std::span<const std::uint8_t> values;

    static Zip64 find(std::span<const std::uint8_t> extra) {
        while (extra.size() >= 4) {
            const auto id = load_le<std::uint16_t>(extra.data());
            const std::size_t size = load_le<std::uint16_t>(&extra[2]);
            if (size > extra.size() - 4) break;  // padding that only looks like a field
            if (id == 1) return {extra.subspan(4, size)};
            extra = extra.subspan(4 + size);
        }
        return {};
    }
    /// The wide value where the narrow one says so; nothing when it is missing.
    std::optional<std::uint64_t> widen(std::uint32_t narrow) {
        if (narrow != kIn64) return narrow;
        if (values.size() < 8) return std::nullopt;
        const auto wide = load_le<std::uint64_t>(values.data());
        values = values.subspan(8);
        return wide;
    }
};

/// Parses the entry at `record` (fixed part and tail already known to be there).
ZipEntry parse_entry(const ByteSource& source, std::uint64_t offset, std::span<const std::uint8_t> record,
                     std::span<const std::uint8_t> extra) {
    if ((load_le<std::uint16_t>(&record[8]) & 1u) != 0) fail(source, offset, "encrypted ZIP entry");
    if (load_le<std::uint16_t>(&record[10]) != 0) fail(source, offset, "compressed ZIP entry");
    Zip64 wide = Zip64::find(extra);
    const auto size = wide.widen(load_le<std::uint32_t>(&record[24]));
    const auto stored = wide.widen(load_le<std::uint32_t>(&record[20]));
    const auto header = wide.widen(load_le<std::uint32_t>(&record[42]));
    if (!size || !stored || !header || *size != *stored) fail(source, offset, "ZIP entry with contradicting sizes");
    if (*header > source.size() || *size > source.size() - *header) fail(source, offset, "ZIP entry outside the file");
    return {*header, *size, load_le<std::uint32_t>(&record[16])};
}

ZipReader::Entries read_entries(const ByteSource& source) {
    const Directory directory = find_directory(source);
    if (directory.size > kMaxDirectoryBytes || directory.entries > kMaxEntries) {
        fail(source, directory.offset, "the ZIP directory is too large");
    }
    std::vector<std::uint8_t> buffer;
    const auto bytes = source.view(directory.offset, directory.size, buffer);
    ZipReader::Entries entries;
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < directory.entries; ++i) {
        const std::uint64_t offset = directory.offset + at;
        const auto rest = bytes.subspan(at);
        if (rest.size() < kCentralBytes || load_le<std::uint32_t>(rest.data()) != kCentral) {
            fail(source, offset, "the ZIP directory is damaged");
        }
        const std::size_t name = load_le<std::uint16_t>(&rest[28]), extra = load_le<std::uint16_t>(&rest[30]),
                          comment = load_le<std::uint16_t>(&rest[32]);
        const std::size_t length = kCentralBytes + name + extra + comment;
        if (rest.size() < length) fail(source, offset, "the ZIP directory is damaged");
        const ZipEntry entry = parse_entry(source, offset, rest, rest.subspan(kCentralBytes + name, extra));
        const auto* text = reinterpret_cast<const char*>(rest.data() + kCentralBytes);
        if (!entries.emplace(std::string(text, name), entry).second) fail(source, offset, "a ZIP entry is there twice");
        at += length;
    }
    return entries;
}

}  // namespace

ZipReader::ZipReader(std::shared_ptr<const ByteSource> source)
    : source_(std::move(source)), entries_(read_entries(*source_)) {}

std::uint64_t ZipReader::content_offset(const std::string& name, const ZipEntry& entry) const {
    std::array<std::uint8_t, kLocalBytes> header{};
    source_->read(entry.header_offset, header);
    std::vector<std::uint8_t> buffer;
    const auto local_name =
        source_->view(entry.header_offset + kLocalBytes, load_le<std::uint16_t>(&header[26]), buffer);
    // Sizes and CRC of the local header may be zero (they follow in a data descriptor), so the directory's count.
    if (load_le<std::uint32_t>(header.data()) != kLocal || load_le<std::uint16_t>(&header[8]) != 0 ||
        !std::equal(local_name.begin(), local_name.end(), name.begin(), name.end(),
                    [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); })) {
        fail(*source_, entry.header_offset, fmt::format("the local ZIP header of {} differs from the directory", name));
    }
    return entry.header_offset + kLocalBytes + local_name.size() + load_le<std::uint16_t>(&header[28]);
}

ZipContent ZipReader::read(std::string_view name, std::uint64_t max_bytes) const {
    const auto found = entries_.find(name);
    if (found == entries_.end()) fail(*source_, 0, fmt::format("no ZIP entry {}", name));
    const ZipEntry& entry = found->second;
    if (entry.size > max_bytes) fail(*source_, entry.header_offset, fmt::format("{} is too large", found->first));
    const std::uint64_t offset = content_offset(found->first, entry);
    ZipContent content{offset, std::vector<std::uint8_t>(static_cast<std::size_t>(entry.size))};
    source_->read(offset, content.bytes);
    if (crc32(content.bytes) != entry.crc)
        fail(*source_, offset, fmt::format("{} does not have its CRC-32", found->first));
    return content;
}

}  // namespace jpegai
