// The sums that EFE-linear filters are fitted from, against the decoder's filter itself.
#include <gtest/gtest.h>

#include <map>

#include "decoder/filters/efe_linear.h"
#include "encoder/filters/choose_efe_linear.h"
#include "encoder/filters/efe_candidates.h"
#include "tests/decoder/efe_support.h"
#include "tests/encoder/filter_choice_support.h"

namespace jpegai::test {
namespace {

TEST(Gram, SolvesAndPredictsError) {
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    Gram gram(3), first(3), second(3);
    const std::vector<double> truth = {0.5, -2, 0.25};
    double error = 0;
    for (int i = 0; i < 200; ++i) {
        const std::vector<double> x = {normal(random), normal(random) + 3, normal(random)};
        const double noise = 0.1 * normal(random);
        const double target = truth[0] * x[0] + truth[1] * x[1] + truth[2] * x[2] + noise;
        error += noise * noise;
        gram.add_sample(x, target);
        (i % 2 == 0 ? first : second).add_sample(x, target);
    }
    EXPECT_NEAR(gram.squared_error(truth), error, 1e-9);
    const std::vector<double> weights = gram.solve(0);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(weights[i], truth[i], 0.03);
    EXPECT_LE(gram.squared_error(weights), error);
    for (std::size_t i = 0; i < 3; ++i) {
        std::vector<double> other = weights;
        other[i] += 1e-3;
        EXPECT_GT(gram.squared_error(other), gram.squared_error(weights));
    }
    first.add(second);
    EXPECT_NEAR(first.squared_error(truth), error, 1e-9);
    const std::vector<double> strong = gram.solve(1e9);
    for (const double weight : strong) EXPECT_LT(std::abs(weight), 1e-4);
}

TEST(Gram, DependentFeaturesGetNoArbitraryWeights) {
    Gram gram(3);
    for (int i = 0; i < 50; ++i) {
        const double x = i - 20;
        gram.add_sample(std::vector<double>{x, 2 * x, 0}, 3 * x);
    }
    const std::vector<double> weights = gram.solve(0);
    EXPECT_NEAR(gram.squared_error(weights), 0, 1e-6);
    for (const double weight : weights) EXPECT_LE(std::abs(weight), 3.0001);
}

TEST(Gram, SelectsFeatures) {
    std::mt19937 random(2);
    std::normal_distribution<double> normal;
    Gram all(4), some(2);
    for (int i = 0; i < 20; ++i) {
        const std::vector<double> x = {normal(random), normal(random), normal(random), normal(random)};
        const double target = normal(random);
        all.add_sample(x, target);
        some.add_sample(std::vector<double>{x[3], x[1]}, target);
    }
    const std::vector<std::size_t> features = {3, 1};
    const Gram selected = all.select(features);
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 3; ++j) EXPECT_DOUBLE_EQ(selected.at(i, j), some.at(i, j));
    }
}

/// Codes of a region in the order of a candidate.
std::vector<int> region_codes(const EfeLinearSet& set, const EfeLinearSet::Plane& plane, std::size_t region) {
    const std::size_t regions = efe_region_count(plane.best_cand_idx - 1U);
    std::vector<int> codes;
    for (const auto* weights : {&plane.weights, &plane.weights2}) {
        const std::size_t each = weights->size() / regions;
        for (std::size_t i = 0; i < each; ++i) codes.push_back(int{(*weights)[region * each + i]} + set.min_symbol);
    }
    return codes;
}

class Statistics : public testing::TestWithParam<std::size_t> {};

/// The error that the sums predict for any filter is the one that the decoder's filter makes.
TEST_P(Statistics, PredictTheFilter) {
    const PictureShape& shape = picture_shapes()[GetParam()];
    std::mt19937 random(static_cast<unsigned>(GetParam()));
    const Planes reconstruction = textured_planes(random, shape), original = textured_planes(random, shape);
    const std::array<std::uint16_t, 2> b1 = {12345, 9876};
    const EfeStatistics statistics(reconstruction, original, shape.coded, b1);
    const bool same = shape.source == shape.coded;
    for (std::uint8_t candidate = 1; candidate <= 8; ++candidate) {
        const auto length = static_cast<std::uint8_t>(1 + (candidate + GetParam()) % 4);
        const EfeLinearSet set = random_efe_set(random, {candidate, candidate}, {length, length}, same);
        // The statistics hold for other means, too.
        const std::array<std::uint16_t, 2> used = {12345, 30000};
        const auto out = apply_efe_linear(reconstruction, used, set, shape.coded);
        for (std::size_t p = 0; p < 2; ++p) {
            double predicted = 0;
            const std::vector<Area> areas = efe_regions(candidate - 1U, statistics.phase_size());
            for (std::size_t r = 0; r < areas.size(); ++r) {
                const Gram gram = statistics.area(p, areas[r], (int{b1[p]} - int{used[p]}) / 100.0)
                                      .select(statistics.features(length));
                predicted += gram.squared_error(efe_weights(region_codes(set, set.plane[p], r)));
            }
            const double actual = squared_error(out[p], original.plane[p + 1]);
            EXPECT_NEAR(predicted / actual, 1, 1e-6) << "candidate " << int{candidate} << " plane " << p;
        }
    }
}

/// The same bits whoever computes which rows.
TEST_P(Statistics, DoNotDependOnTheRowRunner) {
    const PictureShape& shape = picture_shapes()[GetParam()];
    std::mt19937 random(3);
    const Planes reconstruction = textured_planes(random, shape), original = textured_planes(random, shape);
    const EfeStatistics serial(reconstruction, original, shape.coded, {12345, 9876});
    const EfeStatistics scattered(reconstruction, original, shape.coded, {12345, 9876}, scattered_rows(1));
    const Size phase = serial.phase_size();
    const Area all{0, 0, phase.rows, phase.cols};
    for (std::size_t p = 0; p < 2; ++p) {
        const Gram a = serial.area(p, all), b = scattered.area(p, all);
        for (std::size_t i = 0; i <= a.features(); ++i) {
            for (std::size_t j = 0; j <= i; ++j) EXPECT_EQ(a.at(i, j), b.at(i, j));
        }
    }
}

/// Predicted error of the chosen filters = error of the header made of them; the bits are those of the syntax.
TEST_P(Statistics, CandidatesAreWhatTheHeaderSays) {
    const PictureShape& shape = picture_shapes()[GetParam()];
    std::mt19937 random(4);
    const Planes reconstruction = textured_planes(random, shape);
    Planes original = reconstruction;
    add_noise(random, original, 6);
    const PictureHeader picture = header_of(shape);
    const std::array<std::uint16_t, 2> b1 = efe_means(reconstruction);
    const EfeStatistics statistics(reconstruction, original, shape.coded, b1);
    const std::array<std::vector<EfeCandidate>, 2> candidates = {efe_candidates(statistics, 0, b1[0]),
                                                                 efe_candidates(statistics, 1, b1[1])};
    ASSERT_EQ(candidates[0].size(), candidates[1].size());
    for (std::size_t i = 0; i < candidates[0].size(); i += 7) {
        const std::array<const EfeCandidate*, 2> pair = {&candidates[0][i],
                                                         &candidates[1][candidates[1].size() - 1 - i]};
        ToolHeader tools;
        tools.efe_linear.emplace();
        tools.efe_linear->b1 = {pair[0]->b1, pair[1]->b1};
        tools.efe_linear->main = efe_set(pair, shape.source == shape.coded);
        const Planes out = filtered(reconstruction, picture, tools);
        for (std::size_t p = 0; p < 2; ++p) {
            const double error = squared_error(out.plane[p + 1], original.plane[p + 1]);
            EXPECT_NEAR(pair[p]->squared_error / error, 1, 1e-6) << i;
        }
        const std::size_t fixed = tool_header_bits({}, picture) + 2 * 15 + 2 * 4 + 2 * 16;
        EXPECT_EQ(tool_header_bits(tools, picture), fixed + efe_set_bits(pair));
    }
}

/// Quantised weights come as close to the least squares solution as their steps allow, weaker regularisation closer.
TEST_P(Statistics, CandidatesAreNearTheOptimum) {
    const PictureShape& shape = picture_shapes()[GetParam()];
    std::mt19937 random(5);
    const Planes reconstruction = textured_planes(random, shape);
    Planes original = textured_planes(random, shape);
    const std::array<std::uint16_t, 2> b1 = efe_means(reconstruction);
    const EfeStatistics statistics(reconstruction, original, shape.coded, b1);
    for (std::size_t p = 0; p < 2; ++p) {
        std::map<std::pair<std::size_t, std::size_t>, double> first, last;
        for (const EfeCandidate& candidate : efe_candidates(statistics, p, b1[p])) {
            if (candidate.weight_count() <= 2 * kEfePhases && candidate.range()[0] == candidate.range()[1]) continue;
            double optimum = 0;
            for (const Area& area : efe_regions(candidate.split, statistics.phase_size())) {
                const Gram gram = statistics.area(p, area, (int{b1[p]} - int{candidate.b1}) / 100.0)
                                      .select(statistics.features(candidate.length));
                optimum += gram.squared_error(gram.solve(0));
            }
            const std::pair<std::size_t, std::size_t> kind = {candidate.split, candidate.length};
            EXPECT_GE(candidate.squared_error, optimum * (1 - 1e-6));
            if (first.try_emplace(kind, candidate.squared_error).second) {
                EXPECT_LE(candidate.squared_error, optimum * 1.002) << kind.first << ' ' << kind.second;
            }
            last[kind] = candidate.squared_error;
        }
        EXPECT_GE(first.size(), 4U);
        for (const auto& [kind, error] : first)
            EXPECT_LE(error, last.at(kind) * 1.001);  // up to rounding of the weights
    }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Statistics, testing::Range<std::size_t>(0, 8));

}  // namespace
}  // namespace jpegai::test
