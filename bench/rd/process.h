// Runs other programs.
#pragma once

#include <string>
#include <vector>

namespace jpegai::rd {

/// Words of a command line, at spaces, with every {name} replaced; a word that comes from a replacement is never split.
[[nodiscard]] std::vector<std::string> command_words(
    const std::string& pattern, const std::vector<std::pair<std::string, std::string>>& replacements);

/// Runs a program found in PATH to its end; its output goes nowhere, its messages to `log`. Throws Error{io} with the
/// last of them when it cannot be started or fails.
void run_program(const std::vector<std::string>& words, const std::string& log);

}  // namespace jpegai::rd
