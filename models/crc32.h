// CRC-32 as ZIP and the weight pack use it (polynomial 0xEDB88320, reflected, inverted at both ends).
#pragma once

#include <cstdint>
#include <span>

namespace jpegai {

[[nodiscard]] std::uint32_t crc32(std::span<const std::uint8_t> bytes);

}  // namespace jpegai
