// Pack version 1: the JSON head.
#pragma once

#include "models/pack_format.h"

namespace jpegai {

/// Entries as the JSON text of a version 1 pack gives them, offsets already those of the file; not yet checked against
/// the size of the file. Throws Error{model}.
[[nodiscard]] PackIndex parse_pack_json(std::span<const std::uint8_t> json, std::uint64_t data_offset);

}  // namespace jpegai
