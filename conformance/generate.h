// Makes a suite: streams, expected results and descriptors in one folder.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "conformance/case_list.h"
#include "conformance/suite.h"

namespace jpegai::conformance {

struct GenerateOptions {
    SuiteChoice choice;
    std::shared_ptr<const WeightSet> weights;  ///< trained ones; what they lack is made up (conformance/weights.h)
    std::string cpu = "auto";                  ///< backend that computes the expected pictures
    unsigned threads = 1;                      ///< of that backend
    unsigned jobs = 1;                         ///< cases at a time; neither changes a byte of the suite
    bool large = false;  ///< also compute what cases marked large expect; otherwise these have a stream only
    std::string filter;  ///< only cases that it selects (`selects` of runner.h)
    /// Called when a case begins, from one thread at a time; `begun` cases did before.
    std::function<void(const std::string& name, std::size_t begun, std::size_t all)> progress;
};

struct GenerateResult {
    std::size_t cases = 0, decoded = 0, rejected = 0;
    std::uint64_t bytes = 0;  ///< of all files
};

/// Writes the suite into `folder`, which must be empty or hold nothing but an older suite of the same kind (whose
/// files are replaced). A function of the options' choice, filter and weights only: the same bytes on every machine.
/// Throws Error{io}, Error{argument} for a profile or level that does not exist, and what the decoder throws: a case
/// of kind decode that this build cannot decode, or one of kind reject that it accepts, is Error{internal}.
GenerateResult generate_suite(const std::string& folder, const GenerateOptions& options);

/// Writes all suites of default_suites.h, each into a folder of its name inside `folder`; choice and filter of
/// `options` do not count but for the seed. `done` is called after each. Throws as generate_suite.
void generate_default_suites(const std::string& folder, const GenerateOptions& options,
                             const std::function<void(const SuiteChoice&, const GenerateResult&)>& done);

/// "base-5.2-is".
[[nodiscard]] std::string suite_name(const SuiteChoice& choice);

}  // namespace jpegai::conformance
