#pragma once

#include <cstdlib>

namespace jpegai::test {

/// Whether an emulator runs the tests, where float arithmetic takes a hundred times as long: the heaviest choose smaller
/// shapes then. Cross builds set the variable.
[[nodiscard]] inline bool emulated() {
    return std::getenv("JPEGAI_EMULATED") != nullptr;
}

}  // namespace jpegai::test
