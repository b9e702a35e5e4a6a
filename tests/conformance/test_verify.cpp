// `verify`: what it finds in streams that break one rule each.
#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/file.h"
#include "conformance/verify.h"
#include "tests/conformance/small_suite.h"

namespace jpegai::test {
namespace {

using namespace conformance;

std::string text_of(const std::vector<Finding>& findings) {
    std::string text;
    for (const Finding& finding : findings)
        text += finding.rule + " (" + finding.clause + "): " + finding.message + "\n";
    return text;
}

bool names(const std::vector<Finding>& findings, const std::string& rule) {
    return std::any_of(findings.begin(), findings.end(), [&](const Finding& f) { return f.rule == rule; });
}

/// All cases of a group of the base profile at level 5.2, with what `verify` finds in each.
template <class Check>
std::size_t verify_group(const std::string& group, Check check) {
    const SuiteChoice choice;
    VerifyOptions options;
    options.weights = open_default_weights();
    options.profile = choice.profile;
    options.level = choice.level;
    ModelStore models(options.weights);
    std::size_t count = 0;
    for (const CaseRecipe& recipe : make_cases(choice)) {
        if (recipe.group != group) continue;
        check(recipe, verify_stream(make_stream(recipe, models, choice.seed), options));
        ++count;
    }
    return count;
}

TEST(Verify, EveryStreamToRefuseHasAnError) {
    const std::size_t count =
        verify_group("reject", [](const CaseRecipe& recipe, const std::vector<Finding>& findings) {
            EXPECT_FALSE(conforms(findings)) << recipe.name;
            EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), [](const Finding& f) { return f.error; }) ||
                        recipe.name == "reject_422_coded_as_420")
                << recipe.name << '\n'
                << text_of(findings);
            for (const Finding& finding : findings) EXPECT_FALSE(finding.clause.empty()) << recipe.name << finding.rule;
        });
    EXPECT_GT(count, 100U);
}

TEST(Verify, ReportedStreamsNameTheirRule) {
    const std::size_t count =
        verify_group("report", [](const CaseRecipe& recipe, const std::vector<Finding>& findings) {
            for (const std::string& rule : recipe.rules)
                EXPECT_TRUE(names(findings, rule)) << recipe.name << text_of(findings);
            EXPECT_FALSE(std::any_of(findings.begin(), findings.end(), [](const Finding& f) { return f.error; }))
                << recipe.name << '\n'
                << text_of(findings);
        });
    EXPECT_GT(count, 5U);
}

TEST(Verify, ValidStreamsConform) {
    for (const char* group : {"metadata", "lanes", "channels", "container"}) {
        (void)verify_group(group, [](const CaseRecipe& recipe, const std::vector<Finding>& findings) {
            EXPECT_TRUE(conforms(findings)) << recipe.name << '\n' << text_of(findings);
        });
    }
}

TEST(Verify, ADecoderOfASmallerProfileAndLevel) {
    CaseList list({2, 52, Dialect::kIs, 1});
    CaseRecipe& recipe = list.add("x", "x", "", 3000, 3000);
    recipe.parts.picture.synthesis_transform_id = {2, 1, 0};
    recipe.parts.picture.model_id = 0;
    recipe.empty_payload = true;
    ModelStore models(open_default_weights());
    VerifyOptions options;
    options.profile = 1;
    options.level = 11;
    const auto findings = verify_stream(make_stream(recipe, models, 1), options);
    EXPECT_TRUE(names(findings, "target.profile")) << text_of(findings);
    EXPECT_TRUE(names(findings, "target.level")) << text_of(findings);
}

TEST(Verify, WhatOnlyEncodersHaveToDo) {
    CaseList list({1, 52, Dialect::kIs, 1});
    CaseRecipe recipe = list.add("x", "x", "", 64, 64);
    recipe.parts.picture.model_id = 1;
    ModelStore models(open_default_weights());
    EXPECT_TRUE(verify_stream(make_stream(recipe, models, 1), {}).empty());
    recipe.parts.picture.beta_displacement_log.fill(2000);
    recipe.finish = [](std::vector<std::uint8_t>& file, Random&) {
        auto segments = split_segments(file);
        std::reverse(segments.begin() + 1, segments.end());
        file = join_segments(segments);
        file.push_back(0);
    };
    const auto findings = verify_stream(make_stream(recipe, models, 1), {});
    for (const char* rule : {"encoder.displacement", "encoder.order", "encoder.tail"})
        EXPECT_TRUE(names(findings, rule));
    EXPECT_TRUE(conforms(findings)) << "decoders do not care";
}

TEST(Verify, TheProgramSaysItInTextAndJson) {
    const TemporaryFolder folder;
    CaseList list({1, 52, Dialect::kIs, 1});
    CaseRecipe recipe = list.add("x", "x", "", 64, 64);
    recipe.parts.picture.component[0].num_chs = 200;
    ModelStore models(open_default_weights());
    write_file(folder.path("a.jai"), make_stream(recipe, models, 1));
    const ProcessResult text = run_jpegai({"conformance", "verify", folder.path("a.jai")});
    EXPECT_EQ(text.exit_code, 1);
    EXPECT_NE(text.out.find("channels.count"), std::string::npos) << text.out << text.err;
    const Json json = Json::parse(run_jpegai({"conformance", "verify", "--json", folder.path("a.jai")}).out);
    EXPECT_EQ(json.at("conforms"), false);
    EXPECT_EQ(json.at("violations").at(0).at("rule"), "channels.count");
}

}  // namespace
}  // namespace jpegai::test
