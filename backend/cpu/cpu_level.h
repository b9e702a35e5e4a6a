// From instruction set to kernels.
#pragma once

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/kernels.h"

namespace jpegai::cpu {

/// The kernels of a level, kAuto meaning the fastest; throws Error{argument} when this CPU cannot run them. Scalar ones
/// use the fused multiply-add of the processor where it has one, unless `library_fma`.
[[nodiscard]] const CpuKernels& kernels_of(CpuLevel level, bool library_fma = false);
/// kAuto replaced by the level that it stands for.
[[nodiscard]] CpuLevel resolve_level(CpuLevel level);

}  // namespace jpegai::cpu
