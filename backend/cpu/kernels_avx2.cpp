#include "backend/cpu/conv.inl"
#include "backend/cpu/rows.inl"
#include "backend/cpu/simd_avx2.h"

namespace jpegai::cpu {

namespace {

constexpr CpuKernels list_kernels() {
    CpuKernels table{};
    list_conv<avx2::Simd>(table);
    list_rows<avx2::Simd>(table);
    return table;
}

}  // namespace

constinit const CpuKernels kAvx2Kernels = list_kernels();

}  // namespace jpegai::cpu
