// `jpegai check`: what JPEG AI did to a picture.
#include "tools/check.h"

#include "tools/commands.h"

namespace jpegai::tools {

void add_check(CLI::App& program, Invocation& invocation) {
    CLI::App& command = *program.add_subcommand("check", "Find artifacts and traces of JPEG AI in pictures");
    command.require_subcommand(1);
    add_check_artifacts(command, invocation);
    add_check_traces(command, invocation);
    add_check_calibrate(command, invocation);
}

}  // namespace jpegai::tools
