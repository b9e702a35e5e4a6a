#include "base/memory.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "base/error.h"
#include "base/math.h"

namespace jpegai {
namespace {

constexpr std::size_t kLargePage = std::size_t{2} << 20;

std::size_t unit_of(std::size_t bytes) {
    return bytes < kLargeBlock ? kMemoryLine : kLargePage;
}

}  // namespace

std::size_t padded_bytes(std::size_t bytes) {
    const std::size_t unit = unit_of(bytes);
    return checked_add(bytes, unit - 1) / unit * unit;
}

void* allocate_aligned(std::size_t bytes) {
    const std::size_t padded = padded_bytes(bytes), unit = unit_of(bytes);
    if (padded == 0) return nullptr;
    void* const memory = std::aligned_alloc(unit, padded);
    if (memory == nullptr) throw Error(JPEGAI_ERROR_MEMORY, "out of memory");
#if defined(MADV_HUGEPAGE)
    if (unit == kLargePage) (void)::madvise(memory, padded, MADV_HUGEPAGE);  // a hint: failing is no error
#endif
    return memory;
}

}  // namespace jpegai
