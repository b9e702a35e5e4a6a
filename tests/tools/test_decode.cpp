// `jpegai decode` as a user runs it: outputs, reports, refusals. What the samples are is tested with the decoder.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "models/default_weights.h"
#include "models/weight_identity.h"
#include "picture_io/picture_io.h"
#include "tests/tools/process.h"
#include "tests/tools/streams.h"

namespace jpegai::test {
namespace {

using Json = nlohmann::json;

class Decode : public ::testing::Test {
protected:
    /// Runs `decode arguments...` and expects the exit code.
    ProcessResult decode(std::vector<std::string> arguments, int exit_code = 0) {
        arguments.insert(arguments.begin(), "decode");
        ProcessResult result = run_jpegai(arguments);
        EXPECT_EQ(result.exit_code, exit_code) << result.err;
        return result;
    }
    /// A smaller job than the whole photo.
    [[nodiscard]] static std::vector<std::string> quick(std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--region", "64,64,64,64", "--point", "sop"});
        return arguments;
    }
    /// The photo with other user data.
    std::string photo_with(std::vector<std::uint8_t> user_data) {
        const std::vector<std::uint8_t> file = load_bytes(photo_);
        CodestreamParts parts = take_parts(parse_codestream(file), file);
        parts.user_data = std::move(user_data);
        write_file(folder_.path("named.jai"), write_codestream(parts));
        return folder_.path("named.jai");
    }

    std::string photo_ = stream_path("photo_bop");
    TemporaryFolder folder_;
};

TEST_F(Decode, ReportsOneFileAsAnObjectAndSeveralAsAnArray) {
    const std::string out = folder_.path("out.png");
    const Json one = Json::parse(decode(quick({photo_, out, "--json", "--md5"})).out);
    EXPECT_EQ(one["file"], photo_);
    EXPECT_EQ(one["out"], out);
    EXPECT_EQ(one["width"], 64);
    EXPECT_EQ(one["bit_depth"], 8);
    EXPECT_EQ(one["md5"].size(), 3U);
    EXPECT_EQ(read_picture(out, {}).cols(), 64U);

    write_file(folder_.path("bad.jai"), std::vector<std::uint8_t>{0xFF, 0x80, 1, 2, 3});
    const ProcessResult batch =
        decode(quick({photo_, folder_.path("bad.jai"), "--out-dir", folder_.path("dir"), "--json"}), 1);
    const Json several = Json::parse(batch.out);
    ASSERT_EQ(several.size(), 2U);
    EXPECT_EQ(several[0]["width"], 64);
    EXPECT_EQ(several[1]["file"], folder_.path("bad.jai"));
    EXPECT_TRUE(several[1]["error"]["code"].is_string());

    const Json alone = Json::parse(decode({folder_.path("bad.jai"), out, "--json"}, 1).out);
    EXPECT_EQ(alone["file"], folder_.path("bad.jai"));
    EXPECT_EQ(alone["error"], several[1]["error"]);
}

TEST_F(Decode, SaysWhatAnotherFileIs) {
    write_file(folder_.path("a.png"), std::vector<std::uint8_t>{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
    const ProcessResult result = decode({folder_.path("a.png"), folder_.path("b.png")}, 1);
    EXPECT_NE(result.err.find("not a JPEG AI codestream: this is a PNG picture"), std::string::npos) << result.err;
    write_file(folder_.path("empty.jai"), std::vector<std::uint8_t>{});
    EXPECT_NE(decode({folder_.path("empty.jai"), folder_.path("b.png")}, 1).err.find("empty"), std::string::npos);
    EXPECT_EQ(folder_.list(), (std::vector<std::string>{"a.png", "empty.jai"}));
}

TEST_F(Decode, StandardOutputHoldsThePictureAndNothingElse) {
    const ProcessResult plain = decode(quick({photo_, "-", "--format", "ppm"}));
    EXPECT_EQ(plain.out.size(), std::string("P6\n64 64\n255\n").size() + 3 * 64 * 64);
    EXPECT_EQ(decode(quick({photo_, "-", "--format", "ppm", "--json", "--md5", "--stats", "-v"})).out, plain.out);
}

TEST_F(Decode, RefusesOtherWeightsThanTheStreamNames) {
    const std::string out = folder_.path("out.ppm"), right = folder_.path("right.ppm");
    decode(quick({photo_, right}));
    const std::vector<OperatingPoint> listed = {OperatingPoint::kBop, OperatingPoint::kSop};
    const std::vector<std::uint8_t> record = weight_user_data(*open_default_weights(), 1, listed);
    decode(quick({photo_with(record), out}));
    EXPECT_EQ(load_bytes(out), load_bytes(right));

    WeightIdentity other = parse_weight_identity(record).value();
    other.name = "somebody's set";
    other.parts[0].fingerprint ^= 1;
    const std::string stream = photo_with(format_weight_identity(other));
    std::filesystem::remove(out);
    const ProcessResult refused = decode(quick({stream, out}), 1);
    for (const char* word : {"model-mismatch", "\"somebody's set\"", "\"jpegai default\"", "--force-models"})
        EXPECT_NE(refused.err.find(word), std::string::npos) << refused.err;
    EXPECT_FALSE(std::filesystem::exists(out));
    decode(quick({stream, out, "--force-models"}));
    EXPECT_EQ(load_bytes(out), load_bytes(right));
}

TEST_F(Decode, WrongUsage) {
    decode({photo_}, 2);
    decode({photo_, folder_.path("out.xyz")}, 2);
    decode({photo_, folder_.path("out.png"), "--point", "xop"}, 2);
    decode({photo_, folder_.path("out.png"), "--region", "1,2,3"}, 2);
}

}  // namespace
}  // namespace jpegai::test
