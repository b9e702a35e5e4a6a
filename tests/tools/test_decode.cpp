// `jpegai decode` as a user runs it: outputs, reports, refusals. What the samples are is tested with the decoder.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>

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

TEST_F(Decode, ColoursAreNotWrittenUnderTheNameOfGrey) {
    const std::vector<std::string> before = folder_.list();
    EXPECT_NE(decode({photo_, folder_.path("a.pgm")}, 2).err.find("PGM holds grey"), std::string::npos);
    EXPECT_NE(decode({photo_, "-", "--format", "pgm"}, 2).err.find("PGM holds grey"), std::string::npos);
    EXPECT_EQ(folder_.list(), before);
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

TEST_F(Decode, BatchesGiveTheFilesOfSingleDecodes) {
    std::vector<std::string> inputs;
    for (const char* name : {"a", "b", "c", "d"}) {
        inputs.push_back(folder_.path(std::string(name) + ".jai"));
        write_file(inputs.back(), load_bytes(photo_));
    }
    write_file(inputs[1], std::vector<std::uint8_t>{0xFF, 0x80, 1, 2, 3});
    auto arguments = inputs;
    arguments.insert(arguments.end(), {"--format", "ppm", "--json", "--md5", "--out-dir"});
    const auto with = [&](std::vector<std::string> more) {
        auto all = arguments;
        all.insert(all.end(), more.begin(), more.end());
        return Json::parse(decode(quick(all), 1).out);
    };
    const Json single = with({folder_.path("single")});
    for (const std::string jobs : {"1", "3"}) {
        const std::string dir = folder_.path("batch" + jobs);
        const Json batch = with({dir, "--batch", "--jobs", jobs});
        ASSERT_EQ(batch.size(), 4U);
        for (std::size_t i = 0; i < 4; ++i) {
            EXPECT_EQ(batch[i]["file"], inputs[i]) << "in the order of the inputs";
            if (i == 1) {
                EXPECT_EQ(batch[i]["error"], single[i]["error"]);
                continue;
            }
            EXPECT_EQ(batch[i]["md5"], single[i]["md5"]);
            EXPECT_EQ(load_bytes(batch[i]["out"].get<std::string>()), load_bytes(single[i]["out"].get<std::string>()));
        }
        EXPECT_FALSE(std::filesystem::exists(dir + "/b.ppm"));
    }
    const Json limited = with({folder_.path("limited"), "--batch", "--max-memory", "8"});
    EXPECT_EQ(limited[0]["error"]["code"], "limit");
}

TEST_F(Decode, Devices) {
    const std::string out = folder_.path("out.ppm");
    decode(quick({photo_, out, "--device", "auto"}));
    const auto expect_error = [&](const std::string& device, const std::string& code) {
        const Json report = Json::parse(decode(quick({photo_, out, "--json", "--device", device}), 1).out);
        EXPECT_EQ(report["error"]["code"], code) << device;
    };
    for (const char* unknown : {"gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x"}) expect_error(unknown, "argument");
    expect_error("cuda:4711", "unsupported");
    for (const char* list : {"cuda:0,0", "cpu,cuda", "cuda:0,"})
        decode({photo_, "--out-dir", folder_.path("dir"), "--batch", "--device", list}, 1);
}

TEST_F(Decode, WrongUsage) {
    decode({photo_, folder_.path("out.png"), "--batch"}, 2);
    decode({photo_, folder_.path("out.png"), "--jobs", "2"}, 2);
    decode({photo_, folder_.path("out.png"), "--device", "cuda:0,1"}, 2);
    decode({photo_, "--out-dir", folder_.path("dir"), "--batch", "--dump", folder_.path("dump")}, 2);
    decode({photo_, photo_, "--out-dir", folder_.path("dir")}, 2);
    decode({photo_}, 2);
    decode({photo_, folder_.path("out.xyz")}, 2);
    decode({photo_, folder_.path("out.png"), "--point", "xop"}, 2);
    decode({photo_, folder_.path("out.png"), "--region", "1,2,3"}, 2);
}

}  // namespace
}  // namespace jpegai::test
