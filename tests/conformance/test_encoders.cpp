// Encoders under test: this program, and programs that misbehave.
#include <gtest/gtest.h>

#include "conformance/encoder_pictures.h"
#include "conformance/encoder_test.h"
#include "decoder/picture.h"
#include "tests/conformance/small_suite.h"

namespace jpegai::test {
namespace {

using namespace conformance;

/// What the test says about a command, for the pictures that `filter` selects and a decoder of level `level`.
EncoderReport judge(const std::string& command, const std::string& filter, std::uint8_t level = 52,
                    double timeout = 120) {
    Suite suite;
    suite.name = "base";
    suite.level = level;
    EncoderOptions options;
    options.command = command;
    options.filter = filter;
    options.timeout_seconds = timeout;
    return test_encoder(suite, SmallSuite::get().weights, options);
}

CaseResult first(const EncoderReport& report) {
    EXPECT_EQ(report.report.results.size(), 1U);
    return report.report.results.at(0);
}

const std::string kProgram = JPEGAI_PROGRAM;
const char* const kOne = "*64x64*";

TEST(Encoders, ThisProgramPasses) {
    const EncoderReport report =
        judge(kProgram + " encode {in} {out} --bpp {bpp} --profile {profile} --level {level} --dialect {dialect}",
              "*rgb_64x64*,*yuv420_101x83*,*rgb10*,*yuv422*");
    EXPECT_EQ(report.report.results.size(), 4U);
    for (const CaseResult& result : report.report.results) {
        EXPECT_EQ(result.verdict, Verdict::kPass)
            << result.test->name << ": " << result.stage << ": " << result.message;
    }
}

TEST(Encoders, ABadCommandIsAnError) {
    EXPECT_THROW((void)judge("encoder {in}", kOne), Error);
    EXPECT_THROW((void)judge("encoder {out}", kOne), Error);
}

TEST(Encoders, MisbehaviourIsToldApart) {
    const std::string other = JPEGAI_SOURCE_DIR "/tests/data/streams/photo_odd.bits";
    EXPECT_EQ(first(judge("false {in} {out}", kOne)).stage, "encoder");
    EXPECT_EQ(first(judge("true {in} {out}", kOne)).stage, "encoder");
    EXPECT_EQ(first(judge("kill -SEGV $$ # {in} {out}", kOne)).stage, "crash");
    EXPECT_EQ(first(judge("sleep 30 # {in} {out}", kOne, 52, 0.2)).stage, "time limit");
    const CaseResult cut = first(judge("head -c 40 " + other + " >{out} # {in}", kOne));
    EXPECT_EQ(cut.stage, "stream");
    EXPECT_EQ(cut.clause, "01 section 3");
}

/// Streams that are decoded, but are not what was asked for.
TEST(Encoders, WrongStreamsNameTheRule) {
    const std::string encode = kProgram + " encode {in} {out} --model 3 ";
    const auto expect = [](const CaseResult& result, const char* stage, const char* text) {
        EXPECT_EQ(result.stage, stage) << result.message;
        EXPECT_NE(result.message.find(text), std::string::npos) << result.message;
    };
    expect(first(judge(encode + "--beta 0", kOne)), "", "");  // without a rate nothing is asked for
    expect(first(judge(encode + "--beta 0 # {bpp}", kOne)), "rate", "instead of 1.5");
    expect(first(judge(encode + "--beta 0 --level 5.2", kOne, 11)), "stream", "target.level");
    expect(first(judge(encode + "--beta 0 --dialect dis", kOne)), "stream", "dialect");
    expect(first(judge(encode + "--beta 0 --bit-depth 10", kOne)), "picture", "10 bits instead of");
    expect(
        first(judge(std::string("cp ") + JPEGAI_SOURCE_DIR "/tests/data/streams/photo_odd.bits {out} # {in}",
                    kOne)),
        "stream", "");
}

TEST(Encoders, PicturesAreTheSameOnEveryMachine) {
    const EncoderPicture& picture = encoder_pictures().at(1);
    const Picture drawn = draw(picture);
    check_picture(drawn);
    EXPECT_EQ(drawn.cols(), picture.width);
    EXPECT_EQ(drawn.rows(), picture.height);
    EXPECT_EQ(plane_md5(drawn).at(0), "29fea4e5aff6ee4c3997c75f1850bcb4");
}

}  // namespace
}  // namespace jpegai::test
