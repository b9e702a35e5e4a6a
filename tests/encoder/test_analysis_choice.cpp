// Which analysis transform an encode takes, and that sets without HOP analysis serve HOP.
#include <gtest/gtest.h>

#include "decoder/decoder.h"
#include "encoder/encoder.h"
#include "models/default_weights.h"
#include "tests/support/backends.h"
#include "tests/support/default_set.h"
#include "tests/support/random_network.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using Files = std::map<std::string, Checkpoint, std::less<>>;
constexpr OperatingPoint kSop = OperatingPoint::kSop, kBop = OperatingPoint::kBop, kHop = OperatingPoint::kHop;

EncodeOptions options_of(OperatingPoint synthesis, std::optional<OperatingPoint> analysis = {}) {
    EncodeOptions options;
    options.synthesis = synthesis;
    options.analysis = analysis;
    return options;
}

/// Names alone; BOP of all models, and of HOP: model 0 all, 1 the synthesis, 2 the synthesis and half of the analysis,
/// 3 nothing.
std::shared_ptr<const WeightSet> names() {
    Files files;
    const auto add = [&](const std::string& file) { files.emplace(file, Checkpoint{}); };
    for (const Component c : {kPrimary, kSecondary}) {
        for (std::size_t m = 0; m < kModels; ++m) {
            add(common_file(c, m));
            add(network_file(NetworkKind::kAnalysis, kBop, c, m));
            add(network_file(NetworkKind::kSynthesis, kBop, c, m));
            if (m < 3) add(network_file(NetworkKind::kSynthesis, kHop, c, m));
            if (m == 0 || (m == 2 && c == kPrimary)) add(network_file(NetworkKind::kAnalysis, kHop, c, m));
        }
    }
    return weights_from_memory("names", std::move(files));
}

class AnalysisChoice : public ::testing::Test {
protected:
    AnalysisChoice() : encoder_(names(), test::fast_backend()) {}
    [[nodiscard]] OperatingPoint analysis(const EncodeOptions& options, std::size_t model) const {
        return *analysis_needs(encoder_.networks(), options, model).analysis;
    }
    [[nodiscard]] std::string refusal(const EncodeOptions& options, std::size_t model) const {
        const auto call = [&] { require_analysis(encoder_.networks(), options, model); };
        EXPECT_EQ(test::thrown_code(call), JPEGAI_ERROR_MODEL);
        return test::thrown_message(call);
    }
    Encoder encoder_;
};

TEST_F(AnalysisChoice, HopWhereTheSetHasBothComponentsElseBop) {
    EXPECT_EQ(analysis(options_of(kHop), 0), kHop);
    for (const std::size_t model : {1U, 2U, 3U}) EXPECT_EQ(analysis(options_of(kHop), model), kBop) << model;
    for (const OperatingPoint point : {kSop, kBop}) EXPECT_EQ(analysis(options_of(point), 0), kBop);
    EXPECT_EQ(encoder_.usable_models(options_of(kHop)), (ModelMask{true, true, true, false}));
    EXPECT_EQ(encoder_.usable_models(options_of(kBop)), kAllModels);
}

TEST_F(AnalysisChoice, WhatTheCallerChoseStays) {
    for (const std::size_t model : {0U, 1U, 2U, 3U}) {
        EXPECT_EQ(analysis(options_of(kHop, kHop), model), kHop) << model;
        EXPECT_EQ(analysis(options_of(kBop, kHop), model), kHop) << model;
        EXPECT_EQ(analysis(options_of(kHop, kBop), model), kBop) << model;
    }
    EXPECT_EQ(encoder_.usable_models(options_of(kHop, kHop)), (ModelMask{true, false, false, false}));
    EXPECT_EQ(encoder_.usable_models(options_of(kHop, kBop)), (ModelMask{true, true, true, false}));
}

TEST_F(AnalysisChoice, RefusalsSayWhatToDo) {
    EXPECT_NO_THROW(require_analysis(encoder_.networks(), options_of(kHop), 1));
    EXPECT_NO_THROW(require_analysis(encoder_.networks(), options_of(kHop, kHop), 0));
    const std::string chosen = refusal(options_of(kHop, kHop), 1);
    for (const char* part : {"VM_hop/encoder_Y_0.012 and VM_hop/encoder_UV_0.012", "model 1 needs for HOP analysis",
                             "all of them for model 0", "leave the analysis transform to the encoder", "models add"})
        EXPECT_NE(chosen.find(part), std::string::npos) << chosen;
    // A set with nothing of HOP is not completed by the analysis of BOP.
    const std::string nothing = refusal(options_of(kHop), 3);
    for (const char* part : {"VM_hop/decoder_Y_0.5 and VM_hop/decoder_UV_0.5",
                             "model 3 needs for BOP analysis and HOP synthesis", "all of them for models 0, 1 and 2"})
        EXPECT_NE(nothing.find(part), std::string::npos) << nothing;
    EXPECT_EQ(nothing.find("leave the analysis"), std::string::npos) << nothing;
}

Picture blocks() {
    Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, 70, 97);
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t y = 0; y < 70; ++y) {
            for (std::size_t x = 0; x < 97; ++x) {
                picture.planes[i](0, y, x) =
                    static_cast<std::uint16_t>(40 + (x / 24 + y / 16 + i) % 2 * 90 + x * (i + 1) / 3);
            }
        }
    }
    return picture;
}

TEST(DefaultSet, HopDecodesToTheReconstruction) {
    const auto weights = open_default_weights();
    const Encoder encoder(weights, test::fast_backend());
    const Decoder decoder(weights, test::fast_backend());
    for (std::size_t model = 0; model < kModels; ++model) {
        EncodeOptions options = options_of(kHop);
        options.rate.model_id = model;
        options.want_reconstruction = true;
        if (!test::kDefaultHop[model]) {
            EXPECT_EQ(test::thrown_code([&] { (void)encoder.encode(blocks(), options); }), JPEGAI_ERROR_MODEL);
            continue;
        }
        const EncodeResult result = encoder.encode(blocks(), options);
        EXPECT_EQ(result.picture.synthesis_transform_id.front(), 2);
        const DecodedPicture decoded = decoder.decode(result.bytes);
        for (std::size_t i = 0; i < 3; ++i) {
            const auto ours = result.reconstruction->plane[i].span(), theirs = decoded.planes.plane[i].span();
            EXPECT_TRUE(std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end())) << model << ' ' << i;
        }
        options.analysis = kBop;
        EXPECT_TRUE(encoder.encode(blocks(), options).bytes == result.bytes) << model;
        options.analysis = kHop;
        EXPECT_EQ(test::thrown_code([&] { (void)encoder.encode(blocks(), options); }), JPEGAI_ERROR_MODEL);
    }
}

/// What is chosen is also what runs: with made-up HOP analysis beside the default set the symbols change.
TEST(DefaultSet, TakesHopAnalysisThatIsThere) {
    const auto weights = open_default_weights();
    constexpr std::size_t kModel = 1;
    Files files;
    for (const Component c : {kPrimary, kSecondary}) {
        for (const std::string& file : {common_file(c, kModel), network_file(NetworkKind::kAnalysis, kBop, c, kModel),
                                        network_file(NetworkKind::kSynthesis, kHop, c, kModel)})
            files.emplace(file, weights->load(file));
        files.emplace(network_file(NetworkKind::kAnalysis, kHop, c, kModel),
                      test::random_weights(network_graph(NetworkKind::kAnalysis, kHop, c), 7)->load("random"));
    }
    const Encoder encoder(weights_from_memory("more", std::move(files)), test::fast_backend());
    const auto bytes = [&](std::optional<OperatingPoint> analysis) {
        return encoder.encode(blocks(), options_of(kHop, analysis)).bytes;
    };
    EXPECT_TRUE(bytes({}) == bytes(kHop));
    EXPECT_FALSE(bytes({}) == bytes(kBop));
}

}  // namespace
}  // namespace jpegai
