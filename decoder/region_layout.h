// Order of residual symbols: region after region, and within a region channel, row, column
// (standard/02-entropy-and-latent.md section 9).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/array.h"
#include "bitstream/regions.h"

namespace jpegai {

/// Where the elements of `channels` channels of a picture's latents lie when every region is stored contiguously.
class RegionLayout {
public:
    /// Throws Error{header} for a degenerate partition, Error{limit} when sizes overflow.
    RegionLayout(const PictureHeader& picture, std::size_t channels);

    [[nodiscard]] std::size_t size() const { return size_; }  ///< elements of all regions
    [[nodiscard]] std::size_t regions() const { return areas_.size(); }
    /// Region `r` in latent samples, raster order.
    [[nodiscard]] const Area& area(std::size_t r) const { return areas_[r]; }

    /// The elements of region r, [channel][row][col] of the region.
    template <class T>
    [[nodiscard]] std::span<T> region(std::span<T> all, std::size_t r) const {
        return all.subspan(areas_[r].row * picture_cols_ * channels_ + areas_[r].col * areas_[r].rows * channels_,
                           areas_[r].rows * areas_[r].cols * channels_);
    }

    /// Row `y` (region-local) of channel `c` of region r.
    template <class T>
    [[nodiscard]] T* row(std::span<T> all, std::size_t r, std::size_t c, std::size_t y) const {
        return region(all, r).data() + (c * areas_[r].rows + y) * areas_[r].cols;
    }

    /// Copies a whole latent row of the picture to its places.
    template <class T>
    void scatter_row(const T* source, std::size_t c, std::size_t y, std::span<T> all) const {
        for (std::size_t r = first_region_[y]; r < areas_.size() && contains_row(r, y); ++r) {
            std::copy_n(source + areas_[r].col, areas_[r].cols, row(all, r, c, y - areas_[r].row));
        }
    }

private:
    [[nodiscard]] bool contains_row(std::size_t r, std::size_t y) const {
        return y >= areas_[r].row && y < areas_[r].row + areas_[r].rows;
    }

    std::vector<Area> areas_;
    std::vector<std::size_t> first_region_;  ///< by latent row
    std::size_t channels_ = 0, picture_cols_ = 0, size_ = 0;
};

}  // namespace jpegai
