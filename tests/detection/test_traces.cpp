// Traces of JPEG AI: pictures of known history are told apart, with model, displacement, crop and size.
#include "detection/traces.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

#include "backend/select.h"
#include "detection/classic_codecs.h"
#include "detection/traces/calibrate.h"
#include "detection/traces/report.h"
#include "detection/traces/report_html.h"
#include "detection/traces/resample.h"
#include "models/places.h"
#include "picture_io/picture_io.h"
#include "tests/support/thrown.h"

namespace jpegai::detection {
namespace {

/// Smooth noise of several octaves, different in each colour, with edges: as much structure as a photograph has.
Picture photo_like(std::size_t rows, std::size_t cols, std::uint32_t seed = 1) {
    Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, rows, cols);
    const auto noise = [seed](std::size_t y, std::size_t x, std::size_t layer) {
        auto h = static_cast<std::uint32_t>(y * 374761393U + x * 668265263U + layer * 2246822519U) + seed * 3266489917U;
        h = (h ^ (h >> 13)) * 1274126177U;
        return static_cast<double>((h ^ (h >> 16)) & 0xFFFFU) / 65535 - 0.5;
    };
    const auto smooth = [&](std::size_t y, std::size_t x, std::size_t step, std::size_t layer) {
        const double fy = static_cast<double>(y % step) / static_cast<double>(step);
        const double fx = static_cast<double>(x % step) / static_cast<double>(step);
        const std::size_t r = y / step, c = x / step;
        return (noise(r, c, layer) * (1 - fx) + noise(r, c + 1, layer) * fx) * (1 - fy) +
               (noise(r + 1, c, layer) * (1 - fx) + noise(r + 1, c + 1, layer) * fx) * fy;
    };
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t y = 0; y < rows; ++y) {
            for (std::size_t x = 0; x < cols; ++x) {
                double value = 128 + 90 * smooth(y, x, 48, 0) + 60 * smooth(y, x, 16, 1) + 40 * smooth(y, x, 5, 2) +
                               25 * smooth(y, x, 2, 3) + 30 * smooth(y, x, 24, 10 + i) + 6 * noise(y, x, 20 + i);
                if ((x + y / 3) % 61 < 20) value += 25;
                picture.planes[i](0, y, x) =
                    static_cast<std::uint16_t>(std::lround(std::min(255.0, std::max(0.0, value))));
            }
        }
    }
    return picture;
}

std::shared_ptr<const Encoder> default_encoder() {
    static const auto encoder = std::make_shared<const Encoder>(open_models(kDefaultSet), make_backend({}));
    return encoder;
}

std::vector<TraceModels> default_sets() {
    return {{"default", default_encoder()}};
}

Picture coded(const Picture& picture, RatePoint rate) {
    EncodeOptions options;
    options.rate = rate;
    options.want_reconstruction = true;
    return quantise(*default_encoder()->encode(picture, options).reconstruction, 8);
}

/// Looks for crops or for the given sizes only where a test is about them: searches take time.
TraceReport find(const Picture& picture, bool crops = false, std::vector<double> scales = {}) {
    TraceOptions options;
    options.search_crops = crops;
    options.scales = std::move(scales);
    return find_traces(picture, default_sets(), TraceClassifier::built_in(), options);
}

TEST(Lattice, IsFoundWithItsWidth) {
    ResidualHistogram lattice, anything;
    std::uint32_t random = 7;
    const auto uniform = [&random] {
        random = random * 1664525U + 1013904223U;
        return static_cast<double>(random >> 8) / (1U << 24);
    };
    const double step = std::exp(-120 * std::log(54.82 / 0.11) / 31 / 128);  // displacement 120
    for (int i = 0; i < 4000; ++i) {
        const double whole = std::floor(8 * uniform()) - 3.5 + 0.5, blur = 0.3 * (uniform() - 0.5);
        lattice.add(static_cast<float>((whole + blur) * step), 0);
        anything.add(static_cast<float>(-2 * std::log(1e-6 + uniform())), 0);
    }
    const LatticeScore found = find_lattice(lattice);
    EXPECT_GT(found.score, 30);
    EXPECT_NEAR(found.beta, 120, 12);
    EXPECT_LT(find_lattice(anything).score, 4);
    EXPECT_EQ(find_lattice(ResidualHistogram()).score, 0);
    // The gain of a channel moves its residuals as the displacement does.
    ResidualHistogram moved;
    for (int i = 1; i <= 400; ++i) moved.add(static_cast<float>((1 + i % 4) * step), -50);
    EXPECT_NEAR(find_lattice(moved).beta, 170, 12);
    // What is no number is passed over.
    moved.add(std::nanf(""), 0);
    moved.add(0, 0);
}

TEST(Traces, AreFoundInCodedPicturesOnly) {
    const Picture original = photo_like(192, 192);
    const TraceReport none = find(original);
    EXPECT_LT(none.probability, 0.5) << none.verdict();
    EXPECT_EQ(none.generations(), 0U);
    EXPECT_FALSE(none.beta_luma.has_value());
    ASSERT_EQ(none.as_it_lies.size(), kModels);
    for (std::size_t m = 0; m < kModels; ++m) {
        const int beta = std::array{100, -50, -200, 0}[m];
        const TraceReport report = find(coded(original, {m, {beta, beta + 50}}));
        EXPECT_GT(report.probability, none.probability + 0.5) << m;
        EXPECT_TRUE(report.coded());
        EXPECT_EQ(report.best.model_id, m);
        EXPECT_EQ(report.best.models, "default");
        ASSERT_TRUE(report.beta_luma.has_value());
        EXPECT_NEAR(*report.beta_luma, beta, kBetaTolerance) << m;
        EXPECT_EQ(report.generations(), 1U);
        EXPECT_EQ(report.features.size(), trace_features().size());
        EXPECT_GT(report.best.fit.combined(), 2 * none.best.fit.combined());
    }
}

TEST(Traces, OfTheEarlierCodingShow) {
    const Picture once = coded(photo_like(192, 192, 5), {1, {0, 50}});
    const TraceReport report = find(coded(once, {3, {0, 0}}));
    EXPECT_EQ(report.best.model_id, 3U);
    ASSERT_EQ(report.earlier.size(), 1U);
    EXPECT_EQ(report.earlier[0].model_id, 1U);
    EXPECT_EQ(report.generations(), 2U);
    EXPECT_NE(report.verdict().find("2 times or more"), std::string::npos) << report.verdict();
}

TEST(Traces, CropsAndSizesAreUndone) {
    const Picture picture = coded(photo_like(160, 160, 3), {2, {-100, -50}});
    const TraceReport cropped = find(cut_picture(picture, {6, 13, 154, 147}), true);
    EXPECT_GT(cropped.probability, 0.9);
    EXPECT_EQ(cropped.best.model_id, 2U);
    // On a picture as small as this the pairing of the cells may remain open.
    EXPECT_EQ(cropped.best.row % 16, 10U);
    EXPECT_EQ(cropped.best.col % 16, 3U);
    EXPECT_NE(cropped.verdict().find("cropped"), std::string::npos);

    const TraceReport resized = find(resize_picture(picture, {120, 120}), false, {0.75});
    EXPECT_TRUE(resized.coded()) << resized.probability;
    EXPECT_EQ(resized.best.model_id, 2U);
    EXPECT_EQ(resized.best.scale, 0.75);
    EXPECT_TRUE(resized.searched);
}

TEST(Traces, OfJpegAfterwards) {
    if (!have_classic(ClassicCodec::kJpeg)) GTEST_SKIP() << "no library for JPEG";
    const Picture picture = coded(photo_like(192, 192, 4), {1, {0, 50}});
    EXPECT_FALSE(find_jpeg(jfif_luma(picture)).found());
    const Picture after =
        to_plain(decode_picture(PictureFormat::kJpeg, encode_classic(ClassicCodec::kJpeg, picture, 80)));
    const TraceReport report = find(after);
    EXPECT_GT(report.probability, 0.9);
    EXPECT_EQ(report.best.model_id, 1U);
    EXPECT_TRUE(report.jpeg.found());
    EXPECT_NEAR(report.jpeg.quality, 80, 2);
}

TEST(Traces, OddPictures) {
    const Picture original = photo_like(128, 144, 6);
    // Grey.
    Picture grey = make_picture(ColourModel::kGrey, {1, 1}, 8, 128, 144);
    grey.planes[0] = original.planes[1];
    const TraceReport of_grey = find(grey);
    EXPECT_FALSE(of_grey.colour.has_value());
    EXPECT_TRUE(std::isfinite(of_grey.probability));
    // 16 bit: the same samples, so nearly the same scores.
    Picture deep = coded(original, {2, {0, 0}});
    const double eight = find(deep).best.fit.combined();
    deep.bit_depth = 16;
    for (auto& plane : deep.planes) {
        for (std::uint16_t& sample : plane.span()) sample = static_cast<std::uint16_t>(sample * 257U);
    }
    EXPECT_NEAR(find(deep).best.fit.combined(), eight, 0.01 * eight);
    // YUV 4:2:0.
    Picture yuv = make_picture(ColourModel::kYuv, {2, 2}, 8, 128, 144);
    yuv.planes[0] = original.planes[1];
    EXPECT_LT(find(yuv).probability, 0.9);
    // Too small, and contradictory.
    EXPECT_EQ(test::thrown_code([&] { (void)find(photo_like(32, 32)); }), JPEGAI_ERROR_ARGUMENT);
    Picture broken = original;
    broken.planes.pop_back();
    EXPECT_EQ(test::thrown_code([&] { (void)find(broken); }), JPEGAI_ERROR_ARGUMENT);
    // A flat picture has nothing to fit.
    const Picture flat = make_picture(ColourModel::kRgb, {1, 1}, 8, 96, 96);
    EXPECT_EQ(test::thrown_code([&] { (void)find(flat); }), JPEGAI_ERROR_UNSUPPORTED);
}

TEST(Traces, MapShowsTheCodedPart) {
    // The right half was never coded.
    const Picture original = photo_like(192, 320, 9);
    Picture half = coded(original, {3, {0, 0}});
    for (std::size_t c = 0; c < 3; ++c) {
        for (std::size_t y = 0; y < 192; ++y) {
            std::copy_n(original.planes[c].row(0, y) + 160, 160, half.planes[c].row(0, y) + 160);
        }
    }
    TraceOptions options;
    options.search_crops = false;
    options.scales.clear();
    options.want_map = true;
    const TraceReport report = find_traces(half, default_sets(), TraceClassifier::built_in(), options);
    ASSERT_EQ(report.map.rows(), 192U);
    ASSERT_EQ(report.map.cols(), 320U);
    double left = 0, right = 0;  // far enough from the seam for the windows and for the networks
    for (std::size_t y = 32; y < 160; ++y) {
        for (std::size_t x = 32; x < 96; ++x) left += static_cast<double>(report.map(0, y, x));
        for (std::size_t x = 224; x < 288; ++x) right += static_cast<double>(report.map(0, y, x));
    }
    EXPECT_GT(left / (128 * 64), 3);
    EXPECT_LT(std::abs(right / (128 * 64)), 1.5);
    EXPECT_EQ(trace_map_picture(half, report).cols(), 320U);
    EXPECT_EQ(test::thrown_code([&] { (void)trace_map_picture(photo_like(64, 64), report); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_TRUE(find(photo_like(96, 96)).map.empty());

    // Of a crop the map begins where the first whole cell does.
    options.search_crops = true;
    options.conclusive = 1e9;
    const Picture cropped = cut_picture(coded(photo_like(192, 192, 3), {2, {-100, -50}}), {6, 13, 186, 179});
    const TraceReport of_crop = find_traces(cropped, default_sets(), TraceClassifier::built_in(), options);
    ASSERT_EQ(of_crop.map.cols(), 179U);
    ASSERT_GT(of_crop.best.col, 0U);
    EXPECT_EQ(of_crop.map(0, 100, of_crop.best.col - 1), 0.0F);
    EXPECT_NE(of_crop.map(0, 100, of_crop.best.col), 0.0F);
}

TEST(Traces, ProgressOfASearchRises) {
    TraceOptions options;
    double last = 0;
    std::size_t calls = 0;
    options.progress = [&](double fraction) {
        EXPECT_GE(fraction, last);
        EXPECT_LE(fraction, 1.0);
        last = fraction;
        ++calls;
        return true;
    };
    EXPECT_TRUE(find_traces(photo_like(96, 96), default_sets(), TraceClassifier::built_in(), options).searched);
    EXPECT_GE(calls, kModels + options.scales.size());
}

TEST(Traces, LargePicturesAreSeenInPartAndWorkCanBeCancelled) {
    const Picture picture = photo_like(256, 512, 8);
    TraceOptions options;
    options.search_crops = false;
    options.scales.clear();
    options.max_samples = 128 * 128;
    const TraceReport report = find_traces(picture, default_sets(), TraceClassifier::built_in(), options);
    EXPECT_EQ(report.rows, 256U);
    EXPECT_LE(report.seen_rows * report.seen_cols, options.max_samples);
    EXPECT_GE(report.seen_rows, kTraceMinSide);
    options.progress = [](double) { return false; };
    EXPECT_EQ(
        test::thrown_code([&] { (void)find_traces(picture, default_sets(), TraceClassifier::built_in(), options); }),
        JPEGAI_ERROR_CANCELLED);
    EXPECT_EQ(test::thrown_code([&] { (void)find_traces(picture, {}, TraceClassifier::built_in()); }),
              JPEGAI_ERROR_MODEL);
}

TEST(Traces, Reports) {
    const TraceReport report = find(coded(photo_like(128, 128), {3, {0, 0}}));
    const auto json = trace_json(report);
    EXPECT_EQ(json["jpeg_ai"]["model"], 3);
    EXPECT_EQ(json["features"].size(), trace_features().size());
    const std::string header = trace_csv_header(), line = trace_csv_line("a \"b\", c.png", report);
    EXPECT_EQ(line.rfind("\"a \"\"b\"\", c.png\",", 0), 0U);
    // Commas outside of quotes.
    std::size_t commas = 0;
    bool inside = false;
    for (const char c : line) {
        if (c == '"') inside = !inside;
        if (c == ',' && !inside) ++commas;
    }
    EXPECT_EQ(commas, static_cast<std::size_t>(std::count(header.begin(), header.end(), ',')));
    const std::string html = trace_html({{"<b>.png", report, thumbnail_of(photo_like(64, 300)), {}}});
    EXPECT_NE(html.find("&lt;b>.png"), std::string::npos);
    EXPECT_NE(html.find("data:image/png;base64,iVBOR"), std::string::npos);
    EXPECT_EQ(html.find("http://"), std::string::npos);
}

}  // namespace
}  // namespace jpegai::detection
