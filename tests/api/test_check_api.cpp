// The detecting part of the C interface as a user meets it.
#include "jpegai/check.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "jpegai/check.hpp"
#include "tests/support/test_data.h"

namespace {

using Json = nlohmann::json;

std::vector<std::uint8_t> photo() {
    return jpegai::test::load_bytes(jpegai::test::data_path("streams/photo_bop.bits"));
}

/// Planes of 8 or 16 bit whose rows lie `gap` bytes apart.
struct Source {
    Source(std::uint32_t width, std::uint32_t height, unsigned bit_depth = 8, std::size_t planes = 3,
           std::size_t gap = 0)
        : bytes(bit_depth > 8 ? 2 : 1), stride(width * bytes + gap) {
        c.colour = planes == 1 ? JPEGAI_GREY : JPEGAI_RGB;
        c.width = width;
        c.height = height;
        c.bit_depth = bit_depth;
        for (std::size_t i = 0; i < planes; ++i) {
            samples[i].resize(height * stride, 0xA5);
            c.samples[i] = samples[i].data();
            c.stride[i] = stride;
        }
    }
    void set(std::size_t plane, std::size_t x, std::size_t y, unsigned value) {
        const unsigned deep = value * 257;
        if (bytes == 1) {
            samples[plane][y * stride + x] = static_cast<std::uint8_t>(value);
        } else {
            const auto two = static_cast<std::uint16_t>(deep);
            std::memcpy(&samples[plane][y * stride + 2 * x], &two, 2);
        }
    }
    std::size_t bytes, stride;
    std::array<std::vector<std::uint8_t>, 3> samples;
    jpegai_source c{};
};

/// A textured picture; `tint` is added to red in a square that begins at (30, 20).
Source textured(unsigned tint, Source source = Source(208, 192)) {
    for (std::size_t i = 0; i < (source.c.colour == JPEGAI_GREY ? 1U : 3U); ++i) {
        std::uint32_t noise = 1;
        for (std::size_t y = 0; y < source.c.height; ++y) {
            for (std::size_t x = 0; x < source.c.width; ++x) {
                noise = noise * 1664525U + 1013904223U;
                const bool inside = i == 0 && x >= 30 && x < 130 && y >= 20 && y < 120;
                const std::size_t value = 60 + (x / 24 + y / 40 + i) % 2 * 60 + (x * y / 64) % 32 + (noise >> 28);
                source.set(i, x, y, static_cast<unsigned>(value) + (inside ? tint : 0));
            }
        }
    }
    return source;
}

/// A decode as a source.
struct Decoded {
    explicit Decoded(const std::vector<std::uint8_t>& stream)
        : picture(jpegai_api::Decoder(jpegai_api::Models()).decode(stream)) {
        for (std::uint32_t i = 0; i < 3; ++i) {
            const jpegai_plane plane = picture.plane(i);
            c.samples[i] = plane.samples;
            c.stride[i] = plane.stride;
            c.width = plane.width;
            c.height = plane.height;
        }
        c.colour = JPEGAI_RGB;
        c.bit_depth = 8;
    }
    /// A part of it; the samples stay where they are.
    [[nodiscard]] jpegai_source part(std::uint32_t x, std::uint32_t y, std::uint32_t width,
                                     std::uint32_t height) const {
        jpegai_source result = c;
        for (std::size_t i = 0; i < 3; ++i)
            result.samples[i] = static_cast<const std::uint8_t*>(c.samples[i]) + y * c.stride[i] + x;
        result.width = width;
        result.height = height;
        return result;
    }
    jpegai_api::Picture picture;
    jpegai_source c{};
};

template <class Call>
jpegai_error code_of(Call call) {
    try {
        call();
    } catch (const jpegai_api::Error& error) {
        EXPECT_STRNE(error.what(), "");
        return error.code();
    }
    return JPEGAI_OK;
}

TEST(CheckApi, ArtifactsOfAPair) {
    const jpegai_api::Checker checker;
    const Source original = textured(0), decode = textured(25);
    EXPECT_FALSE(checker.find_artifacts(original.c, original.c).found());
    jpegai_api::ArtifactOptions options;
    options.c.keep_maps = 1;
    const jpegai_api::Artifacts result = checker.find_artifacts(original.c, decode.c, nullptr, options);
    EXPECT_TRUE(result.found());
    const jpegai_finding hue = result.finding(JPEGAI_DETECT_HUE);
    EXPECT_EQ(hue.applies, 1U);
    EXPECT_EQ(hue.found, 1U);
    EXPECT_EQ(hue.comparative, 0U);
    EXPECT_GT(hue.score, hue.threshold);
    EXPECT_TRUE(hue.x >= 30 && hue.x < 130 && hue.y >= 20 && hue.y < 120) << hue.x << ", " << hue.y;
    EXPECT_EQ(hue.box.width, 208U) << "300 where the picture is large enough";
    EXPECT_STREQ(hue.cause, "");
    ASSERT_EQ(hue.map.width, 208U);
    ASSERT_EQ(hue.map.height, 192U);
    const auto* row =
        reinterpret_cast<const float*>(static_cast<const char*>(hue.map.samples) + hue.y * hue.map.stride);
    EXPECT_FLOAT_EQ(row[hue.x], static_cast<float>(hue.score));
    EXPECT_EQ(result.finding(JPEGAI_DETECT_SHIFT).box.width, 0U) << "about the whole picture";

    const Json document = Json::parse(result.json());
    EXPECT_EQ(document["found"], true);
    EXPECT_EQ(document["compared"], false);
    ASSERT_EQ(document["findings"].size(), std::size_t{JPEGAI_DETECTORS});
    EXPECT_EQ(document["findings"][JPEGAI_DETECT_HUE]["detector"], "hue");
    EXPECT_EQ(document["findings"][JPEGAI_DETECT_HUE]["score"], hue.score);
}

TEST(CheckApi, ComparedWithAClassicDecode) {
    const jpegai_api::Checker checker;
    const Source original = textured(0), decode = textured(25);
    const jpegai_api::Artifacts result = checker.find_artifacts(original.c, decode.c, &decode.c);
    for (const jpegai_detector detector : {JPEGAI_DETECT_COLOUR, JPEGAI_DETECT_BOUNDARY, JPEGAI_DETECT_TEXTURE}) {
        EXPECT_EQ(result.finding(detector).comparative, 1U);
        EXPECT_EQ(result.finding(detector).score, 0) << "no worse than itself";
    }
    EXPECT_EQ(Json::parse(result.json())["compared"], true);
}

TEST(CheckApi, OptionsOfArtifacts) {
    const jpegai_api::Checker checker;
    const Source original = textured(0), decode = textured(25);
    jpegai_api::ArtifactOptions options;
    options.c.detectors = 1U << JPEGAI_DETECT_HUE | 1U << JPEGAI_DETECT_TEXT;
    options.c.thresholds[JPEGAI_DETECT_HUE] = 99;
    options.c.thresholds[JPEGAI_DETECT_TEXT] = 2;
    options.c.find_text = 0;
    options.text = {{20, 20, 100, 30}};
    const jpegai_api::Artifacts result = checker.find_artifacts(original.c, decode.c, nullptr, options);
    EXPECT_FALSE(result.found());
    EXPECT_EQ(result.finding(JPEGAI_DETECT_HUE).threshold, 99);
    EXPECT_EQ(result.finding(JPEGAI_DETECT_HUE).map.samples, nullptr);
    EXPECT_EQ(result.finding(JPEGAI_DETECT_TEXT).box.width, 100U);
    EXPECT_EQ(result.finding(JPEGAI_DETECT_SEAM).applies, 0U);
    EXPECT_STRNE(result.finding(JPEGAI_DETECT_SEAM).detail, "");
    EXPECT_EQ(Json::parse(result.json())["findings"].size(), 2U);

    double last = 0;
    options.progress = [&](double fraction) {
        EXPECT_GE(fraction, last);
        last = fraction;
        return true;
    };
    (void)checker.find_artifacts(original.c, decode.c, nullptr, options);
    EXPECT_EQ(last, 1.0);
    options.progress = [](double) { return false; };
    EXPECT_EQ(code_of([&] { (void)checker.find_artifacts(original.c, decode.c, nullptr, options); }),
              JPEGAI_ERROR_CANCELLED);
}

TEST(CheckApi, OddPicturesForArtifacts) {
    const jpegai_api::Checker checker;
    const Source original = textured(0), deep = textured(0, Source(208, 192, 16, 3, 6)),
                 grey = textured(0, Source(208, 192, 8, 1, 5)), other = textured(0, Source(200, 192)),
                 small = textured(0, Source(32, 32));
    EXPECT_FALSE(checker.find_artifacts(original.c, deep.c).found()) << "depths and strides may differ";
    const jpegai_api::Artifacts as_grey = checker.find_artifacts(original.c, grey.c);
    EXPECT_EQ(as_grey.finding(JPEGAI_DETECT_COLOUR).applies, 0U);
    EXPECT_STREQ(as_grey.finding(JPEGAI_DETECT_COLOUR).detail, "the picture is grey");
    EXPECT_FALSE(checker.find_artifacts(small.c, small.c).found());
    EXPECT_EQ(code_of([&] { (void)checker.find_artifacts(original.c, other.c); }), JPEGAI_ERROR_ARGUMENT);
    jpegai_api::ArtifactOptions options;
    options.c.max_pixels = 208 * 192 - 1;
    EXPECT_EQ(code_of([&] { (void)checker.find_artifacts(original.c, original.c, nullptr, options); }),
              JPEGAI_ERROR_LIMIT);
    Source wrong = textured(0);
    wrong.c.stride[1] = 207;
    EXPECT_EQ(code_of([&] { (void)checker.find_artifacts(original.c, wrong.c); }), JPEGAI_ERROR_ARGUMENT);
    wrong.c.stride[1] = 208;
    wrong.c.samples[2] = nullptr;
    EXPECT_EQ(code_of([&] { (void)checker.find_artifacts(original.c, wrong.c); }), JPEGAI_ERROR_ARGUMENT);
    Source loud = textured(0, Source(208, 192, 10));  // 16 bit samples in a picture of 10 bit
    EXPECT_EQ(code_of([&] { (void)checker.find_artifacts(original.c, loud.c); }), JPEGAI_ERROR_ARGUMENT);
    jpegai_api::ArtifactOptions unknown;
    unknown.c.detectors = 1U << JPEGAI_DETECTORS;
    EXPECT_EQ(code_of([&] { (void)checker.find_artifacts(original.c, original.c, nullptr, unknown); }),
              JPEGAI_ERROR_ARGUMENT);
    jpegai_api::ArtifactOptions outside;
    outside.text = {{300, 20, 10, 10}};
    EXPECT_EQ(code_of([&] { (void)checker.find_artifacts(original.c, original.c, nullptr, outside); }),
              JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code_of([&] { (void)checker.find_traces(original.c); }), JPEGAI_ERROR_ARGUMENT) << "no models";
    EXPECT_EQ(code_of([&] { (void)checker.find_stream_artifacts(original.c, photo()); }), JPEGAI_ERROR_ARGUMENT);
}

TEST(CheckApi, ACodestreamTellsCauses) {
    const jpegai_api::Models models;
    const jpegai_api::Checker checker(models);
    const std::vector<std::uint8_t> stream = jpegai_api::Encoder(models).encode(textured(0).c).bytes;
    const Decoded decoded(stream);
    double last = 0;
    jpegai_api::ArtifactOptions options;
    options.progress = [&](double fraction) {
        EXPECT_GE(fraction, last);
        last = fraction;
        return true;
    };
    const jpegai_api::Artifacts clean = checker.find_stream_artifacts(decoded.c, stream, nullptr, options);
    EXPECT_FALSE(clean.found());
    EXPECT_EQ(last, 1.0);
    const Json document = Json::parse(clean.json());
    EXPECT_EQ(document["stream"]["model"], jpegai_api::read_info(stream).model);
    EXPECT_EQ(document["stream"]["latents"].size(), 2U);

    Source other(208, 192);
    for (std::size_t i = 0; i < 3; ++i) {
        const auto* from = static_cast<const std::uint8_t*>(decoded.c.samples[i]);
        other.samples[i].assign(from, from + std::size_t{208} * 192);
        other.c.samples[i] = other.samples[i].data();
    }
    for (std::size_t y = 40; y < 140; ++y) {
        for (std::size_t x = 30; x < 130; ++x) {
            std::uint8_t& red = other.samples[0][y * 208 + x];
            red = static_cast<std::uint8_t>(std::min(red + 25, 255));
        }
    }
    options.c.detectors = 1U << JPEGAI_DETECT_HUE;
    options.progress = {};
    const jpegai_api::Artifacts result = checker.find_stream_artifacts(other.c, stream, nullptr, options);
    EXPECT_EQ(result.finding(JPEGAI_DETECT_HUE).found, 1U);
    EXPECT_STRNE(result.finding(JPEGAI_DETECT_HUE).cause, "");
    options.c.find_causes = 0;
    const jpegai_api::Artifacts plain = checker.find_stream_artifacts(other.c, stream, nullptr, options);
    EXPECT_STREQ(plain.finding(JPEGAI_DETECT_HUE).cause, "");
    EXPECT_TRUE(Json::parse(plain.json())["stream"]["latents"].empty());

    std::vector<std::uint8_t> cut = stream;
    cut.resize(cut.size() / 2);
    EXPECT_NE(code_of([&] { (void)checker.find_stream_artifacts(decoded.c, cut); }), JPEGAI_OK);
    options.c.max_pixels = 1000;
    EXPECT_EQ(code_of([&] { (void)checker.find_stream_artifacts(decoded.c, stream, nullptr, options); }),
              JPEGAI_ERROR_LIMIT);
}

TEST(CheckApi, TracesOfACodedPicture) {
    const jpegai_api::Models models;
    jpegai_api::Checker checker(models);
    checker.add_models(models, "again");
    const Decoded decoded(photo());
    const jpegai_source part = decoded.part(128, 128, 256, 256);
    jpegai_api::TraceOptions options;
    options.c.search_crops = 0;
    options.scales.clear();
    options.c.keep_map = 1;
    double last = 0;
    options.progress = [&](double fraction) {
        EXPECT_GE(fraction, last);
        last = fraction;
        return true;
    };
    const jpegai_api::Traces traces = checker.find_traces(part, options);
    const jpegai_trace_summary summary = traces.summary();
    EXPECT_GT(summary.probability, 0.9);
    EXPECT_EQ(summary.coded, 1U);
    EXPECT_EQ(summary.generations, 1U);
    EXPECT_EQ(summary.model, 1);
    EXPECT_EQ(summary.models, 0U) << "both sets fit, the first one is named";
    EXPECT_EQ(summary.has_beta[0], 1U);
    EXPECT_EQ(summary.resized_by, 1);
    EXPECT_EQ(summary.cropped, 0U);
    EXPECT_EQ(summary.jpeg_quality, 0U);
    EXPECT_GT(last, 0.5);
    EXPECT_EQ(traces.verdict().rfind("JPEG AI coded (model 1, default)", 0), 0U) << traces.verdict();
    const Json document = Json::parse(traces.json());
    EXPECT_EQ(document["probability"], summary.probability);
    EXPECT_EQ(document["as_it_lies"].size(), 4U) << "networks of the second set that are those of the first count once";
    const jpegai_api::Traces::Map map = traces.map();
    EXPECT_EQ(map.x, 0U);
    EXPECT_EQ(map.plane.width, 256U);
    EXPECT_EQ(map.plane.height, 256U);

    options.progress = [](double) { return false; };
    EXPECT_EQ(code_of([&] { (void)checker.find_traces(part, options); }), JPEGAI_ERROR_CANCELLED);
}

TEST(CheckApi, TracesOfOtherPictures) {
    const jpegai_api::Models models;
    const jpegai_api::Checker checker(models);
    jpegai_api::TraceOptions fast;
    fast.c.search_crops = 0;
    fast.scales.clear();
    const jpegai_api::Traces none = checker.find_traces(textured(0, Source(128, 128, 16, 1)).c, fast);
    EXPECT_LT(none.summary().probability, 0.5);
    EXPECT_EQ(none.summary().coded, 0U);
    EXPECT_EQ(none.summary().model, -1);
    EXPECT_EQ(code_of([&] { (void)none.map(); }), JPEGAI_ERROR_ARGUMENT) << "none was kept";

    EXPECT_EQ(code_of([&] { (void)checker.find_traces(textured(0, Source(32, 32)).c); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code_of([&] { (void)checker.find_traces(Source(128, 128).c); }), JPEGAI_ERROR_UNSUPPORTED) << "flat";
    jpegai_api::TraceOptions wrong = fast;
    wrong.classifier = "{}";
    const Source picture = textured(0, Source(128, 128));
    EXPECT_EQ(code_of([&] { (void)checker.find_traces(picture.c, wrong); }), JPEGAI_ERROR_ARGUMENT);
    wrong = fast;
    wrong.scales = {0};
    EXPECT_EQ(code_of([&] { (void)checker.find_traces(picture.c, wrong); }), JPEGAI_ERROR_ARGUMENT);
}

TEST(CheckApi, NullsAreRefused) {
    EXPECT_EQ(jpegai_checker_create(nullptr, JPEGAI_CPU_AUTO, 1, nullptr), JPEGAI_ERROR_ARGUMENT);
    jpegai_checker* checker = nullptr;
    ASSERT_EQ(jpegai_checker_create(nullptr, JPEGAI_CPU_AUTO, 1, &checker), JPEGAI_OK);
    jpegai_artifacts* artifacts = nullptr;
    jpegai_traces* traces = nullptr;
    EXPECT_EQ(jpegai_find_artifacts(checker, nullptr, nullptr, nullptr, nullptr, &artifacts), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(jpegai_find_traces(checker, nullptr, nullptr, &traces), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(jpegai_checker_add_models(checker, nullptr, "x"), JPEGAI_ERROR_ARGUMENT);
    jpegai_finding finding;
    EXPECT_EQ(jpegai_artifacts_finding(nullptr, JPEGAI_DETECT_HUE, &finding), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(artifacts, nullptr);
    jpegai_artifact_options_init(nullptr);
    jpegai_trace_options_init(nullptr);
    jpegai_artifacts_free(nullptr);
    jpegai_traces_free(nullptr);
    jpegai_checker_free(checker);
    jpegai_checker_free(nullptr);
}

}  // namespace
