// The tables of profiles and levels, written out a second time from 01 section 12.
#include <set>

#include <gtest/gtest.h>

#include "profiles/profiles.h"

namespace jpegai {
namespace {

TEST(ProfileTables, ProfilesPermitNestedTransforms) {
    const std::array<std::set<unsigned>, 3> expected = {{{0}, {0, 1}, {0, 1, 2}}};
    for (unsigned id = 0; id < 256; ++id) {
        const Profile* profile = find_profile(static_cast<std::uint8_t>(id));
        ASSERT_EQ(profile != nullptr, id < 3) << id;
        if (profile == nullptr) continue;
        EXPECT_EQ(profile->id, id);
        for (unsigned transform = 0; transform < 300; ++transform) {
            EXPECT_EQ(profile->synthesis_transforms.contains(transform), expected[id].contains(transform));
        }
        for (std::size_t i = 0; i < profile->written_count; ++i) {
            EXPECT_EQ(profile->written_transforms[i], profile->written_count - 1 - i);
        }
    }
}

TEST(ProfileTables, LevelsAndTheirSampleLimits) {
    const std::array<std::uint64_t, 6> expected = {0, 6'220'800, 24'883'200, 99'532'800, 149'817'600, 398'131'200};
    std::size_t found = 0;
    for (unsigned value = 0; value < 256; ++value) {
        const auto level = static_cast<std::uint8_t>(value);
        const bool exists = value / 10 >= 1 && value / 10 <= 5 && value % 10 <= 2;
        ASSERT_EQ(is_level(level), exists) << value;
        ASSERT_EQ(max_samples(level).has_value(), exists) << value;
        if (!exists) continue;
        ++found;
        EXPECT_EQ(*max_samples(level), expected[value / 10]);
    }
    EXPECT_EQ(found, kLevels.size());
}

TEST(ProfileTables, ModelsOfLevelsDifferBetweenDialectsOnDigitZeroOnly) {
    const std::array<std::set<unsigned>, 3> is = {{{2}, {2, 3}, {0, 1, 2, 3}}};
    const std::array<std::set<unsigned>, 3> dis = {{{3}, {2, 3}, {0, 1, 2, 3}}};
    for (unsigned value = 0; value < 256; ++value) {
        const auto level = static_cast<std::uint8_t>(value);
        const auto in_is = permitted_models(level, Dialect::kIs);
        const auto in_dis = permitted_models(level, Dialect::kDis);
        ASSERT_EQ(in_is.has_value(), is_level(level));
        ASSERT_EQ(in_dis.has_value(), is_level(level));
        if (!in_is) continue;
        for (unsigned model = 0; model < 16; ++model) {
            EXPECT_EQ(in_is->contains(model), is[value % 10].contains(model)) << value << ' ' << model;
            EXPECT_EQ(in_dis->contains(model), dis[value % 10].contains(model)) << value << ' ' << model;
        }
    }
}

TEST(ProfileNames, ProfilesByNameAndAlias) {
    EXPECT_EQ(profile_by_name("simple").id, 0);
    EXPECT_EQ(profile_by_name("base").id, 1);
    EXPECT_EQ(profile_by_name("main").id, 1);
    EXPECT_EQ(profile_by_name("high").id, 2);
    for (const char* wrong : {"", "Base", "bas", "base ", "1"}) {
        try {
            (void)profile_by_name(wrong);
            FAIL() << wrong;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), JPEGAI_ERROR_ARGUMENT);
            EXPECT_NE(std::string(error.what()).find("simple, base (main) or high"), std::string::npos);
        }
    }
    EXPECT_EQ(profile_name(0), "simple");
    EXPECT_EQ(profile_name(1), "base");
    EXPECT_EQ(profile_name(2), "high");
    EXPECT_EQ(profile_name(15), "unknown (15)");
}

TEST(ProfileNames, LevelsPrintAndParse) {
    for (const std::uint8_t level : kLevels) {
        EXPECT_EQ(level_by_name(level_name(level)), level);
        EXPECT_EQ(level_by_name(std::to_string(level)), level);
    }
    EXPECT_EQ(level_name(52), "5.2");
    EXPECT_EQ(level_name(7), "unknown (7)");
    for (const char* wrong : {"", "5", "5.3", "53", "052", "5.2 ", "0.2"}) {
        EXPECT_THROW((void)level_by_name(wrong), Error) << wrong;
    }
}

TEST(ProfileNames, TransformsAndFormats) {
    EXPECT_EQ(synthesis_name(0), "SOP");
    EXPECT_EQ(synthesis_name(1), "BOP");
    EXPECT_EQ(synthesis_name(2), "HOP");
    EXPECT_EQ(synthesis_name(3), "unknown (3)");
    EXPECT_EQ(chroma_format_name(1, 1), "4:4:4");
    EXPECT_EQ(chroma_format_name(1, 2), "4:2:2");
    EXPECT_EQ(chroma_format_name(2, 2), "4:2:0");
    EXPECT_EQ(chroma_format_name(2, 1), "unknown (2,1)");
}

}  // namespace
}  // namespace jpegai
