// The suites that make up "the default suites": every profile at every level.
#pragma once

#include <string>
#include <vector>

#include "conformance/case_list.h"

namespace jpegai::conformance {

/// One suite of the default set and the cases that it has.
struct DefaultSuite {
    SuiteChoice choice;
    std::string filter;  ///< as `selects` reads it; empty: all cases

    [[nodiscard]] bool whole() const { return filter.empty(); }
};

/// Three profiles times fifteen levels in the IS dialect, and two suites in the DIS dialect. A level changes nothing
/// but the permitted models and sizes, a profile nothing but the synthesis transforms, the dialect nothing but the
/// picture header and the grids of regions. So the base profile has all cases, at the level that permits everything;
/// the other profiles and the other dialect have those that depend on them; and each other level has the cases about
/// its limits and models. What is left out is in another suite of the set, bit for bit but for the fields named.
[[nodiscard]] std::vector<DefaultSuite> default_suites();

}  // namespace jpegai::conformance
