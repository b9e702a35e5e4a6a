#include "backend/cuda/conv.cuh"

namespace jpegai::cuda {

JPEGAI_KERNEL_BLOCKS(conv_3x3, ConvParams, 128, 4) {
    conv_plain<3, PlainTaps<3, 8>, 8>(p);
}
JPEGAI_DEFINE_KERNEL(conv_3x3, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_3x3_relu6, ConvParams, 128, 4) {
    conv_plain<3, PlainTaps<3, 8>, 8, true>(p);
}
JPEGAI_DEFINE_KERNEL(conv_3x3_relu6, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_3x3_stride2, ConvParams, 128, 4) {
    conv_plain<3, Stride2Taps<8>, 8>(p);
}
JPEGAI_DEFINE_KERNEL(conv_3x3_stride2, ConvParams)

}  // namespace jpegai::cuda
