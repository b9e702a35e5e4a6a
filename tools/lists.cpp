#include "tools/lists.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "tools/common.h"

namespace jpegai::tools {
namespace {

constexpr std::size_t kMaxRegionIndex = 128 * 128 - 1;

/// The whole of `text` as a decimal number; UsageError otherwise.
std::size_t parse_number(std::string_view text, const std::string& option) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        throw UsageError(fmt::format("{}: \"{}\" is not a number", option, text));
    }
    return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

}  // namespace

std::vector<std::string> split_list(const std::string& text) {
    const std::vector<std::string_view> parts = split(text, ',');
    return {parts.begin(), parts.end()};
}

std::vector<std::size_t> parse_index_list(const std::string& text, const std::string& option) {
    std::vector<std::size_t> indices;
    for (const std::string_view item : split(text, ',')) {
        const std::vector<std::string_view> ends = split(item, '-');
        if (ends.size() > 2) throw UsageError(fmt::format("{}: \"{}\" is not a range", option, item));
        const std::size_t first = parse_number(ends.front(), option), last = parse_number(ends.back(), option);
        if (first > last) throw UsageError(fmt::format("{}: \"{}\" runs backwards", option, item));
        if (last > kMaxRegionIndex) throw UsageError(fmt::format("{}: there is never a region {}", option, last));
        for (std::size_t index = first; index <= last; ++index) indices.push_back(index);
        // Overlapping ranges may repeat; keeping the list short bounds its size by the number of regions there can be.
        std::sort(indices.begin(), indices.end());
        indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
    }
    return indices;
}

std::array<std::size_t, kComponents> parse_channels(const std::string& text) {
    const std::vector<std::string_view> items = split(text, ',');
    if (items.size() > kComponents) throw UsageError("--channels: one number, or one for luma and one for chroma");
    std::array<std::size_t, kComponents> channels{};
    for (std::size_t c = 0; c < kComponents; ++c) {
        channels[c] = parse_number(items[std::min(c, items.size() - 1)], "--channels");
    }
    // A single number is meant as a limit for both.
    if (items.size() == 1) channels[kSecondary] = std::min(channels[kSecondary], kLatentChannels[kSecondary]);
    for (std::size_t c = 0; c < kComponents; ++c) {
        if (channels[c] > kLatentChannels[c]) {
            throw UsageError(fmt::format("--channels: {} exceeds the {} channels of {}", channels[c],
                                         kLatentChannels[c], c == kPrimary ? "luma" : "chroma"));
        }
    }
    return channels;
}

std::array<std::size_t, 4> parse_window(const std::string& text, const std::string& option) {
    const std::vector<std::string_view> items = split(text, ',');
    if (items.size() != 4) throw UsageError(fmt::format("{}: four numbers are needed: x,y,width,height", option));
    std::array<std::size_t, 4> window{};
    for (std::size_t i = 0; i < window.size(); ++i) window[i] = parse_number(items[i], option);
    return window;
}

}  // namespace jpegai::tools
