// A suite of few cases in a temporary folder, made once per process.
#pragma once

#include <string>

#include "conformance/generate.h"
#include "conformance/runner.h"
#include "conformance/weights.h"
#include "models/default_weights.h"
#include "tests/tools/process.h"

namespace jpegai::test {

/// Generates the cases that `filter` selects for the base profile at level 5.2.
inline conformance::GenerateResult generate_small(const std::string& folder, const std::string& filter,
                                                  unsigned jobs = 2) {
    conformance::GenerateOptions options;
    options.weights = open_default_weights();
    options.filter = filter;
    options.jobs = jobs;
    return conformance::generate_suite(folder, options);
}

/// Cases "pair_rvs*": integers, networks and filters.
struct SmallSuite {
    TemporaryFolder scratch;
    std::string folder = scratch.path("suite");
    conformance::Suite suite;
    std::shared_ptr<const WeightSet> weights = conformance::complete_weights(open_default_weights());

    SmallSuite() {
        (void)generate_small(folder, "pair_rvs*");
        suite = conformance::load_suite(folder);
    }
    static const SmallSuite& get() {
        static const SmallSuite small;
        return small;
    }
    [[nodiscard]] std::unique_ptr<conformance::Device> internal(const std::string& cpu) const {
        return conformance::internal_device(weights, {cpu, 1, false});
    }
};

}  // namespace jpegai::test
