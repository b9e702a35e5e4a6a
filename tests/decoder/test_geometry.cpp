// Regions and tiles: the examples of the standard's text, and what must hold for every layout.
#include "decoder/geometry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/math.h"
#include "tests/decoder/reconstruction_case.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"

namespace jpegai {

void PrintTo(const Area& area, std::ostream* out) {
    *out << "(row " << area.row << " col " << area.col << " rows " << area.rows << " cols " << area.cols << ")";
}

namespace {

using test::thrown_code;

/// The text writes areas as (x, y, width, height).
Area xywh(std::size_t x, std::size_t y, std::size_t width, std::size_t height) {
    return {y, x, height, width};
}

PictureHeader picture_of(std::uint32_t width, std::uint32_t height) {
    PictureHeader picture;
    picture.img_width = width;
    picture.img_height = height;
    return picture;
}

PictureHeader partitioned(std::uint32_t width, std::uint32_t height, std::uint8_t num_hor, std::uint8_t num_ver,
                          bool independent, std::uint8_t hyper = 2, std::uint8_t mcm = 8) {
    PictureHeader picture = picture_of(width, height);
    picture.regions = RegionHeader{num_ver, num_hor, independent, hyper, mcm};
    return picture;
}

void set_tiles(PictureHeader& picture, std::size_t size, std::size_t overlap) {
    for (ComponentHeader& component : picture.component) {
        component.synthesis_tile_enable = true;
        component.synthesis_tile_size_div16 = static_cast<std::uint8_t>(size / 16);
        component.synthesis_tile_overlap_div16 = static_cast<std::uint8_t>(overlap / 16);
    }
}

/// Column starts and widths (or row starts and heights) of the first row (column) of tiles.
using Spans = std::vector<std::pair<std::size_t, std::size_t>>;

Spans columns(const std::vector<Tile>& tiles, Area Tile::*area) {
    Spans spans;
    for (const Tile& tile : tiles) {
        if (tile.image.row == tiles[0].image.row) spans.emplace_back((tile.*area).col, (tile.*area).cols);
    }
    return spans;
}

Spans rows(const std::vector<Tile>& tiles, Area Tile::*area) {
    Spans spans;
    for (const Tile& tile : tiles) {
        if (tile.image.col == tiles[0].image.col) spans.emplace_back((tile.*area).row, (tile.*area).rows);
    }
    return spans;
}

/// How often each sample of a rows x cols picture lies in a core.
std::vector<int> coverage(const std::vector<Tile>& tiles, std::size_t rows, std::size_t cols) {
    std::vector<int> count(rows * cols);
    for (const Tile& tile : tiles) {
        for (std::size_t y = tile.core.row; y < tile.core.row + tile.core.rows; ++y) {
            for (std::size_t x = tile.core.col; x < tile.core.col + tile.core.cols; ++x) ++count.at(y * cols + x);
        }
    }
    return count;
}

bool partitions(const std::vector<Tile>& tiles, std::size_t rows, std::size_t cols) {
    const std::vector<int> count = coverage(tiles, rows, cols);
    return std::all_of(count.begin(), count.end(), [](int n) { return n == 1; });
}

bool contains(const Area& outer, const Area& inner) {
    return inner.row >= outer.row && inner.col >= outer.col && inner.row + inner.rows <= outer.row + outer.rows &&
           inner.col + inner.cols <= outer.col + outer.cols;
}

TEST(RegionWindows, WholePictureWithoutPartition) {
    const auto windows = region_windows(picture_of(301, 203));
    ASSERT_EQ(windows.size(), 1U);
    EXPECT_EQ(windows[0].image, xywh(0, 0, 301, 203));
    EXPECT_EQ(windows[0].z, xywh(0, 0, 5, 4));
    EXPECT_EQ(windows[0].psi, xywh(0, 0, 10, 7));
    EXPECT_EQ(windows[0].psi_write, windows[0].psi);
    EXPECT_EQ(windows[0].y, xywh(0, 0, 19, 13));
    EXPECT_EQ(windows[0].y_write, windows[0].y);
}

// 03 section 13.3.
TEST(RegionWindows, DependentExample) {
    const auto windows = region_windows(partitioned(2096, 1400, 2, 1, false));
    ASSERT_EQ(windows.size(), 2U);
    EXPECT_EQ(windows[0].image, xywh(0, 0, 1280, 1400));
    EXPECT_EQ(windows[0].z, xywh(0, 0, 20, 22));
    EXPECT_EQ(windows[0].psi, xywh(0, 0, 40, 44));
    EXPECT_EQ(windows[0].y, xywh(0, 0, 80, 88));
    EXPECT_EQ(windows[0].y_write, xywh(0, 0, 79, 88));
    EXPECT_EQ(windows[1].image, xywh(768, 0, 1328, 1400));
    EXPECT_EQ(windows[1].z, xywh(12, 0, 21, 22));
    EXPECT_EQ(windows[1].psi, xywh(24, 0, 42, 44));
    EXPECT_EQ(windows[1].y, xywh(48, 0, 83, 88));
    EXPECT_EQ(windows[1].y_write, xywh(49, 0, 82, 88));
    for (const RegionWindow& window : windows) EXPECT_EQ(window.psi_write, window.psi);
}

TEST(RegionWindows, IndependentExample) {
    const auto windows = region_windows(partitioned(2096, 1400, 2, 1, true));
    ASSERT_EQ(windows.size(), 2U);
    EXPECT_EQ(windows[0].y, xywh(0, 0, 64, 88));
    EXPECT_EQ(windows[1].y, xywh(64, 0, 67, 88));
    EXPECT_EQ(windows[1].image, xywh(1024, 0, 1072, 1400));
    for (const RegionWindow& window : windows) {
        EXPECT_EQ(window.y_write, window.y);
        EXPECT_EQ(window.psi_write, window.psi);
    }
}

TEST(RegionWindows, TwoByTwoExample) {
    const auto windows = region_windows(partitioned(2300, 2100, 2, 2, false));
    ASSERT_EQ(windows.size(), 4U);
    EXPECT_EQ(windows[0].y, xywh(0, 0, 88, 80));
    EXPECT_EQ(windows[1].y, xywh(56, 0, 88, 80));
    EXPECT_EQ(windows[2].y, xywh(0, 48, 88, 84));
    EXPECT_EQ(windows[3].y, xywh(56, 48, 88, 84));
}

// With 4 * o_hd != o_mcm the hyper decoder's output, which starts at the z extension, is written at the psi extension
// (03 section 13.3, vector bop_depreg128_ov11_256x192).
TEST(RegionWindows, MismatchedOverlapsAreTakenLiterally) {
    const auto windows = region_windows(partitioned(256, 192, 2, 1, false, 1, 1));
    ASSERT_EQ(windows.size(), 2U);
    EXPECT_EQ(windows[0].image, xywh(0, 0, 256, 192));
    EXPECT_EQ(windows[0].psi, windows[1].psi) << "both extended regions are the whole picture";
    EXPECT_EQ(windows[0].psi_write, xywh(0, 0, 8, 6));
    EXPECT_EQ(windows[0].y_write, xywh(0, 0, 10, 12))
        << "the extended region reaches the right border: nothing trimmed";
    EXPECT_EQ(windows[1].image, xywh(0, 0, 256, 192));
    EXPECT_EQ(windows[1].psi, xywh(3, 0, 5, 6));
    EXPECT_EQ(windows[1].psi_write, xywh(3, 0, 5, 6)) << "clipped to the grid";
    EXPECT_EQ(windows[1].y_write, xywh(6, 0, 10, 12));
    EXPECT_EQ(windows[0].residual, windows[1].y);
    EXPECT_EQ(windows[1].residual, windows[1].y);
}

// Vector bop_depreg128_ov00_256x192: two latent columns that no region writes.
TEST(RegionWindows, WithoutOverlapOneLatentIsLostOnEachSide) {
    const auto windows = region_windows(partitioned(256, 192, 2, 1, false, 0, 0));
    ASSERT_EQ(windows.size(), 2U);
    EXPECT_EQ(windows[0].y_write, xywh(0, 0, 7, 12));
    EXPECT_EQ(windows[1].y_write, xywh(9, 0, 7, 12));
}

TEST(RegionWindows, TheLatentOfThatVectorHasTheGap) {
    JPEGAI_NEEDS_SHARED();
    const auto vector = test::load_reconstruction_case("vectors/bop_depreg128_ov00_256x192");
    const Array3<float> latent = vector.load("fixed_y.y_hat");
    const auto windows = region_windows(vector.stream.picture);
    for (std::size_t x = 0; x < latent.cols(); ++x) {
        bool written = false, nonzero = false;
        for (const RegionWindow& window : windows) {
            written |= x >= window.y_write.col && x < window.y_write.col + window.y_write.cols;
        }
        for (std::size_t i = x; i < latent.size(); i += latent.cols()) nonzero |= latent.data()[i] != 0;
        EXPECT_EQ(written, nonzero) << "latent column " << x;
    }
}

TEST(RegionWindows, ExtensionsEndAtThePictureBorder) {
    // Regions of 128 rows with an extension of 384: more than the neighbour has.
    for (const RegionWindow& window : region_windows(partitioned(640, 700, 5, 5, false, 3, 15))) {
        EXPECT_TRUE(contains(xywh(0, 0, 640, 700), window.image));
        EXPECT_TRUE(contains(xywh(0, 0, 10, 11), window.z));
        EXPECT_TRUE(contains(xywh(0, 0, 20, 22), window.psi));
        EXPECT_TRUE(contains(xywh(0, 0, 20, 22), window.psi_write));
        EXPECT_TRUE(contains(xywh(0, 0, 40, 44), window.y));
        EXPECT_TRUE(contains(window.y, window.y_write));
        EXPECT_EQ(ceil_div(window.image.rows, std::size_t{64}), window.z.rows) << "nominal size and input must agree";
        EXPECT_EQ(ceil_div(window.image.cols, std::size_t{64}), window.z.cols);
    }
}

TEST(RegionWindows, DegeneratePartitionIsAnError) {
    EXPECT_EQ(thrown_code([] { (void)region_windows(partitioned(64, 64, 2, 1, false)); }), JPEGAI_ERROR_HEADER);
}

// 03 section 14.1.
TEST(SynthesisTiles, OverlappingExample) {
    PictureHeader picture = picture_of(2096, 1400);
    set_tiles(picture, 1024, 64);
    const auto tiles = synthesis_tiles(picture, kPrimary);
    ASSERT_EQ(tiles.size(), 6U);
    EXPECT_EQ(columns(tiles, &Tile::image), (Spans{{0, 1024}, {960, 1024}, {1920, 176}}));
    EXPECT_EQ(rows(tiles, &Tile::image), (Spans{{0, 1024}, {960, 440}}));
    EXPECT_EQ(columns(tiles, &Tile::core), (Spans{{0, 992}, {992, 960}, {1952, 144}}));
    EXPECT_EQ(rows(tiles, &Tile::core), (Spans{{0, 992}, {992, 408}}));
    EXPECT_EQ(tiles[5].latent, xywh(120, 60, 11, 28));
    EXPECT_EQ(tiled_samples(tiles), (1024U + 1024U + 176U) * (1024U + 440U));
}

// 03 section 14.2.
TEST(SynthesisTiles, IndependentRegionsExample) {
    PictureHeader picture = partitioned(2096, 1400, 2, 1, true);
    set_tiles(picture, 512, 128);
    const auto tiles = synthesis_tiles(picture, kSecondary);
    EXPECT_EQ(columns(tiles, &Tile::image), (Spans{{0, 576}, {448, 576}, {1024, 576}, {1472, 624}, {1984, 112}}));
    EXPECT_EQ(columns(tiles, &Tile::core), (Spans{{0, 512}, {512, 512}, {1024, 512}, {1536, 512}, {2048, 48}}));
    EXPECT_TRUE(partitions(tiles, 1400, 2096));
}

TEST(SynthesisTiles, TileThatStraddlesRegionsIsNotExtended) {
    PictureHeader picture = partitioned(2096, 1400, 2, 1, true);
    set_tiles(picture, 640, 128);
    const auto spans = columns(synthesis_tiles(picture, kPrimary), &Tile::image);
    ASSERT_EQ(spans.size(), 4U);
    EXPECT_EQ(spans[0], (std::pair<std::size_t, std::size_t>{0, 704}));
    EXPECT_EQ(spans[1], (std::pair<std::size_t, std::size_t>{640, 640})) << "640..1279 crosses the border at 1024";
    EXPECT_EQ(spans[2], (std::pair<std::size_t, std::size_t>{1216, 768}));
}

TEST(SynthesisTiles, WithoutOverlapTilesAbut) {
    PictureHeader picture = picture_of(301, 203);
    set_tiles(picture, 128, 0);
    const auto tiles = synthesis_tiles(picture, kPrimary);
    EXPECT_EQ(columns(tiles, &Tile::image), (Spans{{0, 128}, {128, 128}, {256, 45}}));
    EXPECT_EQ(rows(tiles, &Tile::core), (Spans{{0, 128}, {128, 75}}));
}

TEST(SynthesisTiles, OffIsOneTile) {
    const auto tiles = synthesis_tiles(picture_of(301, 203), kPrimary);
    ASSERT_EQ(tiles.size(), 1U);
    EXPECT_EQ(tiles[0].image, xywh(0, 0, 301, 203));
    EXPECT_EQ(tiles[0].core, tiles[0].image);
    EXPECT_EQ(tiles[0].latent, xywh(0, 0, 19, 13));
}

TEST(SynthesisTiles, CoresPartitionThePicture) {
    std::mt19937 random(1);
    const auto pick = [&](std::uint32_t low, std::uint32_t high) {
        return static_cast<std::uint32_t>(low + random() % (high - low + 1));
    };
    int tried = 0;
    while (tried < 150) {
        PictureHeader picture = picture_of(pick(64, 700), pick(64, 700));
        const std::size_t size = std::size_t{16} * pick(1, 20), overlap = std::size_t{16} * pick(0, 12);
        if (overlap >= std::min<std::size_t>({size, picture.img_width, picture.img_height})) continue;
        set_tiles(picture, size, overlap);
        const auto tiles = synthesis_tiles(picture, kPrimary);
        ASSERT_TRUE(partitions(tiles, picture.img_height, picture.img_width)) << size << " " << overlap;
        const Area all = xywh(0, 0, picture.img_width, picture.img_height);
        const Area grid = xywh(0, 0, picture.latent_cols(), picture.latent_rows());
        for (const Tile& tile : tiles) {
            ASSERT_TRUE(contains(all, tile.image) && contains(tile.image, tile.core) && contains(grid, tile.latent));
            ASSERT_EQ(tile.latent.row * 16, tile.image.row) << "tiles start on latents";
            ASSERT_EQ(tile.latent.col * 16, tile.image.col);
        }
        ++tried;
    }
}

TEST(SynthesisTiles, RegionTilesThatLineUpPartitionThePicture) {
    std::mt19937 random(2);
    for (int i = 0; i < 60; ++i) {
        const auto width = static_cast<std::uint32_t>(300 + random() % 900);
        const auto height = static_cast<std::uint32_t>(300 + random() % 900);
        const auto num_hor = static_cast<std::uint8_t>(1 + random() % 2),
                   num_ver = static_cast<std::uint8_t>(1 + random() % 2);
        PictureHeader picture = partitioned(width, height, num_hor, num_ver, true);
        // Every region border is a multiple of 128.
        set_tiles(picture, 128, random() % 2 == 0 ? 64 : 128);
        const auto tiles = synthesis_tiles(picture, kPrimary);
        ASSERT_TRUE(partitions(tiles, height, width)) << width << "x" << height;
        const auto regions = region_areas(picture, 0);
        for (const Tile& tile : tiles) {
            ASSERT_EQ(tile.image.row % 16 + tile.image.col % 16, 0U);
            // Nothing is read beyond the region that a core lies in.
            const bool inside = std::any_of(regions.begin(), regions.end(),
                                            [&](const Area& region) { return contains(region, tile.image); });
            ASSERT_TRUE(inside);
        }
    }
}

TEST(SynthesisTiles, AnyLayoutStaysInsideThePicture) {
    std::mt19937 random(3);
    for (int i = 0; i < 300; ++i) {
        PictureHeader picture = partitioned(
            static_cast<std::uint32_t>(256 + random() % 500), static_cast<std::uint32_t>(256 + random() % 500),
            static_cast<std::uint8_t>(1 + random() % 2), static_cast<std::uint8_t>(1 + random() % 2), true);
        set_tiles(picture, 16 * (1 + random() % 30), 32 * (random() % 8));
        std::vector<Tile> tiles;
        if (thrown_code([&] { tiles = synthesis_tiles(picture, kPrimary); }) != JPEGAI_OK) continue;
        for (const Tile& tile : tiles) {
            ASSERT_TRUE(contains(xywh(0, 0, picture.img_width, picture.img_height), tile.image));
            ASSERT_TRUE(contains(tile.image, tile.core));
            ASSERT_TRUE(contains(xywh(0, 0, picture.latent_cols(), picture.latent_rows()), tile.latent));
        }
    }
}

TEST(SynthesisTiles, ImpossibleParametersAreErrors) {
    PictureHeader picture = picture_of(300, 100);
    const auto code = [&](std::size_t size, std::size_t overlap) {
        set_tiles(picture, size, overlap);
        return thrown_code([&] { (void)synthesis_tiles(picture, kPrimary); });
    };
    EXPECT_EQ(code(0, 0), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(code(0, 64), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(code(64, 64), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(code(64, 80), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(code(1024, 112), JPEGAI_ERROR_HEADER) << "overlap above the picture height";
    EXPECT_EQ(code(1024, 96), JPEGAI_OK);
    picture.regions = RegionHeader{1, 2, true, 2, 8};
    EXPECT_EQ(code(64, 16), JPEGAI_ERROR_UNSUPPORTED) << "tiles would start between latents";
    EXPECT_EQ(code(64, 496), JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(code(64, 160), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(code(64, 128), JPEGAI_OK);
}

EicciHeader eicci_header(std::size_t size, std::size_t overlap) {
    EicciHeader header;
    header.tile_enable = true;
    header.tile_size_div16 = static_cast<std::uint8_t>(size / 16);
    header.tile_overlap_div16 = static_cast<std::uint8_t>(overlap / 16);
    return header;
}

TEST(EicciTiles, WithoutTilingTheDisplayedPicture) {
    PictureHeader picture = picture_of(301, 203);
    picture.diff_display_img_width = 5;
    picture.diff_display_img_height = 7;
    const auto tiles = eicci_tiles(picture, {});
    ASSERT_EQ(tiles.size(), 1U);
    EXPECT_EQ(tiles[0].image, xywh(0, 0, 296, 196));
    EXPECT_EQ(tiles[0].core, tiles[0].image);
}

// 04 section 4.3: 1072x1008 in tiles of 512 gives 9; 768x512 gives 2.
TEST(EicciTiles, Examples) {
    const auto tiles = eicci_tiles(picture_of(1072, 1008), eicci_header(512, 48));
    ASSERT_EQ(tiles.size(), 9U);
    // 1072 = 464 + 464 + 144: the last column, too narrow, takes 176 from the one before.
    EXPECT_EQ(columns(tiles, &Tile::image), (Spans{{0, 512}, {464, 336}, {752, 320}}));
    EXPECT_EQ(columns(tiles, &Tile::core), (Spans{{0, 488}, {488, 288}, {776, 296}}));
    // 1008 = 464 + 464 + 80.
    EXPECT_EQ(rows(tiles, &Tile::image), (Spans{{0, 512}, {464, 336}, {752, 256}}));
    EXPECT_EQ(eicci_tiles(picture_of(768, 512), eicci_header(512, 48)).size(), 2U);
}

TEST(EicciTiles, CoresPartitionTheDisplayedPicture) {
    std::mt19937 random(4);
    int accepted = 0;
    for (int i = 0; i < 400; ++i) {
        PictureHeader picture = picture_of(static_cast<std::uint32_t>(176 + random() % 800),
                                           static_cast<std::uint32_t>(176 + random() % 800));
        picture.diff_display_img_width = static_cast<std::uint8_t>(random() % 64);
        picture.diff_display_img_height = static_cast<std::uint8_t>(random() % 64);
        const EicciHeader header = eicci_header(16 * (6 + random() % 40), 16 * (1 + random() % 10));
        std::vector<Tile> tiles;
        if (thrown_code([&] { tiles = eicci_tiles(picture, header); }) != JPEGAI_OK) continue;
        ++accepted;
        ASSERT_TRUE(partitions(tiles, picture.display_height(), picture.display_width()));
        const Area all = xywh(0, 0, picture.display_width(), picture.display_height());
        for (const Tile& tile : tiles) ASSERT_TRUE(contains(all, tile.image) && contains(tile.image, tile.core));
    }
    EXPECT_GT(accepted, 100);
}

TEST(EicciTiles, ImpossibleParametersAreErrors) {
    const auto code = [](std::uint32_t width, std::uint32_t height, std::size_t size, std::size_t overlap) {
        return thrown_code([&] { (void)eicci_tiles(picture_of(width, height), eicci_header(size, overlap)); });
    };
    EXPECT_EQ(code(768, 512, 512, 0), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(code(768, 512, 0, 48), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(code(768, 512, 48, 48), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(code(768, 64, 512, 64), JPEGAI_ERROR_HEADER) << "overlap as high as the picture";
    EXPECT_EQ(code(160, 512, 512, 48), JPEGAI_ERROR_HEADER) << "single narrow column";
    EXPECT_EQ(code(512, 160, 512, 48), JPEGAI_ERROR_HEADER) << "single low row";
    EXPECT_EQ(code(176, 512, 512, 48), JPEGAI_OK);
    // The last column of a picture of 300 takes 176 from the first, which has to keep more than the overlap.
    EXPECT_EQ(code(300, 512, 208, 48), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(code(300, 512, 224, 48), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(code(300, 512, 240, 48), JPEGAI_OK);
    EXPECT_EQ(code(500, 512, 224, 48), JPEGAI_OK) << "an inner column may lose its whole core";
}

}  // namespace
}  // namespace jpegai
