#include "encoder/effort.h"

#include <fmt/format.h>

#include "base/error.h"

namespace jpegai {

void apply_effort(EncodeOptions& options, int effort) {
    if (effort < kMinEffort || effort > kMaxEffort) {
        throw Error(JPEGAI_ERROR_ARGUMENT,
                    fmt::format("the effort is {} to {}, not {}", kMinEffort, kMaxEffort, effort));
    }
    options.filters = {false, false, false, false};
    options.filters.efe_linear = options.filters.lef = effort >= 4;
    options.filters.efe_nonlinear = effort >= 6;
}

}  // namespace jpegai
