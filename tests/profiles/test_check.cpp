// Every rule on the picture header, triggered alone and at its boundary.
#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "profiles/profiles.h"

namespace jpegai {
namespace {

PictureHeader conforming() {
    PictureHeader header;  // base profile, level 5.2, 64x64
    header.component[kPrimary].num_chs = 160;
    header.component[kSecondary].num_chs = 96;
    return header;
}

PictureHeader sized(std::uint32_t width, std::uint32_t height) {
    PictureHeader header = conforming();
    header.img_width = width;
    header.img_height = height;
    return header;
}

PictureHeader with_regions(std::uint32_t width, std::uint32_t height, unsigned ver, unsigned hor, bool independent) {
    PictureHeader header = sized(width, height);
    header.regions = RegionHeader{};
    header.regions->num_ver = static_cast<std::uint8_t>(ver);
    header.regions->num_hor = static_cast<std::uint8_t>(hor);
    header.regions->residual_in_its_own_substream = independent;
    return header;
}

PictureHeader with_tiles(std::uint32_t width, std::uint32_t height, unsigned size_div16, unsigned overlap_div16) {
    PictureHeader header = sized(width, height);
    for (ComponentHeader& component : header.component) {
        component.synthesis_tile_enable = true;
        component.synthesis_tile_size_div16 = static_cast<std::uint8_t>(size_div16);
        component.synthesis_tile_overlap_div16 = static_cast<std::uint8_t>(overlap_div16);
    }
    return header;
}

/// "rule.id field" of every violation; a note has a "?" in front.
std::vector<std::string> broken(const PictureHeader& header, Dialect dialect = Dialect::kIs, bool strict = false) {
    std::vector<std::string> names;
    for (const Violation& violation : check_picture(header, dialect, {.strict = strict, .synthesis_transform = {}})) {
        EXPECT_FALSE(violation.message.empty());
        names.push_back((violation.severity == Severity::kNote ? "?" : "") + std::string(violation.rule->id) + ' ' +
                        violation.field);
    }
    return names;
}

using Names = std::vector<std::string>;

TEST(Rules, IdsAreUniqueAndFound) {
    std::set<std::string_view> ids;
    for (const Rule& rule : rules()) {
        EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
        EXPECT_EQ(find_rule(rule.id), &rule);
        EXPECT_FALSE(rule.clause.empty());
        EXPECT_NE(rule.code, JPEGAI_OK);
    }
    EXPECT_EQ(find_rule("no.such"), nullptr);
}

struct Alone {
    const char* expected;  ///< as of broken()
    std::function<void(PictureHeader&)> change;
    Dialect dialect = Dialect::kIs;
};

const std::vector<Alone>& alone() {
    static const std::vector<Alone> cases = {
        {"profile.known decoder_profile_id", [](auto& h) { h.decoder_profile_id = 3; }},
        {"profile.known decoder_profile_id", [](auto& h) { h.decoder_profile_id = 15; }},
        {"profile.stream stream_profile_idc", [](auto& h) { h.stream_profile_idc = 1; }},
        {"synthesis.known synthesis_transform_id[0]",
         [](auto& h) {
             h.synthesis_transform_id = {3, 0};
         }},
        {"synthesis.known synthesis_transform_id[1]",
         [](auto& h) {
             h.synthesis_transform_id = {1, 15};
         }},
        {"synthesis.known synthesis_transform_id[0]", [](auto& h) { h.synthesis_transform_id = {}; }},
        {"profile.synthesis synthesis_transform_id[0]",
         [](auto& h) {
             h.synthesis_transform_id = {2, 0};
         }},
        {"profile.synthesis synthesis_transform_id[0]",
         [](auto& h) {
             h.decoder_profile_id = 0;
             h.synthesis_transform_id = {1, 0};
         }},
        {"?profile.alternatives synthesis_transform_id[2]",
         [](auto& h) {
             h.synthesis_transform_id = {1, 0, 2};
         }},
        {"level.known level_idc", [](auto& h) { h.level_idc = 53; }},
        {"level.known level_idc", [](auto& h) { h.level_idc = 2; }},
        {"level.known level_idc", [](auto& h) { h.level_idc = 255; }},
        {"level.samples level_idc",
         [](auto& h) {
             h.level_idc = 12;
             h.img_width = 3073;
             h.img_height = 2025;
         }},
        {"level.samples level_idc", [](auto& h) { h.img_width = h.img_height = 65599; }},
        {"model.known model_id", [](auto& h) { h.model_id = 4; }},
        {"model.known model_id", [](auto& h) { h.model_id = 15; }},
        {"level.model model_id",
         [](auto& h) {
             h.level_idc = 51;
             h.model_id = 1;
         }},
        {"level.model model_id",
         [](auto& h) {
             h.level_idc = 50;
             h.model_id = 0;
         }},
        {"?level.model-dialect model_id",
         [](auto& h) {
             h.level_idc = 50;
             h.model_id = 3;
         }},
        {"?level.model-dialect model_id",
         [](auto& h) {
             h.level_idc = 50;
             h.model_id = 2;
         },
         Dialect::kDis},
        {"picture.size img_width_minus64", [](auto& h) { h.img_width = 63; }},
        {"picture.size img_height_minus64", [](auto& h) { h.img_height = 0; }},
        {"picture.size img_width_minus64", [](auto& h) { h.img_width = 65600; }},
        {"picture.display diff_display_img_width", [](auto& h) { h.diff_display_img_width = 64; }},
        {"picture.display diff_display_img_height", [](auto& h) { h.diff_display_img_height = 255; }},
        {"picture.bit-depth bit_depth_idc", [](auto& h) { h.bit_depth_idc = 2; }},
        {"picture.bit-depth bit_depth_idc", [](auto& h) { h.bit_depth_idc = 4; }},
        {"picture.bit-depth bit_depth_idc", [](auto& h) { h.bit_depth_idc = 7; }},
        {"format.source s_ver_minus1", [](auto& h) { h.s_ver = h.c_ver = 2, h.c_hor = 2; }},
        {"format.coded c_ver_minus1", [](auto& h) { h.c_ver = 2; }},
        {"format.coded c_ver_minus1", [](auto& h) { h.c_ver = 3; }},
        {"format.order c_ver_minus1", [](auto& h) { h.s_hor = 2; }},
        {"format.order c_ver_minus1", [](auto& h) { h.s_ver = h.s_hor = h.c_hor = 2; }},
        {"?format.conversion c_ver_minus1", [](auto& h) { h.s_hor = h.c_hor = h.c_ver = 2; }},
        {"colour.known colour_transform_idx", [](auto& h) { h.colour_transform_idx = 3; }},
        {"colour.user-matrix colour_transform_idx", [](auto& h) { h.colour_transform_idx = 2; }},
        {"region.count num_ver_splits_minus1", [](auto& h) { h = with_regions(65599, 6000, 0, 1, false); }},
        {"region.count num_hor_splits_minus1", [](auto& h) { h = with_regions(65599, 6000, 1, 129, false); }},
        {"region.rows num_ver_splits_minus1", [](auto& h) { h = with_regions(512, 512, 3, 1, false); }},
        {"region.columns num_hor_splits_minus1", [](auto& h) { h = with_regions(512, 512, 1, 2, false); }},
        {"region.empty num_ver_splits_minus1", [](auto& h) { h = with_regions(512, 512, 5, 1, false); }, Dialect::kDis},
        {"region.empty num_hor_splits_minus1", [](auto& h) { h = with_regions(512, 512, 1, 5, false); }, Dialect::kDis},
        {"region.independent region_residual_in_its_own_substream_flag",
         [](auto& h) { h = with_regions(10000, 10000, 17, 16, true); }},
        {"?channels.count num_chs[0]", [](auto& h) { h.component[kPrimary].num_chs = 161; }},
        {"?channels.count num_chs[1]", [](auto& h) { h.component[kSecondary].num_chs = 97; }},
        {"tile.equal synthesis_tile_enable[1]",
         [](auto& h) {
             h = with_tiles(512, 512, 16, 4);
             h.component[kSecondary].synthesis_tile_enable = false;
         }},
        {"tile.equal synthesis_tile_size[1]",
         [](auto& h) {
             h = with_tiles(512, 512, 16, 4);
             h.component[kSecondary].synthesis_tile_size_div16 = 17;
         }},
        {"tile.equal synthesis_tile_size[1]",
         [](auto& h) {
             h = with_tiles(512, 512, 16, 4);
             h.component[kPrimary].synthesis_tile_overlap_div16 = 2;
         }},
    };
    return cases;
}

TEST(Rules, EachIsTriggeredAlone) {
    std::set<std::string> triggered;
    for (const Alone& test : alone()) {
        PictureHeader header = conforming();
        test.change(header);
        EXPECT_EQ(broken(header, test.dialect), Names{test.expected});
        std::string id(test.expected);
        id = id.substr(0, id.find(' '));
        triggered.insert(id[0] == '?' ? id.substr(1) : id);
    }
    for (const Rule& rule : rules()) {
        // Both components share tile errors; they are tested below.
        if (rule.id == "tile.size" || rule.id == "tile.overlap") continue;
        EXPECT_TRUE(triggered.contains(std::string(rule.id))) << rule.id;
    }
}

TEST(Rules, StrictTurnsNotesIntoErrors) {
    for (const Alone& test : alone()) {
        PictureHeader header = conforming();
        test.change(header);
        const std::vector<Violation> lenient = check_picture(header, test.dialect);
        const std::vector<Violation> strict =
            check_picture(header, test.dialect, {.strict = true, .synthesis_transform = {}});
        ASSERT_EQ(lenient.size(), 1U);
        ASSERT_EQ(strict.size(), 1U);
        EXPECT_EQ(acceptable(lenient), test.expected[0] == '?') << test.expected;
        EXPECT_FALSE(acceptable(strict)) << test.expected;
        EXPECT_EQ(lenient[0].severity == Severity::kNote, lenient[0].rule->strict_only);
    }
}

TEST(Rules, ConformingHeadersBreakNone) {
    for (const Dialect dialect : {Dialect::kIs, Dialect::kDis}) {
        for (const Profile& profile : kProfiles) {
            for (const std::uint8_t level : kLevels) {
                for (std::uint8_t model = 0; model < kModels; ++model) {
                    PictureHeader header = conforming();
                    header.decoder_profile_id = profile.id;
                    header.synthesis_transform_id.assign(
                        profile.written_transforms.begin(),
                        profile.written_transforms.begin() + static_cast<std::ptrdiff_t>(profile.written_count));
                    header.level_idc = level;
                    header.model_id = model;
                    const bool permitted = permitted_models(level, dialect)->contains(model);
                    EXPECT_EQ(broken(header, dialect, true).empty(), permitted) << int{level} << ' ' << int{model};
                }
            }
        }
    }
}

TEST(Rules, DefaultTransformOfEveryProfile) {
    for (const Profile& profile : kProfiles) {
        for (std::uint8_t id = 0; id < 16; ++id) {
            PictureHeader header = conforming();
            header.decoder_profile_id = profile.id;
            header.synthesis_transform_id = {id};
            const Names expected = id > 2            ? Names{"synthesis.known synthesis_transform_id[0]"}
                                   : id > profile.id ? Names{"profile.synthesis synthesis_transform_id[0]"}
                                                     : Names{};
            EXPECT_EQ(broken(header), expected) << profile.name << ' ' << int{id};
        }
    }
}

TEST(Rules, ChosenTransformIsCheckedInPlaceOfTheDefault) {
    PictureHeader header = conforming();
    header.decoder_profile_id = 0;
    header.synthesis_transform_id = {1, 0};
    // The default is outside the profile, the chosen one is not.
    const std::vector<Violation> chosen =
        check_picture(header, Dialect::kIs, {.strict = false, .synthesis_transform = 0});
    ASSERT_EQ(chosen.size(), 1U);
    EXPECT_EQ(chosen[0].rule->id, "profile.alternatives");
    EXPECT_TRUE(acceptable(chosen));
    const std::vector<Violation> wrong =
        check_picture(header, Dialect::kIs, {.strict = false, .synthesis_transform = 2});
    ASSERT_EQ(wrong.size(), 2U);
    EXPECT_EQ(wrong[0].rule->id, "profile.synthesis");
    EXPECT_EQ(wrong[1].rule->id, "profile.alternatives");
    EXPECT_EQ(check_picture(conforming(), Dialect::kIs, {.strict = false, .synthesis_transform = 9})[0].rule->id,
              "synthesis.known");
}

TEST(Rules, StreamProfileExistsInTheIsDialectOnly) {
    PictureHeader header = conforming();
    header.stream_profile_idc = 7;
    EXPECT_EQ(broken(header, Dialect::kDis), Names{});
}

TEST(Rules, SampleLimitsAreInclusive) {
    struct Exact {
        std::uint32_t width, height;
        std::uint8_t level;
    };
    for (const Exact& exact : {Exact{3072, 2025, 12}, Exact{6144, 4050, 22}, Exact{12288, 8100, 32},
                               Exact{13872, 10800, 42}, Exact{24576, 16200, 52}}) {
        PictureHeader header = sized(exact.width, exact.height);
        header.level_idc = exact.level;
        ASSERT_EQ(std::uint64_t{exact.width} * exact.height, *max_samples(exact.level));
        EXPECT_EQ(broken(header), Names{});
        ++header.img_width;
        EXPECT_EQ(broken(header), Names{"level.samples level_idc"});
        // The displayed size does not count.
        header.diff_display_img_width = 63;
        EXPECT_EQ(broken(header), Names{"level.samples level_idc"});
    }
}

TEST(Rules, AnUnknownLevelDigitDoesNotHideTheOther) {
    PictureHeader header = sized(65599, 65599);
    header.level_idc = 57;
    EXPECT_EQ(broken(header), (Names{"level.known level_idc", "level.samples level_idc"}));
    header = conforming();
    header.level_idc = 91;
    EXPECT_EQ(broken(header), (Names{"level.known level_idc", "level.model model_id"}));
}

TEST(Rules, PictureSidesAreInclusive) {
    EXPECT_EQ(broken(sized(64, 65599)), Names{});
    EXPECT_EQ(broken(sized(65599, 64)), Names{});
    PictureHeader header = conforming();
    header.diff_display_img_width = header.diff_display_img_height = 63;
    header.bit_depth_idc = 1;
    EXPECT_EQ(broken(header), Names{});
}

TEST(Rules, EveryPairOfFormats) {
    for (unsigned bits = 0; bits < 16; ++bits) {
        PictureHeader header = conforming();
        header.s_ver = static_cast<std::uint8_t>(1 + (bits & 1));
        header.s_hor = static_cast<std::uint8_t>(1 + (bits >> 1 & 1));
        header.c_ver = static_cast<std::uint8_t>(1 + (bits >> 2 & 1));
        header.c_hor = static_cast<std::uint8_t>(1 + (bits >> 3 & 1));
        const bool source = header.s_ver <= header.s_hor, coded = header.c_ver <= header.c_hor;
        Names expected;
        if (!source) expected.push_back("format.source s_ver_minus1");
        if (!coded) expected.push_back("format.coded c_ver_minus1");
        if (source && coded) {
            const int s = header.s_ver + header.s_hor, c = header.c_ver + header.c_hor;
            if (c < s) expected.push_back("format.order c_ver_minus1");
            if (s == 3 && c == 4) expected.push_back("?format.conversion c_ver_minus1");
        }
        EXPECT_EQ(broken(header), expected) << bits;
    }
}

TEST(Rules, RegionLimitsAreInclusive) {
    // 2096x1400 permits 6 rows and 5 columns in the IS dialect, 11 and 17 in the DIS one.
    EXPECT_EQ(broken(with_regions(2096, 1400, 6, 5, false)), Names{});
    EXPECT_EQ(broken(with_regions(2096, 1400, 7, 6, false)),
              (Names{"region.rows num_ver_splits_minus1", "region.columns num_hor_splits_minus1"}));
    EXPECT_EQ(broken(with_regions(2096, 1400, 11, 17, false), Dialect::kDis), Names{});
    EXPECT_EQ(broken(with_regions(2096, 1400, 12, 18, false), Dialect::kDis),
              (Names{"region.empty num_ver_splits_minus1", "region.empty num_hor_splits_minus1"}));
    EXPECT_EQ(broken(with_regions(2096, 1400, 12, 1, false)),
              (Names{"region.rows num_ver_splits_minus1", "region.empty num_ver_splits_minus1"}));
    EXPECT_EQ(broken(with_regions(8192, 8192, 16, 16, true)), Names{});
    EXPECT_EQ(broken(with_regions(8192, 8192, 32, 16, false)), Names{});
    EXPECT_EQ(broken(with_regions(8192, 8192, 32, 16, true)),
              Names{"region.independent region_residual_in_its_own_substream_flag"});
}

TEST(Rules, TilesMustAdvance) {
    EXPECT_EQ(broken(with_tiles(512, 512, 16, 15)), Names{});
    EXPECT_EQ(broken(with_tiles(512, 512, 16, 16)),
              (Names{"tile.overlap synthesis_tile_overlap[0]", "tile.overlap synthesis_tile_overlap[1]"}));
    EXPECT_EQ(broken(with_tiles(512, 512, 0, 0)),
              (Names{"tile.size synthesis_tile_size[0]", "tile.size synthesis_tile_size[1]"}));
    EXPECT_EQ(broken(with_tiles(512, 512, 16, 0)), Names{});
    // The overlap has to be smaller than the picture, too.
    EXPECT_EQ(broken(with_tiles(65, 512, 64, 4)), Names{});
    EXPECT_EQ(broken(with_tiles(64, 512, 64, 4)).size(), 2U);
    EXPECT_EQ(broken(with_tiles(512, 64, 64, 4)).size(), 2U);
    // Independent regions have their tiles side by side.
    PictureHeader header = with_tiles(512, 64, 64, 4);
    header.regions = RegionHeader{};
    header.regions->residual_in_its_own_substream = true;
    EXPECT_EQ(broken(header), Names{});
    header.component[kPrimary].synthesis_tile_size_div16 = 4;
    header.component[kSecondary].synthesis_tile_size_div16 = 4;
    EXPECT_EQ(broken(header).size(), 2U);
}

TEST(Rules, EveryViolationIsReported) {
    PictureHeader header = with_regions(70000, 63, 200, 200, true);
    header.stream_profile_idc = 1;
    header.decoder_profile_id = 9;
    header.synthesis_transform_id = {5, 6};
    header.level_idc = 99;
    header.model_id = 9;
    header.diff_display_img_width = 64;
    header.bit_depth_idc = 5;
    header.s_ver = header.c_ver = 2;
    header.colour_transform_idx = 2;
    header.component[0].num_chs = header.component[1].num_chs = 255;
    header.component[1].synthesis_tile_enable = true;
    EXPECT_EQ(broken(header), (Names{"profile.known decoder_profile_id",
                                     "profile.stream stream_profile_idc",
                                     "synthesis.known synthesis_transform_id[0]",
                                     "synthesis.known synthesis_transform_id[1]",
                                     "level.known level_idc",
                                     "model.known model_id",
                                     "picture.size img_width_minus64",
                                     "picture.size img_height_minus64",
                                     "picture.display diff_display_img_width",
                                     "picture.bit-depth bit_depth_idc",
                                     "format.source s_ver_minus1",
                                     "format.coded c_ver_minus1",
                                     "colour.user-matrix colour_transform_idx",
                                     "region.count num_ver_splits_minus1",
                                     "region.count num_hor_splits_minus1",
                                     "region.independent region_residual_in_its_own_substream_flag",
                                     "?channels.count num_chs[0]",
                                     "?channels.count num_chs[1]",
                                     "tile.size synthesis_tile_size[1]",
                                     "tile.equal synthesis_tile_enable[1]"}));
}

TEST(RequireConforming, ThrowsTheFirstErrorAndCountsTheRest) {
    EXPECT_NO_THROW(require_conforming(conforming(), Dialect::kIs));
    PictureHeader header = conforming();
    header.component[kPrimary].num_chs = 200;
    EXPECT_NO_THROW(require_conforming(header, Dialect::kIs));
    header.colour_transform_idx = 2;
    header.level_idc = 99;
    try {
        require_conforming(header, Dialect::kIs, 6);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), JPEGAI_ERROR_CONFORMANCE);
        EXPECT_EQ(error.offset(), 6U);
        EXPECT_STREQ(error.what(), "level_idc: level_idc 99 is not a level (rule level.known) and 1 more violation");
    }
    header.level_idc = 52;
    try {
        require_conforming(header, Dialect::kIs);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), JPEGAI_ERROR_UNSUPPORTED);
    }
}

}  // namespace
}  // namespace jpegai
