// exp and its kin: accuracy against double precision, special values, and the exact bits on every platform.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "backend/contract/elementary.h"
#include "base/array.h"
#include "tests/support/random_network.h"

namespace jpegai::test {

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr double kSmallestNormal = 0x1p-126;

/// |ours - exact| in units of the last place of a float near `exact`.
double error_in_ulp(float ours, double exact) {
    int exponent = 0;
    (void)std::frexp(std::fmax(std::fabs(exact), kSmallestNormal), &exponent);
    return std::fabs(static_cast<double>(ours) - exact) / std::ldexp(1.0, exponent - 24);
}

/// Calls f for floats spread over all bit patterns between two positive floats, and their negatives.
template <class F>
void for_floats(float from, float to, std::int32_t step, const F& f) {
    for (std::int32_t bits = contract::float_bits(from); bits <= contract::float_bits(to); bits += step) {
        f(contract::float_from_bits(bits));
        f(-contract::float_from_bits(bits));
    }
}

TEST(Elementary, ExpIsWithinOneUlp) {
    double worst = 0;
    for_floats(1e-9F, 88.72F, 499, [&](float x) {
        worst = std::fmax(worst, error_in_ulp(contract::exp(x), std::exp(static_cast<double>(x))));
    });
    EXPECT_LE(worst, 0.892);
    EXPECT_GT(worst, 0.5);
}

TEST(Elementary, ExpOfLargeNegativesIsSubnormalThenZero) {
    for_floats(87.4F, 103.9F, 97, [&](float x) {
        if (x > 0) return;
        EXPECT_LE(error_in_ulp(contract::exp(x), std::exp(static_cast<double>(x))), 0.9) << x;
    });
    EXPECT_EQ(contract::exp(-103.9F), 0x1p-149F);
    EXPECT_EQ(contract::exp(-104.0F), 0.0F);
    EXPECT_EQ(contract::exp(-1e30F), 0.0F);
    EXPECT_FALSE(std::signbit(contract::exp(-kInfinity)));
}

TEST(Elementary, ExpOfSpecialValues) {
    EXPECT_EQ(contract::exp(0.0F), 1.0F);
    EXPECT_EQ(contract::exp(-0.0F), 1.0F);
    EXPECT_EQ(contract::exp(88.722F), static_cast<float>(std::exp(static_cast<double>(88.722F))));
    EXPECT_EQ(contract::exp(88.73F), kInfinity);
    EXPECT_EQ(contract::exp(kInfinity), kInfinity);
    EXPECT_EQ(contract::exp(-kInfinity), 0.0F);
    EXPECT_TRUE(std::isnan(contract::exp(kNaN)));
    EXPECT_TRUE(std::isnan(contract::exp(-kNaN)));
}

TEST(Elementary, SelectionTakesTheBoundForNaN) {
    EXPECT_EQ(contract::clamp(kNaN, -1.0F, 2.0F), -1.0F);
    EXPECT_EQ(contract::clamp(kInfinity, -1.0F, 2.0F), 2.0F);
    EXPECT_EQ(contract::clamp(-kInfinity, -1.0F, 2.0F), -1.0F);
    EXPECT_EQ(contract::at_most(kNaN, 3.0F), 3.0F);
    EXPECT_FALSE(std::signbit(contract::relu(-0.0F)));
    EXPECT_EQ(contract::relu(kNaN), 0.0F);
    EXPECT_EQ(contract::relu6(kNaN), 0.0F);
    EXPECT_EQ(contract::denormalise(kNaN), 0.0F);
    EXPECT_TRUE(std::isnan(contract::leaky_relu(kNaN)));
}

TEST(Elementary, ActivationsFollowTheirFormulas) {
    double worst_sigmoid = 0, worst_elu = 0;
    for_floats(1e-6F, 80.0F, 4999, [&](float x) {
        const auto exact = static_cast<double>(x);
        worst_sigmoid = std::fmax(worst_sigmoid, error_in_ulp(contract::sigmoid(x), 1.0 / (1.0 + std::exp(-exact))));
        if (x > 0) {
            EXPECT_EQ(contract::elu(x), x);
            return;
        }
        worst_elu = std::fmax(worst_elu, std::fabs(static_cast<double>(contract::elu(x)) - std::expm1(exact)));
    });
    EXPECT_LE(worst_sigmoid, 2.5);
    EXPECT_LE(worst_elu, 5.3e-8);
    EXPECT_EQ(contract::sigmoid(kInfinity), 1.0F);
    EXPECT_EQ(contract::sigmoid(-kInfinity), 0.0F);
    EXPECT_EQ(contract::leaky_relu(-100.0F), -1.0F);
    EXPECT_EQ(contract::leaky_relu(3.0F), 3.0F);
    EXPECT_EQ(contract::relu6(7.5F), 6.0F);
    EXPECT_EQ(contract::gate(3.0F, 0.5F), 4.5F);
}

TEST(Elementary, NormalisationRoundsTwice) {
    EXPECT_EQ(contract::normalise(255.0F), 127.5F / 128.0F);
    EXPECT_EQ(contract::normalise(0.1F), (0.1F - 127.5F) / 128.0F);
    EXPECT_EQ(contract::denormalise(-1.0F), 0.0F);
    EXPECT_EQ(contract::denormalise(1.0F), 255.0F);
    EXPECT_EQ(contract::denormalise(0.25F), 159.5F);
    const float x = 0x1.000002p-20F;  // a fused multiply-add would round x * 128 + 127.5 elsewhere than here
    EXPECT_EQ(contract::denormalise(x), 127.5F + x * 128.0F);
}

TEST(Elementary, BitsAreTheSameOnEveryPlatform) {
    constexpr std::size_t kCount = 20000;
    std::vector<Array3<float>> results(3, Array3<float>(1, 1, kCount));
    for (std::size_t i = 0; i < kCount; ++i) {
        const float x = random_value(1, i) * 110.0F * random_value(2, i);
        results[0].data()[i] = contract::exp(x);
        results[1].data()[i] = contract::sigmoid(x);
        results[2].data()[i] = contract::elu(x);
    }
    EXPECT_EQ(bits_hash(results), "d8965b040939769c80228f99a52d9559c0512dedc7196decfece800119e848b7");
}

}  // namespace

}  // namespace jpegai::test
