// The runner with this build and with programs that misbehave.
#include <fstream>

#include <gtest/gtest.h>

#include "base/file.h"
#include "conformance/report.h"
#include "tests/conformance/small_suite.h"

namespace jpegai::test {
namespace {

using namespace conformance;

RunReport run_on(const Device& device, const RunOptions& options = {}) {
    const SmallSuite& small = SmallSuite::get();
    return run_suite(small.suite, small.folder, device, options);
}

RunOptions one_case() {
    RunOptions options;
    options.filter = "pair_rvs_grfs";
    return options;
}

std::string failures(const RunReport& report) {
    std::string text;
    for (const CaseResult& result : report.results) {
        if (result.verdict == Verdict::kFail) {
            text += result.test->name + ": " + result.stage + ": " + result.message + "\n";
        }
    }
    return text;
}

TEST(Run, ThisBuildPassesOnEveryCpu) {
    for (const char* cpu : {"auto", "scalar", "contract"}) {
        const RunReport report = run_on(*SmallSuite::get().internal(cpu));
        EXPECT_EQ(report.count(Verdict::kPass), SmallSuite::get().suite.cases.size()) << cpu << '\n'
                                                                                      << failures(report);
    }
}

/// A device that does what another does and then damages one stage.
class Damaged : public Device {
public:
    Damaged(const Device& device, std::string stage, bool exact)
        : device_(device), stage_(std::move(stage)), exact_(exact) {}
    [[nodiscard]] std::string describe() const override { return "damaged " + stage_; }
    [[nodiscard]] bool bit_exact() const override { return exact_; }
    [[nodiscard]] bool reads_headers() const override { return true; }
    [[nodiscard]] bool can_choose(const DecodeChoice& choice) const override { return device_.can_choose(choice); }
    [[nodiscard]] Outcome run(const std::string& folder, const Case& test) const override {
        Outcome outcome = device_.run(folder, test);
        if (const auto found = outcome.stages.find(stage_); found != outcome.stages.end()) {
            found->second.bytes[found->second.bytes.size() / 2 | 3U] ^= 0x40;
        }
        // What follows is wrong, too.
        for (auto& sample : outcome.picture->planes[0].span()) sample = static_cast<std::uint16_t>(sample ^ 8U);
        return outcome;
    }

private:
    const Device& device_;
    std::string stage_;
    bool exact_;
};

TEST(Run, NamesTheFirstStageThatDiffers) {
    const auto good = SmallSuite::get().internal("auto");
    for (const char* stage : {"y.z_hat", "uv.scale_log", "y.mask", "uv.residual_quant", "y.psi", "uv.y_hat", "syn.Y"}) {
        for (const bool exact : {true, false}) {
            RunOptions options;
            options.filter = "pair_rvs_grfs";
            options.oracle = good.get();
            const RunReport report = run_on(Damaged(*good, stage, exact), options);
            ASSERT_EQ(report.count(Verdict::kFail), 1U) << stage;
            for (const CaseResult& result : report.results) {
                if (result.verdict != Verdict::kFail) continue;
                EXPECT_EQ(result.stage, stage) << result.message;
                EXPECT_FALSE(result.clause.empty());
                EXPECT_NE(result.message.find("]["), std::string::npos) << result.message;
            }
        }
    }
}

TEST(Run, WithoutAnOracleTheChannelIsNamed) {
    const auto good = SmallSuite::get().internal("auto");
    const RunReport report = run_on(Damaged(*good, "y.mask", true), one_case());
    EXPECT_NE(failures(report).find("channel 80"), std::string::npos) << failures(report);
}

TEST(Run, ReportsAreComplete) {
    const auto good = SmallSuite::get().internal("auto");
    const SmallSuite& small = SmallSuite::get();
    const RunReport report = run_on(Damaged(*good, "", true), one_case());
    EXPECT_EQ(report_json(small.suite, report).at("failed"), 1);
    EXPECT_NE(report_junit(small.suite, report).find("<failure type=\"picture\""), std::string::npos);
    const std::string html = report_html(small.suite, small.folder, report);
    EXPECT_NE(html.find("data:image/png;base64,iVBOR"), std::string::npos);
    EXPECT_NE(html.find("differences, white = 8"), std::string::npos);
    EXPECT_EQ(html.find("http"), std::string::npos) << "nothing is fetched";
}

/// What a command line does with one case that it should decode.
CaseResult run_command_line(const std::string& command, double timeout = 60) {
    const auto device = external_device({command, timeout});
    RunOptions options;
    options.filter = "pair_rvs_grfs";
    const auto good = SmallSuite::get().internal("auto");
    options.oracle = good.get();
    for (CaseResult& result : run_on(*device, options).results) {
        if (result.verdict != Verdict::kSkipped) return std::move(result);
    }
    return {};
}

TEST(ExternalDecoder, ThisProgramPasses) {
    const CaseResult result = run_command_line(std::string(JPEGAI_PROGRAM) + " decode {in} {out} --dump {dump}");
    EXPECT_EQ(result.verdict, Verdict::kPass) << result.message;
    EXPECT_TRUE(result.difference);
}

TEST(ExternalDecoder, APassWithoutAnythingToCompareIsSaid) {
    const TemporaryFolder scratch;
    (void)generate_small(scratch.path("s"), "symbols_everything_1,reject_SOZ_lane_short");
    const Suite suite = load_suite(scratch.path("s"));
    const auto alone = [&](const std::string& command) {
        const auto device = external_device({std::string(JPEGAI_PROGRAM) + command, 60});
        std::vector<bool> found;
        for (const CaseResult& result : run_suite(suite, scratch.path("s"), *device, {}).results) {
            EXPECT_EQ(result.verdict, Verdict::kPass) << result.message;
            found.push_back(result.by_status_alone);
        }
        return found;
    };
    EXPECT_EQ(alone(" decode {in} {out}"), (std::vector<bool>{true, false}));
    EXPECT_EQ(alone(" decode {in} {out} --dump {dump}"), (std::vector<bool>{false, false}));
}

TEST(ExternalDecoder, MisbehaviourIsToldApart) {
    EXPECT_EQ(run_command_line("kill -SEGV $$ # {in}").stage, "crash");
    EXPECT_EQ(run_command_line("sleep 30 # {in}", 0.2).stage, "time limit");
    EXPECT_EQ(run_command_line("true {in}").stage, "picture");
    EXPECT_EQ(run_command_line("echo 'x: entropy error at byte 3' >&2; false {in}").stage, "entropy decoding");
    EXPECT_EQ(run_command_line("exit 3 # {in}").stage, "decoder");
}

/// A decoder that uses another synthesis transform: integers are right, the first wrong stage is the synthesis.
TEST(ExternalDecoder, ABrokenDecoderIsCaughtAtItsStage) {
    const std::string program(JPEGAI_PROGRAM);
    const CaseResult wrong = run_command_line(program + " decode {in} {out} --dump {dump} --channels 4,4");
    EXPECT_EQ(wrong.verdict, Verdict::kFail);
    EXPECT_EQ(wrong.stage, "y.residual_quant");
    EXPECT_NE(wrong.message.find(": 0 instead of "), std::string::npos) << wrong.message;
    const CaseResult dark =
        run_command_line(program + " decode {in} {out} --dump {dump} --channels 4,4; rm -r {dump}/*");
    EXPECT_EQ(dark.stage, "picture") << "without dumps there is only the picture";
    EXPECT_GT(dark.difference.value().peak, 1);
}

}  // namespace
}  // namespace jpegai::test
