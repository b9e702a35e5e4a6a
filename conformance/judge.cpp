#include "conformance/judge.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "base/hash.h"

namespace jpegai::conformance {
namespace {

/// Where an error of a class comes from, when no stage tells more.
struct ErrorOrigin {
    const char *error_class, *stage, *clause;
};
constexpr std::array<ErrorOrigin, 6> kOrigins = {{
    {"truncated", "container", "01 section 3"},
    {"structure", "container", "01 section 3"},
    {"header", "headers", "01 sections 6 to 8"},
    {"conformance", "profile and level", "01 section 12"},
    {"entropy", "entropy decoding", "02 sections 3, 5 and 9"},
    {"unsupported", "headers", "01 section 13"},
}};

template <class T>
std::vector<std::uint8_t> bytes_as(const Npy& tensor) {
    const std::vector<T> values = tensor.as<T>();
    std::vector<std::uint8_t> bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
}

/// The same values in another type: decoders may dump wider integers than the descriptor names.
Npy converted(const Npy& tensor, const std::string& descr) {
    if (tensor.descr == descr) return tensor;
    if (descr == "|i1") return {descr, tensor.shape, bytes_as<std::int8_t>(tensor)};
    if (descr == "|u1" || descr == "|b1") return {descr, tensor.shape, bytes_as<std::uint8_t>(tensor)};
    if (descr == "<i2") return {descr, tensor.shape, bytes_as<std::int16_t>(tensor)};
    if (descr == "<f4") return {descr, tensor.shape, bytes_as<float>(tensor)};
    throw Error(JPEGAI_ERROR_ARGUMENT,
                fmt::format("a stage of type {} cannot be compared with {}", tensor.descr, descr));
}

/// Leading axes of length 1 are a matter of taste.
std::vector<std::size_t> without_ones(std::vector<std::size_t> shape, std::size_t rank) {
    while (shape.size() > rank && shape.front() == 1) shape.erase(shape.begin());
    return shape;
}

/// The first channel whose checksum differs, as text; empty when the descriptor has no checksums.
std::string first_channel(const ExpectedStage& expected, const Npy& found) {
    if (expected.channel_crcs.empty()) return "the values differ";
    const std::string crcs = channel_crcs(found);
    std::size_t first = std::string::npos, different = 0;
    for (std::size_t c = 0; 4 * c < crcs.size(); ++c) {
        if (crcs.compare(4 * c, 4, expected.channel_crcs, 4 * c, 4) == 0) continue;
        if (different++ == 0) first = c;
    }
    if (different == 0) return "the values differ";
    return fmt::format("channel {} is the first of {} that differ", first, different);
}

class Judge {
public:
    Judge(const Suite& suite, const std::string& folder, const Case& test, const Device& device, const Device* oracle,
          Outcome outcome)
        : suite_(suite), folder_(folder), test_(test), device_(device), oracle_(oracle), outcome_(std::move(outcome)) {
        result_.test = &test;
        result_.seconds = outcome_.seconds;
    }

    CaseResult run() {
        if (test_.kind == CaseKind::kReject) {
            judge_rejection();
        } else if (!broke_down() && headers_agree() && stages_agree() && succeeded()) {
            judge_picture();
            result_.by_status_alone =
                result_.verdict == Verdict::kPass && !compared_ && test_.kind != CaseKind::kAccept;
        }
        if (result_.verdict == Verdict::kFail && outcome_.picture) result_.picture = std::move(outcome_.picture);
        return std::move(result_);
    }

private:
    using Status = Outcome::Status;

    void fail(const std::string& stage, std::string_view clause, const std::string& message) {
        result_.verdict = Verdict::kFail;
        result_.stage = stage;
        result_.clause = clause;
        result_.message = message;
    }
    [[nodiscard]] std::string own_clause() const { return test_.clauses.empty() ? "" : test_.clauses.front(); }

    /// Crashes and endless loops.
    bool broke_down() {
        if (outcome_.status == Status::kCrashed) fail("crash", own_clause(), outcome_.message);
        if (outcome_.status == Status::kTimedOut) fail("time limit", own_clause(), outcome_.message);
        return outcome_.status == Status::kCrashed || outcome_.status == Status::kTimedOut;
    }

    void judge_rejection() {
        if (broke_down()) return;
        if (outcome_.status != Status::kRefused) {
            fail("rejection", own_clause(), fmt::format("accepted although {}", test_.change));
            return;
        }
        // A program that only has an exit status gets the benefit of the doubt.
        const bool known = !outcome_.error_class.empty();
        if (known && std::find(test_.errors.begin(), test_.errors.end(), outcome_.error_class) == test_.errors.end()) {
            fail("rejection", own_clause(),
                 fmt::format("refused as \"{}\", expected \"{}\": {}", outcome_.error_class,
                             fmt::join(test_.errors, "\" or \""), outcome_.message));
        }
    }

    bool headers_agree() {
        if (!outcome_.header) return true;
        for (const auto& [name, value] : test_.header.items()) {
            if (outcome_.header->contains(name) && outcome_.header->at(name) == value) continue;
            const char* clause = name.starts_with("pic_header")    ? "01 section 6"
                                 : name.starts_with("tool_header") ? "01 section 7"
                                                                   : "01 section 8";
            const std::string found = outcome_.header->contains(name) ? outcome_.header->at(name).dump() : "nothing";
            fail("headers", clause, fmt::format("{} is {} instead of {}", name, found, value.dump()));
            return false;
        }
        return true;
    }

    bool stages_agree() {
        for (const ExpectedStage& expected : test_.stages) {
            if (!expected.exact && !device_.bit_exact()) continue;
            const auto found = outcome_.stages.find(expected.name);
            if (found == outcome_.stages.end()) continue;
            compared_ = true;
            if (!stage_agrees(expected, found->second)) return false;
        }
        return true;
    }

    bool stage_agrees(const ExpectedStage& expected, const Npy& dumped) {
        const StageInfo* info = find_stage(expected.name);
        const std::string_view clause = info != nullptr ? info->clause : "";
        if (without_ones(dumped.shape, expected.shape.size()) != expected.shape) {
            fail(expected.name, clause,
                 fmt::format("has the shape [{}] instead of [{}]", fmt::join(dumped.shape, ", "),
                             fmt::join(expected.shape, ", ")));
            return false;
        }
        try {
            Npy found = converted(dumped, expected.descr);
            found.shape = expected.shape;
            if (sha256_hex(found.bytes) == expected.sha256) return true;
            fail(expected.name, clause, where(expected, found));
        } catch (const Error& error) {
            fail(expected.name, clause, error.what());
        }
        return false;
    }

    /// Position and size of a stage's difference, exactly where the oracle has the right values.
    std::string where(const ExpectedStage& expected, const Npy& found) {
        if (const Npy* truth = true_stage(expected)) {
            if (const auto difference = compare_tensors(*truth, found)) return describe(*difference, found.count());
        }
        return first_channel(expected, found);
    }

    /// The values of a stage as the suite's hash confirms them, or null.
    const Npy* true_stage(const ExpectedStage& expected) {
        if (oracle_ == nullptr) return nullptr;
        if (!truth_) truth_ = oracle_->run(folder_, test_).stages;
        const auto found = truth_->find(expected.name);
        if (found == truth_->end() || sha256_hex(found->second.bytes) != expected.sha256) return nullptr;
        return &found->second;
    }

    bool succeeded() {
        if (outcome_.status == Status::kDecoded) return true;
        if (outcome_.status == Status::kUnusable) {
            fail("picture", "03 section 17.4", outcome_.message);
            return false;
        }
        const auto origin = std::find_if(kOrigins.begin(), kOrigins.end(), [&](const ErrorOrigin& entry) {
            return outcome_.error_class == entry.error_class;
        });
        const bool known = origin != kOrigins.end();
        fail(known ? origin->stage : "decoder", known ? origin->clause : own_clause(), "refused: " + outcome_.message);
        return false;
    }

    void judge_picture() {
        if (!test_.picture || !outcome_.picture) return;
        compared_ = true;
        try {
            result_.difference = compare_pictures(load_expected_picture(folder_, *test_.picture), *outcome_.picture);
        } catch (const Error& error) {
            if (error.code() != JPEGAI_ERROR_ARGUMENT) throw;
            fail("picture", "03 section 17", error.what());
            return;
        }
        const PictureDifference& d = *result_.difference;
        const PictureLimits& limits = suite_.limits_of(*test_.picture);
        const bool good =
            device_.bit_exact() ? !d.any : d.peak <= limits.peak && d.rms <= limits.rms && d.share <= limits.share;
        if (good) return;
        fail("picture", "03 section 17.4",
             fmt::format("sample [{}][{}][{}] is {} instead of {}; peak {:.0f} (limit {:.0f}), RMS {:.4f} ({:.4f}), "
                         "{:.4f} % differ ({:.4f} %)",
                         d.plane, d.row, d.col, d.found, d.expected, d.peak, limits.peak, d.rms, limits.rms,
                         d.share * 100, limits.share * 100));
        name_first_float_stage();
    }

    double tolerance(const std::string& stage) const {
        double value = HUGE_VAL;
        std::size_t longest = 0;
        for (const auto& [prefix, limit] : suite_.tolerances) {
            const bool fits = stage.find(prefix) != std::string::npos;
            if (fits && prefix.size() >= longest) {
                longest = prefix.size();
                value = limit;
            }
        }
        return value;
    }

    /// A failing picture of a decoder with float stages of its own: the first one beyond its tolerance.
    void name_first_float_stage() {
        for (const ExpectedStage& expected : test_.stages) {
            const auto found = outcome_.stages.find(expected.name);
            if (expected.exact || found == outcome_.stages.end()) continue;
            const Npy* truth = true_stage(expected);
            if (truth == nullptr || without_ones(found->second.shape, truth->shape.size()) != truth->shape) continue;
            Npy values = found->second;
            values.shape = truth->shape;
            const auto difference = compare_tensors(*truth, values);
            if (!difference || difference->largest <= tolerance(expected.name)) continue;
            const StageInfo* info = find_stage(expected.name);
            fail(expected.name, info != nullptr ? info->clause : "",
                 describe(*difference, values.count()) + "; " + result_.message);
            return;
        }
    }

    const Suite& suite_;
    const std::string& folder_;
    const Case& test_;
    const Device& device_;
    const Device* oracle_;
    Outcome outcome_;
    CaseResult result_;
    bool compared_ = false;  ///< a picture or a stage
    std::optional<StageDumps> truth_;
};

}  // namespace

CaseResult judge(const Suite& suite, const std::string& folder, const Case& test, const Device& device,
                 const Device* oracle, Outcome outcome) {
    return Judge(suite, folder, test, device, oracle, std::move(outcome)).run();
}

}  // namespace jpegai::conformance
