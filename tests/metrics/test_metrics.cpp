// Every metric against values computed independently (reference_metrics.py), and what has to hold for any metric.
//
// A published value that cannot be checked here, for want of the pictures: for the authors' pair baboon and baboon_msk
// PSNR-HVS is 34.427055 and PSNR-HVS-M 51.647221 dB; `jpegai compare --depth 16` gives 34.427055 and 51.647224.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "base/error.h"
#include "metrics/fft.h"
#include "metrics/metrics.h"
#include "metrics/symmetric.h"
#include "tests/metrics/synthetic_pictures.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using test::thrown_code;

struct Pair {
    Picture original, distorted;
};

Pair make_case(const std::string& name) {
    struct Case {
        const char* name;
        std::size_t width, height, channels;
        unsigned bits;
    };
    constexpr Case kCases[] = {{"even", 192, 176, 3, 8},    {"odd", 203, 181, 3, 8},      {"large", 520, 410, 3, 8},
                               {"small", 100, 90, 3, 8},    {"ten_bit", 200, 184, 3, 10}, {"grey", 192, 176, 1, 8},
                               {"negative", 180, 170, 1, 8}};
    for (const Case& c : kCases) {
        if (name != c.name) continue;
        const Picture clean = test::synthetic_original(c.width, c.height, c.channels);
        const Picture worse = name == "negative" ? test::synthetic_negated(clean) : test::synthetic_distorted(clean);
        return {test::deepened(clean, c.bits, 3), test::deepened(worse, c.bits, 4)};
    }
    throw std::runtime_error("unknown case " + name);
}

std::vector<Metric> every_metric() {
    std::vector<Metric> list;
    for (const MetricInfo& info : all_metrics()) list.push_back(info.metric);
    return list;
}

TEST(Metrics, AgreeWithIndependentComputation) {
    const auto expected = test::load_json(test::data_path("metrics/expected.json"));
    ASSERT_EQ(expected.size(), 7U);
    for (const auto& [name, values] : expected.items()) {
        const Pair pair = make_case(name);
        for (const MetricValue& got : compare_pictures(pair.original, pair.distorted, every_metric())) {
            const MetricInfo& info = metric_info(got.metric);
            EXPECT_EQ(got.value.has_value(), values.contains(info.id)) << name << ' ' << info.id << ' ' << got.reason;
            if (!got.value || !values.contains(info.id)) continue;
            // These compute in float, as the packages that define them; the expected values are in double. Variances as
            // differences of means lose most where the pictures are equal in parts ("negative").
            EXPECT_NEAR(*got.value, values[info.id].get<double>(), info.decibel ? 2e-5 : 5e-6)
                << name << ' ' << info.id;
        }
    }
}

TEST(Metrics, EqualPicturesArePerfect) {
    const Pair pair = make_case("even");
    for (const MetricValue& got : compare_pictures(pair.original, pair.original, every_metric())) {
        const MetricInfo& info = metric_info(got.metric);
        ASSERT_TRUE(got.value.has_value()) << info.id;
        EXPECT_NEAR(*got.value, info.decibel ? 100 : info.lower_is_better ? 0 : 1, 1e-6) << info.id;
    }
}

TEST(Metrics, FlatPicturesHaveFiniteValues) {
    Picture flat = make_picture(ColourModel::kRgb, {1, 1}, 8, 170, 170), other = flat;
    for (Array3<std::uint16_t>& plane : flat.planes) std::fill_n(plane.data(), plane.size(), std::uint16_t{100});
    for (Array3<std::uint16_t>& plane : other.planes) std::fill_n(plane.data(), plane.size(), std::uint16_t{110});
    for (const Picture& distorted : {flat, other}) {
        for (const MetricValue& got : compare_pictures(flat, distorted, every_metric())) {
            ASSERT_TRUE(got.value.has_value());
            EXPECT_TRUE(std::isfinite(*got.value)) << metric_info(got.metric).id;
        }
    }
}

TEST(Metrics, TinyPictures) {
    const Picture dot = make_picture(ColourModel::kRgb, {1, 1}, 8, 1, 1);
    for (const MetricValue& got : compare_pictures(dot, dot, every_metric())) {
        const MetricInfo& info = metric_info(got.metric);
        EXPECT_EQ(got.value.has_value(), info.min_side == 1) << info.id;
        EXPECT_EQ(got.reason.empty(), got.value.has_value());
    }
}

/// The smallest size at which a metric is offered works.
TEST(Metrics, SmallestPictures) {
    for (const MetricInfo& info : all_metrics()) {
        const Picture clean = test::synthetic_original(info.min_side, info.min_side + 1, 3);
        const Metric list[] = {info.metric};
        const MetricValue got = compare_pictures(clean, test::synthetic_distorted(clean), list).front();
        ASSERT_TRUE(got.value.has_value()) << info.id;
        EXPECT_TRUE(std::isfinite(*got.value)) << info.id;
    }
}

TEST(Metrics, PlanesOfYuv) {
    Picture a = make_picture(ColourModel::kYuv, {2, 2}, 8, 32, 32), b = a;
    for (std::size_t i = 0; i < b.planes[1].size(); ++i) b.planes[1].data()[i] = 3;
    const Metric list[] = {Metric::kPsnrY, Metric::kPsnrU, Metric::kPsnrV, Metric::kPsnrRgb, Metric::kFsim};
    const std::vector<MetricValue> values = compare_pictures(a, b, list);
    EXPECT_EQ(values[0].value, 100);
    EXPECT_NEAR(values[1].value.value_or(0), 20 * std::log10(1023.0 / 12), 1e-4);  // 3 of 255 is 12 of 1023
    EXPECT_EQ(values[2].value, 100);
    EXPECT_FALSE(values[3].value.has_value());
    EXPECT_TRUE(values[4].value.has_value());
}

TEST(Metrics, PicturesThatDoNotFit) {
    const Metric list[] = {Metric::kPsnrY};
    const auto compare = [&](const Picture& a, const Picture& b) {
        return thrown_code([&] { (void)compare_pictures(a, b, list); });
    };
    const Picture rgb = make_picture(ColourModel::kRgb, {1, 1}, 8, 4, 6);
    EXPECT_EQ(compare(rgb, make_picture(ColourModel::kRgb, {1, 1}, 10, 4, 6)), JPEGAI_OK);
    EXPECT_EQ(compare(rgb, make_picture(ColourModel::kYuv, {1, 1}, 8, 4, 6)), JPEGAI_OK);
    EXPECT_EQ(compare(rgb, make_picture(ColourModel::kRgb, {1, 1}, 8, 6, 4)), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(compare(rgb, make_picture(ColourModel::kGrey, {1, 1}, 8, 4, 6)), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(compare(rgb, make_picture(ColourModel::kYuv, {2, 2}, 8, 4, 6)), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(thrown_code([&] { (void)compare_pictures(rgb, rgb, list, {7}); }), JPEGAI_ERROR_ARGUMENT);
}

TEST(Metrics, Names) {
    for (const MetricInfo& info : all_metrics()) {
        EXPECT_EQ(&metric_info(info.metric), &info);
        EXPECT_EQ(metric_by_id(info.id), info.metric);
    }
    EXPECT_EQ(metric_by_id("vmaf"), std::nullopt);
}

TEST(Metrics, DifferenceMap) {
    Picture a = make_picture(ColourModel::kRgb, {1, 1}, 8, 1, 3), b = a;
    b.planes[1].data()[0] = 5;
    b.planes[2].data()[2] = 200;
    const Picture map = difference_map(a, b, 10);
    EXPECT_EQ(map.planes[0].data()[0], 0);
    EXPECT_EQ(map.planes[1].data()[0], 50);
    EXPECT_EQ(map.planes[2].data()[2], 255);
}

TEST(MetricsFft, EveryKindOfLength) {
    // Powers of four and two, each radix, mixtures, and primes that go through Bluestein's convolution.
    for (const std::size_t length : {1U, 2U, 3U, 4U, 5U, 7U, 8U, 11U, 12U, 13U, 16U, 17U, 30U, 64U, 91U, 101U, 176U}) {
        constexpr std::size_t kLane = 5;
        std::vector<float> re(length * metrics::kFftLanes), im(re.size());
        for (std::size_t i = 0; i < re.size(); ++i) {
            re[i] = static_cast<float>(test::hash_noise(i, 0, 0, 1)) / 255;
            im[i] = static_cast<float>(test::hash_noise(i, 1, 0, 1)) / 255;
        }
        const std::vector<float> in_re = re, in_im = im;
        metrics::Fft fft(length);
        fft.forward(re.data(), im.data());
        for (std::size_t k = 0; k < length; ++k) {
            std::complex<double> sum = 0;
            for (std::size_t n = 0; n < length; ++n) {
                const double angle = -2 * std::numbers::pi * static_cast<double>(n * k) / static_cast<double>(length);
                const std::size_t at = n * metrics::kFftLanes + kLane;
                sum += std::complex<double>(in_re[at], in_im[at]) * std::polar(1.0, angle);
            }
            EXPECT_NEAR(re[k * metrics::kFftLanes + kLane], sum.real(), 1e-4) << length << ' ' << k;
            EXPECT_NEAR(im[k * metrics::kFftLanes + kLane], sum.imag(), 1e-4) << length << ' ' << k;
        }
        fft.inverse(re.data(), im.data());
        for (std::size_t i = 0; i < re.size(); ++i)
            EXPECT_NEAR(re[i] / static_cast<float>(length), in_re[i], 1e-5) << length;
    }
}

TEST(MetricsEigen, RebuildsTheMatrix) {
    metrics::SquareMatrix matrix{};
    constexpr std::size_t kOrder = 9;
    for (std::size_t i = 0; i < kOrder; ++i) {
        for (std::size_t j = 0; j <= i; ++j)
            matrix[i][j] = matrix[j][i] = static_cast<double>(test::hash_noise(i, j, 0, 2));
    }
    const metrics::Eigen eigen = metrics::symmetric_eigen(matrix, kOrder);
    for (std::size_t i = 0; i < kOrder; ++i) {
        for (std::size_t j = 0; j < kOrder; ++j) {
            double sum = 0, dot = 0;
            for (std::size_t k = 0; k < kOrder; ++k) {
                sum += eigen.vector[i][k] * eigen.value[k] * eigen.vector[j][k];
                dot += eigen.vector[k][i] * eigen.vector[k][j];
            }
            EXPECT_NEAR(sum, matrix[i][j], 1e-9);
            EXPECT_NEAR(dot, i == j ? 1 : 0, 1e-12);
        }
    }
}

}  // namespace
}  // namespace jpegai
