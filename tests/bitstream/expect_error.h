// What an action threw.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"

namespace jpegai::test {

struct Thrown {
    jpegai_error code = JPEGAI_OK;
    std::uint64_t offset = kNoOffset;
    std::string message;
};

/// The Error that `action` throws; code JPEGAI_OK when it throws none. Other exceptions pass.
inline Thrown thrown_by(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return {error.code(), error.offset(), error.what()};
    }
    return {};
}

}  // namespace jpegai::test
