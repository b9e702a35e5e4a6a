// The networks with synthetic weights, run by the contract backend, against the reference software's dumps.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <optional>

#include "backend/backend.h"
#include "backend/contract/ops.h"
#include "networks/context_model.h"
#include "networks/eicci.h"
#include "networks/registry.h"
#include "tests/networks/latent_vectors.h"
#include "tests/networks/source_picture.h"
#include "tests/support/random_network.h"
#include "tests/support/test_data.h"

namespace jpegai::test {

namespace {

// Bounds of shared/vectors/README.md.
constexpr double kPsiTolerance = 1e-5, kLatentTolerance = 5e-4, kPlaneTolerance = 3e-3;
constexpr double kAnalysisTolerance = 5e-4;  // 03 section 19

using Inputs = std::initializer_list<const Array3<float>*>;

std::vector<Array3<float>> run_all(Network network, Inputs inputs, Size nominal) {
    RunContext context;
    const std::vector<const Array3<float>*> list(inputs);
    return make_contract_backend()->prepare(std::move(network))->run(list, nominal, context);
}

Array3<float> run(Network network, Inputs inputs, Size nominal) {
    return std::move(run_all(std::move(network), inputs, nominal).at(0));
}

Array3<float> run(const VectorCase& c, NetworkKind kind, Component component, Inputs inputs) {
    Graph graph = network_graph(kind, c.point, component);
    const std::string file = network_file(kind, c.point, component, c.model_id);
    return run(bind_network(std::move(graph), weights_of(c), file), inputs, c.size);
}

void expect_near(const VectorCase& c, const Array3<float>& ours, const std::string& dump, double tolerance) {
    const double deviation = largest_deviation(ours, load_dump(c, dump));
    testing::Test::RecordProperty(dump, std::to_string(deviation));
    std::printf("%s %s: largest deviation %.3g\n", c.name.c_str(), dump.c_str(), deviation);
    EXPECT_LE(deviation, tolerance) << c.name << " " << dump;
}

const char* prefix(Component component) {
    return component == kPrimary ? "y." : "uv.";
}

std::string test_name(const testing::TestParamInfo<VectorCase>& test) {
    return test.param.name;
}

class DecoderVectors : public testing::TestWithParam<VectorCase> {
protected:
    void SetUp() override { JPEGAI_NEEDS_SHARED(); }
    const VectorCase& c() const { return GetParam(); }
};

TEST_P(DecoderVectors, HyperDecoder) {
    for (const Component component : {kPrimary, kSecondary}) {
        const Array3<float> z_hat = load_dump(c(), prefix(component) + std::string("z_hat"));
        const Array3<float> psi = run(c(), NetworkKind::kHyperDecoder, component, {&z_hat});
        expect_near(c(), psi, prefix(component) + std::string("psi"), kPsiTolerance);
    }
}

TEST_P(DecoderVectors, ContextModel) {
    const Array3<float> residual = load_residual(c(), kPrimary), psi = load_dump(c(), "y.psi");
    const Array3<float> y_hat = run(c(), NetworkKind::kContextModel, kPrimary, {&residual, &psi});
    expect_near(c(), y_hat, "y.y_hat", kLatentTolerance);
}

TEST_P(DecoderVectors, ChromaMean) {
    const Array3<float> residual = load_residual(c(), kSecondary), psi = load_dump(c(), "uv.psi");
    const Network network = bind_network(chroma_mean_graph(), weights_of(c()), "");
    expect_near(c(), run(network, {&residual, &psi}, c().size), "uv.y_hat", kLatentTolerance);
}

TEST_P(DecoderVectors, Synthesis) {
    const Array3<float> luma = load_dump(c(), "y.y_hat"), chroma = load_dump(c(), "uv.y_hat");
    expect_near(c(), run(c(), NetworkKind::kSynthesis, kPrimary, {&luma}), "syn.Y", kPlaneTolerance);
    expect_near(c(), run(c(), NetworkKind::kSynthesis, kSecondary, {&luma, &chroma}), "syn.UV", kPlaneTolerance);
}

/// From z_hat and residual symbols to planes, every network fed with our own results.
void expect_chain(const VectorCase& c) {
    std::array<Array3<float>, kComponents> y_hat;
    for (const Component component : {kPrimary, kSecondary}) {
        const Array3<float> z_hat = load_dump(c, prefix(component) + std::string("z_hat"));
        const Array3<float> psi = run(c, NetworkKind::kHyperDecoder, component, {&z_hat});
        const Array3<float> residual = load_residual(c, component);
        y_hat[component] = component == kPrimary
                               ? run(c, NetworkKind::kContextModel, component, {&residual, &psi})
                               : run(bind_network(chroma_mean_graph(), weights_of(c), ""), {&residual, &psi}, c.size);
    }
    const Array3<float> luma = run(c, NetworkKind::kSynthesis, kPrimary, {&y_hat[0]});
    const Array3<float> chroma = run(c, NetworkKind::kSynthesis, kSecondary, {&y_hat[0], &y_hat[1]});
    const auto compare = [&](const Array3<float>& ours, const char* dump, double tolerance) {
        if (have_dump(c, dump)) expect_near(c, ours, dump, tolerance);
    };
    compare(y_hat[0], "y.y_hat", kLatentTolerance);
    compare(y_hat[1], "uv.y_hat", kLatentTolerance);
    compare(luma, "syn.Y", kPlaneTolerance);
    compare(chroma, "syn.UV", kPlaneTolerance);
}

TEST_P(DecoderVectors, ChainedFromSymbolsToPlanes) {
    expect_chain(c());
}

TEST_P(DecoderVectors, PhasePredictorsMakeTheContextModel) {
    const Array3<float> residual = load_residual(c(), kPrimary), psi = load_dump(c(), "y.psi");
    const Array3<float> wanted = run(c(), NetworkKind::kContextModel, kPrimary, {&residual, &psi});
    const std::string file = common_file(kPrimary, c().model_id);
    const Array3<float> padded = contract::pad_zero(residual, {2 * psi.rows(), 2 * psi.cols()});
    std::vector<Array3<float>> phases;
    for (std::size_t j = 0; j < 4; ++j) {
        const Array3<float> own_psi = contract::slice(psi, 160 * j, 160);
        std::vector<const Array3<float>*> inputs = {&own_psi};
        for (const Array3<float>& earlier : phases) inputs.push_back(&earlier);
        RunContext context;
        const auto runner =
            make_contract_backend()->prepare(bind_network(context_phase_graph(j), weights_of(c()), file));
        phases.push_back(contract::add(contract::phase_split(padded, j), runner->run(inputs, {}, context).at(0)));
    }
    const std::array<const Array3<float>*, 4> all = {&phases[0], &phases[1], &phases[2], &phases[3]};
    EXPECT_TRUE(same_bits(contract::crop(contract::phase_merge(all), {residual.rows(), residual.cols()}), wanted));
}

INSTANTIATE_TEST_SUITE_P(Cases, DecoderVectors,
                         testing::Values(VectorCase{"sop_65x127", OperatingPoint::kSop, 1, {127, 65}},
                                         VectorCase{"bop_65x127", OperatingPoint::kBop, 1, {127, 65}},
                                         VectorCase{"hop_65x127", OperatingPoint::kHop, 1, {127, 65}},
                                         VectorCase{"sop_m2", OperatingPoint::kSop, 2, {96, 128}},
                                         VectorCase{"bop_m0", OperatingPoint::kBop, 0, {96, 128}},
                                         VectorCase{"hop_m2", OperatingPoint::kHop, 2, {96, 128}},
                                         VectorCase{"bop_m3", OperatingPoint::kBop, 3, {96, 128}},
                                         VectorCase{"bop_203x301", OperatingPoint::kBop, 1, {301, 203}}),
                         test_name);

class TrainedVectors : public DecoderVectors {};

TEST_P(TrainedVectors, ChainedFromSymbolsToPlanes) {
    expect_chain(c());
}

INSTANTIATE_TEST_SUITE_P(Cases, TrainedVectors,
                         testing::Values(VectorCase{"bop_m0", OperatingPoint::kBop, 0, {192, 256}, true},
                                         VectorCase{"bop_m1", OperatingPoint::kBop, 1, {192, 256}, true},
                                         VectorCase{"bop_m2", OperatingPoint::kBop, 2, {192, 256}, true},
                                         VectorCase{"bop_m3", OperatingPoint::kBop, 3, {192, 256}, true},
                                         VectorCase{"sop_m0_odd", OperatingPoint::kSop, 0, {203, 301}, true},
                                         VectorCase{"sop_m1", OperatingPoint::kSop, 1, {192, 256}, true}),
                         test_name);

struct EncoderCase {
    VectorCase vectors;
    const char* picture;
};

void PrintTo(const EncoderCase& c, std::ostream* out) {
    *out << c.vectors.name;
}

class EncoderVectors : public testing::TestWithParam<EncoderCase> {
protected:
    void SetUp() override { JPEGAI_NEEDS_SHARED(); }
};

TEST_P(EncoderVectors, AnalysisAndHyperEncoder) {
    const VectorCase& c = GetParam().vectors;
    const AnalysisInputs planes = load_analysis_inputs(GetParam().picture);
    for (const Component component : {kPrimary, kSecondary}) {
        const Array3<float>& input = component == kPrimary ? planes.luma : planes.chroma;
        const Array3<float> y = run(c, NetworkKind::kAnalysis, component, {&input});
        const std::string dump = std::string("enc_") + prefix(component) + "y";
        if (have_dump(c, dump)) expect_near(c, y, dump, kAnalysisTolerance);
        Array3<float> z = run(c, NetworkKind::kHyperEncoder, component, {&y});
        for (float& v : z.span()) v = std::nearbyint(std::clamp(v, -31.0F, 31.0F));
        EXPECT_EQ(largest_deviation(z, load_dump(c, prefix(component) + std::string("z_hat"))), 0.0);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, EncoderVectors,
    testing::Values(EncoderCase{{"bop_full", OperatingPoint::kBop, 1, {128, 192}}, "inputs/img_192x128.png"},
                    EncoderCase{{"hop_full", OperatingPoint::kHop, 1, {128, 192}}, "inputs/img_192x128.png"},
                    EncoderCase{{"sop_65x127", OperatingPoint::kSop, 1, {127, 65}}, "inputs/img_65x127.png"},
                    EncoderCase{{"hop_65x127", OperatingPoint::kHop, 1, {127, 65}}, "inputs/img_65x127.png"},
                    EncoderCase{{"bop_203x301", OperatingPoint::kBop, 1, {301, 203}}, "inputs/img_203x301.png"}),
    [](const testing::TestParamInfo<EncoderCase>& test) { return test.param.vectors.name; });

/// One tile, 4:4:4; luma and chroma networks as the header of the case selects them, none where the plane is left
/// alone.
struct EicciCase {
    VectorCase vectors;
    std::optional<std::size_t> luma, chroma;
    bool u, v;
};

void PrintTo(const EicciCase& c, std::ostream* out) {
    *out << c.vectors.name;
}

class EicciVectors : public testing::TestWithParam<EicciCase> {
protected:
    void SetUp() override { JPEGAI_NEEDS_SHARED(); }
};

TEST_P(EicciVectors, FilteredPlanes) {
    const VectorCase& c = GetParam().vectors;
    const EicciCase& selected = GetParam();
    std::array<Array3<float>, 3> planes;
    for (std::size_t p = 0; p < 3; ++p) {
        planes[p] = load_dump(c, std::string("rec.") + "abc"[p]);
        for (float& v : planes[p].span()) v /= 255.0F;
    }
    const Inputs inputs = {&planes[0], &planes[1], &planes[2]};
    std::array<Array3<float>, 3> filtered = planes;
    const auto bound = [&](Graph graph, std::size_t index) {
        return bind_network(std::move(graph), weights_of(c), eicci_file(c.point, index));
    };
    if (selected.luma) filtered[0] = run(bound(eicci_luma_graph(), *selected.luma), inputs, c.size);
    if (selected.chroma) {
        auto chroma = run_all(bound(eicci_chroma_graph(), *selected.chroma), inputs, c.size);
        if (selected.u) filtered[1] = std::move(chroma.at(0));
        if (selected.v) filtered[2] = std::move(chroma.at(1));
    }
    for (std::size_t p = 0; p < 3; ++p) {
        for (float& v : filtered[p].span()) v = std::clamp(v, 0.0F, 1.0F) * 255.0F;
        expect_near(c, filtered[p], std::string("filt.eICCI.") + "abc"[p], kPlaneTolerance);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, EicciVectors,
    testing::Values(EicciCase{{"bop_eicci", OperatingPoint::kBop, 1, {176, 192}}, 3, std::nullopt, false, false},
                    EicciCase{{"sop_eicci", OperatingPoint::kSop, 1, {176, 192}}, 2, 0, false, true},
                    EicciCase{{"hop_eicci", OperatingPoint::kHop, 1, {176, 192}}, 6, 1, false, true},
                    EicciCase{{"bop_force_eicci_long", OperatingPoint::kBop, 1, {176, 224}}, 9, 5, true, true}),
    [](const testing::TestParamInfo<EicciCase>& test) { return test.param.vectors.name; });

}  // namespace

}  // namespace jpegai::test
