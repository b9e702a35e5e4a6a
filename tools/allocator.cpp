#include "tools/allocator.h"

#include <cstdint>
#include <cstdlib>  // defines __GLIBC__

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace jpegai::tools {

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

/// Asks for huge pages in the part of the heap that the system has granted.
void advise_heap(std::uintptr_t start) {
    constexpr std::uintptr_t kHuge = std::uintptr_t{2} << 20;
    const std::uintptr_t first = (start + kHuge - 1) / kHuge * kHuge;
    const std::uintptr_t end = reinterpret_cast<std::uintptr_t>(::sbrk(0)) / kHuge * kHuge;
    if (first < end) ::madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
}

}  // namespace

void tune_allocator() {
    constexpr int kHeap = 64 << 20;
    const auto start = reinterpret_cast<std::uintptr_t>(::sbrk(0));
    ::mallopt(M_ARENA_MAX, 1);  // what one thread frees, another can use
    ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
    ::mallopt(M_TRIM_THRESHOLD, 2 * kHeap);
    ::mallopt(M_TOP_PAD, kHeap);
    void* volatile block = std::malloc(1 << 20);  // the heap grows by the padding; volatile: or compilers drop it
    std::free(block);
    ::mallopt(M_TOP_PAD, 4 << 20);
    advise_heap(start);
}

#else

void tune_allocator() {}

#endif

}  // namespace jpegai::tools
