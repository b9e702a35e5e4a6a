// Compiled for any x86-64 processor.
#include "bitstream/me_tans_kernels_impl.h"

namespace jpegai::me_tans {

extern const Kernels kKernelsSse2;
constinit const Kernels kKernelsSse2 = make_kernels("sse2");

}  // namespace jpegai::me_tans
