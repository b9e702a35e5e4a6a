// Backends for whole-stream tests.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>

#include "backend/select.h"

namespace jpegai::test {

/// The fastest backend of this machine; all give the same bits.
[[nodiscard]] inline std::shared_ptr<const Backend> fast_backend() {
    return make_backend({});
}

/// True unless $JPEGAI_TEST_CASE names another case (a part of the name is enough).
[[nodiscard]] inline bool chosen(const std::string& name) {
    const char* only = std::getenv("JPEGAI_TEST_CASE");
    return only == nullptr || name.find(only) != std::string::npos;
}

}  // namespace jpegai::test
