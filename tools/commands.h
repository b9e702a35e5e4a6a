// The subcommands; each adds itself to the program.
#pragma once

#include <CLI/CLI.hpp>

#include "tools/common.h"

namespace jpegai::tools {

void add_check(CLI::App& program, Invocation& invocation);
void add_conformance(CLI::App& program, Invocation& invocation);
void add_decode(CLI::App& program, Invocation& invocation);
void add_encode(CLI::App& program, Invocation& invocation);
void add_compare(CLI::App& program, Invocation& invocation);
void add_info(CLI::App& program, Invocation& invocation);
void add_extract(CLI::App& program, Invocation& invocation);
void add_models(CLI::App& program, Invocation& invocation);

}  // namespace jpegai::tools
