// eICCI without real networks: selection, tile order, formats.
#include "decoder/filters/eicci.h"

#include <gtest/gtest.h>

#include "decoder/geometry.h"
#include "tests/decoder/fake_eicci.h"
#include "tests/decoder/plane_support.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using test::FakeBank;
using test::random_planes;
using test::same_bits;
using test::thrown_code;

using Tile = EicciHeader::Tile;

Tile tile_of(std::array<bool, 3> use, bool short_list, std::uint8_t luma, std::uint8_t chroma) {
    return {use, short_list, luma, chroma};
}

TEST(EicciSelection, ListsOfTheStandard) {
    const auto pick = [](OperatingPoint point, std::size_t model, bool short_list, std::uint8_t index) {
        const EicciSelection s = eicci_selection(tile_of({true, true, true}, short_list, index, index), point, model);
        return std::pair{s.luma, s.chroma};
    };
    using P = std::pair<std::size_t, std::size_t>;
    EXPECT_EQ(pick(OperatingPoint::kSop, 1, true, 0), (P{2, 0}));
    EXPECT_EQ(pick(OperatingPoint::kSop, 3, true, 1), (P{8, 2}));
    EXPECT_EQ(pick(OperatingPoint::kBop, 1, true, 0), (P{3, 1}));
    EXPECT_EQ(pick(OperatingPoint::kBop, 2, true, 1), (P{7, 3}));
    EXPECT_EQ(pick(OperatingPoint::kHop, 1, true, 1), (P{8, 3}));
    EXPECT_EQ(pick(OperatingPoint::kHop, 0, true, 1), (P{6, 2}));
    EXPECT_EQ(pick(OperatingPoint::kHop, 3, true, 1), (P{9, 3}));
    for (std::uint8_t i = 0; i < 10; ++i) EXPECT_EQ(pick(OperatingPoint::kSop, 0, false, i), (P{i, i}));
}

TEST(EicciSelection, IndicesBeyondTheListAreErrors) {
    const auto code = [](const Tile& tile, std::size_t model = 0) {
        return thrown_code([&] { (void)eicci_selection(tile, OperatingPoint::kBop, model); });
    };
    EXPECT_EQ(code(tile_of({true, false, false}, true, 2, 0)), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(code(tile_of({false, false, true}, true, 0, 2)), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(code(tile_of({true, false, false}, false, 10, 0)), JPEGAI_ERROR_HEADER);
    EXPECT_EQ(code(tile_of({true, false, false}, true, 1, 7)), JPEGAI_OK) << "the chroma index is not used";
    EXPECT_EQ(code(tile_of({true, false, false}, true, 1, 0), 4), JPEGAI_ERROR_HEADER);
}

PictureHeader picture_of(std::uint32_t width, std::uint32_t height) {
    PictureHeader picture;
    picture.img_width = width;
    picture.img_height = height;
    picture.model_id = 1;
    return picture;
}

/// Two tiles of a 320x200 picture: columns 0..239 and 192..319 become 0..112+... after the enlargement to 176.
EicciHeader two_tiles(const Tile& first, const Tile& second) {
    EicciHeader header;
    header.tile_enable = true;
    header.tile_size_div16 = 15;
    header.tile_overlap_div16 = 2;
    header.tiles = {first, second};
    return header;
}

TEST(Eicci, EachTileHasItsOwnSelection) {
    std::mt19937 random(31);
    const PictureHeader picture = picture_of(320, 200);
    const EicciHeader header =
        two_tiles(tile_of({true, true, false}, true, 0, 1), tile_of({false, true, true}, false, 0, 9));
    const Planes before = random_planes(random, 200, 320, {1, 1}, 10.0F, 240.0F);
    const auto tiles = eicci_tiles(picture, header);
    ASSERT_EQ(tiles.size(), 2U);
    const std::size_t border = tiles[1].core.col;
    for (const bool quirk : {false, true}) {
        Planes planes = before;
        FakeBank bank;
        RunContext context;
        apply_eicci(planes, picture, header, OperatingPoint::kBop, bank, quirk, context);
        // BOP model 1: luma short list 3,6; chroma 1,2.
        const auto added = [&](std::size_t p, std::size_t x) {
            const bool second = x >= border && !quirk;
            if (p == 0) return second ? 0.0F : FakeBank::luma_step(3);
            if (p == 1) return second ? FakeBank::chroma_step(9) : FakeBank::chroma_step(2);
            return second ? FakeBank::chroma_step(9) : 0.0F;
        };
        for (std::size_t p = 0; p < 3; ++p) {
            for (std::size_t y = 0; y < 200; y += 7) {
                for (std::size_t x = 0; x < 320; ++x) {
                    ASSERT_NEAR(planes.plane[p](0, y, x), before.plane[p](0, y, x) + 255.0F * added(p, x), 1e-3)
                        << p << " " << x << " " << quirk;
                }
            }
        }
    }
}

// The margin of the second tile shows what the first one wrote (04 section 4.3, step 3).
TEST(Eicci, TilesReadWhatEarlierOnesWrote) {
    std::mt19937 random(32);
    const PictureHeader picture = picture_of(320, 200);
    const Tile both = tile_of({true, false, false}, false, 4, 0);
    const EicciHeader header = two_tiles(both, both);
    const Planes before = random_planes(random, 200, 320, {1, 1}, 60.0F, 100.0F);
    Planes planes = before;
    constexpr float kReach = 0.01F;
    FakeBank bank(kReach);
    RunContext context;
    apply_eicci(planes, picture, header, OperatingPoint::kBop, bank, false, context);
    const auto tiles = eicci_tiles(picture, header);
    Array3<float> expected = before.plane[0];
    for (float& value : expected.span()) value /= 255.0F;
    for (const auto& tile : tiles) {
        const std::size_t left = tile.image.col, right = left + tile.image.cols - 1;
        const float corners =
            expected(0, 0, left) + expected(0, 0, right) + expected(0, 199, left) + expected(0, 199, right);
        for (std::size_t y = 0; y < 200; ++y) {
            for (std::size_t x = tile.core.col; x < tile.core.col + tile.core.cols; ++x) {
                expected(0, y, x) += FakeBank::luma_step(4) + kReach * corners;
            }
        }
    }
    for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_NEAR(planes.plane[0].data()[i], expected.data()[i] * 255.0F, 1e-3);
    EXPECT_EQ(bank.luma_.at(4).seen, (std::vector<Size>{{200, tiles[0].image.cols}, {200, tiles[1].image.cols}}));
}

TEST(Eicci, EverythingIsClampedEvenWithoutANetwork) {
    std::mt19937 random(33);
    const PictureHeader picture = picture_of(64, 64);
    EicciHeader header;
    header.tiles.resize(1);
    Planes planes = random_planes(random, 64, 64, {1, 1}, -40.0F, 300.0F);
    const Planes before = planes;
    FakeBank bank;
    RunContext context;
    apply_eicci(planes, picture, header, OperatingPoint::kHop, bank, false, context);
    EXPECT_TRUE(bank.luma_.empty() && bank.chroma_.empty());
    for (std::size_t p = 0; p < 3; ++p) {
        for (std::size_t i = 0; i < planes.plane[p].size(); ++i) {
            EXPECT_NEAR(planes.plane[p].data()[i], std::clamp(before.plane[p].data()[i], 0.0F, 255.0F), 1e-4);
        }
    }
}

TEST(Eicci, SubsampledSourcePassesThrough444) {
    std::mt19937 random(34);
    PictureHeader picture = picture_of(64, 64);
    picture.s_hor = picture.c_hor = 2;
    EicciHeader header;
    header.tiles = {tile_of({false, true, true}, false, 0, 6)};
    Planes planes = random_planes(random, 64, 64, {1, 2}, 20.0F, 200.0F);
    Planes expected = planes;
    FakeBank bank;
    RunContext context;
    apply_eicci(planes, picture, header, OperatingPoint::kBop, bank, false, context);
    EXPECT_EQ(bank.chroma_.at(6).seen, (std::vector<Size>{{64, 64}}));
    convert_chroma(expected, {1, 1});
    for (std::size_t p = 1; p < 3; ++p) {
        for (float& value : expected.plane[p].span())
            value = std::clamp(value + 255.0F * FakeBank::chroma_step(6), 0.0F, 255.0F);
    }
    convert_chroma(expected, {1, 2});
    ASSERT_EQ(planes.chroma, expected.chroma);
    for (std::size_t i = 0; i < planes.plane[1].size(); ++i)
        EXPECT_NEAR(planes.plane[1].data()[i], expected.plane[1].data()[i], 1e-3);
}

TEST(Eicci, DisplayedPartOfTheCodedLayout) {
    std::mt19937 random(35);
    PictureHeader picture = picture_of(320, 200);
    picture.diff_display_img_width = 50;
    picture.diff_display_img_height = 9;
    const Tile both = tile_of({true, false, false}, false, 0, 0);
    const EicciHeader header = two_tiles(both, both);
    Planes planes = random_planes(random, 191, 270, {1, 1}, 60.0F, 100.0F);
    const Planes before = planes;
    FakeBank bank;
    RunContext context;
    apply_eicci(planes, picture, header, OperatingPoint::kBop, bank, false, context);
    for (std::size_t i = 0; i < planes.plane[0].size(); ++i) {
        ASSERT_NEAR(planes.plane[0].data()[i], before.plane[0].data()[i] + 2.55F, 1e-3) << "every sample once";
    }
}

TEST(Eicci, Errors) {
    std::mt19937 random(36);
    PictureHeader picture = picture_of(320, 200);
    const Tile tile = tile_of({true, false, false}, false, 0, 0);
    EicciHeader header = two_tiles(tile, tile);
    const auto code = [&] {
        return thrown_code([&] { (void)eicci_selections(picture, header, OperatingPoint::kBop, false); });
    };
    EXPECT_EQ(code(), JPEGAI_OK);
    header.tiles.pop_back();
    EXPECT_EQ(code(), JPEGAI_ERROR_HEADER) << "one tile too few";
    header.tiles = {tile, tile, tile};
    EXPECT_EQ(code(), JPEGAI_ERROR_HEADER);
    header.tiles = {tile, tile};
    picture.s_ver = picture.s_hor = 2;
    EXPECT_EQ(code(), JPEGAI_ERROR_HEADER) << "4:2:0 has no eICCI";
    picture.s_ver = picture.s_hor = 1;
    Planes planes = random_planes(random, 200, 319, {1, 1});
    FakeBank bank;
    RunContext context;
    EXPECT_EQ(thrown_code([&] { apply_eicci(planes, picture, header, OperatingPoint::kBop, bank, false, context); }),
              JPEGAI_ERROR_ARGUMENT);
    planes = random_planes(random, 200, 320, {1, 1});
    context.keep_going = [] { return false; };
    EXPECT_EQ(thrown_code([&] { apply_eicci(planes, picture, header, OperatingPoint::kBop, bank, false, context); }),
              JPEGAI_ERROR_CANCELLED);
}

}  // namespace
}  // namespace jpegai
