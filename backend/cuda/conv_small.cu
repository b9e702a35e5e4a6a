#include "backend/cuda/conv.cuh"

namespace jpegai::cuda {

// 4 columns and 4 channels a thread: for layers whose larger tiles would be too few for the card.

JPEGAI_KERNEL_BLOCKS(conv_small_pointwise, ConvParams, 128, 4) {
    conv_plain<1, PlainTaps<1, 4>, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_small_pointwise, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_small_2x2, ConvParams, 128, 4) {
    conv_plain<2, PlainTaps<2, 4>, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_small_2x2, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_small_3x3, ConvParams, 128, 4) {
    conv_plain<3, PlainTaps<3, 4>, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_small_3x3, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_small_3x3_relu6, ConvParams, 128, 4) {
    conv_plain<3, PlainTaps<3, 4>, 4, true>(p);
}
JPEGAI_DEFINE_KERNEL(conv_small_3x3_relu6, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_small_3x3_stride2, ConvParams, 128, 4) {
    conv_plain<3, Stride2Taps<4>, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_small_3x3_stride2, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_small_transposed3, ConvParams, 128, 4) {
    conv_transposed3_any<2, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_small_transposed3, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_small_transposed4, ConvParams, 128, 4) {
    conv_transposed4_any<2, 4>(p);
}
JPEGAI_DEFINE_KERNEL(conv_small_transposed4, ConvParams)

}  // namespace jpegai::cuda
