#include "decoder/cube_flags.h"

#include "base/error.h"

namespace jpegai {

Array3<std::uint8_t> forced_positions(const PictureHeader& picture, Component component) {
    const ComponentHeader& header = picture.component[component];
    if (!header.use_cube_flags) return {};
    const std::size_t cube_rows = picture.cube_rows(), cube_cols = picture.cube_cols();
    if (header.cube_flag.size() != kCubePhases * cube_rows * cube_cols) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "number of cube flags does not fit the picture");
    }
    Array3<std::uint8_t> forced(1, picture.latent_rows(), picture.latent_cols());
    for (std::size_t y = 0; y < forced.rows(); ++y) {
        std::uint8_t* row = forced.row(0, y);
        for (std::size_t x = 0; x < forced.cols(); ++x) {
            const std::size_t phase = 2 * (y & 1) + (x & 1);
            const std::size_t flag = (phase * cube_rows + y / (2 * kCubeSide)) * cube_cols + x / (2 * kCubeSide);
            row[x] = header.cube_flag[flag] == 0 ? 1 : 0;
        }
    }
    return forced;
}

}  // namespace jpegai
