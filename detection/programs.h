// Programs of other people that code pictures, in processes of their own.
#pragma once

#include <string>
#include <vector>

namespace jpegai::detection {

/// Whether PATH has such a program.
[[nodiscard]] bool have_program(const std::string& program);

/// Runs a program found in PATH to its end; what it prints is dropped. Throws Error{io} when it cannot be run or fails.
void run_program(std::vector<std::string> words);

}  // namespace jpegai::detection
