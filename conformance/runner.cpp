#include "conformance/runner.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "base/file.h"
#include "base/hash.h"
#include "conformance/jobs.h"
#include "conformance/judge.h"

namespace jpegai::conformance {
namespace {

using Clock = std::chrono::steady_clock;

/// Which cases to run: those that the filter names, of each group every `subset`-th.
std::vector<bool> select(const Suite& suite, const Device& device, const RunOptions& options) {
    std::vector<bool> chosen(suite.cases.size());
    std::map<std::string_view, std::size_t> seen;
    for (std::size_t i = 0; i < suite.cases.size(); ++i) {
        const Case& test = suite.cases[i];
        if (test.large && !options.large) continue;
        if (!selects(options.filter, test.name, test.group)) continue;
        if (test.kind == CaseKind::kAccept && !device.reads_headers()) continue;
        if (!device.can_choose(test.decode)) continue;
        chosen[i] = seen[test.group]++ % std::max<std::size_t>(1, options.subset) == 0;
    }
    return chosen;
}

/// Whether the stream is the one that the descriptor describes.
bool intact(const std::string& folder, const Case& test) {
    return sha256_hex(read_file((std::filesystem::path(folder) / test.stream).string())) == test.sha256;
}

CaseResult run_case(const Suite& suite, const std::string& folder, const Device& device, const RunOptions& options,
                    const Case& test, bool selected) {
    CaseResult result;
    result.test = &test;
    if (!selected) {
        result.verdict = Verdict::kSkipped;
        return result;
    }
    if (!intact(folder, test)) {
        result.verdict = Verdict::kFail;
        result.stage = "suite";
        result.message = "the stream is not the one that its descriptor describes";
        return result;
    }
    return judge(suite, folder, test, device, options.oracle, device.run(folder, test));
}

}  // namespace

const char* verdict_name(Verdict verdict) {
    switch (verdict) {
        case Verdict::kPass:
            return "pass";
        case Verdict::kFail:
            return "fail";
        default:
            return "skipped";
    }
}

PictureDifference compare_pictures(const Picture& expected, const Picture& found) {
    if (expected.model != found.model || expected.bit_depth != found.bit_depth ||
        expected.planes.size() != found.planes.size()) {
        throw Error(JPEGAI_ERROR_ARGUMENT,
                    fmt::format("the picture has {} planes of {} bits instead of {} of {}", found.planes.size(),
                                found.bit_depth, expected.planes.size(), expected.bit_depth));
    }
    PictureDifference difference;
    double squares = 0;
    std::size_t samples = 0, different = 0;
    for (std::size_t p = 0; p < expected.planes.size(); ++p) {
        const auto &a = expected.planes[p], &b = found.planes[p];
        if (a.rows() != b.rows() || a.cols() != b.cols()) {
            throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("plane {} has {}x{} samples instead of {}x{}", p, b.cols(),
                                                           b.rows(), a.cols(), a.rows()));
        }
        samples += a.size();
        for (std::size_t i = 0; i < a.size(); ++i) {
            if (a.data()[i] == b.data()[i]) continue;
            if (different++ == 0) {
                difference = {0, 0, 0, p, i / a.cols(), i % a.cols(), a.data()[i], b.data()[i], true};
            }
            const double distance = std::abs(static_cast<double>(a.data()[i]) - b.data()[i]);
            difference.peak = std::max(difference.peak, distance);
            squares += distance * distance;
        }
    }
    if (samples != 0) {
        difference.rms = std::sqrt(squares / static_cast<double>(samples));
        difference.share = static_cast<double>(different) / static_cast<double>(samples);
    }
    return difference;
}

std::size_t RunReport::count(Verdict verdict) const {
    return static_cast<std::size_t>(
        std::count_if(results.begin(), results.end(), [&](const CaseResult& r) { return r.verdict == verdict; }));
}

bool glob_match(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern.front() == '*') {
        for (std::size_t skip = 0; skip <= text.size(); ++skip) {
            if (glob_match(pattern.substr(1), text.substr(skip))) return true;
        }
        return false;
    }
    if (text.empty() || (pattern.front() != '?' && pattern.front() != text.front())) return false;
    return glob_match(pattern.substr(1), text.substr(1));
}

bool selects(std::string_view filter, std::string_view name, std::string_view group) {
    if (filter.empty()) return true;
    while (true) {
        const std::size_t comma = filter.find(',');
        const std::string_view pattern = filter.substr(0, comma);
        if (glob_match(pattern, name) || glob_match(pattern, group)) return true;
        if (comma == std::string_view::npos) return false;
        filter.remove_prefix(comma + 1);
    }
}

RunReport run_suite(const Suite& suite, const std::string& folder, const Device& device, const RunOptions& options) {
    RunReport report;
    report.device = device.describe();
    report.results.resize(suite.cases.size());
    for (std::size_t i = 0; i < suite.cases.size(); ++i) {
        report.results[i].test = &suite.cases[i];
        report.results[i].verdict = Verdict::kSkipped;  // what an early end leaves out
    }
    const auto start = Clock::now();
    const std::vector<bool> selected = select(suite, device, options);
    std::mutex mutex;
    std::size_t failures = 0;
    run_jobs(options.jobs, suite.cases.size(), [&](std::size_t i) {
        CaseResult result = run_case(suite, folder, device, options, suite.cases[i], selected[i]);
        const std::lock_guard lock(mutex);
        failures += result.verdict == Verdict::kFail;
        report.results[i] = std::move(result);
        if (options.done) options.done(report.results[i]);
        return options.stop_after == 0 || failures < options.stop_after;
    });
    report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return report;
}

}  // namespace jpegai::conformance
