// Pack version 2: the binary head.
#pragma once

#include "models/pack_format.h"

namespace jpegai {

/// Bytes before the index: magic, length of the index, CRC-32 of the index.
inline constexpr std::uint64_t kPackHeadBytes = 16;

/// Entries as a version 2 index gives them; not yet checked against the size of the file. Offsets of errors are those
/// in the file. Throws Error{model}.
[[nodiscard]] PackIndex parse_pack_index(std::span<const std::uint8_t> bytes);

/// The bytes of an index (without head). `index.entries` are sorted by file and key; offsets, raw sizes and the version
/// are not written.
[[nodiscard]] std::vector<std::uint8_t> format_pack_index(const PackIndex& index);

}  // namespace jpegai
