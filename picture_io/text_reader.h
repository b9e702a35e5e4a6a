// Reads the text headers of PNM, PAM and Y4M, which are followed by binary samples.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace jpegai::picture_formats {

/// A cursor over a header of limited length.
class TextReader {
public:
    TextReader(std::span<const std::uint8_t> file, const char* format) : file_(file), format_(format) {}

    [[nodiscard]] std::size_t offset() const { return next_; }
    [[nodiscard]] std::span<const std::uint8_t> rest() const { return file_.subspan(next_); }

    [[nodiscard]] int peek() const { return next_ < file_.size() ? file_[next_] : -1; }
    int take() {
        if (next_ >= file_.size()) fail(JPEGAI_ERROR_TRUNCATED, "the header ends early");
        if (next_ >= kMaxHeader) fail(JPEGAI_ERROR_STRUCTURE, "the header does not end");
        return file_[next_++];
    }
    /// Characters up to, not including, one of `ends`, which is left unread.
    [[nodiscard]] std::string until(std::string_view ends) {
        std::string text;
        while (ends.find(static_cast<char>(peek())) == std::string_view::npos || peek() < 0)
            text += static_cast<char>(take());
        return text;
    }
    void expect(std::string_view text) {
        for (const char c : text) {
            if (take() != static_cast<unsigned char>(c)) {
                --next_;
                fail(JPEGAI_ERROR_STRUCTURE, std::string("expected \"") + std::string(text) + "\"");
            }
        }
    }
    /// A whole decimal number.
    [[nodiscard]] std::uint64_t number(const std::string& text) const {
        std::uint64_t value = 0;
        for (const char c : text) {
            if (c < '0' || c > '9' || value > kMaxNumber)
                fail(JPEGAI_ERROR_STRUCTURE, "\"" + text + "\" is not a size");
            value = 10 * value + static_cast<std::uint64_t>(c - '0');
        }
        if (text.empty()) fail(JPEGAI_ERROR_STRUCTURE, "a number is missing");
        return value;
    }
    [[noreturn]] void fail(jpegai_error code, const std::string& what) const {
        throw Error(code, next_, std::string(format_) + ": " + what);
    }

private:
    static constexpr std::size_t kMaxHeader = 1U << 16;
    static constexpr std::uint64_t kMaxNumber = 1'000'000'000'000;
    std::span<const std::uint8_t> file_;
    const char* format_;
    std::size_t next_ = 0;
};

}  // namespace jpegai::picture_formats
