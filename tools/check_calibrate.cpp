// `jpegai check calibrate`: thresholds from own pictures.
#include "tools/check.h"

namespace jpegai::tools {

void add_check_calibrate(CLI::App& check, Invocation& invocation) {
    CLI::App& command = *check.add_subcommand("calibrate", "Fit thresholds to own pictures");
    finish_command(command, invocation, "  jpegai check calibrate pictures/", []() -> ExitCode {
        throw Error(JPEGAI_ERROR_UNSUPPORTED, "jpegai check calibrate is not built yet");
    });
}

}  // namespace jpegai::tools
