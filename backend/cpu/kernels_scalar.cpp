#include "backend/cpu/conv.inl"
#include "backend/cpu/rows.inl"
#include "backend/cpu/simd_scalar.h"

namespace jpegai::cpu {

namespace {

constexpr CpuKernels list_kernels() {
    CpuKernels table{};
    list_conv<scalar::Simd>(table);
    list_rows<scalar::Simd>(table);
    return table;
}

}  // namespace

constinit const CpuKernels kScalarKernels = list_kernels();

}  // namespace jpegai::cpu
