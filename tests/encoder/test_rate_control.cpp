// Rate control: the table behind first guesses, and searches that meet their targets.
#include "encoder/rate_control.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "encoder/effort.h"
#include "metrics/metrics.h"
#include "models/default_weights.h"
#include "tests/support/backends.h"
#include "tests/support/partial_weights.h"
#include "tests/support/synthetic_weights.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

Picture textured(std::size_t rows, std::size_t cols) {
    Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, rows, cols);
    std::uint32_t noise = 1;
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t y = 0; y < rows; ++y) {
            for (std::size_t x = 0; x < cols; ++x) {
                noise = noise * 1664525U + 1013904223U;
                const std::size_t edge = (x / 24 + y / 40 + i) % 2 * 60 + (x * y / 64) % 32;
                picture.planes[i](0, y, x) = static_cast<std::uint16_t>(60 + edge + (noise >> 28));
            }
        }
    }
    return picture;
}

TEST(RateModel, GrowsWithTheDisplacement) {
    for (const RateScale scale : {RateScale::kLogRate, RateScale::kPsnrY, RateScale::kMsSsim}) {
        for (std::size_t model = 0; model < kModels; ++model) {
            for (const double complexity : {-5.0, -2.0, -1.0, 0.0, 1.0}) {
                double last = predict(scale, model, kBetaMin - 1, complexity);
                for (int beta = kBetaMin; beta <= kBetaMax; beta += 50) {
                    const double value = predict(scale, model, beta, complexity);
                    EXPECT_GT(value, last);
                    EXPECT_NEAR(predict_beta(scale, model, value, complexity), beta, 1);
                    last = value;
                }
            }
        }
    }
}

TEST(RateModel, ComplexityTellsFlatFromBusy) {
    const Array3<float> flat(1, 64, 64);
    EXPECT_EQ(picture_complexity(flat), -5);
    EXPECT_EQ(picture_complexity(Array3<float>(1, 1, 1)), -5);  // no differences at all
    Array3<float> busy(1, 64, 64);
    for (std::size_t i = 0; i < busy.size(); ++i) busy.data()[i] = static_cast<float>(i * 7919 % 256);
    EXPECT_GT(picture_complexity(busy), 0);
}

TEST(RateModel, BetterModelsForHigherRates) {
    std::size_t last = 0;
    for (double bpp = 0.05; bpp < 3; bpp *= 1.3) {
        const std::size_t model = best_model(RateScale::kLogRate, std::log(bpp), -1);
        EXPECT_GE(model, last);
        last = model;
    }
    EXPECT_EQ(last, kModels - 1);
}

TEST(RateModel, QualityIsMonotone) {
    RatePoint last = rate_point_of_quality(0);
    EXPECT_EQ(last.model_id, 0U);
    EXPECT_EQ(last.beta[kPrimary], -500);
    for (int quality = 1; quality <= 100; ++quality) {
        const RatePoint point = rate_point_of_quality(quality);
        ASSERT_GE(point.model_id, last.model_id);
        if (point.model_id == last.model_id) {
            EXPECT_GT(point.beta[kPrimary], last.beta[kPrimary]) << quality;
        } else {
            for (const double complexity : {-1.8, -1.1, -0.5}) {  // the range of the Kodak pictures
                EXPECT_GT(predict(RateScale::kLogRate, point.model_id, point.beta[kPrimary], complexity),
                          predict(RateScale::kLogRate, last.model_id, last.beta[kPrimary], complexity))
                    << quality;
            }
        }
        last = point;
    }
    EXPECT_EQ(last.beta[kPrimary], 400);
    for (const double wrong : {-1.0, 100.5, std::nan("")}) {
        EXPECT_EQ(test::thrown_code([&] { (void)rate_point_of_quality(wrong); }), JPEGAI_ERROR_ARGUMENT);
    }
}

TEST(RateModel, KeepsToThePermittedModels) {
    const double rate = std::log(0.12);
    ASSERT_EQ(best_model(RateScale::kLogRate, rate, -1), 0U);
    EXPECT_EQ(best_model(RateScale::kLogRate, rate, -1, {false, true, false, false}), 1U);
    EXPECT_EQ(best_model(RateScale::kLogRate, rate, -1, {false, false, true, true}), 2U);
    EXPECT_EQ(best_model(RateScale::kLogRate, std::log(3), -1, {true, true, false, false}), 1U);
    EXPECT_EQ(test::thrown_code([] { (void)best_model(RateScale::kLogRate, 0, -1, {}); }), JPEGAI_ERROR_INTERNAL);

    const ModelMask only_1 = {false, true, false, false};
    RatePoint last = rate_point_of_quality(0, only_1);
    for (int quality = 0; quality <= 100; ++quality) {
        const RatePoint point = rate_point_of_quality(quality, only_1);
        ASSERT_EQ(point.model_id, 1U);
        EXPECT_EQ(point.beta[kSecondary], point.beta[kPrimary]);
        EXPECT_GE(point.beta[kPrimary], last.beta[kPrimary]) << quality;
        const bool its_own = quality >= 34 && quality < 56;
        EXPECT_TRUE(!its_own || point == rate_point_of_quality(quality)) << quality;
        last = point;
    }
    EXPECT_LT(rate_point_of_quality(20, only_1).beta[kPrimary], rate_point_of_quality(34, only_1).beta[kPrimary]);
    EXPECT_TRUE(quality_in_reach(20, only_1));
    EXPECT_TRUE(quality_in_reach(50, only_1));
    EXPECT_FALSE(quality_in_reach(100, only_1));
    EXPECT_TRUE(quality_in_reach(100, kAllModels));
}

class RateControl : public ::testing::Test {
protected:
    void SetUp() override {
        JPEGAI_NEEDS_SHARED();
        encoder_.emplace(test::trained_weights(), test::fast_backend());
    }

    static RateTarget target(RateTarget::Kind kind, double value) {
        RateTarget target;
        target.kind = kind;
        target.value = value;
        return target;
    }

    static double bits_per_sample(const TargetedResult& result, const Picture& picture) {
        return 8 * static_cast<double>(result.encoded.bytes.size()) /
               static_cast<double>(picture.rows() * picture.cols());
    }

    std::optional<Encoder> encoder_;
    Picture picture_ = textured(192, 256);
};

TEST_F(RateControl, MeetsBitsPerSample) {
    for (const double bpp : {0.3, 0.8, 2.0}) {
        const TargetedResult result = encode_to(*encoder_, picture_, {}, target(RateTarget::Kind::kBitsPerSample, bpp));
        EXPECT_NEAR(bits_per_sample(result, picture_) / bpp, 1, 0.01);
        EXPECT_NEAR(result.report.value, bits_per_sample(result, picture_), 1e-9);
        EXPECT_TRUE(result.report.reached);
        EXPECT_LE(result.report.trials, 8U);
        EXPECT_LE(result.report.analyses, 2U);
        EXPECT_EQ(result.encoded.picture.model_id, result.report.rate.model_id);
    }
}

TEST_F(RateControl, DoesNotExceedASize) {
    for (const double bytes : {2000, 6001}) {
        const TargetedResult result = encode_to(*encoder_, picture_, {}, target(RateTarget::Kind::kBytes, bytes));
        EXPECT_LE(static_cast<double>(result.encoded.bytes.size()), bytes);
        EXPECT_GE(static_cast<double>(result.encoded.bytes.size()), 0.99 * bytes);
    }
}

TEST_F(RateControl, MakesUpForWhatFiltersAdd) {
    EncodeOptions options;
    options.filters = {true, false, false, true};
    options.want_reconstruction = true;
    const TargetedResult result =
        encode_to(*encoder_, picture_, options, target(RateTarget::Kind::kBitsPerSample, 0.25));
    EXPECT_NEAR(bits_per_sample(result, picture_) / 0.25, 1, 0.01);
    EXPECT_TRUE(result.encoded.reconstruction.has_value());
}

TEST_F(RateControl, MeetsAQuality) {
    RateTarget wanted = target(RateTarget::Kind::kMeasure, 34);
    wanted.tolerance = 0.05;
    const auto psnr = [&](const Picture& decoded) {
        return compare_pictures(picture_, decoded, std::array{Metric::kPsnrY}).front().value.value();
    };
    wanted.measure = psnr;
    EncodeOptions options;
    options.want_reconstruction = true;
    const TargetedResult result = encode_to(*encoder_, picture_, options, wanted);
    EXPECT_NEAR(result.report.value, 34, 0.05);
    EXPECT_NEAR(psnr(quantise(*result.encoded.reconstruction, 8)), result.report.value, 1e-9);
}

TEST_F(RateControl, KeepsToOneModel) {
    RateTarget wanted = target(RateTarget::Kind::kBitsPerSample, 1.2);
    wanted.model_id = 3;
    wanted.chroma_offset = -40;
    const TargetedResult result = encode_to(*encoder_, picture_, {}, wanted);
    EXPECT_EQ(result.report.rate.model_id, 3U);
    EXPECT_EQ(result.report.rate.beta[kSecondary], result.report.rate.beta[kPrimary] - 40);
    EXPECT_NEAR(bits_per_sample(result, picture_) / 1.2, 1, 0.01);
}

TEST_F(RateControl, SaysWhatIsOutOfReach) {
    for (const double bpp : {0.0001, 50.0}) {
        RateTarget wanted = target(RateTarget::Kind::kBitsPerSample, bpp);
        EXPECT_EQ(test::thrown_code([&] { (void)encode_to(*encoder_, picture_, {}, wanted); }), JPEGAI_ERROR_ARGUMENT);
        wanted.best_effort = true;
        const TargetedResult result = encode_to(*encoder_, picture_, {}, wanted);
        EXPECT_FALSE(result.report.reached);
        EXPECT_EQ(result.report.rate.beta[kPrimary], bpp < 1 ? kBetaMin : kBetaMax);
        EXPECT_EQ(result.report.rate.model_id, bpp < 1 ? 0U : 3U);
    }
    EXPECT_EQ(test::thrown_code(
                  [&] { (void)encode_to(*encoder_, picture_, {}, target(RateTarget::Kind::kBitsPerSample, -1)); }),
              JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(
        test::thrown_code([&] { (void)encode_to(*encoder_, picture_, {}, target(RateTarget::Kind::kMeasure, 30)); }),
        JPEGAI_ERROR_ARGUMENT);
}

TEST_F(RateControl, TheSmallestPictureTakesTheNearest) {
    const Picture tiny = textured(16, 16);
    const TargetedResult result = encode_to(*encoder_, tiny, {}, target(RateTarget::Kind::kBitsPerSample, 12));
    EXPECT_NEAR(bits_per_sample(result, tiny) / 12, 1, 0.05);
}

/// The default set with HOP of model 1 only.
class PartialSet : public ::testing::Test {
protected:
    static EncodeOptions hop() {
        EncodeOptions options;
        options.synthesis = OperatingPoint::kHop;
        return options;
    }
    static std::shared_ptr<const WeightSet> hop_of_one() {
        return std::make_shared<test::PartialWeights>(open_default_weights(), [](const std::string& file) {
            return file.starts_with("VM_hop/") && !file.ends_with("_0.012");
        });
    }
    /// With the models 0 and 3 alone.
    static Encoder only_ends() {
        const auto middle = [](const std::string& file) {
            return file == "VM_bop/decoder_UV_0.012" || file == "VM_bop/encoder_Y_0.075";
        };
        return {std::make_shared<test::PartialWeights>(open_default_weights(), middle), test::fast_backend()};
    }
    [[nodiscard]] TargetedResult encode(RateTarget::Kind kind, double value, bool best_effort = false) const {
        RateTarget target;
        target.kind = kind;
        target.value = value;
        target.best_effort = best_effort;
        return encode_to(encoder_, picture_, hop(), target);
    }

    Encoder encoder_{hop_of_one(), test::fast_backend()};
    Picture picture_ = textured(128, 192);
};

TEST_F(PartialSet, RatesAreMetWithTheModelThatIsThere) {
    constexpr auto kRate = RateTarget::Kind::kBitsPerSample;
    const double complexity = picture_complexity(encoder_.session(picture_, hop()).source().luma);
    for (const double bpp : {0.35, 0.8, 1.2}) {
        const TargetedResult result = encode(kRate, bpp);
        EXPECT_EQ(result.encoded.picture.model_id, 1) << bpp;
        EXPECT_EQ(result.encoded.picture.synthesis_transform_id.front(), 2);
        EXPECT_NEAR(result.report.value / bpp, 1, 0.01);
        EXPECT_LE(result.report.trials, 8U);
        EXPECT_EQ(result.report.analyses, 1U);
    }
    EXPECT_NE(best_model(RateScale::kLogRate, std::log(1.2), complexity), 1U) << "not a test of the restriction";

    for (const double bpp : {0.0001, 50.0}) {
        const std::string message = test::thrown_message([&] { (void)encode(kRate, bpp); });
        EXPECT_NE(message.find("with model 1, only about"), std::string::npos) << message;
        const TargetedResult nearest = encode(kRate, bpp, true);
        EXPECT_FALSE(nearest.report.reached);
        EXPECT_EQ(nearest.report.rate, (RatePoint{1, {bpp < 1 ? kBetaMin : kBetaMax, bpp < 1 ? kBetaMin : kBetaMax}}));
    }
}

TEST_F(PartialSet, QualitiesToo) {
    constexpr auto kQuality = RateTarget::Kind::kQuality;
    EXPECT_EQ(encode(kQuality, 50).report.rate, rate_point_of_quality(50));
    EXPECT_EQ(encode(kQuality, 20).report.rate.model_id, 1U);
    const std::string message = test::thrown_message([&] { (void)encode(kQuality, 100); });
    EXPECT_NE(message.find("quality 100 cannot be reached with model 1, only"), std::string::npos) << message;
    const TargetedResult nearest = encode(kQuality, 100, true);
    EXPECT_EQ(nearest.report.rate.model_id, 1U);
    EXPECT_FALSE(nearest.report.reached);
}

TEST_F(PartialSet, AFixedModelThatIsNotThere) {
    RateTarget target;
    EncodeOptions options = hop();
    options.rate.model_id = 2;
    const auto call = [&] { (void)encode_to(encoder_, picture_, options, target); };
    EXPECT_EQ(test::thrown_code(call), JPEGAI_ERROR_MODEL);
    const std::string message = test::thrown_message(call);
    for (const char* part : {"VM_hop/decoder_Y_0.075", "model 2 needs for BOP analysis and HOP synthesis",
                             "all of them for model 1", "--point"})
        EXPECT_NE(message.find(part), std::string::npos) << message;

    target.kind = RateTarget::Kind::kBitsPerSample;
    target.value = 0.5;
    target.model_id = 2;
    EXPECT_EQ(test::thrown_code(call), JPEGAI_ERROR_MODEL);
}

TEST_F(PartialSet, GapsAndNothingAtAll) {
    const Encoder encoder = only_ends();
    EXPECT_EQ(encoder.usable_models({}), (ModelMask{true, false, false, true}));
    RateTarget target;
    target.kind = RateTarget::Kind::kBitsPerSample;
    for (const double bpp : {0.2, 1.6, 2.5}) {
        target.value = bpp;
        const TargetedResult result = encode_to(encoder, picture_, {}, target);
        EXPECT_TRUE(result.report.rate.model_id == 0 || result.report.rate.model_id == 3);
        EXPECT_NEAR(result.report.value / bpp, 1, 0.01);
    }
    target.value = 50;
    const std::string message = test::thrown_message([&] { (void)encode_to(encoder, picture_, {}, target); });
    EXPECT_NE(message.find("with models 0 and 3, only"), std::string::npos) << message;
    EXPECT_NE(message.find("jpegai models add"), std::string::npos) << message;

    const auto no_decoders = std::make_shared<test::PartialWeights>(
        open_default_weights(), [](const std::string& file) { return file.starts_with("VM_bop/decoder"); });
    EXPECT_EQ(Encoder(no_decoders, test::fast_backend()).usable_models({}), kAllModels);
    const auto no_hop = std::make_shared<test::PartialWeights>(
        open_default_weights(), [](const std::string& file) { return file.starts_with("VM_hop"); });
    EXPECT_EQ(
        test::thrown_code([&] { (void)encode_to(Encoder(no_hop, test::fast_backend()), picture_, hop(), target); }),
        JPEGAI_ERROR_MODEL);
}

/// What lies between two models that are no neighbours is not said to be in reach.
TEST_F(PartialSet, GapsAreNamed) {
    const Encoder encoder = only_ends();
    Picture flat = make_picture(ColourModel::kRgb, {1, 1}, 8, 176, 160);
    for (std::size_t i = 0; i < 3; ++i) {
        std::fill_n(flat.planes[i].data(), flat.planes[i].size(), static_cast<std::uint16_t>(48 + 72 * i));
    }
    RateTarget target;
    target.kind = RateTarget::Kind::kQuality;
    target.value = 55;
    const auto call = [&] { (void)encode_to(encoder, flat, {}, target); };
    EXPECT_EQ(test::thrown_code(call), JPEGAI_ERROR_ARGUMENT);
    const std::string quality = test::thrown_message(call);
    EXPECT_NE(quality.find("only 0 to 52 and 62 to 100; the weights lack"), std::string::npos) << quality;

    // Just above what model 0 reaches and well below what model 3 does.
    const auto value_at = [&](std::size_t model_id, int beta) {
        EncodeOptions options;
        options.rate = {model_id, {beta, beta}};
        return static_cast<double>(encoder.encode(flat, options).bytes.size());
    };
    const double low = value_at(0, kBetaMax), high = value_at(3, kBetaMin);
    ASSERT_LT(low * 1.05, high) << "no gap: not a test of the message";
    target.kind = RateTarget::Kind::kBytes;
    target.value = std::round((low + high) / 2);
    const std::string bytes = test::thrown_message(call);
    EXPECT_NE(bytes.find(fmt::format(" to {:.0f} and {:.0f} to ", low, high)), std::string::npos) << bytes;
    EXPECT_NE(bytes.find("; the nearest is "), std::string::npos) << bytes;
    EXPECT_NE(bytes.find("jpegai models add"), std::string::npos) << bytes;
}

TEST(Effort, IsLimited) {
    EncodeOptions options;
    EXPECT_EQ(test::thrown_code([&] { apply_effort(options, 0); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(test::thrown_code([&] { apply_effort(options, 10); }), JPEGAI_ERROR_ARGUMENT);
    for (int effort = kMinEffort; effort <= kMaxEffort; ++effort) apply_effort(options, effort);
    EXPECT_TRUE(options.filters.efe_linear);
}

}  // namespace
}  // namespace jpegai
