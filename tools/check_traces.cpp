// `jpegai check traces`: was a picture JPEG AI coded?
#include "tools/check.h"

namespace jpegai::tools {

void add_check_traces(CLI::App& check, Invocation& invocation) {
    CLI::App& command = *check.add_subcommand("traces", "Say whether a picture was JPEG AI coded");
    finish_command(command, invocation, "  jpegai check traces photo.png", []() -> ExitCode {
        throw Error(JPEGAI_ERROR_UNSUPPORTED, "jpegai check traces is not built yet");
    });
}

}  // namespace jpegai::tools
