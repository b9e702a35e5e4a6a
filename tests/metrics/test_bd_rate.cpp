// Bjontegaard's measures, against numpy.polyfit and scipy.interpolate.PchipInterpolator:
//
//   d = (I(test) - I(anchor)) / (hi - lo); (np.exp(d) - 1) * 100
//
// with I the integral of the fit of ln(rate) over quality (or quality over ln(rate)) from the larger of the minima, lo,
// to the smaller of the maxima, hi.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"
#include "bench/rd/rate_search.h"
#include "metrics/bd_rate.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using Curve = std::vector<RatePoint>;

const Curve kAnchor = {{0.12, 27.5}, {0.25, 29.8}, {0.5, 32.4}, {0.75, 34.2}, {1.0, 35.6}};
const Curve kTest = {{0.11, 28.1}, {0.26, 30.9}, {0.52, 33.6}, {0.74, 35.2}, {1.02, 36.9}};

Curve with_quality(Curve curve, double factor) {
    for (RatePoint& point : curve) point.quality *= factor;
    return curve;
}

TEST(BdRate, AgreesWithNumpyAndScipy) {
    EXPECT_NEAR(bd_rate(kAnchor, kTest, BdFit::kCubic).value_or(0), -22.7060431279, 1e-8);
    EXPECT_NEAR(bd_rate(kAnchor, kTest, BdFit::kPchip).value_or(0), -22.6823617349, 1e-8);
    EXPECT_NEAR(bd_quality(kAnchor, kTest, BdFit::kCubic).value_or(0), 0.9992783982, 1e-8);
    EXPECT_NEAR(bd_quality(kAnchor, kTest, BdFit::kPchip).value_or(0), 0.9935301084, 1e-8);
}

TEST(BdRate, QualityThatFalls) {
    for (const BdFit fit : {BdFit::kCubic, BdFit::kPchip}) {
        EXPECT_NEAR(*bd_rate(with_quality(kAnchor, -0.01), with_quality(kTest, -0.01), fit),
                    *bd_rate(kAnchor, kTest, fit), 1e-8);
    }
}

TEST(BdRate, SameCurveAndScaledRates) {
    Curve dearer = kAnchor;
    for (RatePoint& point : dearer) point.rate *= 1.25;
    Curve shuffled = {kAnchor[3], kAnchor[0], kAnchor[4], kAnchor[2], kAnchor[1]};
    for (const BdFit fit : {BdFit::kCubic, BdFit::kPchip}) {
        EXPECT_NEAR(*bd_rate(kAnchor, shuffled, fit), 0, 1e-9);
        EXPECT_NEAR(*bd_rate(kAnchor, dearer, fit), 25, 1e-8);
        EXPECT_NEAR(*bd_quality(kAnchor, kAnchor, fit), 0, 1e-12);
    }
}

TEST(BdRate, WhatCannotBeCompared) {
    Curve apart = kTest;
    for (RatePoint& point : apart) point.quality += 100;
    EXPECT_FALSE(bd_rate(kAnchor, apart).has_value()) << "no common quality";
    const Curve three(kAnchor.begin(), kAnchor.begin() + 3);
    EXPECT_FALSE(bd_rate(three, kTest, BdFit::kCubic).has_value());
    EXPECT_TRUE(bd_rate(three, kTest, BdFit::kPchip).has_value());
    EXPECT_FALSE(bd_rate({}, kTest).has_value());
    for (const double rate : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
        Curve bad = kAnchor;
        bad[2].rate = rate;
        EXPECT_EQ(test::thrown_code([&] { (void)bd_rate(kAnchor, bad); }), JPEGAI_ERROR_ARGUMENT);
    }
}

/// Sizes as encoders have them: exponential in the setting.
double bytes_at(double setting) {
    return 1000 * std::exp(setting / 20);
}

TEST(RateSearch, ComesCloseWithFewTrials) {
    for (const double wanted : {1200.0, 5000.0, 40'000.0}) {
        rd::Trials trials;
        int encodes = 0;
        const auto encode = [&](double setting) {
            ++encodes;
            return static_cast<std::uint64_t>(bytes_at(setting) * (1 + 0.3 * std::sin(setting / 30)));
        };
        const double found = rd::search_rate({0, 100, false, false, true}, wanted, trials, encode);
        EXPECT_NEAR(static_cast<double>(trials.at(found)) / wanted, 1, 0.005);
        EXPECT_LE(encodes, 9);
        const int before = encodes;
        EXPECT_EQ(rd::search_rate({0, 100, false, false, true}, wanted, trials, encode), found);
        EXPECT_EQ(encodes, before) << "everything is known";
    }
}

TEST(RateSearch, WholeFallingAndLogarithmicSettings) {
    rd::Trials whole;
    const auto falling = [](double setting) { return static_cast<std::uint64_t>(bytes_at(63 - setting)); };
    const double found = rd::search_rate({0, 63, true, false, false}, bytes_at(63 - 20.4), whole, falling);
    EXPECT_EQ(found, 20) << "the closer one of 20 and 21";
    rd::Trials distances;
    const auto distance = [](double setting) { return static_cast<std::uint64_t>(5e5 / std::pow(setting + 0.1, 0.9)); };
    const double at = rd::search_rate({0.1, 25, false, true, false}, 1e5, distances, distance);
    EXPECT_NEAR(static_cast<double>(distances.at(at)) / 1e5, 1, 0.005);
    EXPECT_LE(distances.size(), 8U);
}

TEST(RateSearch, RatesOutOfReach) {
    rd::Trials trials;
    const auto encode = [](double setting) { return static_cast<std::uint64_t>(bytes_at(setting)); };
    EXPECT_EQ(rd::search_rate({1, 100, true, false, true}, 10, trials, encode), 1);
    EXPECT_EQ(rd::search_rate({1, 100, true, false, true}, 1e9, trials, encode), 100);
}

}  // namespace
}  // namespace jpegai
