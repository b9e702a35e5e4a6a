// The networks with synthetic weights, run by the contract backend, against the reference software's dumps.
#include <gtest/gtest.h>

#include <cstdio>
#include <initializer_list>

#include "backend/backend.h"
#include "networks/context_model.h"
#include "networks/registry.h"
#include "tests/networks/latent_vectors.h"
#include "tests/support/synthetic_weights.h"
#include "tests/support/test_data.h"

namespace jpegai::test {

namespace {

// Bounds of shared/vectors/README.md.
constexpr double kPsiTolerance = 1e-5, kLatentTolerance = 5e-4, kPlaneTolerance = 3e-3;

using Inputs = std::initializer_list<const Array3<float>*>;

Array3<float> run(Network network, Inputs inputs, Size nominal) {
    RunContext context;
    const std::vector<const Array3<float>*> list(inputs);
    const auto runner = make_contract_backend()->prepare(std::move(network));
    return std::move(runner->run(list, nominal, context).at(0));
}

Array3<float> run(const VectorCase& c, NetworkKind kind, Component component, Inputs inputs) {
    Graph graph = network_graph(kind, c.point, component);
    const std::string file = network_file(kind, c.point, component, c.model_id);
    return run(bind_network(std::move(graph), synthetic_weights(), file), inputs, c.size);
}

class NetworkVectors : public testing::TestWithParam<VectorCase> {
protected:
    void SetUp() override { JPEGAI_NEEDS_SHARED(); }
    const VectorCase& c() const { return GetParam(); }
    void expect_near(const Array3<float>& ours, const std::string& dump, double tolerance) {
        const double deviation = largest_deviation(ours, load_dump(c(), dump));
        RecordProperty(dump, std::to_string(deviation));
        std::printf("%s %s: largest deviation %.3g\n", c().name.c_str(), dump.c_str(), deviation);
        EXPECT_LE(deviation, tolerance) << dump;
    }
};

TEST_P(NetworkVectors, HyperDecoder) {
    for (const Component component : {kPrimary, kSecondary}) {
        const std::string prefix = component == kPrimary ? "y." : "uv.";
        const Array3<float> z_hat = load_dump(c(), prefix + "z_hat");
        expect_near(run(c(), NetworkKind::kHyperDecoder, component, {&z_hat}), prefix + "psi", kPsiTolerance);
    }
}

TEST_P(NetworkVectors, ContextModel) {
    const Array3<float> residual = load_residual(c(), kPrimary), psi = load_dump(c(), "y.psi");
    expect_near(run(c(), NetworkKind::kContextModel, kPrimary, {&residual, &psi}), "y.y_hat", kLatentTolerance);
}

TEST_P(NetworkVectors, ChromaMean) {
    const Array3<float> residual = load_residual(c(), kSecondary), psi = load_dump(c(), "uv.psi");
    const Array3<float> ours =
        run(bind_network(chroma_mean_graph(), synthetic_weights(), ""), {&residual, &psi}, c().size);
    expect_near(ours, "uv.y_hat", kLatentTolerance);
}

TEST_P(NetworkVectors, Synthesis) {
    const Array3<float> luma = load_dump(c(), "y.y_hat"), chroma = load_dump(c(), "uv.y_hat");
    expect_near(run(c(), NetworkKind::kSynthesis, kPrimary, {&luma}), "syn.Y", kPlaneTolerance);
    expect_near(run(c(), NetworkKind::kSynthesis, kSecondary, {&luma, &chroma}), "syn.UV", kPlaneTolerance);
}

INSTANTIATE_TEST_SUITE_P(Cases, NetworkVectors,
                         testing::Values(VectorCase{"sop_65x127", OperatingPoint::kSop, 1, {127, 65}},
                                         VectorCase{"bop_65x127", OperatingPoint::kBop, 1, {127, 65}},
                                         VectorCase{"hop_65x127", OperatingPoint::kHop, 1, {127, 65}},
                                         VectorCase{"sop_m2", OperatingPoint::kSop, 2, {96, 128}},
                                         VectorCase{"hop_m0", OperatingPoint::kHop, 0, {96, 128}},
                                         VectorCase{"hop_m2", OperatingPoint::kHop, 2, {96, 128}},
                                         VectorCase{"bop_m3", OperatingPoint::kBop, 3, {96, 128}},
                                         VectorCase{"bop_203x301", OperatingPoint::kBop, 1, {301, 203}}),
                         [](const auto& test) { return test.param.name; });

}  // namespace

}  // namespace jpegai::test
