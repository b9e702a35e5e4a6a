// The maps of the artifact detectors against an independent computation, and the filters that they are made of.
#include <gtest/gtest.h>

#include <random>

#include "detection/artifacts/class_maps.h"
#include "detection/artifacts/text.h"
#include "metrics/planes.h"
#include "tests/metrics/synthetic_pictures.h"
#include "tests/support/test_data.h"

namespace jpegai::detection {
namespace {

using test::hash_noise;

Plane noise(std::size_t rows, std::size_t cols) {
    Plane plane(1, rows, cols);
    std::mt19937 random(7);
    for (float& value : plane.span()) value = static_cast<float>(random() % 1000) / 1000.0F;
    return plane;
}

/// Ranges of five rows, the last first.
void in_parts(std::size_t rows, const RowBody& body) {
    for (std::size_t first = (rows - 1) / 5 * 5;; first -= 5) {
        body(first, std::min(first + 5, rows));
        if (first == 0) return;
    }
}

double window_mean(const Plane& in, std::size_t y, std::size_t x, std::size_t size, std::size_t before) {
    double sum = 0;
    for (std::size_t i = y; i < y + size; ++i) {
        for (std::size_t j = x; j < x + size; ++j) {
            if (i >= before && j >= before && i - before < in.rows() && j - before < in.cols())
                sum += static_cast<double>(in(0, i - before, j - before));
        }
    }
    return sum / static_cast<double>(size * size);
}

TEST(BoxMean, EqualsPlainLoops) {
    const Plane in = noise(23, 91);
    for (const auto& [size, before] : {std::pair<std::size_t, std::size_t>{1, 0}, {4, 0}, {4, 1}, {8, 7}, {64, 32}}) {
        const Plane whole = box_mean(in, size, before, serial_rows), divided = box_mean(in, size, before, in_parts);
        for (std::size_t y = 0; y < in.rows(); ++y) {
            for (std::size_t x = 0; x < in.cols(); ++x) {
                EXPECT_NEAR(whole(0, y, x), window_mean(in, y, x, size, before), 1e-6) << size << ' ' << before;
                EXPECT_EQ(divided(0, y, x), whole(0, y, x));
            }
        }
    }
}

TEST(Ciede2000, PublishedPairs) {
    // Sharma, Wu, Dalal, "The CIEDE2000 color-difference formula: implementation notes, supplementary test data, and
    // mathematical observations", 2005, table 1: hue angles on both sides of every branch.
    struct Pair {
        std::array<float, 3> a, b;
        float difference;
    };
    const Pair pairs[] = {{{50, 2.6772F, -79.7751F}, {50, 0, -82.7485F}, 2.0425F},
                          {{50, -1.3802F, -84.2814F}, {50, 0, -82.7485F}, 1.0F},
                          {{50, 0, 0}, {50, -1, 2}, 2.3669F},
                          {{50, 2.49F, -0.001F}, {50, -2.49F, 0.0009F}, 7.1792F},
                          {{50, 2.49F, -0.001F}, {50, -2.49F, 0.0011F}, 7.2195F},
                          {{50, 2.5F, 0}, {73, 25, -18}, 27.1492F},
                          {{50, 2.5F, 0}, {58, 24, 15}, 19.4535F},
                          {{60.2574F, -34.0099F, 36.2677F}, {60.4626F, -34.1751F, 39.4387F}, 1.2644F},
                          {{22.7233F, 20.0904F, -46.694F}, {23.0331F, 14.973F, -42.5619F}, 2.0373F},
                          {{2.0776F, 0.0795F, -1.135F}, {0.9033F, -0.0636F, -0.5514F}, 0.9082F}};
    for (const Pair& pair : pairs) EXPECT_NEAR(ciede2000(pair.a, pair.b), pair.difference, 2e-4);
}

/// The pictures of reference_maps.py.
template <class Sample>
Picture changed(const Picture& picture, Sample sample) {
    Picture out = picture;
    for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t y = 0; y < picture.rows(); ++y) {
            for (std::size_t x = 0; x < picture.cols(); ++x)
                out.planes[c](0, y, x) = static_cast<std::uint16_t>(std::clamp(sample(c, y, x), 0L, 255L));
        }
    }
    return out;
}

Picture tinted(const Picture& picture) {
    return changed(picture, [&](std::size_t c, std::size_t y, std::size_t x) {
        const bool left = x * 5 < picture.cols() * 3;
        const long value = picture.planes[c](0, left || y < 3 ? (left ? y : 0) : y - 3, x);
        return value + (!left || c == 1 ? 0 : c == 0 ? 14 : -10) + hash_noise(x, y, c, 9) % 5 - 2;
    });
}

Picture coarse(const Picture& picture) {
    return changed(picture, [&](std::size_t c, std::size_t y, std::size_t x) {
        return picture.planes[c](0, y, x) / 28 * 28L + 14 + hash_noise(x, y, c, 11) % 3 - 1;
    });
}

TEST(ClassMaps, EqualIndependentComputation) {
    const nlohmann::json document = test::load_json(test::data_path("detection/maps.json"));
    const std::size_t step = document["step"];
    std::size_t compared = 0;
    for (const auto& item : document["cases"]) {
        const Picture original = test::synthetic_original(item["width"], item["height"], 3);
        const bool comparative = item["form"] == "comparative";
        const RowRunner runner = in_parts;
        const Analysed a = analyse(original, runner), b = analyse(tinted(original), runner),
                       c = analyse(coarse(original), runner);
        const Analysed* classic = comparative ? &c : nullptr;
        const Plane& luma = luma_of(a.samples);
        const std::array<std::pair<const char*, Plane>, 3> maps = {
            {{"colour", colour_artifacts(a, b, classic, runner)},
             {"boundary", boundary_artifacts(canny(luma, runner), a, b, classic, runner)},
             {"texture", texture_artifacts(texture_mask(luma, runner), a, b, classic, runner)}}};
        for (const auto& [name, map] : maps) {
            const auto& expected = item["maps"][name];
            SCOPED_TRACE(std::string(item["name"]) + ' ' + std::string(item["form"]) + ' ' + name);
            EXPECT_NEAR(peak_of(map).value, expected["max"].get<double>(), 1e-4);
            EXPECT_GT(peak_of(map).value, 0.005F) << "an empty map tests nothing";
            std::size_t i = 0;
            for (std::size_t y = 0; y < map.rows(); y += step) {
                for (std::size_t x = 0; x < map.cols(); x += step)
                    EXPECT_NEAR(map(0, y, x), expected["values"][i++].get<double>(), 1e-4) << y << ' ' << x;
            }
            EXPECT_EQ(i, expected["values"].size());
            compared += i;
            double mean = 0;
            for (const float value : map.span()) mean += static_cast<double>(value) / static_cast<double>(map.size());
            EXPECT_NEAR(mean, expected["mean"].get<double>(), 1e-4);
        }
        const std::array<std::size_t, 4> box = document["text_box"];
        const TextRegion region = text_region({box[0], box[1], box[2], box[3]});
        const auto likeness = [&](const Analysed& other) {
            return metrics::fsim(rectify(luma, region), rectify(luma_of(other.samples), region));
        };
        EXPECT_NEAR((comparative ? likeness(c) : 1) - likeness(b), item["text"].get<double>(), 1e-4);
    }
    EXPECT_GT(compared, 2000U);
}

}  // namespace
}  // namespace jpegai::detection
