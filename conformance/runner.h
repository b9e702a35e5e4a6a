// Runs a suite on a decoder and judges what it did.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "conformance/device.h"

namespace jpegai::conformance {

enum class Verdict : std::uint8_t { kPass, kFail, kSkipped };
[[nodiscard]] const char* verdict_name(Verdict verdict);

/// How an output picture differs from the expected one.
struct PictureDifference {
    double peak = 0, rms = 0, share = 0;
    std::size_t plane = 0, row = 0, col = 0;  ///< first differing sample
    unsigned expected = 0, found = 0;         ///< its values
    bool any = false;
};
/// Throws Error{argument} when the pictures differ in kind, depth or size.
[[nodiscard]] PictureDifference compare_pictures(const Picture& expected, const Picture& found);

/// The judgement on one case.
struct CaseResult {
    const Case* test = nullptr;
    Verdict verdict = Verdict::kPass;
    std::string stage;    ///< first stage that differs: a stage's name, "container", "headers", "entropy decoding",
                          ///< "profile and level", "picture", "rejection", "crash" or "time limit"
    std::string clause;   ///< where that stage is specified
    std::string message;  ///< one line: what differs, and where first
    double seconds = 0;
    bool by_status_alone = false;  ///< a pass for decoding without an error: there was no picture or stage to compare
    std::optional<PictureDifference> difference;
    std::optional<Picture> picture;  ///< what a failing decoder put out
};

struct RunOptions {
    unsigned jobs = 1;
    std::string filter;              ///< as `selects` reads it; empty: all
    std::size_t subset = 1;          ///< of each group the first case and then every so-manieth
    bool large = false;              ///< also cases that are marked large
    std::size_t stop_after = 0;      ///< end after so many failures; 0: never
    const Device* oracle = nullptr;  ///< a decoder that is believed where it agrees with the suite's hashes: gives the
                                     ///< exact position and size of a difference
    std::function<void(const CaseResult&)> done;  ///< called after each case, from one thread at a time
};

struct RunReport {
    std::string device;
    std::vector<CaseResult> results;  ///< in the suite's order
    double seconds = 0;
    [[nodiscard]] std::size_t count(Verdict verdict) const;
};

/// Throws Error{io} when files of the suite cannot be read; nothing that the decoder does makes it throw.
[[nodiscard]] RunReport run_suite(const Suite& suite, const std::string& folder, const Device& device,
                                  const RunOptions& options);

/// Whether a filter selects a case: patterns as glob_match reads them, separated by commas, one of which has to match
/// its name or group. An empty filter selects all.
[[nodiscard]] bool selects(std::string_view filter, std::string_view name, std::string_view group);

/// Whether `text` matches a pattern with '*' and '?'.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text);

}  // namespace jpegai::conformance
