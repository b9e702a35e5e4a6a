// The worked examples of 01 section 16: bytes to fields, and fields to the same bytes.
#include <gtest/gtest.h>

#include <numeric>

#include "bitstream/codestream.h"
#include "tests/bitstream/header_builder.h"
#include "tests/bitstream/sample_streams.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

constexpr HeaderOptions kStrict{.strict = true};

PictureHeader parse_picture(const std::string& hex, Dialect dialect) {
    const auto payload = from_hex(hex);
    EXPECT_EQ(detect_dialect(payload, 0), dialect);
    const PictureHeader picture = parse_picture_header(payload, dialect, 0, kStrict);
    EXPECT_EQ(write_picture_header(picture, dialect), payload);
    EXPECT_EQ(pack_fields(list_fields(picture, dialect)), payload);
    return picture;
}

std::size_t bits_of(const std::vector<HeaderField>& fields) {
    return std::accumulate(fields.begin(), fields.end(), std::size_t{0}, [](std::size_t sum, const HeaderField& field) {
        return sum + static_cast<std::size_t>(field.bits) * field.values.size();
    });
}

// 16.1
TEST(HeaderExamples, PlainPictureInBothDialects) {
    const PictureHeader dis = parse_picture("11 10 34 00 40 00 20 00 00 08 20 00 50 01 80 00", Dialect::kDis);
    const PictureHeader is = parse_picture("01 11 03 40 04 00 02 00 00 00 82 00 05 00 18 00", Dialect::kIs);
    EXPECT_EQ(dis, is);
    EXPECT_EQ(dis, plain_picture(128, 96));
    EXPECT_EQ(bits_of(list_fields(dis, Dialect::kDis)), 123U);
    EXPECT_EQ(bits_of(list_fields(dis, Dialect::kIs)), 127U);
    EXPECT_EQ(list_fields(dis, Dialect::kIs).at(0).name, "stream_profile_idc");
}

TEST(HeaderExamples, AllOffToolAndRenderingHeadersAreOneByte) {
    const PictureHeader picture = plain_picture(128, 96);
    EXPECT_EQ(write_tool_header({}, picture), from_hex("00"));
    EXPECT_EQ(write_rendering_info({}), from_hex("00"));
    EXPECT_EQ(bits_of(list_fields(ToolHeader{}, picture)), 6U);
    EXPECT_EQ(bits_of(list_fields(RenderingInfo{})), 8U);
}

// 16.2
TEST(HeaderExamples, CubeFlagsInASmallPicture) {
    const PictureHeader picture = parse_picture("11 10 34 00 80 00 40 00 00 08 A0 00 50 7C 0C 00", Dialect::kDis);
    PictureHeader expected = plain_picture(192, 128);
    expected.model_id = 1;
    expected.component[kPrimary].use_cube_flags = true;
    expected.component[kPrimary].cube_flag = {1, 1, 1, 0};
    EXPECT_EQ(picture, expected);
    EXPECT_EQ(picture.cube_rows() * picture.cube_cols(), 1U);
}

// 16.3
TEST(HeaderExamples, RegionsThreadsCubeFlagsGainsAndTiles) {
    const PictureHeader picture = parse_picture(
        "11 10 34 07 F0 05 38 00 02 09 47 48 81 04 A3 09 BE 83 BF 00 00 00 0A 01 0C 0C 10"
        "00 00 00 00 00 00 00 00 00 00 02 80 40",
        Dialect::kDis);
    PictureHeader expected = plain_picture(2096, 1400);
    expected.bit_depth_idc = 1;
    expected.model_id = 2;
    expected.num_threads_z = 2;
    expected.beta_displacement_log = {-184, 77};
    expected.independent_beta_uv = true;
    expected.regions = RegionHeader{2, 3, false, 2, 8};
    ComponentHeader& luma = expected.component[kPrimary];
    luma.num_threads_r = 16;
    luma.use_cube_flags = true;
    luma.cube_flag.assign(216, 1);
    luma.cube_flag[1] = 0;
    luma.synthesis_tile_enable = true;
    luma.synthesis_tile_size_div16 = 64;
    luma.synthesis_tile_overlap_div16 = 4;
    ComponentHeader& chroma = expected.component[kSecondary];
    chroma.rvs_enable_flag = chroma.grfs_enable_flag = true;
    chroma.grfs_channel_flag.assign(96, 0);
    chroma.grfs_channel_flag[5] = 1;
    chroma.synthesis_tile_enable = true;
    chroma.synthesis_tile_size_div16 = 64;
    chroma.synthesis_tile_overlap_div16 = 4;
    EXPECT_EQ(picture, expected);
    EXPECT_EQ(picture.cube_rows(), 6U);
    EXPECT_EQ(picture.cube_cols(), 9U);
    EXPECT_EQ(bits_of(list_fields(picture, Dialect::kDis)), 317U);
    const auto is_payload = write_picture_header(picture, Dialect::kIs);
    EXPECT_EQ(parse_picture_header(is_payload, Dialect::kIs, 0, kStrict), expected);
}

// 16.4
TEST(HeaderExamples, EveryTool) {
    const auto payload = from_hex(
        "2C 86 58 E7 08 08 00 07 FF FB FF FC 01 89 09 13 FD E0 04 C8 00 08 10 1B 23 2B 33 39 91 99 A1 AC"
        "B4 BC C4 C8 00 08 10 19 91 99 A1 AE 20 3D 41 A8 35 04 00 03 FF FE 1C 00 20 0C 64 A0 25 80 19 00"
        "00 10 06 46 1A 80 00 87 FF F8 00 08 00 18 00 28 00 38 00 48 00 58 00 69 50");
    PictureHeader picture = plain_picture(600, 400);
    picture.model_id = 1;
    const ToolHeader tools = parse_tool_header(payload, picture, 0, kStrict);
    ToolHeader expected;
    EfeLinearHeader& linear = expected.efe_linear.emplace();
    linear.b1 = {12825, 12750};
    linear.upsampled.plane[0] = {1, 1, {32767}, {32817}};
    linear.upsampled.max_symbol = 65535;
    linear.main.plane[0] = {2, 2, {0, 1, 2, 3, 100, 101, 102, 103}, {50, 51, 52, 53, 150, 151, 152, 153}};
    linear.main.plane[1] = {1, 2, {0, 1, 2, 3}, {50, 51, 52, 53}};
    linear.main.min_symbol = 32700;
    linear.main.max_symbol = 153;
    const EicciHeader::Tile some{{true, true, false}, true, 1, 0}, none{};
    expected.eicci = EicciHeader{true, 16, 3, {some, none, some, none, some, none}};
    EfeNonlinearHeader& nonlinear = expected.efe_nonlinear.emplace();
    nonlinear.max_symbol = 65535;
    nonlinear.mask_enabled = {true, false};
    nonlinear.block_size = 112;
    nonlinear.mask_rows = 2;
    nonlinear.mask_cols = 3;
    nonlinear.mask[0] = {0, 1, 2, 1, 0, 2};
    nonlinear.enabled = {true, false};
    nonlinear.tile_width = 600;
    nonlinear.tile_height = 400;
    nonlinear.min_luma = {100};
    nonlinear.max_luma = {25000};
    nonlinear.a1[0].resize(8);
    std::iota(nonlinear.a1[0].begin(), nonlinear.a1[0].end(), std::uint16_t{32767});
    expected.lef_ch_idx = 42;
    EXPECT_EQ(tools, expected);
    EXPECT_EQ(write_tool_header(tools, picture), payload);
    EXPECT_EQ(pack_fields(list_fields(tools, picture)), payload);
    EXPECT_EQ(bits_of(list_fields(tools, picture)), 709U);
    // Its mask is that of another picture; a 600x400 one has 4x6 blocks of 112.
    EXPECT_NE(tools_misfit(tools, picture), nullptr);

    // Coded 4:2:0, each set has four chroma filters: 131 bytes.
    picture.c_ver = picture.c_hor = 2;
    const auto repeat = [](std::vector<std::uint16_t>& weights, std::size_t times) {
        const auto once = weights;
        for (std::size_t i = 1; i < times; ++i) weights.insert(weights.end(), once.begin(), once.end());
    };
    repeat(linear.upsampled.plane[0].weights, 4);
    repeat(linear.main.plane[0].weights, 4);
    repeat(linear.main.plane[1].weights, 4);
    const auto four_phases = write_tool_header(expected, picture);
    EXPECT_EQ(four_phases.size(), 131U);
    EXPECT_EQ(parse_tool_header(four_phases, picture, 0, kStrict), expected);
}

// 16.6
TEST(HeaderExamples, EveryRenderingGroup) {
    const auto payload =
        from_hex("F0 02 02 02 A0 0005 0005 0005 0005 0005 0005 0005 0005 0000C350 00000001 03E8 0064 00 0002 1234");
    EXPECT_EQ(payload.size(), 38U);
    EXPECT_EQ(parse_rendering_info(payload, 0, kStrict), rich_rendering());
    EXPECT_EQ(write_rendering_info(rich_rendering()), payload);
    EXPECT_EQ(pack_fields(list_fields(rich_rendering())), payload);
}

// 16.7
TEST(HeaderExamples, ShortHeaders) {
    PictureHeader yuv420 = plain_picture(300, 200);
    yuv420.model_id = 1;
    yuv420.colour_transform_idx = 0;
    yuv420.s_ver = yuv420.s_hor = yuv420.c_ver = yuv420.c_hor = 2;
    EXPECT_EQ(parse_picture("11 10 34 00 EC 00 88 00 01 82 80 01 40 06 00 00", Dialect::kDis), yuv420);
    EXPECT_EQ(list_fields(ToolHeader{}, yuv420).size(), 5U);

    PictureHeader yuv422 = yuv420;
    yuv422.s_ver = yuv422.c_ver = 1;
    EXPECT_EQ(parse_picture("11 10 34 00 EC 00 88 00 00 81 40 00 A0 03 00 00", Dialect::kDis), yuv422);

    PictureHeader simple = plain_picture(64, 64);
    simple.decoder_profile_id = 0;
    simple.synthesis_transform_id = {0};
    EXPECT_EQ(parse_picture("00 03 40 00 00 00 00 00 00 82 00 05 00 18 00", Dialect::kDis), simple);

    PictureHeader high = plain_picture(64, 64);
    high.decoder_profile_id = 2;
    high.synthesis_transform_id = {2, 1, 0};
    high.model_id = 3;
    high.colour_transform_idx = 2;
    high.colour_transform_matrix = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    high.colour_transform_offset = {10, 11, 12};
    EXPECT_EQ(parse_picture("22 21 03 40 00 00 00 00 00 01 00 81 01 82 02 83 03 84 04 85 05 86 1A 00 05 00 18 00",
                            Dialect::kDis),
              high);
}

// 16.6, the IS header published by the official encoder.
TEST(HeaderExamples, PublishedIsHeader) {
    const PictureHeader picture = parse_picture("01 11 03 40 1F 00 33 80 00 00 8A 32 C5 00 18 00", Dialect::kIs);
    EXPECT_EQ(picture.stream_profile_idc, 0);
    EXPECT_EQ(picture.decoder_profile_id, 1);
    EXPECT_EQ(picture.synthesis_transform_id, (std::vector<std::uint8_t>{1, 0}));
    EXPECT_EQ(picture.level_idc, 52);
    EXPECT_EQ(picture.img_width, 560U);
    EXPECT_EQ(picture.img_height, 888U);
    EXPECT_EQ(picture.bit_depth_idc, 0);
    EXPECT_EQ(picture.c_ver * picture.c_hor * picture.s_ver * picture.s_hor, 1);
    EXPECT_EQ(bits_of(list_fields(picture, Dialect::kIs)), 127U);
}

// 16.5b, headers of real streams
TEST(HeaderExamples, LaneCountsOfRealStreams) {
    const PictureHeader four = parse_picture("11 10 34 00 40 00 20 00 00 08 D8 00 2D 00 56 00 00", Dialect::kDis);
    EXPECT_EQ(four.num_threads_z, 4);
    EXPECT_EQ(four.component[kPrimary].num_threads_r, 4);
    EXPECT_EQ(four.component[kSecondary].num_threads_r, 4);
}

}  // namespace
}  // namespace jpegai::test
