#include "backend/cuda/conv.cuh"

namespace jpegai::cuda {

// Weights of a tile: those of even rows, then those of odd rows.
JPEGAI_KERNEL(conv_transposed3, ConvParams, 128) {
    const ConvPlace place = conv_place(p, 2);
    const long long tile = place.first_channel / p.tile_channels;
    const long long row = static_cast<long long>(p.in_per_group) * 3 * p.tile_channels;
    if (place.phase == 0) {
        conv_block<1, TransposedTaps<3>, false>(p, place, tile * 3 * row);
    } else {
        conv_block<2, TransposedTaps<3>, false>(p, place, tile * 3 * row + row);
    }
}
JPEGAI_DEFINE_KERNEL(conv_transposed3, ConvParams)

JPEGAI_KERNEL(conv_transposed4, ConvParams, 128) {
    const ConvPlace place = conv_place(p, 2);
    const long long tile = place.first_channel / p.tile_channels;
    const long long rows = static_cast<long long>(p.in_per_group) * 8 * p.tile_channels;
    conv_block<2, TransposedTaps<4>, false>(p, place, (2 * tile + place.phase) * rows);
}
JPEGAI_DEFINE_KERNEL(conv_transposed4, ConvParams)

}  // namespace jpegai::cuda
