#include "base/error.h"

#include <fmt/format.h>

const char* jpegai_error_name(jpegai_error code) {
    switch (code) {
        case JPEGAI_OK:
            return "ok";
        case JPEGAI_ERROR_ARGUMENT:
            return "argument";
        case JPEGAI_ERROR_IO:
            return "io";
        case JPEGAI_ERROR_TRUNCATED:
            return "truncated";
        case JPEGAI_ERROR_STRUCTURE:
            return "structure";
        case JPEGAI_ERROR_HEADER:
            return "header";
        case JPEGAI_ERROR_CONFORMANCE:
            return "conformance";
        case JPEGAI_ERROR_ENTROPY:
            return "entropy";
        case JPEGAI_ERROR_UNSUPPORTED:
            return "unsupported";
        case JPEGAI_ERROR_LIMIT:
            return "limit";
        case JPEGAI_ERROR_MODEL:
            return "model";
        case JPEGAI_ERROR_MODEL_MISMATCH:
            return "model-mismatch";
        case JPEGAI_ERROR_MEMORY:
            return "memory";
        case JPEGAI_ERROR_CANCELLED:
            return "cancelled";
        case JPEGAI_ERROR_INTERNAL:
            return "internal";
    }
    return "unknown";
}

namespace jpegai {

std::string Error::describe() const {
    if (offset_ == kNoOffset) return fmt::format("{} error: {}", jpegai_error_name(code_), what());
    return fmt::format("{} error at byte {}: {}", jpegai_error_name(code_), offset_, what());
}

}  // namespace jpegai
