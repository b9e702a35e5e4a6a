// Suites as files.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "conformance/runner.h"
#include "conformance/stages.h"
#include "tests/support/thrown.h"
#include "tests/tools/process.h"

namespace jpegai::test {
namespace {

using namespace conformance;

Suite sample_suite() {
    Suite suite;
    suite.name = "sample";
    suite.dialect = Dialect::kDis;
    suite.profile = 2;
    suite.level = 31;
    suite.seed = 77;
    suite.tolerances = {{"syn.", 0.5}};
    Case test;
    test.name = "one";
    test.title = "A \"title\"";
    test.group = "group";
    test.stream = "streams/one.jai";
    test.sha256 = std::string(64, 'a');
    test.size = 12;
    test.large = true;
    test.clauses = {"01 section 6"};
    test.elements = {"num_chs"};
    test.header["pic_header.num_chs[0]"] = 160;
    test.header["pic_header.cube_flag[0]"] = {1, 0};
    test.stages = {{"y.z_hat", "|i1", {160, 1, 1}, std::string(64, 'b'), true, "0123"}};
    test.picture = ExpectedPicture{{"pictures/one.png"}, 64, 65, 10, true, "4:4:4", {"x"}, PictureLimits{2, 0.1, 0.2}};
    suite.cases.push_back(test);
    test.name = "two";
    test.kind = CaseKind::kReject;
    test.errors = {"header"};
    test.rules = {"tile.size"};
    test.change = "something";
    test.picture.reset();
    suite.cases.push_back(test);
    return suite;
}

TEST(Suite, IsReadAsItWasWritten) {
    const TemporaryFolder folder;
    const Suite written = sample_suite();
    save_suite(written, folder.path("s"));
    const Suite read = load_suite(folder.path("s"));
    EXPECT_EQ(read.name, written.name);
    EXPECT_EQ(read.dialect, written.dialect);
    EXPECT_EQ(read.profile, written.profile);
    EXPECT_EQ(read.level, written.level);
    EXPECT_EQ(read.seed, written.seed);
    EXPECT_EQ(read.tolerances, written.tolerances);
    ASSERT_EQ(read.cases.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(to_json(read.cases[i]), to_json(written.cases[i]));
    EXPECT_EQ(read.limits_of(*read.cases[0].picture).peak, 2);
}

TEST(Suite, DamagedDocumentsAreErrorsThatNameTheFile) {
    const TemporaryFolder folder;
    save_suite(sample_suite(), folder.path("s"));
    const auto replace = [&](const std::string& text) {
        std::ofstream(folder.path("s") + "/cases/one.json") << text;
        try {
            (void)load_suite(folder.path("s"));
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), JPEGAI_ERROR_STRUCTURE);
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    EXPECT_NE(replace("{").find("one.json"), std::string::npos);
    EXPECT_NE(replace("{}").find("one.json"), std::string::npos);
    Json outside = to_json(sample_suite().cases[0]);
    outside["stream"] = "../../etc/passwd";
    EXPECT_NE(replace(outside.dump()).find("leaves"), std::string::npos);
    outside["stream"] = "/etc/passwd";
    EXPECT_NE(replace(outside.dump()).find("leaves"), std::string::npos);
    EXPECT_EQ(thrown_code([&] { (void)load_suite(folder.path("nothing")); }), JPEGAI_ERROR_IO);
}

TEST(Suite, PatternsSelectCases) {
    EXPECT_TRUE(glob_match("efe*", "efe_linear"));
    EXPECT_TRUE(glob_match("*", ""));
    EXPECT_TRUE(glob_match("a?c", "abc"));
    EXPECT_TRUE(glob_match("*_420", "efe_linear_3_420"));
    EXPECT_FALSE(glob_match("efe", "efe_linear"));
    EXPECT_FALSE(glob_match("a?c", "ac"));
}

TEST(Stages, DifferencesSayWhereAndHowMuch) {
    const Npy a{"<i2", {2, 1, 2}, {1, 0, 2, 0, 3, 0, 4, 0}};
    Npy b = a;
    EXPECT_FALSE(compare_tensors(a, b));
    b.bytes[4] = 9;
    b.bytes[6] = 5;
    const auto difference = compare_tensors(a, b);
    ASSERT_TRUE(difference);
    EXPECT_EQ(difference->position, (std::vector<std::size_t>{1, 0, 0}));
    EXPECT_EQ(difference->count, 2U);
    EXPECT_EQ(difference->largest, 6);
    EXPECT_EQ(channel_crcs(a).substr(0, 4), channel_crcs(b).substr(0, 4));
    EXPECT_NE(channel_crcs(a), channel_crcs(b));
}

TEST(Stages, AreInTheOrderOfDecoding) {
    const std::vector<std::string> order = {"y.qp_map",     "y.z_hat",    "uv.z_hat", "y.skip_scale_log",
                                            "y.scale_log",  "y.mask",     "uv.mask",  "y.residual",
                                            "y.psi",        "y.y_hat",    "syn.Y",    "rec.a",
                                            "filt.eICCI.b", "filt.LEF.a", "out.c"};
    for (std::size_t i = 1; i < order.size(); ++i) {
        EXPECT_LT(stage_rank(order[i - 1]), stage_rank(order[i])) << order[i];
        ASSERT_NE(find_stage(order[i]), nullptr) << order[i];
        EXPECT_FALSE(find_stage(order[i])->clause.empty());
    }
    EXPECT_EQ(find_stage("y.gain_vector_log.scale"), nullptr);
}

}  // namespace
}  // namespace jpegai::test
