#include "backend/cpu/conv.inl"
#include "backend/cpu/rows.inl"
#include "backend/cpu/simd_avx512.h"

namespace jpegai::cpu {

namespace {

constexpr CpuKernels list_kernels() {
    CpuKernels table{};
    list_conv<avx512::Simd>(table);
    list_rows<avx512::Simd>(table);
    return table;
}

}  // namespace

constinit const CpuKernels kAvx512Kernels = list_kernels();

}  // namespace jpegai::cpu
