// `jpegai check artifacts`: visual artifacts of a decode against its original.
#include "tools/check.h"

namespace jpegai::tools {

void add_check_artifacts(CLI::App& check, Invocation& invocation) {
    CLI::App& command = *check.add_subcommand("artifacts", "Find visual artifacts of a decode against its original");
    finish_command(command, invocation, "  jpegai check artifacts photo.png decoded.png", []() -> ExitCode {
        throw Error(JPEGAI_ERROR_UNSUPPORTED, "jpegai check artifacts is not built yet");
    });
}

}  // namespace jpegai::tools
