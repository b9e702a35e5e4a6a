// Runs a shell command with a time limit.
#pragma once

#include <string>

namespace jpegai::conformance {

struct CommandResult {
    int exit_status = -1;  ///< -1 when it was ended by a signal or ran out of time
    int signal = 0;        ///< signal that ended it, 0 otherwise
    bool timed_out = false;
    std::string output;  ///< the last 4,000 bytes of standard output and error
    double seconds = 0;
};

/// Runs /bin/sh -c `command` in a process group of its own with empty standard input. When the time is up the whole
/// group is ended. `log` is a file that receives what it prints. Throws Error{io} when it cannot be started.
[[nodiscard]] CommandResult run_command(const std::string& command, double timeout_seconds, const std::string& log);

/// The text as one word of a shell command.
[[nodiscard]] std::string shell_quoted(const std::string& text);

/// Puts `by` in the place of every `what`.
void replace_all(std::string& text, const std::string& what, const std::string& by);

}  // namespace jpegai::conformance
