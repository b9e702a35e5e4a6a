// Reports of a run in three formats.
#pragma once

#include <string>

#include "conformance/runner.h"

namespace jpegai::conformance {

/// Keys: docs/CONFORMANCE.md.
[[nodiscard]] Json report_json(const Suite& suite, const RunReport& report);

/// JUnit XML, as continuous integration servers read it.
[[nodiscard]] std::string report_junit(const Suite& suite, const RunReport& report);

/// One HTML file that needs nothing else: pass and fail per clause and per group, and for every failure the first
/// difference, the pictures and a map of the differences. `folder` is the suite's.
[[nodiscard]] std::string report_html(const Suite& suite, const std::string& folder, const RunReport& report);

}  // namespace jpegai::conformance
