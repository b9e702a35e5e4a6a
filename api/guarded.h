// The border between C++ and C: exceptions become codes, a message and an offset per thread.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <string>

#include "base/error.h"
#include "jpegai/jpegai.h"
#include "models/weight_set.h"

struct jpegai_models {
    std::shared_ptr<const jpegai::WeightSet> weights;
};

namespace jpegai::api {

struct Failure {
    std::string message;
    std::uint64_t offset = kNoOffset;
};
/// The last one of the calling thread.
inline Failure& last_failure() noexcept {
    thread_local Failure failure;
    return failure;
}

inline jpegai_error fail(jpegai_error code, std::uint64_t offset, const char* message) noexcept {
    Failure& failure = last_failure();
    try {
        failure.message = message;
    } catch (...) {
        failure.message.clear();
    }
    failure.offset = offset;
    return code;
}

/// Runs the body and turns what it throws into a code, a message and an offset.
template <class Body>
jpegai_error guarded(Body body) noexcept {
    try {
        body();
        last_failure().message.clear();
        last_failure().offset = kNoOffset;
        return JPEGAI_OK;
    } catch (const Error& error) {
        return fail(error.code(), error.offset(), error.what());
    } catch (const std::bad_alloc&) {
        return fail(JPEGAI_ERROR_MEMORY, kNoOffset, "out of memory");
    } catch (const std::exception& error) {
        return fail(JPEGAI_ERROR_INTERNAL, kNoOffset, error.what());
    } catch (...) {
        return fail(JPEGAI_ERROR_INTERNAL, kNoOffset, "unknown failure");
    }
}

inline void need(bool condition, const char* what) {
    if (!condition) throw Error(JPEGAI_ERROR_ARGUMENT, what);
}

/// The name that make_backend() knows.
inline const char* cpu_name(jpegai_cpu cpu) {
    switch (cpu) {
        case JPEGAI_CPU_AUTO:
            return "auto";
        case JPEGAI_CPU_SCALAR:
            return "scalar";
        case JPEGAI_CPU_AVX2:
            return "avx2";
        case JPEGAI_CPU_AVX512:
            return "avx512";
        case JPEGAI_CPU_NEON:
            return "neon";
    }
    throw Error(JPEGAI_ERROR_ARGUMENT, "unknown cpu level");
}

}  // namespace jpegai::api
