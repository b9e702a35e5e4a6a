// Compiled with AVX-512 VBMI2, whose compressing stores make the lists of coded elements, and BMI2.
#include "bitstream/me_tans_kernels_impl.h"

namespace jpegai::me_tans {

extern const Kernels kKernelsAvx512;
constinit const Kernels kKernelsAvx512 = make_kernels("avx512");

}  // namespace jpegai::me_tans
