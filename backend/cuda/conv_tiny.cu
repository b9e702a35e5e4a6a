#include "backend/cuda/conv.cuh"

namespace jpegai::cuda {

// 2 columns and 4 channels a thread: for the smallest layers.

JPEGAI_KERNEL_BLOCKS(conv_tiny_pointwise, ConvParams, 128, 4) {
    conv_plain<1, PlainTaps<1, 2>, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_tiny_pointwise, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_tiny_2x2, ConvParams, 128, 4) {
    conv_plain<2, PlainTaps<2, 2>, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_tiny_2x2, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_tiny_3x3, ConvParams, 128, 4) {
    conv_plain<3, PlainTaps<3, 2>, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_tiny_3x3, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_tiny_3x3_relu6, ConvParams, 128, 4) {
    conv_plain<3, PlainTaps<3, 2>, 4, true>(p);
}
JPEGAI_DEFINE_KERNEL(conv_tiny_3x3_relu6, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_tiny_3x3_stride2, ConvParams, 128, 4) {
    conv_plain<3, Stride2Taps<2>, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_tiny_3x3_stride2, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_tiny_transposed3, ConvParams, 128, 4) {
    conv_transposed3_any<1, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_tiny_transposed3, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_tiny_transposed4, ConvParams, 128, 4) {
    conv_transposed4_any<1, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_tiny_transposed4, ConvParams)

}  // namespace jpegai::cuda
