#include "backend/cuda/conv.cuh"

namespace jpegai::cuda {

// One position and 8 channels a thread: for layers with too few outputs to fill the card with larger tiles.

JPEGAI_KERNEL(conv_small_pointwise, ConvParams, 128) {
    conv_plain<1, PlainTaps<1, 1>, false>(p);
}
JPEGAI_DEFINE_KERNEL(conv_small_pointwise, ConvParams)

JPEGAI_KERNEL(conv_small_3x3, ConvParams, 128) {
    conv_plain<3, PlainTaps<3, 1>, false>(p);
}
JPEGAI_DEFINE_KERNEL(conv_small_3x3, ConvParams)

JPEGAI_KERNEL(conv_small_3x3_relu6, ConvParams, 128) {
    conv_plain<3, PlainTaps<3, 1>, true>(p);
}
JPEGAI_DEFINE_KERNEL(conv_small_3x3_relu6, ConvParams)

JPEGAI_KERNEL(conv_small_3x3_stride2, ConvParams, 128) {
    conv_plain<3, Stride2Taps<1>, false>(p);
}
JPEGAI_DEFINE_KERNEL(conv_small_3x3_stride2, ConvParams)

JPEGAI_KERNEL(conv_small_transposed3, ConvParams, 128) {
    conv_transposed3_any<1>(p);
}
JPEGAI_DEFINE_KERNEL(conv_small_transposed3, ConvParams)

JPEGAI_KERNEL(conv_small_transposed4, ConvParams, 128) {
    conv_transposed4_any<1>(p);
}
JPEGAI_DEFINE_KERNEL(conv_small_transposed4, ConvParams)

}  // namespace jpegai::cuda
