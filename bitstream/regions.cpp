#include "bitstream/regions.h"

#include "base/error.h"
#include "base/math.h"

namespace jpegai {

namespace {

constexpr std::size_t kRegionUnit = 128;  ///< region borders are multiples of this many luma samples

struct Range {
    std::size_t begin = 0, end = 0;
};

/// The `count` intervals along a side of `length` luma samples, on the grid 2^log2_step times coarser (01 section 4.5).
std::vector<Range> split(std::size_t length, std::size_t count, unsigned log2_step) {
    const std::size_t step = count == 0 ? 0 : ceil_div(length, kRegionUnit) / count * kRegionUnit;
    if (step == 0) throw Error(JPEGAI_ERROR_HEADER, "the picture cannot be split into that many regions");
    std::vector<Range> ranges(count);
    for (std::size_t i = 0; i < count; ++i) {
        ranges[i].begin = i * step >> log2_step;
        ranges[i].end = i + 1 < count ? (i + 1) * step >> log2_step : ceil_div(length, std::size_t{1} << log2_step);
    }
    return ranges;
}

}  // namespace

std::vector<Area> region_areas(const PictureHeader& picture, unsigned log2_step) {
    const RegionHeader regions = picture.regions.value_or(RegionHeader{});
    const std::vector<Range> rows = split(picture.img_height, regions.num_ver, log2_step);
    const std::vector<Range> cols = split(picture.img_width, regions.num_hor, log2_step);
    std::vector<Area> areas;
    areas.reserve(regions.count());
    for (const Range& row : rows) {
        for (const Range& col : cols) areas.push_back({row.begin, col.begin, row.end - row.begin, col.end - col.begin});
    }
    return areas;
}

}  // namespace jpegai
