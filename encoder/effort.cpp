#include "encoder/effort.h"

#include <array>
#include <cstddef>
#include <limits>

#include <fmt/format.h>

#include "base/error.h"

namespace jpegai {

void apply_effort(EncodeOptions& options, int effort) {
    if (effort < kMinEffort || effort > kMaxEffort) {
        throw Error(JPEGAI_ERROR_ARGUMENT,
                    fmt::format("the effort is {} to {}, not {}", kMinEffort, kMaxEffort, effort));
    }
    options.cube_threshold = effort >= 2 ? EncodeOptions().cube_threshold : std::numeric_limits<float>::infinity();
    options.filters = {false, false, false, false};
    options.filters.efe_linear = effort >= 4;
    options.filters.lef = effort >= 5;
    options.filters.efe_nonlinear = effort >= 6;
    constexpr std::array<std::size_t, 3> kRefinements = {3, 8, 20};  // of the efforts 7 to 9
    options.refinements = effort >= 7 ? kRefinements.at(static_cast<std::size_t>(effort) - 7) : 0;
}

}  // namespace jpegai
