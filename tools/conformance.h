// The parts of `jpegai conformance` that are in files of their own.
#pragma once

#include <memory>

#include "models/weight_set.h"
#include "tools/commands.h"

namespace jpegai::tools {

void add_conformance_run(CLI::App& parent, Invocation& invocation);
void add_conformance_verify(CLI::App& parent, Invocation& invocation);

/// The weights at a path, or the default set where it is empty.
[[nodiscard]] std::shared_ptr<const WeightSet> weights_or_default(const std::string& path);

}  // namespace jpegai::tools
