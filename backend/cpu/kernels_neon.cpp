#include "backend/cpu/conv.inl"
#include "backend/cpu/rows.inl"
#include "backend/cpu/simd_neon.h"

namespace jpegai::cpu {

namespace {

constexpr CpuKernels list_kernels() {
    CpuKernels table{};
    list_conv<neon::Simd>(table);
    list_rows<neon::Simd>(table);
    return table;
}

}  // namespace

constinit const CpuKernels kNeonKernels = list_kernels();

}  // namespace jpegai::cpu
