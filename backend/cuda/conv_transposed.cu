#include "backend/cuda/conv.cuh"

namespace jpegai::cuda {

JPEGAI_KERNEL_BLOCKS(conv_transposed3, ConvParams, 128, 4) {
    conv_transposed3_any<4, 8>(p);
}
JPEGAI_DEFINE_KERNEL(conv_transposed3, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_transposed4, ConvParams, 128, 4) {
    conv_transposed4_any<4, 8>(p);
}
JPEGAI_DEFINE_KERNEL(conv_transposed4, ConvParams)

}  // namespace jpegai::cuda
