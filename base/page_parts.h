// What the pages of reports are made of.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace jpegai {

/// Text as it may stand between tags and in attributes.
[[nodiscard]] std::string escaped_html(const std::string& text);

/// For data: addresses.
[[nodiscard]] std::string base64(std::span<const std::uint8_t> bytes);

}  // namespace jpegai
