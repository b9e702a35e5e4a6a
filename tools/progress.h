// One line on a terminal that shows how far the work is.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

namespace jpegai::tools {

/// Nothing is shown when the work ends within a second, when standard error is no terminal, or when disabled.
class ProgressLine {
public:
    ProgressLine(std::string name, bool enabled) : name_(std::move(name)), enabled_(enabled && ::isatty(2) == 1) {}
    ~ProgressLine() { clear(); }
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    /// Takes the line away, so that other text can be printed; the next update shows it again.
    void clear() {
        if (shown_) fmt::print(stderr, "\r\033[K");
        shown_ = false;
    }
    void update(double fraction) {
        fraction = fraction > 0 ? std::min(fraction, 1.0) : 0;
        const auto now = Clock::now();
        if (!enabled_ || now - start_ < std::chrono::seconds(1) || now - last_ < std::chrono::milliseconds(100)) return;
        last_ = now;
        shown_ = true;
        constexpr int kBar = 30;
        const std::string bar(static_cast<std::size_t>(fraction * kBar + 0.5), '#');
        fmt::print(stderr, "\r{} [{:<{}}] {:3.0f} %", name_, bar, kBar, fraction * 100);
        std::fflush(stderr);
    }

private:
    using Clock = std::chrono::steady_clock;
    std::string name_;
    bool enabled_, shown_ = false;
    Clock::time_point start_ = Clock::now(), last_ = start_;
};

}  // namespace jpegai::tools
