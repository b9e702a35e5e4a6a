// The parts of `jpegai conformance` that are in files of their own.
#pragma once

#include "tools/commands.h"

namespace jpegai::tools {

void add_conformance_verify(CLI::App& parent, Invocation& invocation);

}  // namespace jpegai::tools
