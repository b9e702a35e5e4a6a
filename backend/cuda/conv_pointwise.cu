#include "backend/cuda/conv.cuh"

namespace jpegai::cuda {

JPEGAI_KERNEL_BLOCKS(conv_pointwise, ConvParams, 128, 4) {
    conv_plain<1, PlainTaps<1, 8>, 8>(p);
}
JPEGAI_DEFINE_KERNEL(conv_pointwise, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_row3, ConvParams, 128, 4) {
    conv_plain<1, PlainTaps<3, 8>, 8>(p);
}
JPEGAI_DEFINE_KERNEL(conv_row3, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_column3, ConvParams, 128, 4) {
    conv_plain<3, PlainTaps<1, 8>, 8>(p);
}
JPEGAI_DEFINE_KERNEL(conv_column3, ConvParams)

JPEGAI_KERNEL_BLOCKS(conv_2x2, ConvParams, 128, 4) {
    conv_plain<2, PlainTaps<2, 8>, 8>(p);
}
JPEGAI_DEFINE_KERNEL(conv_2x2, ConvParams)

}  // namespace jpegai::cuda
