// Better symbols: derivatives of the synthesis, prices of symbols, and what a refinement is worth.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "bitstream/me_tans.h"
#include "decoder/decoder.h"
#include "decoder/reconstruct.h"
#include "encoder/effort.h"
#include "encoder/encoder.h"
#include "encoder/latent_gradient.h"
#include "encoder/rate_control.h"
#include "encoder/refine.h"
#include "encoder/symbol_cost.h"
#include "tests/support/backends.h"
#include "tests/support/synthetic_weights.h"
#include "tests/support/test_data.h"

namespace jpegai {
namespace {

/// Deterministic numbers in -1..1.
class Noise {
public:
    float next() {
        state_ = state_ * 1664525U + 1013904223U;
        return static_cast<float>(state_ >> 8) / 8388608.0F - 1.0F;
    }
    Array3<float> array(std::size_t channels, std::size_t rows, std::size_t cols, float size) {
        Array3<float> out(channels, rows, cols);
        for (float& value : out.span()) value = size * next();
        return out;
    }

private:
    std::uint32_t state_ = 7;
};

/// Smooth structure and some texture.
Picture textured(std::size_t rows, std::size_t cols) {
    Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, rows, cols);
    Noise noise;
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t y = 0; y < rows; ++y) {
            for (std::size_t x = 0; x < cols; ++x) {
                const double wave = 40 * std::sin(0.11 * static_cast<double>(x + 20 * i)) +
                                    30 * std::cos(0.07 * static_cast<double>(y)) +
                                    ((x / 24 + y / 24) % 2 != 0 ? 20 : -20);
                picture.planes[i](0, y, x) =
                    static_cast<std::uint16_t>(128 + wave + 6 * static_cast<double>(noise.next()));
            }
        }
    }
    return picture;
}

double dot(const Array3<float>& a, const Array3<float>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        sum += static_cast<double>(a.data()[i]) * static_cast<double>(b.data()[i]);
    return sum;
}

TEST(SymbolCost, FollowsTheDistributions) {
    for (std::size_t table = 0; table < kSigmaTables; ++table) {
        const std::int32_t bound = residual_bounds()[table];
        double mass = 0;
        for (std::int32_t s = -bound; s < bound; ++s) {
            const double payload = s == -bound ? 4 : 0;
            mass += std::exp2(payload - static_cast<double>(symbol_bits(table, s)));
        }
        EXPECT_NEAR(mass, 1, 0.01) << table;
        EXPECT_LT(symbol_bits(table, 0), symbol_bits(table, bound));
        EXPECT_EQ(symbol_bits(table, bound), symbol_bits(table, -bound - 3));
        EXPECT_EQ(symbol_bits(table, bound) + 13, symbol_bits(table, bound + 4));
    }
}

class Refine : public ::testing::Test {
protected:
    void SetUp() override {
        JPEGAI_NEEDS_SHARED();
        weights_ = test::trained_weights();
        backend_ = test::fast_backend();
    }

    std::shared_ptr<const WeightSet> weights_;
    std::shared_ptr<const Backend> backend_;
};

/// <v, J u> by differences against <J' v, u>, with a tile border in the picture and sizes that make the crops work.
TEST_F(Refine, DerivativesAreThoseOfTheSynthesis) {
    const NetworkCache networks(weights_, backend_);
    PictureHeader picture;
    picture.img_height = 83;
    picture.img_width = 117;
    picture.model_id = 1;
    for (const OperatingPoint point : {OperatingPoint::kSop, OperatingPoint::kBop}) {
        SCOPED_TRACE(static_cast<int>(point));
        Noise noise;
        const std::size_t rows = picture.latent_rows(), cols = picture.latent_cols();
        std::array<Array3<float>, kComponents> y;
        for (const Component c : {kPrimary, kSecondary}) {
            y[c] = noise.array(kLatentChannels[c], rows, cols, 0.05F);
        }
        SampleGradient v{noise.array(1, picture.img_height, picture.img_width, 1.0F),
                         noise.array(2, picture.img_height, picture.img_width, 1.0F)};
        RunContext context;
        const auto by_latent = pull_back(networks, picture, point, y, v, context);
        // Along the derivative itself, where nothing cancels.
        std::array<Array3<float>, kComponents> u = by_latent;
        const double length = std::sqrt(dot(u[0], u[0]) + dot(u[1], u[1]));
        for (const Component c : {kPrimary, kSecondary}) {
            for (float& value : u[c].span()) value = static_cast<float>(static_cast<double>(value) / length);
        }
        const auto sum_at = [&](float distance) {
            std::array<Array3<float>, kComponents> at = y;
            for (const Component c : {kPrimary, kSecondary}) {
                for (std::size_t i = 0; i < at[c].size(); ++i) at[c].data()[i] += distance * u[c].data()[i];
            }
            const Area all = {0, 0, picture.img_height, picture.img_width};
            return dot(synthesise(networks, picture, point, kPrimary, at[kPrimary], nullptr, all, context), v.luma) +
                   dot(synthesise(networks, picture, point, kSecondary, at[kPrimary], &at[kSecondary], all, context),
                       v.chroma);
        };
        constexpr float kDistance = 0.02F;  // of a vector of thousands of latents
        const double difference = (sum_at(kDistance) - sum_at(-kDistance)) / (2 * static_cast<double>(kDistance));
        const double derivative = dot(by_latent[0], u[0]) + dot(by_latent[1], u[1]);
        EXPECT_NEAR(derivative / difference, 1, 0.02);
    }
    EXPECT_FALSE(has_latent_gradient(OperatingPoint::kHop));
}

TEST_F(Refine, IsWorthIt) {
    const Picture picture = textured(96, 128);
    const Encoder encoder(weights_, backend_);
    for (const std::size_t model : {0U, 1U, 3U}) {
        SCOPED_TRACE(model);
        EncodeSession session = encoder.session(picture, {});
        const RatePoint rate = {model, {0, 0}};
        const auto cost = [&](const QuantisedPicture& quantised, double price) {
            const Planes planes = session.reconstruct(quantised);
            double error = 0;
            for (std::size_t i = 0; i < 3; ++i) {
                const auto a = planes.plane[i].span(), b = session.source().original.plane[i].span();
                for (std::size_t k = 0; k < a.size(); ++k)
                    error += std::pow(static_cast<double>(a[k]) - static_cast<double>(b[k]), 2);
            }
            return std::pair(error, error + price * 8 * static_cast<double>(session.code(quantised).size()));
        };
        const QuantisedPicture plain = session.quantise(rate);
        const double price = cost(plain, 0).first / (8 * static_cast<double>(session.code(plain).size()));
        const auto refined = refine(session, plain, 6);
        ASSERT_TRUE(refined.has_value());
        EXPECT_LT(cost(quantise_refined(session, *refined, rate), price).second, 0.99 * cost(plain, price).second);
    }
}

TEST_F(Refine, DecodesToTheReconstructionOnEveryBackend) {
    const Picture picture = textured(83, 117);
    for (const OperatingPoint point : {OperatingPoint::kSop, OperatingPoint::kBop}) {
        EncodeOptions options;
        options.synthesis = point;
        options.refinements = 3;
        options.want_reconstruction = true;
        const EncodeResult result = Encoder(weights_, backend_).encode(picture, options);
        const DecodedPicture decoded = Decoder(weights_, backend_).decode(result.bytes);
        for (std::size_t i = 0; i < 3; ++i) {
            const auto a = result.reconstruction->plane[i].span(), b = decoded.planes.plane[i].span();
            EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
        }
        for (const char* cpu : {"avx2", "avx512"}) {
            std::shared_ptr<const Backend> other;
            try {
                other = make_backend({cpu, 3});
            } catch (const Error&) {
                continue;  // this machine has no such instructions
            }
            EXPECT_TRUE(Encoder(weights_, other).encode(picture, options).bytes == result.bytes) << cpu;
        }
        options.refinements = 0;
        EXPECT_FALSE(Encoder(weights_, backend_).encode(picture, options).bytes == result.bytes);
    }
}

/// Also where corrections of the rate find no refined latents that meet it.
TEST_F(Refine, MeetsARate) {
    const Picture picture = textured(128, 160);
    RateTarget target;
    target.kind = RateTarget::Kind::kBitsPerSample;
    for (const auto& [effort, bpp] : {std::pair(9, 0.3), std::pair(7, 0.6)}) {
        SCOPED_TRACE(effort);
        EncodeOptions options;
        apply_effort(options, effort);
        target.value = bpp;
        const TargetedResult result = encode_to(Encoder(weights_, backend_), picture, options, target);
        EXPECT_TRUE(result.report.reached);
        EXPECT_NEAR(8 * static_cast<double>(result.encoded.bytes.size()) / (128 * 160) / bpp, 1, 0.011);
    }
}

}  // namespace
}  // namespace jpegai
