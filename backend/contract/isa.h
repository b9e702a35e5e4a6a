// Compiles one loop for several instruction sets, so that the plain loops run at a bearable speed. The bits are the
// same: only the width changes, and std::fma becomes an instruction instead of a library call.
#pragma once

namespace jpegai::contract {

/// For the lambdas given to run_vectorised: their body must become part of the function with the target attribute.
#define JPEGAI_VECTOR_BODY __attribute__((always_inline))

/// Before a loop whose iterations do not depend on each other, which the compiler cannot see.
#if defined(__clang__)
#define JPEGAI_INDEPENDENT_ITERATIONS _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define JPEGAI_INDEPENDENT_ITERATIONS _Pragma("GCC ivdep")
#else
#define JPEGAI_INDEPENDENT_ITERATIONS
#endif

/// The loops themselves share nothing between threads; leaving them out keeps the thread sanitizer's runs short.
#define JPEGAI_NO_RACE_CHECK __attribute__((no_sanitize("thread")))

#if defined(__x86_64__)

enum class VectorLevel { kBaseline, kAvx2, kAvx512 };

/// The level in use: at first the best of this machine. Tests lower it; not to be changed while anything runs.
inline VectorLevel& vector_level() {
    static VectorLevel level = [] {
        __builtin_cpu_init();
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")) return VectorLevel::kAvx512;
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return VectorLevel::kAvx2;
        return VectorLevel::kBaseline;
    }();
    return level;
}

template <class Body>
JPEGAI_NO_RACE_CHECK __attribute__((target("avx512f,avx512dq,avx2,fma"), noinline)) void run_avx512(const Body& body) {
    body();
}
template <class Body>
JPEGAI_NO_RACE_CHECK __attribute__((target("avx2,fma"), noinline)) void run_avx2(const Body& body) {
    body();
}

/// Calls body(), compiled for the best instruction set of this machine.
template <class Body>
void run_vectorised(const Body& body) {
    switch (vector_level()) {
        case VectorLevel::kAvx512:
            run_avx512(body);
            break;
        case VectorLevel::kAvx2:
            run_avx2(body);
            break;
        default:
            body();
    }
}

#else

template <class Body>
void run_vectorised(const Body& body) {
    body();
}

#endif

}  // namespace jpegai::contract
