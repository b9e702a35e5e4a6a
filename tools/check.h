// The parts of `jpegai check`.
#pragma once

#include <CLI/CLI.hpp>

#include "tools/common.h"

namespace jpegai::tools {

void add_check_artifacts(CLI::App& check, Invocation& invocation);
void add_check_traces(CLI::App& check, Invocation& invocation);
void add_check_calibrate(CLI::App& check, Invocation& invocation);

}  // namespace jpegai::tools
