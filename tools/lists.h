// Lists of numbers on the command line.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "spec/constants.h"

namespace jpegai::tools {

/// "a,b" -> a b, at the commas; at least one item, which may be empty.
[[nodiscard]] std::vector<std::string> split_list(const std::string& text);

/// "0,2-4" -> 0 2 3 4, sorted, each once. Throws UsageError that names `option` for anything else, for a range that
/// runs backwards and for an index above 16383 (the most regions that a header can express).
[[nodiscard]] std::vector<std::size_t> parse_index_list(const std::string& text, const std::string& option);

/// "64" or "64,32" -> latent channels of luma and chroma; a single number is a limit for both.
/// Throws UsageError when one exceeds its component's channels.
[[nodiscard]] std::array<std::size_t, kComponents> parse_channels(const std::string& text);

/// "x,y,width,height" in luma samples. Throws UsageError that names `option` for anything else.
[[nodiscard]] std::array<std::size_t, 4> parse_window(const std::string& text, const std::string& option);

}  // namespace jpegai::tools
