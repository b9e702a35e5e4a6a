// The reconstruction back end against the reference software's dumps: every filter from its dumped input to its dumped
// output, the whole chain from the synthesised picture to the samples of the output file.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <map>

#include "decoder/filters/post_filters.h"
#include "decoder/latents.h"
#include "networks/eicci.h"
#include "networks/registry.h"
#include "picture_io/picture_io.h"
#include "tests/decoder/reconstruction_case.h"
#include "tests/support/entropy_models.h"
#include "tests/support/synthetic_weights.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

/// Bounds of shared/vectors/README.md and DESIGN: planes on 0..255, and one 8 bit step in fewer than 1 of 5,000
/// samples.
constexpr double kPlaneTolerance = 3e-3;
constexpr double kSampleShare = 1.0 / 5000;

/// eICCI networks with the synthetic weights, run by the plain loops that define them.
class SyntheticBank : public EicciBank {
public:
    explicit SyntheticBank(OperatingPoint point) : point_(point) {}
    const NetworkRunner& luma(std::size_t index) override { return get(luma_, index, eicci_luma_graph()); }
    const NetworkRunner& chroma(std::size_t index) override { return get(chroma_, index, eicci_chroma_graph()); }

private:
    using Bank = std::map<std::size_t, std::unique_ptr<NetworkRunner>>;
    const NetworkRunner& get(Bank& bank, std::size_t index, Graph graph) {
        auto& runner = bank[index];
        if (!runner)
            runner = backend_->prepare(bind_network(std::move(graph), synthetic_weights(), eicci_file(point_, index)));
        return *runner;
    }
    OperatingPoint point_;
    std::unique_ptr<Backend> backend_ = make_contract_backend();
    Bank luma_, chroma_;
};

/// Inputs of the filters for one case, with everything they need beside the planes.
class FilterRun {
public:
    explicit FilterRun(const ReconstructionCase& c)
        : c_(c), point_(static_cast<OperatingPoint>(c.stream.picture.synthesis_transform_id[0])), bank_(point_) {
        if (c.stream.tools.lef_ch_idx) {
            scale_log_ = decode_latents(c.stream, c.file,
                                        entropy_models(uses_trained_weights(c.folder), c.stream.picture.model_id))
                             .component[kPrimary]
                             .scale_log;
        }
    }
    /// Runs the filters of `tools`, which may be a part of the stream's.
    void run(Planes& planes, const ToolHeader& tools, std::function<void(PostFilter, const Planes&)> done = {}) {
        PostFilterInputs inputs;
        inputs.picture = &c_.stream.picture;
        inputs.tools = &tools;
        inputs.synthesis = point_;
        inputs.scale_log = &scale_log_;
        inputs.eicci = &bank_;
        inputs.done = std::move(done);
        RunContext context;
        apply_post_filters(planes, inputs, context);
    }

private:
    const ReconstructionCase& c_;
    OperatingPoint point_;
    SyntheticBank bank_;
    Array3<std::int16_t> scale_log_;
};

std::string test_name(const testing::TestParamInfo<std::string>& info) {
    std::string name = info.param;
    for (char& c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    }
    return name;
}

class Dumps : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override { JPEGAI_NEEDS_SHARED(); }

    void expect_close(const char* what, const Planes& ours, const ReconstructionCase& c, const std::string& prefix) {
        constexpr const char* kSuffix[] = {".a", ".b", ".c"};
        double largest = 0;
        std::size_t compared = 0;
        for (std::size_t p = 0; p < 3; ++p) {
            if (!c.has(prefix + kSuffix[p])) continue;
            largest = std::max(largest, max_difference(ours.plane[p], c.load(prefix + kSuffix[p])));
            ++compared;
        }
        ASSERT_GT(compared, 0U) << prefix;
        std::printf("%s %s: largest deviation %.3g\n", c.name.c_str(), what, largest);
        EXPECT_LE(largest, kPlaneTolerance) << what;
    }
};

/// Samples that differ and the largest difference.
void expect_same_samples(const Picture& ours, const Picture& theirs, const std::string& name) {
    ASSERT_EQ(ours.planes.size(), theirs.planes.size());
    EXPECT_EQ(ours.bit_depth, theirs.bit_depth);
    std::size_t total = 0, different = 0;
    for (std::size_t p = 0; p < ours.planes.size(); ++p) {
        ASSERT_EQ(ours.planes[p].rows(), theirs.planes[p].rows());
        ASSERT_EQ(ours.planes[p].cols(), theirs.planes[p].cols());
        for (std::size_t i = 0; i < ours.planes[p].size(); ++i) {
            const int step = std::abs(int{ours.planes[p].data()[i]} - int{theirs.planes[p].data()[i]});
            EXPECT_LE(step, 1);
            different += step != 0;
            ++total;
        }
    }
    std::printf("%s: %zu of %zu samples differ by one step\n", name.c_str(), different, total);
    EXPECT_LT(static_cast<double>(different), std::max(1.0, static_cast<double>(total) * kSampleShare));
}

/// decoded.png or decoded.yuv of the case.
Picture load_output(const ReconstructionCase& c) {
    if (std::filesystem::exists(c.folder / "decoded.png")) return read_picture((c.folder / "decoded.png").string());
    ReadOptions options;
    options.raw = RawLayout{c.stream.picture.display_height(), c.stream.picture.display_width(), c.source(), false,
                            c.stream.picture.bit_depth_idc == 1 ? 10U : 8U};
    return read_picture((c.folder / "decoded.yuv").string(), options);
}

Picture finish(const ReconstructionCase& c, Planes planes) {
    if (!planes.rgb) finish_colour(planes, c.stream.picture.colour_transform_idx);
    return quantise(planes, c.stream.picture.bit_depth_idc == 1 ? 10 : 8);
}

// --- each filter from dump to dump -----------------------------------------------------------------------------------

class FilterDumps : public Dumps {};

/// Each filter alone, from the last dumped planes before it to its own dump. The second picture of EFE-nonlinear is
/// made from the dumped input of the chain.
TEST_P(FilterDumps, EachFilter) {
    const ReconstructionCase c = load_reconstruction_case(GetParam());
    FilterRun filters(c);
    const Planes rec = c.load_planes("rec", c.source(), false);
    Planes input = rec;
    const ToolHeader& all = c.stream.tools;
    std::size_t checked = 0;
    const auto step = [&](PostFilter filter, auto only) {
        ToolHeader tools;
        only(tools);
        const std::string prefix = std::string("filt.") + post_filter_name(filter);
        if (!c.has(prefix + ".a") && !c.has(prefix + ".b")) {
            filters.run(input, tools);  // not dumped: ours stands in
            return;
        }
        Planes ours = filter == PostFilter::kEfeNonlinear ? rec : input;
        filters.run(ours, tools, [&](PostFilter done, Planes const&) {
            // The chain starts with EFE-linear for the sake of the second picture; then the dumped input takes over.
            if (done == PostFilter::kEfeLinear && filter == PostFilter::kEfeNonlinear) ours = input;
        });
        expect_close(post_filter_name(filter), ours, c, prefix);
        input = c.load_planes(prefix, c.source(), false, &input);
        ++checked;
    };
    if (all.efe_linear) step(PostFilter::kEfeLinear, [&](ToolHeader& t) { t.efe_linear = all.efe_linear; });
    if (all.eicci) step(PostFilter::kEicci, [&](ToolHeader& t) { t.eicci = all.eicci; });
    if (all.efe_nonlinear) {
        step(PostFilter::kEfeNonlinear, [&](ToolHeader& t) {
            t.efe_linear = all.efe_linear;
            t.efe_nonlinear = all.efe_nonlinear;
        });
    }
    if (all.lef_ch_idx) step(PostFilter::kLef, [&](ToolHeader& t) { t.lef_ch_idx = all.lef_ch_idx; });
    EXPECT_GT(checked, 0U);
}

INSTANTIATE_TEST_SUITE_P(Cases, FilterDumps,
                         testing::Values("vectors/bop_efelin", "vectors/bop_efelin_coded420",
                                         "vectors/bop_efelin_nonlin", "vectors/bop_efelin_nonlin_yuv420",
                                         "vectors/bop_eicci", "vectors/bop_enhfilt", "vectors/bop_force_all",
                                         "vectors/bop_force_efe_yuv420", "vectors/bop_force_efe_yuv422",
                                         "vectors/bop_force_efelin_a", "vectors/bop_force_efelin_b",
                                         "vectors/bop_force_efelin_coded420", "vectors/bop_force_efelin_d",
                                         "vectors/bop_force_efenl_tiles", "vectors/bop_force_eicci_long",
                                         "vectors/bop_lef", "vectors/hop_eicci", "vectors/sop_eicci"),
                         test_name);

// LEF needs luma only, and some cases dump nothing else.
class LefDumps : public Dumps {};

TEST_P(LefDumps, Luma) {
    const ReconstructionCase c = load_reconstruction_case(GetParam());
    FilterRun filters(c);
    Planes planes;
    planes.plane[0] = c.load("rec.a");
    planes.plane[1] = planes.plane[2] = planes.plane[0];
    ToolHeader tools;
    tools.lef_ch_idx = c.stream.tools.lef_ch_idx;
    filters.run(planes, tools);
    Planes ours;
    ours.plane[0] = planes.plane[0];
    expect_close("LEF", ours, c, "filt.LEF");
}

INSTANTIATE_TEST_SUITE_P(Cases, LefDumps,
                         testing::Values("vectors/bop_lef", "vectors/bop_lef_m0", "vectors/bop_lef_m3",
                                         "models/vectors/sop_m2_lef"),
                         test_name);

// --- the chain to the output file ------------------------------------------------------------------------------------

class ChainDumps : public Dumps {};

TEST_P(ChainDumps, FromSynthesisedPictureToFile) {
    const ReconstructionCase c = load_reconstruction_case(GetParam());
    FilterRun filters(c);
    Planes planes = c.load_planes("rec", c.source(), false);
    filters.run(planes, c.stream.tools, [&](PostFilter filter, const Planes& now) {
        const std::string prefix = std::string("filt.") + post_filter_name(filter);
        if (c.has(prefix + ".a") || c.has(prefix + ".b"))
            expect_close((prefix + " in the chain").c_str(), now, c, prefix);
    });
    finish_colour(planes, c.stream.picture.colour_transform_idx);
    if (c.has("out.a")) expect_close("out", planes, c, "out");
    expect_same_samples(finish(c, planes), load_output(c), c.name);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ChainDumps,
    testing::Values("vectors/bop_efelin", "vectors/bop_efelin_coded420", "vectors/bop_efelin_nonlin",
                    "vectors/bop_efelin_nonlin_yuv420", "vectors/bop_efenonlin", "vectors/bop_eicci",
                    "vectors/bop_enhfilt", "vectors/bop_force_all", "vectors/bop_force_efe_yuv420",
                    "vectors/bop_force_efe_yuv422", "vectors/bop_force_efelin_a", "vectors/bop_force_efelin_b",
                    "vectors/bop_force_efelin_coded420", "vectors/bop_force_efelin_d", "vectors/bop_force_efenl_tiles",
                    "vectors/bop_force_eicci_long", "vectors/bop_lef", "vectors/hop_eicci", "vectors/sop_eicci"),
    test_name);

// --- format conversion -----------------------------------------------------------------------------------------------

class SynthesisDumps : public Dumps {};

/// syn.Y and syn.UV (cropped, at the coded format) to rec, out and file.
TEST_P(SynthesisDumps, ToFile) {
    const ReconstructionCase c = load_reconstruction_case(GetParam());
    const Array3<float> chroma = c.load("syn.UV");
    Planes planes;
    planes.chroma = c.coded();
    const bool have_luma = c.has("syn.Y");
    planes.plane[0] = have_luma ? c.load("syn.Y")
                                : Array3<float>(1, c.stream.picture.display_height(), c.stream.picture.display_width());
    for (std::size_t p = 1; p < 3; ++p) {
        planes.plane[p] = Array3<float>(1, chroma.rows(), chroma.cols());
        std::copy_n(chroma.plane(p - 1), chroma.plane_size(), planes.plane[p].data());
    }
    convert_chroma(planes, c.source());
    if (c.has("rec.b")) expect_close("rec", planes, c, "rec");
    if (!have_luma) return;
    finish_colour(planes, c.stream.picture.colour_transform_idx);
    if (c.has("out.a")) expect_close("out", planes, c, "out");
    expect_same_samples(finish(c, planes), load_output(c), c.name);
}

INSTANTIATE_TEST_SUITE_P(Cases, SynthesisDumps,
                         testing::Values("vectors/bop_full", "vectors/hop_full", "vectors/bop_m1", "vectors/hop_m1",
                                         "vectors/bop_min64_disp2x2", "vectors/bop_rgb_coded420", "vectors/bop_203x301",
                                         "vectors/sop_65x127", "vectors/hop_65x127", "vectors/sop_m3"),
                         test_name);

class OutputDumps : public Dumps {};

/// out to the samples of the file: rounding, 8 and 10 bit, RGB and YUV.
TEST_P(OutputDumps, ToFile) {
    const ReconstructionCase c = load_reconstruction_case(GetParam());
    const bool rgb = c.stream.picture.colour_transform_idx == 1;
    const Planes out = c.load_planes("out", rgb ? ChromaFormat{1, 1} : c.source(), rgb);
    const Picture ours = quantise(out, c.stream.picture.bit_depth_idc == 1 ? 10 : 8), theirs = load_output(c);
    ASSERT_EQ(ours.planes.size(), theirs.planes.size());
    EXPECT_EQ(ours.bit_depth, theirs.bit_depth);
    for (std::size_t p = 0; p < 3; ++p) {
        ASSERT_EQ(ours.planes[p].size(), theirs.planes[p].size());
        EXPECT_TRUE(
            std::equal(ours.planes[p].data(), ours.planes[p].data() + ours.planes[p].size(), theirs.planes[p].data()))
            << "rounding is exact, plane " << p;
    }
}

INSTANTIATE_TEST_SUITE_P(Cases, OutputDumps,
                         testing::Values("vectors/bop_efelin", "vectors/bop_efelin_coded420",
                                         "vectors/bop_efelin_nonlin", "vectors/bop_efenonlin", "vectors/bop_full",
                                         "vectors/bop_lef", "vectors/bop_m1", "vectors/bop_min64_disp2x2",
                                         "vectors/bop_yuv420_8bit", "vectors/bop_yuv422_10bit",
                                         "vectors/bop_yuv422_8bit", "vectors/hop_full", "vectors/hop_m1"),
                         test_name);

}  // namespace
}  // namespace jpegai::test
