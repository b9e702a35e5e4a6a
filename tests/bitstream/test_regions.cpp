#include <gtest/gtest.h>

#include "base/error.h"
#include "base/math.h"
#include "bitstream/regions.h"
#include "tests/bitstream/sample_streams.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

PictureHeader picture_with(std::uint32_t width, std::uint32_t height, std::uint8_t rows, std::uint8_t cols) {
    PictureHeader picture = plain_picture(width, height);
    picture.regions = RegionHeader{rows, cols, false, 2, 8};
    return picture;
}

TEST(Regions, StandardVectors) {
    const auto vectors = load_json(data_path("standard/regions.json"));
    for (const auto& c : vectors["cases"]) {
        const auto picture = picture_with(c["w"], c["h"], c["numVerRegions"], c["numHorRegions"]);
        std::vector<Area> expected;
        for (const auto& row : c["latent_rows"]) {
            for (const auto& col : c["latent_cols"]) {
                const std::size_t top = row[0], bottom = row[1], left = col[0], right = col[1];
                expected.push_back({top, left, bottom - top, right - left});
            }
        }
        EXPECT_EQ(region_areas(picture, 4), expected);
    }
}

TEST(Regions, AnUnpartitionedPictureIsOneRegion) {
    const PictureHeader picture = plain_picture(75, 101);
    EXPECT_EQ(region_areas(picture, 0), std::vector<Area>({{0, 0, 101, 75}}));
    EXPECT_EQ(region_areas(picture, 4), std::vector<Area>({{0, 0, 7, 5}}));
    EXPECT_EQ(region_areas(picture, 6), std::vector<Area>({{0, 0, 2, 2}}));
}

TEST(Regions, TheyCoverEveryGridWithoutOverlap) {
    for (const std::uint32_t side : {64U, 127U, 128U, 129U, 300U, 1399U, 2096U}) {
        for (std::uint8_t count = 1; count <= ceil_div(side, 128U); ++count) {
            for (const unsigned log2_step : {0U, 4U, 5U, 6U}) {
                const auto areas = region_areas(picture_with(side, side, count, count), log2_step);
                ASSERT_EQ(areas.size(), std::size_t{count} * count);
                std::size_t next = 0;
                for (std::size_t i = 0; i < count; ++i) {
                    const Area& on_diagonal = areas[i * count + i];
                    EXPECT_EQ(on_diagonal.row, next);
                    EXPECT_EQ(on_diagonal.col, next);
                    EXPECT_GT(on_diagonal.rows, 0U);
                    EXPECT_EQ(on_diagonal.rows, on_diagonal.cols);
                    next += on_diagonal.rows;
                }
                EXPECT_EQ(next, ceil_div(std::size_t{side}, std::size_t{1} << log2_step));
            }
        }
    }
}

TEST(Regions, DegenerateSplitsAreRefused) {
    EXPECT_THROW((void)region_areas(picture_with(256, 256, 3, 1), 4), Error);
    EXPECT_THROW((void)region_areas(picture_with(256, 256, 1, 3), 4), Error);
    EXPECT_THROW((void)region_areas(picture_with(256, 256, 0, 1), 4), Error);
    EXPECT_NO_THROW((void)region_areas(picture_with(257, 256, 2, 3), 4));
}

}  // namespace
}  // namespace jpegai::test
