// `jpegai extract`: what it leaves out, and that nothing half-written remains.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "models/default_weights.h"
#include "tests/tools/process.h"
#include "tests/tools/streams.h"

namespace jpegai::test {
namespace {

using Json = nlohmann::json;

class Extract : public ::testing::Test {
protected:
    /// Runs `extract input OUT arguments...`, expects success and parses the result.
    Codestream extract(const std::string& input, std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"extract", input, out()});
        const ProcessResult result = run_jpegai(arguments);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        bytes_ = load_bytes(out());
        return parse_codestream(bytes_);
    }

    /// Runs it, expects the exit code and that neither an output nor anything temporary remains.
    ProcessResult refuse(const std::string& input, std::vector<std::string> arguments, int exit_code = 1) {
        arguments.insert(arguments.begin(), {"extract", input, out()});
        const std::vector<std::string> before = folder_.list();
        ProcessResult result = run_jpegai(arguments);
        EXPECT_EQ(result.exit_code, exit_code) << result.err;
        EXPECT_EQ(folder_.list(), before);
        return result;
    }

    [[nodiscard]] std::string out() const { return folder_.path("out.bits"); }
    [[nodiscard]] std::string independent() const {
        write_file(folder_.path("independent.bits"), independent_regions_stream());
        return folder_.path("independent.bits");
    }

    TemporaryFolder folder_;
    std::vector<std::uint8_t> bytes_;
};

TEST_F(Extract, DropTools) {
    const std::string input = stream_path("filters_all");
    const Codestream before = parse_codestream(load_bytes(input));
    const Codestream after = extract(input, {"--drop-tools"});
    EXPECT_FALSE(after.has_tools);
    EXPECT_EQ(after.tools, ToolHeader{});
    EXPECT_EQ(after.picture, before.picture);
    // Exactly the marker, a two-byte size and the payload are gone.
    EXPECT_EQ(bytes_.size() + 2 + 2 + before.substreams[1].payload.size, before.size);
}

TEST_F(Extract, DropMetadata) {
    CodestreamParts parts = two_region_parts();
    parts.user_data.assign(300, 'x');
    write_file(folder_.path("in.bits"), write_codestream(parts));
    const Codestream after = extract(folder_.path("in.bits"), {"--drop-metadata"});
    EXPECT_FALSE(after.has_user_data);
    EXPECT_FALSE(after.has_rendering);
    EXPECT_TRUE(after.has_tools);
    EXPECT_EQ(after.picture, parts.picture);
}

TEST_F(Extract, RegionsAreKept) {
    const std::string input = independent();
    const Codestream before = parse_codestream(load_bytes(input));
    const Codestream after = extract(input, {"--regions", "1"});
    EXPECT_LT(after.size, before.size);
    for (std::size_t c = 0; c < kComponents; ++c) {
        EXPECT_FALSE(after.residual[c][0].has_value());
        ASSERT_TRUE(after.residual[c][1].has_value());
        const auto kept = after.residual[c][1]->block.of(bytes_);
        const std::vector<std::uint8_t> file = load_bytes(input);
        const auto original = before.residual[c][1]->block.of(file);
        EXPECT_TRUE(std::equal(kept.begin(), kept.end(), original.begin(), original.end()));
    }
    EXPECT_EQ(extract(input, {"--regions", "0-1"}).size, before.size);
    EXPECT_EQ(bytes_, load_bytes(input));
}

TEST_F(Extract, RegionsOfTheReference) {
    JPEGAI_NEEDS_SHARED();
    const std::string input = (shared_dir() / "vectors" / "bop_indreg262144_1024x1024" / "stream.bits").string();
    const Codestream before = parse_codestream(load_bytes(input));
    const Codestream after = extract(input, {"--regions", "0,2-3", "--drop-tools"});
    EXPECT_LT(after.size, before.size);
    EXPECT_EQ(after.substreams.size() + 3, before.substreams.size());
    EXPECT_FALSE(after.residual[kPrimary][1].has_value());
    EXPECT_TRUE(after.residual[kPrimary][3].has_value());
}

TEST_F(Extract, RegionsThatCannotBe) {
    const ProcessResult dependent = refuse(stream_path("regions_dependent_1x2"), {"--regions", "0"});
    EXPECT_NE(dependent.err.find("each is a substream of its own"), std::string::npos) << dependent.err;
    EXPECT_NE(dependent.err.find("regions_dependent_1x2.bits"), std::string::npos) << dependent.err;
    const ProcessResult none = refuse(stream_path("filters_all"), {"--regions", "0"});
    EXPECT_NE(none.err.find("argument error"), std::string::npos) << none.err;
    const ProcessResult beyond = refuse(independent(), {"--regions", "0-2"});
    EXPECT_NE(beyond.err.find("there is no region 2"), std::string::npos) << beyond.err;
    refuse(independent(), {"--regions", "2-0"}, 2);
    refuse(independent(), {"--regions", "all"}, 2);
}

TEST_F(Extract, DialectsConvertBothWays) {
    for (const char* name : {"filters_all", "quality_map_threads4"}) {
        const std::string input = stream_path(name);
        const Codestream is = extract(input, {"--dialect", "is"});
        EXPECT_EQ(is.dialect, Dialect::kIs);
        EXPECT_EQ(is.picture, parse_codestream(load_bytes(input)).picture);
        write_file(folder_.path("is.bits"), bytes_);
        EXPECT_EQ(extract(folder_.path("is.bits"), {"--dialect", "dis"}).dialect, Dialect::kDis);
        EXPECT_EQ(bytes_, load_bytes(input)) << name;
    }
}

TEST_F(Extract, ADialectThatForbidsTheRegionsIsRefused) {
    // Two columns in 256 samples are more than the IS dialect permits.
    const ProcessResult result = refuse(stream_path("regions_dependent_1x2"), {"--dialect", "is"});
    EXPECT_NE(result.err.find("num_hor_splits_minus1"), std::string::npos) << result.err;
}

TEST_F(Extract, Channels) {
    const std::string input = stream_path("photo_bop");
    const Codestream before = parse_codestream(load_bytes(input));
    const Codestream after = extract(input, {"--channels", "64,32", "--dialect", "is"});
    EXPECT_LT(after.size, before.size);
    EXPECT_EQ(after.dialect, Dialect::kIs);
    EXPECT_EQ(after.picture.component[kPrimary].num_chs, 64);
    EXPECT_EQ(after.picture.component[kSecondary].num_chs, 32);
    EXPECT_EQ(after.hyper.block.size, before.hyper.block.size);
    // As many channels as there are: the same residual, coded to the same bytes.
    EXPECT_EQ(extract(input, {"--channels", "160", "--models", default_weights_path()}).size, before.size);
    EXPECT_EQ(bytes_, load_bytes(input));
}

TEST_F(Extract, ChannelsNeedTheRightWeights) {
    const ProcessResult missing =
        refuse(stream_path("photo_bop"), {"--channels", "64", "--models", "/no/such/weights"});
    EXPECT_NE(missing.err.find("/no/such/weights"), std::string::npos) << missing.err;
    EXPECT_EQ(missing.err.find("photo"), std::string::npos) << missing.err;
    const ProcessResult wrong = refuse(stream_path("filters_all"), {"--channels", "64"});  // coded with other weights
    EXPECT_NE(wrong.err.find("entropy error"), std::string::npos) << wrong.err;
    refuse(stream_path("photo_bop"), {"--channels", "161"}, 2);
    refuse(stream_path("photo_bop"), {"--models", "x"}, 2);
}

TEST_F(Extract, StandardInputAndOutput) {
    const std::vector<std::uint8_t> input = load_bytes(stream_path("filters_all"));
    const ProcessResult result = run_jpegai({"extract", "-", "-", "--drop-tools"}, input);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.err, "");
    (void)extract(stream_path("filters_all"), {"--drop-tools"});
    EXPECT_EQ(result.out_bytes(), bytes_);
}

TEST_F(Extract, ReportsSizes) {
    const std::string input = stream_path("filters_all");
    const ProcessResult text = run_jpegai({"extract", input, out(), "--drop-tools"});
    EXPECT_NE(text.out.find(out() + ": 9398 bytes, 97.6% of 9625"), std::string::npos) << text.out;
    Json json = Json::parse(run_jpegai({"extract", input, out(), "--drop-tools", "--json"}).out);
    EXPECT_EQ(json, (Json{{"input", input}, {"output", out()}, {"input_size", 9625}, {"output_size", 9398}}));
    EXPECT_EQ(run_jpegai({"extract", input, out(), "--drop-tools", "-q"}).out, "");
}

TEST_F(Extract, FailuresLeaveAnExistingFileAlone) {
    const std::vector<std::uint8_t> precious = {1, 2, 3};
    write_file(out(), precious);
    refuse(stream_path("regions_dependent_1x2"), {"--regions", "0"});
    EXPECT_EQ(load_bytes(out()), precious);
    const ProcessResult result =
        run_jpegai({"extract", stream_path("filters_all"), "/no/such/folder/x", "--drop-tools", "--json"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(Json::parse(result.out)["error"]["code"], "io");
}

TEST_F(Extract, TheInputMayBeTheOutput) {
    write_file(out(), load_bytes(stream_path("filters_all")));
    EXPECT_FALSE(extract(out(), {"--drop-tools"}).has_tools);
}

}  // namespace
}  // namespace jpegai::test
