// Encoder and decoder together: the decoder's picture is the encoder's own reconstruction, whatever the options.
#include "encoder/encoder.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

#include "backend/select.h"
#include "decoder/decoder.h"
#include "decoder/gain.h"
#include "decoder/reconstruct.h"
#include "models/weight_identity.h"
#include "tests/support/backends.h"
#include "tests/support/synthetic_weights.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

/// A picture with smooth parts, edges and some noise.
Picture test_picture(ColourModel model, ChromaFormat chroma, unsigned depth, std::size_t rows, std::size_t cols) {
    Picture picture = make_picture(model, chroma, depth, rows, cols);
    std::uint32_t noise = 12345;
    for (std::size_t i = 0; i < picture.planes.size(); ++i) {
        auto& plane = picture.planes[i];
        for (std::size_t y = 0; y < plane.rows(); ++y) {
            for (std::size_t x = 0; x < plane.cols(); ++x) {
                noise = noise * 1664525U + 1013904223U;
                const std::size_t edge = (x / 24 + y / 40 + i) % 2 * 60;
                plane(0, y, x) = static_cast<std::uint16_t>(
                    (60 + (x + y) * 40 / (plane.rows() + plane.cols()) + edge + (noise >> 28)) * picture.max_value() /
                    255);
            }
        }
    }
    return picture;
}

Picture rgb_picture(std::size_t rows, std::size_t cols) {
    return test_picture(ColourModel::kRgb, {1, 1}, 8, rows, cols);
}

void expect_same(const Planes& a, const Planes& b) {
    EXPECT_EQ(a.rgb, b.rgb);
    for (std::size_t i = 0; i < 3; ++i) {
        ASSERT_EQ(a.plane[i].rows(), b.plane[i].rows());
        ASSERT_EQ(a.plane[i].cols(), b.plane[i].cols());
        EXPECT_TRUE(std::equal(a.plane[i].data(), a.plane[i].data() + a.plane[i].size(), b.plane[i].data()))
            << "plane " << i;
    }
}

class EncoderTest : public ::testing::Test {
protected:
    void SetUp() override {
        JPEGAI_NEEDS_SHARED();
        weights_ = test::trained_weights();
        backend_ = test::fast_backend();
    }

    EncodeResult round_trip(const Picture& picture, EncodeOptions options) const {
        options.want_reconstruction = true;
        const Encoder encoder(weights_, backend_);
        EncodeResult result = encoder.encode(picture, options);
        const DecodedPicture decoded = Decoder(weights_, backend_).decode(result.bytes);
        EXPECT_EQ(decoded.planes.rows() + options.hidden_rows, picture.rows());
        EXPECT_EQ(decoded.planes.cols() + options.hidden_cols, picture.cols());
        expect_same(*result.reconstruction, decoded.planes);
        return result;
    }

    std::shared_ptr<const WeightSet> weights_;
    std::shared_ptr<const Backend> backend_;
};

TEST_F(EncoderTest, EveryFormatDecodesToTheReconstruction) {
    struct Format {
        ColourModel model;
        ChromaFormat chroma;
        unsigned depth;
    };
    for (const Format& f : {Format{ColourModel::kRgb, {1, 1}, 8},
                            {ColourModel::kRgb, {1, 1}, 16},
                            {ColourModel::kGrey, {1, 1}, 8},
                            {ColourModel::kYuv, {1, 1}, 8},
                            {ColourModel::kYuv, {1, 1}, 10},
                            {ColourModel::kYuv, {1, 2}, 8},
                            {ColourModel::kYuv, {1, 2}, 10},
                            {ColourModel::kYuv, {2, 2}, 8},
                            {ColourModel::kYuv, {2, 2}, 10}}) {
        SCOPED_TRACE(f.chroma.name() + " " + std::to_string(f.depth));
        const EncodeResult result = round_trip(test_picture(f.model, f.chroma, f.depth, 97, 131), {});
        EXPECT_EQ(result.picture.bit_depth_idc, f.depth == 8 ? 0 : 1);
    }
}

TEST_F(EncoderTest, ReconstructionResemblesTheOriginal) {
    const Picture picture = rgb_picture(128, 160);
    EncodeOptions options;
    options.rate.model_id = 3;
    const EncodeResult result = round_trip(picture, options);
    double sum = 0;
    for (std::size_t i = 0; i < picture.planes[1].size(); ++i) {
        const double error = result.reconstruction->plane[1].data()[i] - picture.planes[1].data()[i];
        sum += error * error;
    }
    EXPECT_LT(sum / static_cast<double>(picture.planes[1].size()), 60.0);
}

TEST_F(EncoderTest, EverySizeDecodesToTheReconstruction) {
    for (const auto& [rows, cols] : {std::pair<std::size_t, std::size_t>{1, 1},
                                     {2, 63},
                                     {64, 64},
                                     {65, 64},
                                     {79, 81},
                                     {96, 113},
                                     {129, 130},
                                     {160, 64}}) {
        SCOPED_TRACE(std::to_string(cols) + "x" + std::to_string(rows));
        round_trip(rgb_picture(rows, cols), {});
    }
    EncodeOptions options;
    options.hidden_cols = 62;
    options.hidden_rows = 3;
    round_trip(rgb_picture(64, 64), options);
}

TEST_F(EncoderTest, EveryLatentToolDecodesToTheReconstruction) {
    std::map<std::string, std::function<void(EncodeOptions&)>> cases;
    cases["rvs"] = [](EncodeOptions& o) { o.tools.rvs = {true, true}; };
    cases["grfs"] = [](EncodeOptions& o) { o.tools.grfs = {true, true}; };
    cases["lsbs"] = [](EncodeOptions& o) { o.tools.lsbs = {true, true}; };
    cases["luma only"] = [](EncodeOptions& o) { o.tools = {{true, false}, {true, false}, {true, false}}; };
    cases["all"] = [](EncodeOptions& o) { o.tools = {{true, true}, {true, true}, {true, true}}; };
    cases["channels"] = [](EncodeOptions& o) { o.num_chs = {40, 17}, o.tools.grfs = {true, true}; };
    cases["no channels"] = [](EncodeOptions& o) { o.num_chs = {0, 0}; };
    cases["lanes"] = [](EncodeOptions& o) { o.lanes_z = 4, o.lanes_r = {16, 2}; };
    cases["fine"] = [](EncodeOptions& o) { o.rate = {3, {702, 500}}; };
    cases["coarse"] = [](EncodeOptions& o) { o.rate = {0, {-1069, -700}}; };
    cases["cubes"] = [](EncodeOptions& o) { o.cube_threshold = 0.25F, o.rate = {0, {-500, -500}}; };
    cases["no cubes"] = [](EncodeOptions& o) { o.cube_threshold = 1e30F; };
    cases["simple"] = [](EncodeOptions& o) { o.synthesis = OperatingPoint::kSop; };
    cases["coded 4:2:0"] = [](EncodeOptions& o) { o.coded_chroma = ChromaFormat{2, 2}; };
    cases["coded 4:2:2"] = [](EncodeOptions& o) { o.coded_chroma = ChromaFormat{1, 2}; };
    cases["saliency"] = [](EncodeOptions& o) { o.saliency = 5; };
    cases["dis"] = [](EncodeOptions& o) { o.dialect = Dialect::kDis; };
    cases["quality map"] = [](EncodeOptions& o) {
        o.quality_map = Array3<std::int8_t>(1, 7, 10);
        for (std::size_t i = 0; i < 70; ++i) o.quality_map->data()[i] = static_cast<std::int8_t>(i * 7 % 17 - 8);
        o.lanes_q = 4;
        o.tools = {{true, true}, {true, true}, {true, true}};
    };
    for (const auto& [name, change] : cases) {
        SCOPED_TRACE(name);
        EncodeOptions options;
        change(options);
        round_trip(rgb_picture(112, 160), options);
    }
}

TEST_F(EncoderTest, PostFiltersDecodeToTheReconstruction) {
    for (const FilterSearch search : {FilterSearch::kBest, FilterSearch::kReference}) {
        EncodeOptions options;
        options.filter_search = search;
        options.filters = {true, false, true, true};
        options.tools.rvs = {true, true};
        const EncodeResult result = round_trip(rgb_picture(130, 160), options);
        if (search == FilterSearch::kReference) {
            EXPECT_TRUE(result.tools.lef_ch_idx.has_value());
            EXPECT_TRUE(result.tools.efe_linear.has_value());
        }
        options.hidden_rows = 5;
        round_trip(test_picture(ColourModel::kYuv, {2, 2}, 10, 130, 160), options);
    }
}

TEST_F(EncoderTest, ProgressGrowsToTheEnd) {
    std::vector<double> seen;
    EncodeOptions options;
    options.progress = [&](double fraction) {
        EXPECT_TRUE(seen.empty() || fraction >= seen.back());
        seen.push_back(fraction);
        return true;
    };
    EncodeStats stats;
    options.stats = &stats;
    (void)Encoder(weights_, backend_).encode(rgb_picture(64, 64), options);
    ASSERT_FALSE(seen.empty());
    EXPECT_LT(seen.front(), 0.1);
    EXPECT_NEAR(seen.back(), 1.0, 1e-9);
    EXPECT_EQ(stats.stages.front().stage, "prepare");
    EXPECT_EQ(stats.stages.back().stage, "entropy");
}

TEST_F(EncoderTest, RegionsAndTilesDecodeToTheReconstruction) {
    struct Case {
        std::uint8_t ver, hor;
        bool independent;
        std::uint8_t hyper, mcm;
    };
    for (const Case& c : {Case{1, 1, false, 2, 8},
                          {2, 2, false, 2, 8},
                          {2, 2, true, 2, 8},
                          {1, 3, false, 1, 4},
                          {3, 2, false, 0, 0},
                          {2, 3, false, 1, 1},
                          {3, 3, true, 0, 0}}) {
        SCOPED_TRACE(std::to_string(c.ver) + "x" + std::to_string(c.hor) + (c.independent ? " independent" : "") + " " +
                     std::to_string(c.hyper) + " " + std::to_string(c.mcm));
        EncodeOptions options;
        options.dialect = Dialect::kDis;  // IS wants larger regions
        options.regions = RegionHeader{c.ver, c.hor, c.independent, c.hyper, c.mcm};
        options.tools = {{true, true}, {true, true}, {true, true}};
        options.synthesis_tiles = TileOptions{128, 64};
        round_trip(rgb_picture(260, 270), options);
        options.tools = {};
        options.analysis_tiles = TileOptions{128, 64};
        options.synthesis_tiles = TileOptions{192, 32};
        options.rate = {0, {-600, -600}};  // few symbols: flagged cubes
        options.cube_threshold = 0.5F;
        if (!c.independent) round_trip(rgb_picture(260, 270), options);
    }
}

TEST_F(EncoderTest, SameBytesOnEveryBackend) {
    const Picture picture = rgb_picture(131, 147);
    EncodeOptions options;
    options.tools = {{true, true}, {true, true}, {true, true}};
    options.analysis_tiles = TileOptions{128, 64};
    const std::vector<std::uint8_t> bytes = Encoder(weights_, backend_).encode(picture, options).bytes;
    for (const char* cpu : {"scalar", "avx2", "avx512"}) {
        for (const unsigned threads : {1U, 3U, 8U}) {
            if (std::string(cpu) == "scalar" && threads != 3) continue;  // slow
            std::shared_ptr<const Backend> backend;
            try {
                backend = make_backend({cpu, threads});
            } catch (const Error&) {
                continue;  // this machine has no such instructions
            }
            EXPECT_TRUE(Encoder(weights_, backend).encode(picture, options).bytes == bytes) << cpu << ' ' << threads;
        }
    }
}

TEST_F(EncoderTest, TrialsDoNotDependOnEachOther) {
    const Picture picture = rgb_picture(96, 128);
    const Encoder encoder(weights_, backend_);
    EncodeSession session = encoder.session(picture, {});
    std::map<int, std::vector<std::uint8_t>> trials;
    for (const int beta : {300, -300, 0, 300}) {
        const std::vector<std::uint8_t> bytes = session.code(session.quantise({2, {beta, beta / 2}}));
        const auto [found, is_new] = trials.try_emplace(beta, bytes);
        EXPECT_TRUE(is_new || found->second == bytes);
        EncodeOptions options;
        options.rate = {2, {beta, beta / 2}};
        EXPECT_TRUE(encoder.encode(picture, options).bytes == bytes) << beta;
    }
    EXPECT_LT(trials[-300].size(), trials[0].size());
    EXPECT_LT(trials[0].size(), trials[300].size());
}

/// With every latent coded, what the decoder's context model makes of the symbols is the latent, but for rounding: the
/// encoder's own prediction, phase by phase, was the decoder's.
TEST_F(EncoderTest, CodedLatentsComeBackWithinHalfAStep) {
    EncodeOptions options;
    options.cube_threshold = 0;
    options.rate = {2, {100, -50}};
    const Encoder encoder(weights_, backend_);
    EncodeSession session = encoder.session(rgb_picture(100, 135), options);
    const QuantisedPicture quantised = session.quantise(options.rate);
    RunContext context;
    const std::vector<RegionWindow> regions = region_windows(quantised.picture);
    for (const Component c : {kPrimary, kSecondary}) {
        const AnalysedComponent& analysed = quantised.analysed->component[c];
        const Array3<float> y_hat = decode_latent(encoder.networks(), quantised.picture, c, regions, analysed.psi,
                                                  quantised.component[c].residual, context);
        const EntropyModel& model = encoder.networks().entropy(2, c);
        for (std::size_t channel = 0; channel < y_hat.channels(); ++channel) {
            const float step = 1 / gain_scaler(model.gain_vector_log[channel] + options.rate.beta[c]);
            for (std::size_t i = 0; i < y_hat.plane_size(); ++i) {
                ASSERT_NEAR(y_hat.plane(channel)[i], analysed.y.plane(channel)[i], 0.5001F * step + 1e-5F)
                    << channel << ' ' << i;
            }
        }
    }
}

TEST_F(EncoderTest, SmallestProfileAndLevelByDefault) {
    const Encoder encoder(weights_, backend_);
    EncodeOptions options;
    EncodeResult result = encoder.encode(rgb_picture(64, 64), options);
    EXPECT_EQ(result.picture.decoder_profile_id, 1);
    EXPECT_EQ(result.picture.level_idc, 12);
    EXPECT_EQ(result.picture.synthesis_transform_id, (std::vector<std::uint8_t>{1, 0}));
    options.synthesis = OperatingPoint::kSop;
    options.level_idc = std::uint8_t{32};
    result = encoder.encode(rgb_picture(64, 64), options);
    EXPECT_EQ(result.picture.decoder_profile_id, 0);
    EXPECT_EQ(result.picture.level_idc, 32);
    EXPECT_EQ(result.picture.synthesis_transform_id, (std::vector<std::uint8_t>{0}));
}

TEST_F(EncoderTest, CarriesUserDataAndRendering) {
    EncodeOptions options;
    options.user_data = {1, 2, 3};
    Picture picture = rgb_picture(64, 64);
    picture.colour = RenderingInfo::Cicp{9, 16, 0, true, 2};
    const auto bytes = Encoder(weights_, backend_).encode(picture, options).bytes;
    const DecodedPicture decoded = Decoder(weights_, backend_).decode(bytes);
    const std::vector<std::uint8_t> record =
        weight_user_data(*weights_, 1, std::array{OperatingPoint::kBop, OperatingPoint::kSop});
    ASSERT_EQ(decoded.user_data.size(), record.size() + 3);
    EXPECT_TRUE(std::equal(record.begin(), record.end(), decoded.user_data.begin()));
    EXPECT_TRUE(std::equal(options.user_data.begin(), options.user_data.end(), decoded.user_data.end() - 3));
    options.name_weights = false;
    EXPECT_EQ(Decoder(weights_, backend_).decode(Encoder(weights_, backend_).encode(picture, options).bytes).user_data,
              options.user_data);
    EXPECT_EQ(decoded.rendering.cicp, picture.colour);
}

TEST_F(EncoderTest, RefusesContradictions) {
    const Encoder encoder(weights_, backend_);
    const Picture picture = rgb_picture(64, 64);
    std::map<std::string, std::function<void(EncodeOptions&)>> cases;
    cases["model"] = [](EncodeOptions& o) { o.rate.model_id = 4; };
    cases["displacement"] = [](EncodeOptions& o) { o.rate.beta[1] = 2048; };
    cases["lanes"] = [](EncodeOptions& o) { o.lanes_r = {1, 3}; };
    cases["channels"] = [](EncodeOptions& o) { o.num_chs = {160, 97}; };
    cases["depth"] = [](EncodeOptions& o) { o.bit_depth = 12U; };
    cases["map size"] = [](EncodeOptions& o) { o.quality_map = Array3<std::int8_t>(1, 3, 4); };
    cases["map value"] = [](EncodeOptions& o) {
        o.quality_map = Array3<std::int8_t>(1, 4, 4);
        o.quality_map->data()[5] = 9;
    };
    cases["transforms"] = [](EncodeOptions& o) { o.transforms = {0, 1}; };
    cases["profile"] = [](EncodeOptions& o) { o.decoder_profile_id = std::uint8_t{0}; };
    cases["level"] = [](EncodeOptions& o) { o.level_idc = std::uint8_t{13}; };
    cases["model of the level"] = [](EncodeOptions& o) { o.level_idc = std::uint8_t{11}; };
    cases["regions"] = [](EncodeOptions& o) { o.regions = RegionHeader{2, 1, false, 2, 8}; };
    cases["cubes"] = [](EncodeOptions& o) { o.cube_threshold = -1; };
    cases["saliency"] = [](EncodeOptions& o) { o.saliency = 9; };
    cases["analysis tiles"] = [](EncodeOptions& o) { o.analysis_tiles = TileOptions{32, 16}; };
    for (const auto& [name, change] : cases) {
        EncodeOptions options;
        change(options);
        EXPECT_EQ(test::thrown_code([&] { (void)encoder.encode(picture, options); }), JPEGAI_ERROR_ARGUMENT) << name;
    }
    EncodeOptions high;
    high.synthesis = OperatingPoint::kHop;  // the set has none
    EXPECT_EQ(test::thrown_code([&] { (void)encoder.encode(picture, high); }), JPEGAI_ERROR_MODEL);
    EncodeOptions cancelled;
    cancelled.progress = [](double) { return false; };
    EXPECT_EQ(test::thrown_code([&] { (void)encoder.encode(picture, cancelled); }), JPEGAI_ERROR_CANCELLED);
}

}  // namespace
}  // namespace jpegai
