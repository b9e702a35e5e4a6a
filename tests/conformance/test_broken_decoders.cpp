// Programs with one defect each: the runner has to name the stage and the clause where it lies.
#include <gtest/gtest.h>

#include "tests/conformance/small_suite.h"

namespace jpegai::test {
namespace {

using namespace conformance;

/// A suite of one picture with BOP in front of SOP, and of streams to refuse.
struct DefectSuite {
    TemporaryFolder scratch;
    std::string folder = scratch.path("suite");
    Suite suite;
    std::unique_ptr<Device> oracle;

    DefectSuite() {
        (void)generate_small(folder, "format_444_rgb_8bit,model_*_BOP,reject_first_12_bytes,reject_SOZ_lane_empty");
        suite = load_suite(folder);
        // One picture is enough; it has to list BOP first, so that SOP is a defect.
        std::string kept;
        std::erase_if(suite.cases, [&](const Case& test) {
            if (test.kind != CaseKind::kDecode) return false;
            if (!kept.empty() || test.header.at("pic_header.synthesis_transform_id[0]") != 1) return true;
            kept = test.name;
            return false;
        });
        oracle = internal_device(complete_weights(open_default_weights()), {"auto", 1, false});
    }
    static const DefectSuite& get() {
        static const DefectSuite suite;
        return suite;
    }
    [[nodiscard]] const Case& picture() const {
        for (const Case& test : suite.cases) {
            if (test.kind == CaseKind::kDecode) return test;
        }
        throw Error(JPEGAI_ERROR_INTERNAL, "the suite has no picture");
    }

    /// What the runner says about a defect in the cases that `filter` selects; the last failing one, or a pass.
    [[nodiscard]] CaseResult judge(const std::string& defect, const std::string& filter, double timeout = 60) const {
        const std::string good = folder + "/" + picture().stream;
        const auto device = external_device({std::string(JPEGAI_SOURCE_DIR "/tests/conformance/broken_decoder.sh ") +
                                                 defect + " " JPEGAI_PROGRAM " {in} {out} {dump} " + good,
                                             timeout});
        RunOptions options;
        options.filter = filter;
        options.oracle = oracle.get();
        CaseResult last;
        std::size_t judged = 0;
        for (CaseResult& result : run_suite(suite, folder, *device, options).results) {
            if (result.verdict == Verdict::kSkipped) continue;
            ++judged;
            if (last.verdict != Verdict::kFail) last = std::move(result);
        }
        EXPECT_EQ(judged, 1U) << filter;
        return last;
    }
};

struct Defect {
    const char *name, *stage, *clause;
};

class BrokenDecoder : public testing::TestWithParam<Defect> {};

TEST_P(BrokenDecoder, IsCaughtAtItsStage) {
    const DefectSuite& suite = DefectSuite::get();
    const CaseResult result = suite.judge(GetParam().name, suite.picture().name);
    EXPECT_EQ(result.verdict, Verdict::kFail);
    EXPECT_EQ(result.stage, GetParam().stage) << result.message;
    EXPECT_EQ(result.clause, GetParam().clause) << result.message;
}

INSTANTIATE_TEST_SUITE_P(
    Pictures, BrokenDecoder,
    testing::Values(Defect{"few-channels", "y.residual_quant", "02 section 9, 01 section 4"},
                    Defect{"stage-y.z_hat", "y.z_hat", "02 sections 3 and 5"},
                    Defect{"stage-uv.skip_scale_log", "uv.skip_scale_log", "02 sections 6, 7.1 and 7.2"},
                    Defect{"stage-y.mask", "y.mask", "02 section 8, 01 section 6.1"},
                    Defect{"stage-uv.residual_quant", "uv.residual_quant", "02 section 9, 01 section 4"},
                    Defect{"stage-y.psi", "y.psi", "03 sections 6 and 13"},
                    Defect{"stage-uv.y_hat", "uv.y_hat", "02 section 11"},
                    Defect{"other-transform", "syn.Y", "03 sections 10, 14 and 17.1"},
                    Defect{"stage-rec.b", "rec.b", "03 section 17.2"}, Defect{"stage-out.c", "out.c", "04 section 7"},
                    Defect{"picture-only", "picture", "03 section 17.4"}, Defect{"crop", "picture", "03 section 17"},
                    Defect{"silent", "picture", "03 section 17.4"}),
    [](const testing::TestParamInfo<Defect>& defect) {
        std::string name = defect.param.name;
        for (char& c : name) {
            if (c == '-' || c == '.') c = '_';
        }
        return name;
    });

TEST(BrokenDecoders, WithoutADefectEverythingPasses) {
    const DefectSuite& suite = DefectSuite::get();
    for (const std::string& filter : {suite.picture().name, std::string("reject_first*"), std::string("reject_SOZ*")}) {
        const CaseResult result = suite.judge("none", filter);
        EXPECT_EQ(result.verdict, Verdict::kPass) << filter << ": " << result.message;
    }
}

TEST(BrokenDecoders, RefusalsAreJudged) {
    const DefectSuite& suite = DefectSuite::get();
    const auto expect = [&](const char* defect, const char* filter, const char* stage, const char* clause,
                            double seconds = 60) {
        const CaseResult result = suite.judge(defect, filter, seconds);
        EXPECT_EQ(result.verdict, Verdict::kFail) << defect;
        EXPECT_EQ(result.stage, stage) << defect << ": " << result.message;
        EXPECT_EQ(result.clause, clause) << defect << ": " << result.message;
    };
    expect("accepts-everything", "reject_first*", "rejection", "01 section 3");
    expect("accepts-everything", "reject_SOZ*", "rejection", "02 section 3.6");
    expect("one-class", "reject_SOZ*", "rejection", "02 section 3.6");
    expect("crash", "reject_SOZ*", "crash", "02 section 3.6");
    expect("hang", "reject_first*", "time limit", "01 section 3", 2);
}

}  // namespace
}  // namespace jpegai::test
