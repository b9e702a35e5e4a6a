// The part of ZIP (APPNOTE 6.3) that torch.save writes: stored entries, with or without ZIP64, data descriptors and
// padding in extra fields. Nothing is ever decompressed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/byte_source.h"

namespace jpegai {

struct ZipEntry {
    std::uint64_t header_offset = 0;  ///< of the local header
    std::uint64_t size = 0;           ///< bytes of content
    std::uint32_t crc = 0;            ///< CRC-32 of the content
};

struct ZipContent {
    std::uint64_t offset = 0;  ///< of the first byte in the archive
    std::vector<std::uint8_t> bytes;
};

/// A ZIP archive whose directory has been read and checked; safe to use from several threads.
class ZipReader {
public:
    using Entries = std::map<std::string, ZipEntry, std::less<>>;

    /// Reads the central directory. Throws Error{model} when it is malformed, names an entry twice or has entries that
    /// are compressed, encrypted or reach outside the file; Error{io}.
    explicit ZipReader(std::shared_ptr<const ByteSource> source);

    [[nodiscard]] const Entries& entries() const noexcept { return entries_; }
    [[nodiscard]] const ByteSource& source() const noexcept { return *source_; }
    /// Content of one entry of at most `max_bytes`, checked against its CRC-32. Throws Error{model, io}.
    [[nodiscard]] ZipContent read(std::string_view name, std::uint64_t max_bytes) const;

private:
    /// Where the content begins, from the local header.
    [[nodiscard]] std::uint64_t content_offset(const std::string& name, const ZipEntry& entry) const;

    std::shared_ptr<const ByteSource> source_;
    Entries entries_;
};

}  // namespace jpegai
