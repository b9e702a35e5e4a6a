// What a failing call throws, for tests of error paths.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace jpegai::test {

/// The code of the Error that `call` throws, JPEGAI_OK when it returns. Anything else thrown ends the test.
template <class Call>
[[nodiscard]] jpegai_error thrown_code(Call&& call) {
    try {
        std::forward<Call>(call)();
    } catch (const Error& error) {
        return error.code();
    }
    return JPEGAI_OK;
}

/// Its message; empty when it returns.
template <class Call>
[[nodiscard]] std::string thrown_message(Call&& call) {
    try {
        std::forward<Call>(call)();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

}  // namespace jpegai::test
