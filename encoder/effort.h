// How much time an encode may take for how much quality.
#pragma once

#include "encoder/options.h"

namespace jpegai {

inline constexpr int kMinEffort = 1, kMaxEffort = 9, kDefaultEffort = 3;

/// Sets the tools, filters and searches of `options` that go with an effort; the rest stays. The gains and times of the
/// levels are in docs/CLI.md. Throws Error{argument} outside kMinEffort..kMaxEffort.
void apply_effort(EncodeOptions& options, int effort);

}  // namespace jpegai
