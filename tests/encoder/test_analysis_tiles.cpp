// Analysis tiles, regions and headers against the examples of the standard's text.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

#include "base/error.h"
#include "encoder/analysis.h"
#include "encoder/header.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

PictureHeader picture_of(std::uint32_t width, std::uint32_t height) {
    PictureHeader picture;
    picture.img_width = width;
    picture.img_height = height;
    return picture;
}

/// As the standard's text writes areas: column, row, columns, rows.
using Rect = std::tuple<std::size_t, std::size_t, std::size_t, std::size_t>;
Rect rect(const Area& area) {
    return {area.col, area.row, area.cols, area.rows};
}

TEST(AnalysisTiles, OneTileUpToTheLimit) {
    for (const Component c : {kPrimary, kSecondary}) {
        EXPECT_EQ(analysis_tiles(picture_of(1024, 1024), c, {}).size(), 1U);
        EXPECT_EQ(analysis_tiles(picture_of(1025, 1024), c, {}).size(), 2U);
        EXPECT_EQ(analysis_tiles(picture_of(8000, 8000), c, {0, 0}).size(), 1U);
    }
    const AnalysisTile tile = analysis_tiles(picture_of(301, 203), kSecondary, {}).front();
    EXPECT_EQ(rect(tile.input), Rect(0, 0, 151, 102));
    EXPECT_EQ(rect(tile.y), Rect(0, 0, 19, 13));
    EXPECT_EQ(rect(tile.z), Rect(0, 0, 5, 4));
}

TEST(AnalysisTiles, LumaExampleOfTheText) {
    const auto tiles = analysis_tiles(picture_of(2096, 1400), kPrimary, {});
    ASSERT_EQ(tiles.size(), 6U);
    // 03 section 18.3: whole z tiles, cores of y
    EXPECT_EQ(rect(tiles[0].z_core), Rect(0, 0, 16, 16));
    EXPECT_EQ(rect(tiles[1].z_core), Rect(15, 0, 16, 16));
    EXPECT_EQ(rect(tiles[2].z_core), Rect(30, 0, 3, 16));
    EXPECT_EQ(rect(tiles[3].z_core), Rect(0, 15, 16, 7));
    EXPECT_EQ(rect(tiles[0].y_core), Rect(0, 0, 62, 62));
    EXPECT_EQ(rect(tiles[1].y_core), Rect(62, 0, 60, 62));
    EXPECT_EQ(rect(tiles[2].y_core), Rect(122, 0, 9, 62));
    EXPECT_EQ(rect(tiles[3].y_core), Rect(0, 62, 62, 26));
    EXPECT_EQ(rect(tiles[2].input), Rect(1920, 0, 176, 1024));
}

TEST(AnalysisTiles, ChromaLiesOnTheSameGrids) {
    const auto luma = analysis_tiles(picture_of(2095, 1399), kPrimary, {});
    const auto chroma = analysis_tiles(picture_of(2095, 1399), kSecondary, {});
    ASSERT_EQ(luma.size(), chroma.size());
    for (std::size_t i = 0; i < luma.size(); ++i) {
        EXPECT_EQ(luma[i].y_core, chroma[i].y_core);
        EXPECT_EQ(luma[i].z_core, chroma[i].z_core);
    }
    EXPECT_EQ(rect(chroma[0].input), Rect(0, 0, 512, 512));
    EXPECT_EQ(rect(chroma[1].input), Rect(480, 0, 512, 512));
    EXPECT_EQ(rect(chroma[2].input), Rect(960, 0, 88, 512));
}

TEST(AnalysisTiles, IndependentRegionsKeepMoreAwayFromEachOther) {
    PictureHeader picture = picture_of(2096, 1400);
    picture.regions = RegionHeader{1, 2, true, 0, 0};
    const auto tiles = analysis_tiles(picture, kPrimary, {512, 128});
    // 03 section 14.2: x (0,576) (448,576) (1024,576) (1472,624) (1984,112)
    ASSERT_EQ(tiles.size(), 15U);
    EXPECT_EQ(rect(tiles[1].input), Rect(448, 0, 576, 576));
    EXPECT_EQ(rect(tiles[0].y_core), Rect(0, 0, 32, 32));
    EXPECT_EQ(rect(tiles[1].y_core), Rect(32, 0, 32, 32));
    EXPECT_EQ(rect(tiles[1].z_core), Rect(8, 0, 8, 8));
    EXPECT_EQ(rect(tiles[2].y_core), Rect(64, 0, 32, 32));  // starts at the border of the regions
}

TEST(AnalysisTiles, CoresCoverThePicture) {
    for (const auto& [width, height, size, overlap] :
         {std::tuple<std::uint32_t, std::uint32_t, std::size_t, std::size_t>{301, 203, 128, 64},
          {1000, 129, 192, 128},
          {640, 640, 256, 0},
          {257, 1023, 128, 64}}) {
        const PictureHeader picture = picture_of(width, height);
        for (const Component c : {kPrimary, kSecondary}) {
            Array3<std::uint8_t> y(1, picture.latent_rows(), picture.latent_cols());
            Array3<std::uint8_t> z(1, picture.hyper_rows(), picture.hyper_cols());
            const auto mark = [](Array3<std::uint8_t>& seen, const Area& area) {
                for (std::size_t r = area.row; r < area.row + area.rows; ++r) {
                    for (std::size_t k = area.col; k < area.col + area.cols; ++k) seen(0, r, k) = 1;
                }
            };
            for (const AnalysisTile& tile : analysis_tiles(picture, c, {size, overlap})) {
                mark(y, tile.y_core);
                mark(z, tile.z_core);
            }
            EXPECT_EQ(std::count(y.data(), y.data() + y.size(), 0), 0);
            EXPECT_EQ(std::count(z.data(), z.data() + z.size(), 0), 0);
        }
    }
}

TEST(AnalysisTiles, RefusesTilesOffTheGrid) {
    for (const TileOptions& options : {TileOptions{100, 0}, TileOptions{128, 32}, TileOptions{128, 128}}) {
        EXPECT_EQ(test::thrown_code([&] { (void)analysis_tiles(picture_of(512, 512), kPrimary, options); }),
                  JPEGAI_ERROR_ARGUMENT);
    }
}

TEST(Regions, ReferenceChoice) {
    // 05 section 4.7: 1,048,576 samples per region
    EXPECT_FALSE(reference_regions(1024, 1024, 1'048'576, false));
    const auto two = reference_regions(2096, 1400, 1'048'576, false);
    ASSERT_TRUE(two);
    EXPECT_EQ(two->num_hor, 2);
    EXPECT_EQ(two->num_ver, 1);
    EXPECT_FALSE(two->residual_in_its_own_substream);
    EXPECT_EQ(reference_regions(560, 888, 262'144, true)->count(), 1U);
    EXPECT_FALSE(reference_regions(560, 888, 0, true));
    EXPECT_EQ(test::thrown_code([] { (void)reference_regions(65'000, 65'000, 16'384, false); }), JPEGAI_ERROR_ARGUMENT);
}

TEST(Regions, TileSizes) {
    // 03 section 18.4: 2096x1400 with two columns of regions
    PictureHeader picture = picture_of(2096, 1400);
    picture.regions = RegionHeader{1, 2, true, 0, 0};
    EXPECT_EQ(region_tile_size(picture, 512), 512U);
    EXPECT_EQ(region_tile_size(picture, 128), 640U);
}

TEST(QuantiseHyper, ClampsAndRoundsHalfToEven) {
    Array3<float> z(1, 1, 8);
    const std::array<float, 8> values = {0.5F,  1.5F,  -0.5F,  -2.5F,
                                         31.4F, 99.0F, -1e30F, std::numeric_limits<float>::quiet_NaN()};
    std::copy(values.begin(), values.end(), z.data());
    const Array3<std::int8_t> z_hat = quantise_hyper(z);
    const std::array<int, 8> expected = {0, 2, 0, -2, 31, 31, -31, -31};
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(z_hat.data()[i], expected[i]) << i;
}

}  // namespace
}  // namespace jpegai
