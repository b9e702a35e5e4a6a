// One test per rule that a header can break: reading gives Error{header} at the field's byte, writing Error{argument}.
#include <gtest/gtest.h>

#include "bitstream/header_syntax.h"
#include "tests/bitstream/expect_error.h"
#include "tests/bitstream/header_builder.h"
#include "tests/bitstream/sample_streams.h"

namespace jpegai::test {
namespace {

constexpr std::uint64_t kOffset = 1000;

struct Edit {
    std::string name;
    std::uint32_t value;
    std::size_t occurrence = 0, element = 0;
};

/// Byte of the payload in which the edited field starts.
std::uint64_t byte_of(const std::vector<HeaderField>& fields, const Edit& edit) {
    std::size_t bits = 0, skip = edit.occurrence;
    for (const HeaderField& field : fields) {
        if (field.name == edit.name && skip-- == 0) {
            return kOffset + (bits + edit.element * static_cast<std::size_t>(field.bits)) / 8;
        }
        bits += static_cast<std::size_t>(field.bits) * field.values.size();
    }
    return kNoOffset;
}

void expect_refused(std::vector<HeaderField> fields, const Edit& edit, jpegai_error code,
                    const std::function<void(std::span<const std::uint8_t>)>& parse) {
    SCOPED_TRACE(edit.name + " = " + std::to_string(edit.value));
    EXPECT_NO_THROW(parse(pack_fields(fields)));
    set_field(fields, edit.name, edit.value, edit.occurrence, edit.element);
    const auto payload = pack_fields(fields);
    const Thrown thrown = thrown_by([&] { parse(payload); });
    EXPECT_EQ(thrown.code, code) << thrown.message;
    EXPECT_EQ(thrown.offset, byte_of(fields, edit));
    EXPECT_NE(thrown.message.find(edit.name.substr(0, edit.name.find('['))), std::string::npos) << thrown.message;
}

void expect_picture_refused(const PictureHeader& picture, Dialect dialect, const Edit& edit,
                            jpegai_error code = JPEGAI_ERROR_HEADER, HeaderOptions options = {}) {
    expect_refused(list_fields(picture, dialect), edit, code, [&](std::span<const std::uint8_t> payload) {
        (void)parse_picture_header(payload, dialect, kOffset, options);
    });
}

void expect_tools_refused(const ToolHeader& tools, const PictureHeader& picture, const Edit& edit) {
    expect_refused(list_fields(tools, picture), edit, JPEGAI_ERROR_HEADER,
                   [&](std::span<const std::uint8_t> payload) { (void)parse_tool_header(payload, picture, kOffset); });
}

jpegai_error write_error(const PictureHeader& picture, Dialect dialect = Dialect::kIs) {
    return thrown_by([&] { (void)write_picture_header(picture, dialect); }).code;
}

TEST(PictureRules, FieldRanges) {
    const PictureHeader picture = rich_picture();
    expect_picture_refused(picture, Dialect::kIs, {"stream_profile_idc", 1});
    for (const Dialect dialect : {Dialect::kDis, Dialect::kIs}) {
        expect_picture_refused(picture, dialect, {"decoder_profile_id", 3});
        expect_picture_refused(picture, dialect, {"synthesis_transform_id[0]", 3});
        expect_picture_refused(picture, dialect, {"synthesis_transform_id[1]", 15});
        expect_picture_refused(picture, dialect, {"bit_depth_idc", 2}, JPEGAI_ERROR_UNSUPPORTED);
        expect_picture_refused(picture, dialect, {"bit_depth_idc", 4}, JPEGAI_ERROR_UNSUPPORTED);
        expect_picture_refused(picture, dialect, {"bit_depth_idc", 5});
        expect_picture_refused(picture, dialect, {"bit_depth_idc", 7});
        expect_picture_refused(picture, dialect, {"colour_transform_idx", 3});
        expect_picture_refused(picture, dialect, {"model_id", 4});
        expect_picture_refused(picture, dialect, {"model_id", 15});
    }
}

TEST(PictureRules, ChromaFormats) {
    const PictureHeader picture = plain_picture(128, 96);
    expect_picture_refused(picture, Dialect::kIs, {"s_ver_minus1", 1});
    expect_picture_refused(picture, Dialect::kIs, {"c_ver_minus1", 1});
    for (const auto& [ver, hor] : {std::pair{1, 2}, {2, 2}}) {
        PictureHeader legal = picture;
        legal.c_ver = static_cast<std::uint8_t>(ver);
        legal.c_hor = static_cast<std::uint8_t>(hor);
        EXPECT_EQ(parse_picture_header(write_picture_header(legal, Dialect::kIs), Dialect::kIs, 0), legal);
    }
    PictureHeader coded_finer = picture;
    coded_finer.s_hor = 2;  // c_hor is inferred as 2 then
    EXPECT_EQ(write_error(coded_finer), JPEGAI_ERROR_ARGUMENT);
}

TEST(PictureRules, NumbersOfRegions) {
    PictureHeader picture = plain_picture(600, 400);
    picture.regions = RegionHeader{1, 1, false, 2, 8};
    expect_picture_refused(picture, Dialect::kIs, {"num_ver_splits_minus1", 2});   // ceil(400/256) = 2
    expect_picture_refused(picture, Dialect::kIs, {"num_hor_splits_minus1", 2});   // ceil(600/512) = 2
    expect_picture_refused(picture, Dialect::kDis, {"num_ver_splits_minus1", 4});  // ceil(400/128) = 4
    expect_picture_refused(picture, Dialect::kDis, {"num_hor_splits_minus1", 5});  // ceil(600/128) = 5
    picture.regions = RegionHeader{2, 2, false, 2, 8};
    EXPECT_EQ(write_error(picture, Dialect::kIs), JPEGAI_OK);
    picture.regions = RegionHeader{4, 5, false, 2, 8};
    EXPECT_EQ(write_error(picture, Dialect::kDis), JPEGAI_OK);
    EXPECT_EQ(write_error(picture, Dialect::kIs), JPEGAI_ERROR_ARGUMENT);
}

TEST(PictureRules, IndependentRegionsFitAOneByteIndex) {
    PictureHeader picture = plain_picture(10000, 10000);
    picture.regions = RegionHeader{16, 17, false, 2, 8};
    auto fields = list_fields(picture, Dialect::kIs);
    set_field(fields, "region_residual_in_its_own_substream_flag", 1);
    const auto payload = pack_fields(fields);
    EXPECT_EQ(thrown_by([&] { (void)parse_picture_header(payload, Dialect::kIs, 0); }).code, JPEGAI_ERROR_HEADER);
    picture.regions->residual_in_its_own_substream = true;
    EXPECT_EQ(write_error(picture), JPEGAI_ERROR_ARGUMENT);
    picture.regions->num_hor = 16;
    EXPECT_EQ(write_error(picture), JPEGAI_OK);
}

TEST(PictureRules, SynthesisTiles) {
    const PictureHeader picture = rich_picture();
    for (const std::size_t c : {kPrimary, kSecondary}) {
        expect_picture_refused(picture, Dialect::kIs, {"synthesis_tile_size", 0, c});
        expect_picture_refused(picture, Dialect::kIs, {"synthesis_tile_overlap", 16, c});  // the tile's size is 16
    }
    PictureHeader large = picture;
    for (ComponentHeader& component : large.component) component.synthesis_tile_size_div16 = 255;
    expect_picture_refused(large, Dialect::kIs, {"synthesis_tile_overlap", 25});  // the picture's height is 400
    for (ComponentHeader& component : large.component) component.synthesis_tile_overlap_div16 = 25;
    EXPECT_EQ(write_error(large), JPEGAI_ERROR_ARGUMENT);
    large.regions->residual_in_its_own_substream = true;  // the other layout has no such limit (03 section 14.2)
    EXPECT_EQ(write_error(large), JPEGAI_OK);
}

TEST(PictureRules, BothComponentsAreTiledAlike) {
    for (int what = 0; what < 3; ++what) {
        PictureHeader picture = rich_picture();
        ComponentHeader& chroma = picture.component[kSecondary];
        if (what == 0) chroma.synthesis_tile_enable = false;
        if (what == 1) chroma.synthesis_tile_size_div16 = 17;
        if (what == 2) chroma.synthesis_tile_overlap_div16 = 5;
        EXPECT_EQ(write_error(picture), JPEGAI_ERROR_ARGUMENT) << what;
    }
    auto fields = list_fields(rich_picture(), Dialect::kIs);
    set_field(fields, "synthesis_tile_size", 17, 1);
    EXPECT_EQ(thrown_by([&] { (void)parse_picture_header(pack_fields(fields), Dialect::kIs, 0); }).code,
              JPEGAI_ERROR_HEADER);
}

TEST(PictureRules, StrictModeRefusesWhatTheReferenceTolerates) {
    const PictureHeader picture = plain_picture(128, 96);
    const HeaderOptions strict{.strict = true};
    for (const std::size_t c : {kPrimary, kSecondary}) {
        const Edit edit{"num_chs[" + std::to_string(c) + "]", static_cast<std::uint32_t>(kLatentChannels[c]) + 1};
        expect_picture_refused(picture, Dialect::kIs, edit, JPEGAI_ERROR_HEADER, strict);
    }
    auto payload = write_picture_header(picture, Dialect::kIs);
    payload.back() |= 1;
    EXPECT_EQ(parse_picture_header(payload, Dialect::kIs, 0), picture);
    EXPECT_EQ(thrown_by([&] { (void)parse_picture_header(payload, Dialect::kIs, 0, strict); }).code,
              JPEGAI_ERROR_HEADER);
    payload.back() ^= 1;
    payload.push_back(0);
    EXPECT_EQ(parse_picture_header(payload, Dialect::kIs, 0), picture);
    EXPECT_EQ(thrown_by([&] { (void)parse_picture_header(payload, Dialect::kIs, 0, strict); }).code,
              JPEGAI_ERROR_HEADER);
}

TEST(PictureRules, TooManyChannelsAreKeptAndClamped) {
    PictureHeader picture = plain_picture(128, 96);
    picture.component[kSecondary].num_chs = 255;
    picture.component[kSecondary].grfs_enable_flag = true;
    picture.component[kSecondary].grfs_channel_flag.assign(96, 1);
    const auto payload = write_picture_header(picture, Dialect::kIs);
    const PictureHeader again = parse_picture_header(payload, Dialect::kIs, 0);
    EXPECT_EQ(again, picture);
    EXPECT_EQ(again.component[kSecondary].coded_channels(kSecondary), 96U);
}

TEST(PictureRules, NoChannelsMeanNoGains) {
    PictureHeader picture = plain_picture(128, 96);
    picture.component[kPrimary].num_chs = 0;
    picture.component[kPrimary].grfs_enable_flag = true;
    EXPECT_EQ(parse_picture_header(write_picture_header(picture, Dialect::kIs), Dialect::kIs, 0), picture);
}

TEST(PictureRules, CubeFlagsLongerThanThePayloadAreNotAllocated) {
    PictureHeader picture = plain_picture(65599, 65599);
    auto fields = list_fields(picture, Dialect::kIs);
    set_field(fields, "use_cube_flags[0]", 1);
    const Thrown thrown = thrown_by([&] { (void)parse_picture_header(pack_fields(fields), Dialect::kIs, 10); });
    EXPECT_EQ(thrown.code, JPEGAI_ERROR_TRUNCATED);
    EXPECT_EQ(thrown.offset, 10 + pack_fields(fields).size());
}

// Legal, never made by the reference's encoder, and yet the same bytes again.
TEST(PictureRules, FlagsThatAreNotCanonicalSurvive) {
    PictureHeader picture = plain_picture(600, 400);
    picture.independent_beta_uv = true;
    ComponentHeader& luma = picture.component[kPrimary];
    luma.use_cube_flags = true;
    luma.cube_flag.assign(kCubePhases * picture.cube_rows() * picture.cube_cols(), 1);
    luma.literal_one_groups = {0, 2};
    for (const Dialect dialect : {Dialect::kDis, Dialect::kIs}) {
        const auto payload = write_picture_header(picture, dialect);
        const PictureHeader again = parse_picture_header(payload, dialect, 0, {.strict = true});
        EXPECT_EQ(again, picture);
        EXPECT_EQ(write_picture_header(again, dialect), payload);
        EXPECT_EQ(field_values(list_fields(again, dialect), "cube_flag[0]"), std::vector<std::uint32_t>(16, 1));
    }
    make_canonical(picture);
    EXPECT_EQ(picture, plain_picture(600, 400));
    picture.beta_displacement_log = {0, 1};
    make_canonical(picture);
    EXPECT_TRUE(picture.independent_beta_uv);
}

TEST(PictureRules, TheWriterChecksItsInput) {
    const auto refused = [](const std::function<void(PictureHeader&)>& change) {
        PictureHeader picture = rich_picture();
        change(picture);
        return write_error(picture) == JPEGAI_ERROR_ARGUMENT;
    };
    EXPECT_FALSE(refused([](PictureHeader&) {}));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.img_width = 63; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.img_height = 65600; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.diff_display_img_width = 64; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.synthesis_transform_id.clear(); }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.synthesis_transform_id.assign(17, 0); }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.num_threads_z = 3; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.num_threads_z = 0; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.component[0].num_threads_r = 32; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.num_threads_q = 5; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.quality_map_entropy_index = 8; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.beta_displacement_log[0] = 2048; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.beta_displacement_log[1] = -2049; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.independent_beta_uv = false; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.regions->num_ver = 0; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.regions->hyper_decoder_overlap_code = 4; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.regions->mcm_overlap_code = 16; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.component[0].cube_flag.pop_back(); }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.component[0].cube_flag[3] = 2; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.component[0].use_cube_flags = false; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.component[1].grfs_channel_flag.push_back(0); }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.component[1].grfs_enable_flag = false; }));
    EXPECT_TRUE(refused([](PictureHeader& p) { p.component[0].synthesis_tile_overlap_div16 = 32; }));
}

// ---- tool header ----

TEST(ToolRules, FieldRanges) {
    const PictureHeader picture = plain_picture(600, 400);
    const ToolHeader tools = rich_tools();
    // EFE linear. Occurrence 1 is set B, where everything below is coded.
    for (const std::size_t set : {0U, 1U}) {
        expect_tools_refused(tools, picture, {"best_cand_idx[0]", 9, set});
        expect_tools_refused(tools, picture, {"best_cand_idx[1]", 15, set});
        expect_tools_refused(tools, picture, {"fL[0]", 0, set});
        expect_tools_refused(tools, picture, {"fL[0]", 5, set});
    }
    expect_tools_refused(tools, picture, {"fL[1]", 9});
    for (const char* name : {"weightsU", "weightsU2", "weightsV", "weightsV2"}) {
        const std::size_t set_b = name[7] == 'U' ? 1 : 0;
        expect_tools_refused(tools, picture, {name, 154, set_b, 3});  // maxSymbol is 153
    }
    // eICCI
    expect_tools_refused(tools, picture, {"synthesis_tile_size", 0});
    expect_tools_refused(tools, picture, {"synthesis_tile_overlap", 16});
    expect_tools_refused(tools, picture, {"icci_model_signalled_idx[0][Y]", 2});
    expect_tools_refused(tools, picture, {"icci_model_signalled_idx[0][UV]", 3});
    expect_tools_refused(tools, picture, {"icci_model_signalled_idx[3][Y]", 10});
    expect_tools_refused(tools, picture, {"icci_model_signalled_idx[5][UV]", 15});
    // EFE non-linear
    expect_tools_refused(tools, picture, {"bS", 0});
    expect_tools_refused(tools, picture, {"W5[i,j,0]", 3, 0, 4});
    expect_tools_refused(tools, picture, {"nonlinearW", 0});
    expect_tools_refused(tools, picture, {"nonlinearH", 0});
    expect_tools_refused(tools, picture, {"LEF_chIdx", 160});
    expect_tools_refused(tools, picture, {"LEF_chIdx", 255});
}

TEST(ToolRules, EicciTilesNeedAnOverlapSmallerThanThePicture) {
    const PictureHeader picture = plain_picture(600, 64);
    ToolHeader tools;
    tools.eicci = EicciHeader{true, 16, 3, std::vector<EicciHeader::Tile>(3)};
    expect_tools_refused(tools, picture, {"synthesis_tile_overlap", 0});
    expect_tools_refused(tools, picture, {"synthesis_tile_overlap", 4});
    tools.eicci->tile_size_div16 = 4;
    tools.eicci->tiles.resize(35);  // ceil((600 - 48) / 16)
    EXPECT_NO_THROW((void)write_tool_header(tools, picture));
    tools.eicci->tiles.resize(34);
    EXPECT_EQ(thrown_by([&] { (void)write_tool_header(tools, picture); }).code, JPEGAI_ERROR_ARGUMENT);
}

TEST(ToolRules, WeightCodesStayIn16Bits) {
    const PictureHeader picture = plain_picture(600, 400);
    ToolHeader tools;
    tools.efe_linear = EfeLinearHeader{};
    EfeLinearSet& set = tools.efe_linear->upsampled;
    set.plane[1] = {1, 1, {35}, {0}};
    set.min_symbol = 65500;
    set.max_symbol = 63;
    EXPECT_EQ(parse_tool_header(write_tool_header(tools, picture), picture, 0), tools);
    expect_tools_refused(tools, picture, {"weightsV", 36});
    ToolHeader nonlinear;
    EfeNonlinearHeader& efe = nonlinear.efe_nonlinear.emplace();
    efe.min_symbol = 65500;
    efe.max_symbol = 63;
    efe.enabled = {false, true};
    efe.tile_width = efe.tile_height = 600;
    efe.a1[1].assign(8, 35);
    EXPECT_EQ(parse_tool_header(write_tool_header(nonlinear, picture), picture, 0), nonlinear);
    expect_tools_refused(nonlinear, picture, {"A1", 36, 0, 7});
}

TEST(ToolRules, WeightsOfNoBits) {
    const PictureHeader picture = plain_picture(600, 400);
    ToolHeader tools;
    tools.efe_linear = EfeLinearHeader{};
    tools.efe_linear->main.plane[0] = {8, 4, std::vector<std::uint16_t>(96, 0), std::vector<std::uint16_t>(96, 0)};
    tools.efe_linear->main.min_symbol = 32767;
    const auto payload = write_tool_header(tools, picture);
    EXPECT_EQ(payload.size(), 15U);
    EXPECT_EQ(parse_tool_header(payload, picture, 0), tools);
}

TEST(ToolRules, NoEicciIn420) {
    PictureHeader picture = plain_picture(600, 400);
    picture.s_ver = picture.s_hor = picture.c_ver = picture.c_hor = 2;
    ToolHeader tools;
    tools.eicci = EicciHeader{false, 0, 0, std::vector<EicciHeader::Tile>(1)};
    EXPECT_EQ(thrown_by([&] { (void)write_tool_header(tools, picture); }).code, JPEGAI_ERROR_ARGUMENT);
    picture.s_ver = picture.c_ver = 1;
    EXPECT_EQ(parse_tool_header(write_tool_header(tools, picture), picture, 0), tools);
}

TEST(ToolRules, ArraysLongerThanThePayloadAreNotAllocated) {
    const PictureHeader picture = plain_picture(65599, 65599);
    ToolHeader tools;
    tools.efe_nonlinear = rich_tools().efe_nonlinear;
    const auto expect_truncated = [&](const ToolHeader& header, const Edit& edit) {
        auto fields = list_fields(header, picture);
        set_field(fields, edit.name, edit.value);
        const auto payload = pack_fields(fields);
        const Thrown thrown = thrown_by([&] { (void)parse_tool_header(payload, picture, kOffset); });
        EXPECT_EQ(thrown.code, JPEGAI_ERROR_TRUNCATED) << edit.name << ": " << thrown.message;
        EXPECT_EQ(thrown.offset, kOffset + payload.size());
    };
    expect_truncated(tools, {"len_mask_y", 1023});
    expect_truncated(tools, {"numTiles", 65535});
    expect_truncated(tools, {"candNum", 65535});
    ToolHeader eicci;
    eicci.eicci = EicciHeader{true, 255, 1, std::vector<EicciHeader::Tile>(17 * 17)};
    expect_truncated(eicci, {"synthesis_tile_size", 2});  // 16.8 million tiles
}

TEST(ToolRules, WhatHasToFitThePicture) {
    const PictureHeader picture = plain_picture(600, 400);
    EXPECT_EQ(tools_misfit(rich_tools(), picture), nullptr);
    EXPECT_EQ(tools_misfit({}, picture), nullptr);
    const auto misfit = [&](const std::function<void(ToolHeader&)>& change) {
        ToolHeader tools = rich_tools();
        change(tools);
        return tools_misfit(tools, picture) != nullptr;
    };
    EXPECT_TRUE(misfit([](ToolHeader& t) { t.efe_nonlinear->block_size = 199; }));
    EXPECT_TRUE(misfit([](ToolHeader& t) { t.efe_nonlinear->block_size = 400; }));
    EXPECT_TRUE(misfit([](ToolHeader& t) { t.efe_nonlinear->block_size = 0; }));
    EXPECT_TRUE(misfit([](ToolHeader& t) { t.efe_linear.reset(); }));
    EXPECT_TRUE(misfit([](ToolHeader& t) { t.efe_linear->upsampled = {}; }));
    EXPECT_TRUE(misfit([](ToolHeader& t) { t.efe_nonlinear->tile_width = 299; }));
    EXPECT_TRUE(misfit([](ToolHeader& t) { t.efe_nonlinear->tile_height = 399; }));
    EXPECT_TRUE(misfit([](ToolHeader& t) { t.efe_nonlinear->tile_height = 0; }));
    EXPECT_TRUE(misfit([](ToolHeader& t) { t.efe_nonlinear->min_luma.pop_back(); }));
    EXPECT_TRUE(misfit([](ToolHeader& t) { t.efe_nonlinear->a1[0].pop_back(); }));
    EXPECT_TRUE(misfit([](ToolHeader& t) { t.efe_nonlinear->enabled[1] = true; }));
    // A mask for V alone is ignored, so it needs no second picture.
    EXPECT_FALSE(misfit([](ToolHeader& t) {
        t.efe_nonlinear->mask_enabled = {false, true};
        t.efe_linear.reset();
    }));
    // The size that counts is the displayed one, in the source's chroma format.
    PictureHeader cropped = picture;
    cropped.diff_display_img_width = 1;
    cropped.diff_display_img_height = 1;
    EXPECT_EQ(tools_misfit(rich_tools(), cropped), nullptr);
    cropped.img_width = 663;
    cropped.diff_display_img_width = 63;
    EXPECT_EQ(tools_misfit(rich_tools(), cropped), nullptr);
    cropped.img_width = 664;
    EXPECT_NE(tools_misfit(rich_tools(), cropped), nullptr);
    PictureHeader wide = plain_picture(1200, 400);
    wide.s_hor = wide.c_hor = 2;
    EXPECT_EQ(tools_misfit(rich_tools(), wide), nullptr);
}

TEST(ToolRules, TheWriterChecksItsInput) {
    const PictureHeader picture = plain_picture(600, 400);
    const auto refused = [&](const std::function<void(ToolHeader&)>& change) {
        ToolHeader tools = rich_tools();
        change(tools);
        return thrown_by([&] { (void)write_tool_header(tools, picture); }).code == JPEGAI_ERROR_ARGUMENT;
    };
    EXPECT_FALSE(refused([](ToolHeader&) {}));
    EXPECT_TRUE(refused([](ToolHeader& t) { t.efe_linear->b1[0] = 32768; }));
    EXPECT_TRUE(refused([](ToolHeader& t) { t.efe_linear->main.plane[1].weights.pop_back(); }));
    EXPECT_TRUE(refused([](ToolHeader& t) { t.efe_linear->main.plane[1].weights2.push_back(0); }));
    EXPECT_TRUE(refused([](ToolHeader& t) { t.efe_linear->main.plane[1].best_cand_idx = 0; }));
    EXPECT_TRUE(refused([](ToolHeader& t) { t.eicci->tiles.pop_back(); }));
    EXPECT_TRUE(refused([](ToolHeader& t) { t.efe_nonlinear->mask[0].pop_back(); }));
    EXPECT_TRUE(refused([](ToolHeader& t) { t.efe_nonlinear->mask[1].push_back(0); }));
    EXPECT_TRUE(refused([](ToolHeader& t) { t.efe_nonlinear->max_luma.pop_back(); }));
    EXPECT_TRUE(refused([](ToolHeader& t) { t.efe_nonlinear->a1[1].push_back(0); }));
    EXPECT_TRUE(refused([](ToolHeader& t) { t.efe_nonlinear->a1[0].resize(65536); }));
    EXPECT_TRUE(refused([](ToolHeader& t) { t.lef_ch_idx = 160; }));
}

// ---- rendering information ----

TEST(RenderingRules, ReservedBitsAreZero) {
    for (const std::size_t occurrence : {0U, 1U}) {
        expect_refused(list_fields(rich_rendering()), {"ri_reserved_zero_4bits", 1, occurrence}, JPEGAI_ERROR_HEADER,
                       [](std::span<const std::uint8_t> payload) { (void)parse_rendering_info(payload, kOffset); });
    }
}

TEST(RenderingRules, MetadataOfEverySize) {
    for (const std::size_t size : {0U, 1U, 5U, 65535U}) {
        RenderingInfo info;
        info.dm = RenderingInfo::DynamicMetadata{7, std::vector<std::uint8_t>(size, 0)};
        const auto payload = write_rendering_info(info);
        EXPECT_EQ(payload.size(), size + 4);
        EXPECT_EQ(parse_rendering_info(payload, 0, {.strict = true}), info);
        if (size == 0) continue;
        const auto shorter = std::span(payload).first(payload.size() - 1);
        EXPECT_EQ(thrown_by([&] { (void)parse_rendering_info(shorter, 0); }).code, JPEGAI_ERROR_TRUNCATED);
    }
    RenderingInfo info;
    info.dm = RenderingInfo::DynamicMetadata{7, std::vector<std::uint8_t>(65536, 0)};
    EXPECT_EQ(thrown_by([&] { (void)write_rendering_info(info); }).code, JPEGAI_ERROR_ARGUMENT);
    info = {};
    info.cicp = RenderingInfo::Cicp{};
    info.cicp->chroma420_sample_loc_type = 8;
    EXPECT_EQ(thrown_by([&] { (void)write_rendering_info(info); }).code, JPEGAI_ERROR_ARGUMENT);
}

TEST(HeaderTruncation, EveryShorterPayloadIsRefused) {
    const PictureHeader picture = rich_picture();
    for (const Dialect dialect : {Dialect::kDis, Dialect::kIs}) {
        const auto payload = write_picture_header(picture, dialect);
        for (std::size_t size = 0; size < payload.size(); ++size) {
            const auto prefix = std::span(payload).first(size);
            EXPECT_EQ(thrown_by([&] { (void)parse_picture_header(prefix, dialect, 0); }).code, JPEGAI_ERROR_TRUNCATED)
                << size;
        }
    }
    const PictureHeader plain = plain_picture(600, 400);
    const auto tools = write_tool_header(rich_tools(), plain);
    for (std::size_t size = 0; size < tools.size(); ++size) {
        const auto prefix = std::span(tools).first(size);
        EXPECT_EQ(thrown_by([&] { (void)parse_tool_header(prefix, plain, 0); }).code, JPEGAI_ERROR_TRUNCATED) << size;
    }
}

}  // namespace
}  // namespace jpegai::test
