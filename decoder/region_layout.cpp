#include "decoder/region_layout.h"

namespace jpegai {

RegionLayout::RegionLayout(const PictureHeader& picture, std::size_t channels)
    : areas_(region_areas(picture, 4)), channels_(channels), picture_cols_(picture.latent_cols()) {
    size_ = checked_mul(checked_mul(picture.latent_rows(), picture_cols_), channels);
    first_region_.assign(picture.latent_rows(), 0);
    for (std::size_t r = areas_.size(); r-- > 0;) {
        for (std::size_t y = 0; y < areas_[r].rows; ++y) first_region_[areas_[r].row + y] = r;
    }
}

}  // namespace jpegai
