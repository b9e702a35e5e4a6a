// Compiled with BMI2: variable shifts without the detour through the cl register.
#include "bitstream/me_tans_kernels_impl.h"

namespace jpegai::me_tans {

extern const Kernels kKernelsBmi2;
constinit const Kernels kKernelsBmi2 = make_kernels("bmi2");

}  // namespace jpegai::me_tans
