// Lists of numbers on the command line.
#include <gtest/gtest.h>

#include "tools/common.h"
#include "tools/lists.h"

namespace jpegai::tools {
namespace {

using Indices = std::vector<std::size_t>;

TEST(Lists, IndicesAndRanges) {
    EXPECT_EQ(parse_index_list("0", "-"), (Indices{0}));
    EXPECT_EQ(parse_index_list("0,2-4", "-"), (Indices{0, 2, 3, 4}));
    EXPECT_EQ(parse_index_list("7,3,7-8,3-3", "-"), (Indices{3, 7, 8}));
    EXPECT_EQ(parse_index_list("16383", "-"), (Indices{16383}));
    EXPECT_EQ(parse_index_list("0-16383,0-16383", "-").size(), 16384U);
}

TEST(Lists, WhatIsNotAList) {
    for (const char* wrong : {"", ",", "1,", ",1", "-", "1-", "-1", "4-2", "1-2-3", "a", "1 ", "0x1", "+1", "16384",
                              "99999999999999999999", "1--2", "1;2"}) {
        EXPECT_THROW((void)parse_index_list(wrong, "--regions"), UsageError) << wrong;
    }
}

TEST(Lists, Channels) {
    EXPECT_EQ(parse_channels("64,32"), (std::array<std::size_t, 2>{64, 32}));
    EXPECT_EQ(parse_channels("160,96"), (std::array<std::size_t, 2>{160, 96}));
    EXPECT_EQ(parse_channels("0,0"), (std::array<std::size_t, 2>{0, 0}));
    EXPECT_EQ(parse_channels("64"), (std::array<std::size_t, 2>{64, 64}));
    EXPECT_EQ(parse_channels("120"), (std::array<std::size_t, 2>{120, 96}));
    for (const char* wrong : {"", "161", "1,97", "1,2,3", "1,", ",1", "x", "-1"}) {
        EXPECT_THROW((void)parse_channels(wrong), UsageError) << wrong;
    }
}

}  // namespace
}  // namespace jpegai::tools
