// A suite on a CUDA device: every stage and sample of the processor (`jpegai conformance run --device cuda`).
#include <gtest/gtest.h>

#include "tests/conformance/small_suite.h"
#include "tests/support/cuda_devices.h"

namespace jpegai::test {
namespace {

using namespace conformance;

TEST(CudaConformance, ASuitePassesOnADevice) {
    const TemporaryFolder scratch;
    const std::string folder = scratch.path("suite");
    GenerateOptions make;
    make.weights = open_default_weights();
    make.choice.profile = 0;  // SOP alone: the emulator takes long
    make.filter = "pair_*_lef,pair_rvs_lsbs,reject_SOZ_lane_*,limit";
    (void)generate_suite(folder, make);
    const Suite suite = load_suite(folder);
    for (const auto& device : cuda_devices()) {
        const bool gpu = device->info().index >= 0;
        for (const bool stages : {true, false}) {
            InternalOptions options;
            options.device = gpu ? "cuda:0" : "cuda:emulator";
            options.stages = stages;
            const auto decoder = internal_device(complete_weights(make.weights), options);
            RunOptions run;
            if (!gpu) run.filter = "pair_e*_lef,pair_rvs_lsbs,pair_reduced*,pair_hidden*,pair_tiles*,reject*,limit";
            const RunReport report = run_suite(suite, folder, *decoder, run);
            EXPECT_GE(report.count(Verdict::kPass), 12U) << decoder->describe();
            for (const CaseResult& result : report.results) {
                EXPECT_NE(result.verdict, Verdict::kFail)
                    << decoder->describe() << ": " << result.test->name << ": " << result.stage << ": " << result.message;
            }
        }
    }
}

}  // namespace
}  // namespace jpegai::test
