// Stacks of their own within one thread.
#pragma once

#include <cstddef>
#include <memory>

#if !defined(__x86_64__) || defined(__SANITIZE_ADDRESS__)
#define JPEGAI_UCONTEXT_FIBERS 1
#include <ucontext.h>
#else
#define JPEGAI_UCONTEXT_FIBERS 0
#endif

namespace jpegai::cuda::emulator {

/// A place to switch to and from: the thread's own stack, or a function on another one.
class Fiber {
public:
    Fiber() = default;
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// Makes the next switch to this fiber call `entry`, which never returns, on `stack`.
    void start(void* stack, std::size_t bytes, void (*entry)());
    /// Leaves `from`, which is running, and goes on with `to`.
    static void change(Fiber& from, Fiber& to);

private:
#if JPEGAI_UCONTEXT_FIBERS
    ucontext_t context_{};
#else
    void* stack_pointer_ = nullptr;
#endif
};

}  // namespace jpegai::cuda::emulator
