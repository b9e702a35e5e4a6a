#include "backend/cuda/conv.cuh"

namespace jpegai::cuda {

// 8 columns and 4 channels a thread.

JPEGAI_KERNEL_BLOCKS(conv_medium_pointwise, ConvParams, 128, 4) {
    conv_plain<1, PlainTaps<1, 8>, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_medium_pointwise, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_medium_2x2, ConvParams, 128, 4) {
    conv_plain<2, PlainTaps<2, 8>, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_medium_2x2, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_medium_3x3, ConvParams, 128, 4) {
    conv_plain<3, PlainTaps<3, 8>, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_medium_3x3, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_medium_3x3_relu6, ConvParams, 128, 4) {
    conv_plain<3, PlainTaps<3, 8>, 4, true>(p);
}
JPEGAI_DEFINE_KERNEL(conv_medium_3x3_relu6, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_medium_3x3_stride2, ConvParams, 128, 4) {
    conv_plain<3, Stride2Taps<8>, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_medium_3x3_stride2, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_medium_transposed3, ConvParams, 128, 4) {
    conv_transposed3_any<4, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_medium_transposed3, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_medium_transposed4, ConvParams, 128, 4) {
    conv_transposed4_any<4, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_medium_transposed4, ConvParams)

}  // namespace jpegai::cuda
