#include "backend/cuda/fiber.h"

#include <cstdint>

namespace jpegai::cuda::emulator {

#if JPEGAI_UCONTEXT_FIBERS

void Fiber::start(void* stack, std::size_t bytes, void (*entry)()) {
    getcontext(&context_);
    context_.uc_stack.ss_sp = stack;
    context_.uc_stack.ss_size = bytes;
    context_.uc_link = nullptr;
    makecontext(&context_, entry, 0);
}

void Fiber::change(Fiber& from, Fiber& to) {
    swapcontext(&from.context_, &to.context_);
}

#else

namespace {

// ucontext changes the signal mask at every switch, two system calls; this keeps the registers that a call preserves.
extern "C" void jpegai_change_fiber(void** from, void* to);
asm(R"(
    .text
    .type jpegai_change_fiber, @function
jpegai_change_fiber:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size jpegai_change_fiber, .-jpegai_change_fiber
)");

}  // namespace

void Fiber::start(void* stack, std::size_t bytes, void (*entry)()) {
    constexpr std::size_t kSavedRegisters = 6;
    const auto end = (reinterpret_cast<std::uintptr_t>(stack) + bytes) / 16 * 16;
    auto* const top = reinterpret_cast<std::uintptr_t*>(end);
    // As after a call: the return address lies 8 bytes below a multiple of 16.
    top[-1] = 0;
    top[-2] = reinterpret_cast<std::uintptr_t>(entry);
    for (std::size_t i = 0; i < kSavedRegisters; ++i) top[-3 - static_cast<std::ptrdiff_t>(i)] = 0;
    stack_pointer_ = top - 2 - kSavedRegisters;
}

void Fiber::change(Fiber& from, Fiber& to) {
    jpegai_change_fiber(&from.stack_pointer_, to.stack_pointer_);
}

#endif

}  // namespace jpegai::cuda::emulator
