// A property that must hold for every input. Its failure is an exception of a kind the library never throws: the fuzzer
// reports it as a crash, the replay test as a failure.
#pragma once

#include <stdexcept>

namespace jpegai::fuzz {

inline void require(bool holds, const char* property) {
    if (!holds) throw std::logic_error(property);
}

}  // namespace jpegai::fuzz
