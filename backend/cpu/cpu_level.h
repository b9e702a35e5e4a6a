// From instruction set to kernels.
#pragma once

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/kernels.h"

namespace jpegai::cpu {

/// The kernels of a level, kAuto meaning the fastest; throws Error{argument} when this CPU cannot run them.
[[nodiscard]] const CpuKernels& kernels_of(CpuLevel level);
/// kAuto replaced by the level that it stands for.
[[nodiscard]] CpuLevel resolve_level(CpuLevel level);

}  // namespace jpegai::cpu
