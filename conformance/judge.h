// The judgement on one case.
#pragma once

#include "conformance/runner.h"

namespace jpegai::conformance {

/// Compares what a decoder did with what the case expects. `oracle` may be null.
[[nodiscard]] CaseResult judge(const Suite& suite, const std::string& folder, const Case& test, const Device& device,
                               const Device* oracle, Outcome outcome);

}  // namespace jpegai::conformance
