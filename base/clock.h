// The clock of statistics: elapsed time, or processor time where other programs keep the machine busy.
#pragma once

#include <chrono>
#include <ctime>

namespace jpegai {

enum class TimeKind : bool {
    kElapsed,
    kProcessor,  ///< of all threads of this process
};

/// Seconds since some moment; only differences mean anything.
[[nodiscard]] inline double clock_seconds(TimeKind kind) {
    if (kind == TimeKind::kProcessor) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace jpegai
