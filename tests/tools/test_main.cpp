// The frame of the command line: help, usage errors, exit codes, reports of bad input.
#include <filesystem>
#include <random>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "tests/tools/process.h"
#include "tests/tools/streams.h"

namespace jpegai::test {
namespace {

using Json = nlohmann::json;

TEST(Main, HelpAndVersion) {
    const ProcessResult help = run_jpegai({"--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_NE(help.out.find("info"), std::string::npos);
    EXPECT_NE(help.out.find("extract"), std::string::npos);
    EXPECT_EQ(help.err, "");
    const ProcessResult version = run_jpegai({"--version"});
    EXPECT_EQ(version.exit_code, 0);
    EXPECT_EQ(version.out.substr(0, 7), "jpegai ");
}

TEST(Main, EverySubcommandHelpsWithExamples) {
    using Words = std::vector<std::string>;
    for (Words words :
         {Words{"info"}, Words{"extract"}, Words{"decode"}, Words{"models", "list"}, Words{"models", "info"},
          Words{"models", "verify"}, Words{"models", "import"}, Words{"models", "add"}, Words{"models", "remove"}}) {
        const std::string command = words.size() > 1 ? words[0] + ' ' + words[1] : words[0];
        words.push_back("--help");
        const ProcessResult help = run_jpegai(words);
        EXPECT_EQ(help.exit_code, 0) << command;
        EXPECT_NE(help.out.find("Examples:\n  jpegai " + command), std::string::npos) << help.out;
        for (const char* option : {"--json", "--quiet", "--verbose"}) {
            EXPECT_NE(help.out.find(option), std::string::npos) << command << option;
        }
    }
}

TEST(Main, UsageErrors) {
    const std::string file = stream_path("filters_all");
    const std::vector<std::vector<std::string>> wrong = {
        {},
        {"frobnicate"},
        {"info"},
        {"info", "--no-such-option", file},
        {"info", "--dialect", "xs", file},
        {"info", "-q", "-v", file},
        {"info", "--fields", "--header-txt", file},
        {"extract", file},
        {"extract", file, "/dev/null"},
        {"extract", file, "/dev/null", "--dialect", "auto"},
        {"extract", file, "/dev/null", "--drop-tools", "--models", "x"},
    };
    for (const auto& arguments : wrong) {
        const ProcessResult result = run_jpegai(arguments);
        EXPECT_EQ(result.exit_code, 2) << ::testing::PrintToString(arguments);
        EXPECT_EQ(result.out, "") << ::testing::PrintToString(arguments);
        EXPECT_EQ(result.err.substr(0, 15), "jpegai: error: ") << result.err;
        EXPECT_NE(result.err.find("--help'"), std::string::npos) << result.err;
    }
    EXPECT_NE(run_jpegai({"frobnicate"}).err.find("there is no command \"frobnicate\""), std::string::npos);
}

TEST(Main, UsageErrorsInJson) {
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"info", "--json"},
                                                      {"extract", "a", "b", "--json"},
                                                      {"info", "--json", "--wrong", "x"}}) {
        const ProcessResult result = run_jpegai(arguments);
        EXPECT_EQ(result.exit_code, 2);
        Json document = Json::parse(result.out);
        EXPECT_EQ(document["error"]["code"], "usage");
        EXPECT_TRUE(document["error"]["offset"].is_null());
        EXPECT_TRUE(document["error"]["message"].is_string());
    }
}

/// One kind of input that is not a codestream.
struct Bad {
    const char* name;
    std::string path;
    const char* code;
    Json offset;
};

class BadInput : public ::testing::Test {
protected:
    std::string write(const char* name, const std::vector<std::uint8_t>& bytes) {
        write_file(folder_.path(name), bytes);
        return folder_.path(name);
    }

    std::vector<Bad> cases() {
        std::vector<std::uint8_t> whole = load_bytes(stream_path("filters_all"));
        const std::vector<std::uint8_t> half(whole.begin(), whole.begin() + 4000);
        std::vector<std::uint8_t> marker = whole;
        marker[2] = 0x12;
        std::vector<std::uint8_t> png = from_hex("89504E470D0A1A0A0000000D49484452");
        std::vector<std::uint8_t> noise(5000);
        std::mt19937 random(1);
        for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(random());
        return {
            {"missing file", folder_.path("missing"), "io", nullptr},
            {"folder", folder_.path("."), "io", nullptr},
            {"empty", write("empty", {}), "truncated", 0},
            {"one byte", write("byte", {0xFF}), "truncated", 1},
            {"cut in half", write("half", half), "truncated", 4000},
            {"wrong marker", write("marker", marker), "structure", 2},
            {"PNG", write("png", png), "structure", 0},
            {"noise", write("noise", noise), "structure", 0},
        };
    }

    TemporaryFolder folder_;
};

TEST_F(BadInput, InfoSaysWhatAndWhere) {
    for (const Bad& bad : cases()) {
        const ProcessResult text = run_jpegai({"info", bad.path});
        EXPECT_EQ(text.exit_code, 1) << bad.name;
        EXPECT_EQ(text.out, "") << bad.name;
        EXPECT_EQ(text.err.substr(0, 15), "jpegai: error: ") << bad.name;
        EXPECT_NE(text.err.find(bad.path), std::string::npos) << text.err;
        EXPECT_NE(text.err.find(std::string(bad.code) + " error"), std::string::npos) << text.err;
        EXPECT_EQ(std::count(text.err.begin(), text.err.end(), '\n'), 1) << text.err;

        const ProcessResult json = run_jpegai({"info", "--json", bad.path});
        EXPECT_EQ(json.exit_code, 1) << bad.name;
        Json document = Json::parse(json.out);
        EXPECT_EQ(document["file"], bad.path);
        EXPECT_EQ(document["error"]["code"], bad.code) << bad.name;
        EXPECT_EQ(document["error"]["offset"], bad.offset) << bad.name;
        EXPECT_FALSE(document["error"]["message"].get<std::string>().empty());
    }
    EXPECT_NE(run_jpegai({"info", folder_.path("png")}).err.find("this is a PNG picture"), std::string::npos);
}

TEST_F(BadInput, ExtractLeavesNothingBehind) {
    for (const Bad& bad : cases()) {
        TemporaryFolder out;
        const ProcessResult result = run_jpegai({"extract", bad.path, out.path("o"), "--drop-tools"});
        EXPECT_EQ(result.exit_code, 1) << bad.name;
        EXPECT_TRUE(out.list().empty()) << bad.name;
    }
}

TEST_F(BadInput, EveryTruncationIsATypedError) {
    const std::vector<std::uint8_t> whole = load_bytes(stream_path("quality_map_threads4"));
    for (std::size_t size = 0; size < whole.size(); size += size < 40 ? 1 : 211) {
        const ProcessResult result = run_jpegai({"info", "-"}, std::span(whole).first(size));
        EXPECT_EQ(result.exit_code, 1) << size;
        EXPECT_NE(result.err.find("standard input: truncated error at byte"), std::string::npos) << result.err;
    }
}

TEST(Main, AFullDiskIsAFailure) {
    if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
    const ProcessResult result = run_jpegai({"info", stream_path("filters_all")}, {}, "/dev/full");
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.err.find("cannot write standard output"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace jpegai::test
