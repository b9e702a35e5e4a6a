// Files without a header: planes one after the other.
#include <cctype>

#include <fmt/format.h>

#include "base/error.h"
#include "picture_io/formats.h"

namespace jpegai {
namespace {

/// Words of a file name: runs of letters and digits.
std::vector<std::string> words_of(const std::string& path) {
    std::vector<std::string> words(1);
    const std::size_t slash = path.rfind('/');
    for (const char c : path.substr(slash == std::string::npos ? 0 : slash + 1)) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0)
            words.back() += c;
        else if (!words.back().empty())
            words.emplace_back();
    }
    return words;
}

/// The whole word as a number below 100,000; 0 when it is none.
std::size_t small_number(const std::string& word) {
    if (word.empty() || word.size() > 5) return 0;
    std::size_t value = 0;
    for (const char c : word) {
        if (c < '0' || c > '9') return 0;
        value = 10 * value + static_cast<std::size_t>(c - '0');
    }
    return value;
}

void take_word(const std::string& word, RawLayout& layout) {
    const std::size_t by = word.find('x');
    if (by != std::string::npos) {
        const std::size_t cols = small_number(word.substr(0, by)), rows = small_number(word.substr(by + 1));
        if (rows > 0 && cols > 0) {
            layout.rows = rows;
            layout.cols = cols;
        }
    }
    const std::size_t digits = word.find_first_not_of("0123456789");
    if (digits != std::string::npos && (word.substr(digits) == "bit" || word.substr(digits) == "b")) {
        const std::size_t depth = small_number(word.substr(0, digits));
        if (depth >= 8 && depth <= 16) layout.bit_depth = static_cast<unsigned>(depth);
    }
    if (word == "400") layout.grey = true;
    if (word == "444" || word == "422" || word == "420") {
        layout.grey = false;
        layout.chroma = {static_cast<std::uint8_t>(word == "420" ? 2 : 1),
                         static_cast<std::uint8_t>(word == "444" ? 1 : 2)};
    }
}

}  // namespace

std::optional<RawLayout> raw_layout_of_name(const std::string& path) {
    RawLayout layout;
    for (const std::string& word : words_of(path)) take_word(word, layout);
    return layout.rows > 0 ? std::optional(layout) : std::nullopt;
}

namespace picture_formats {

Picture decode_yuv(std::span<const std::uint8_t> file, const ReadOptions& options) {
    if (!options.raw)
        throw Error(JPEGAI_ERROR_ARGUMENT,
                    "a raw YUV file does not tell its size, chroma format and bit depth: give them, on the command line as "
                    "--format 1920x1080_10bit_420 or in the file's name");
    const RawLayout& layout = *options.raw;
    if (!layout.chroma.valid() || layout.bit_depth < 8 || layout.bit_depth > 16) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "no such raw YUV layout");
    }
    check_size(layout.rows, layout.cols, options);
    const std::uint64_t frame = planar_bytes(layout);
    if (file.size() < frame)
        throw Error(JPEGAI_ERROR_TRUNCATED, file.size(),
                    fmt::format("raw YUV of {} bytes, a frame has {}", file.size(), frame));
    if (file.size() % frame != 0) {
        throw Error(JPEGAI_ERROR_STRUCTURE, frame,
                    fmt::format("raw YUV of {} bytes is not made of frames of {}", file.size(), frame));
    }
    return read_planar(file.first(static_cast<std::size_t>(frame)), layout, 0);
}

void encode_yuv(const Picture& picture, const ByteSink& sink) {
    require_yuv(picture, "raw YUV");
    put_planar(picture, sink);
}

}  // namespace picture_formats
}  // namespace jpegai
