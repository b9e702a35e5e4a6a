// The scalar kernels for x86-64 processors that have a fused multiply-add: the plain files may only use what every such
// processor has, so that each of theirs is a call of the C library, ten times as slow.
#include "backend/cpu/conv.inl"
#include "backend/cpu/rows.inl"
#include "backend/cpu/simd_scalar.h"

namespace jpegai::cpu {

/// A type of its own, so that no function compiled here is taken for one of kernels_scalar.cpp.
namespace scalar_fma {
struct Simd : scalar::Simd {};
}  // namespace scalar_fma

namespace {

constexpr CpuKernels list_kernels() {
    CpuKernels table{};
    list_conv<scalar_fma::Simd>(table);
    list_rows<scalar_fma::Simd>(table);
    return table;
}

}  // namespace

constinit const CpuKernels kScalarFmaKernels = list_kernels();

}  // namespace jpegai::cpu
