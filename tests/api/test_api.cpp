// The C interface as a user meets it: results, errors, cancellation.
#include "jpegai/jpegai.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

#include "jpegai/jpegai.hpp"
#include "tests/support/test_data.h"

namespace {

std::vector<std::uint8_t> photo() {
    return jpegai::test::load_bytes(jpegai::test::data_path("streams/photo_bop.bits"));
}

TEST(CApi, ReadsInfoWithoutWeights) {
    const auto data = photo();
    const jpegai_info info = jpegai_api::read_info(data);
    EXPECT_EQ(info.width, 512U);
    EXPECT_EQ(info.height, 768U);
    EXPECT_EQ(info.bit_depth, 8U);
    EXPECT_EQ(info.is_rgb, 1U);
    EXPECT_EQ(info.model, 1U);
    EXPECT_EQ(info.operating_point, 1U);
    EXPECT_EQ(info.stream_size, data.size());
}

TEST(CApi, DecodesWithTheDefaultWeightsAndCutsWindows) {
    const auto data = photo();
    const jpegai_api::Models models;
    const jpegai_api::Decoder decoder(models);
    const jpegai_api::Picture whole = decoder.decode(data);
    EXPECT_TRUE(whole.is_rgb());
    EXPECT_EQ(whole.bit_depth(), 8U);
    jpegai_api::DecodeOptions options;
    options.c.window_x = 101;
    options.c.window_y = 333;
    options.c.window_width = 64;
    options.c.window_height = 50;
    const jpegai_api::Picture part = decoder.decode(data, options);
    for (std::uint32_t i = 0; i < 3; ++i) {
        const jpegai_plane a = whole.plane(i), b = part.plane(i);
        ASSERT_EQ(b.width, 64U);
        ASSERT_EQ(b.height, 50U);
        for (std::size_t y = 0; y < 50; ++y) {
            EXPECT_EQ(0, std::memcmp(static_cast<const std::uint8_t*>(a.samples) + (333 + y) * a.stride + 101,
                                     static_cast<const std::uint8_t*>(b.samples) + y * b.stride, 64));
        }
    }
}

TEST(CApi, Devices) {
    const auto data = photo();
    const jpegai_api::Models models;
    const jpegai_api::Decoder plain(models), chosen(models, "cpu", 2);
    const jpegai_api::Picture a = plain.decode(data), b = chosen.decode(data);
    EXPECT_EQ(0, std::memcmp(a.plane(1).samples, b.plane(1).samples, a.plane(1).stride * a.plane(1).height));

    jpegai_decoder* decoder = nullptr;
    EXPECT_EQ(jpegai_decoder_create_on(models.get(), "toaster", 1, &decoder), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(jpegai_decoder_create_on(models.get(), nullptr, 1, &decoder), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(jpegai_decoder_create_on(models.get(), "cuda:4711", 1, &decoder), JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(decoder, nullptr);
    jpegai_encoder* encoder = nullptr;
    EXPECT_EQ(jpegai_encoder_create_on(models.get(), "cuda:4711", 1, &encoder), JPEGAI_ERROR_UNSUPPORTED);
    try {
        (void)chosen.decode_on_device(data);
        FAIL() << "the processor is no device";
    } catch (const jpegai_api::Error& error) {
        EXPECT_EQ(error.code(), JPEGAI_ERROR_UNSUPPORTED);
    }

    if (jpegai_decoder_create_on(models.get(), "cuda", 1, &decoder) != JPEGAI_OK) return;  // no GPU here
    jpegai_decoder_free(decoder);
    const jpegai_api::DevicePicture there = jpegai_api::Decoder(models, "cuda").decode_on_device(data);
    EXPECT_TRUE(there.is_rgb());
    EXPECT_EQ(there.bit_depth(), 8U);
    for (std::uint32_t i = 0; i < 3; ++i) {
        const jpegai_plane plane = a.plane(i);
        EXPECT_EQ(there.plane(i).stride, plane.stride);
        std::vector<std::uint8_t> copy(plane.height * (plane.stride + 8));
        there.copy(i, copy.data(), plane.stride + 8);
        for (std::size_t y = 0; y < plane.height; ++y) {
            EXPECT_EQ(0, std::memcmp(static_cast<const std::uint8_t*>(plane.samples) + y * plane.stride,
                                     copy.data() + y * (plane.stride + 8), plane.width));
        }
    }
}

TEST(CApi, ReportsProgressAndCancels) {
    const auto data = photo();
    const jpegai_api::Models models;
    const jpegai_api::Decoder decoder(models);
    jpegai_api::DecodeOptions options;
    double last = -1;
    options.progress = [&](double fraction) {
        EXPECT_GE(fraction, last);
        EXPECT_LE(fraction, 1.0);
        last = fraction;
        return true;
    };
    (void)decoder.decode(data, options);
    EXPECT_EQ(last, 1.0);
    options.progress = [](double fraction) { return fraction < 0.2; };
    try {
        (void)decoder.decode(data, options);
        FAIL() << "not cancelled";
    } catch (const jpegai_api::Error& error) {
        EXPECT_EQ(error.code(), JPEGAI_ERROR_CANCELLED);
    }
}

TEST(CApi, RefusesWorkBeyondItsLimits) {
    const auto data = photo();
    const jpegai_api::Models models;
    const jpegai_api::Decoder decoder(models);
    for (int limit = 0; limit < 3; ++limit) {
        jpegai_api::DecodeOptions options;
        if (limit == 0) options.c.max_pixels = 512 * 768 - 1;
        if (limit == 1) options.c.max_memory = 1 << 20;
        if (limit == 2) options.c.max_macs = 1'000'000;
        try {
            (void)decoder.decode(data, options);
            FAIL() << "limit " << limit << " not kept";
        } catch (const jpegai_api::Error& error) {
            EXPECT_EQ(error.code(), JPEGAI_ERROR_LIMIT) << limit;
        }
    }
}

TEST(CApi, FailuresHaveCodeMessageAndOffset) {
    auto data = photo();
    jpegai_info info;
    EXPECT_EQ(jpegai_read_info(data.data(), 100, &info), JPEGAI_ERROR_TRUNCATED);
    EXPECT_NE(std::strlen(jpegai_last_message()), 0U);
    EXPECT_LE(jpegai_last_offset(), 100U);
    EXPECT_EQ(jpegai_read_info(nullptr, 10, &info), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(jpegai_read_info(data.data(), data.size(), nullptr), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(jpegai_read_info(data.data(), data.size(), &info), JPEGAI_OK);
    EXPECT_EQ(std::strlen(jpegai_last_message()), 0U);
    EXPECT_EQ(jpegai_last_offset(), UINT64_MAX);
    jpegai_models* models = nullptr;
    EXPECT_EQ(jpegai_models_open("/no/such/folder", &models), JPEGAI_ERROR_IO);
    EXPECT_EQ(models, nullptr);
    jpegai_decoder* decoder = nullptr;
    EXPECT_EQ(jpegai_decoder_create(nullptr, JPEGAI_CPU_AUTO, 1, &decoder), JPEGAI_ERROR_ARGUMENT);
    jpegai_picture_free(nullptr);
    jpegai_decoder_free(nullptr);
    jpegai_models_free(nullptr);
}

/// 96x72, RGB, a gradient.
struct SourcePicture {
    SourcePicture() {
        for (std::size_t i = 0; i < 3; ++i) {
            planes[i].resize(96 * 72);
            for (std::size_t k = 0; k < planes[i].size(); ++k) {
                planes[i][k] = static_cast<std::uint8_t>(40 + 20 * i + k % 96 + k / 96);
            }
            c.samples[i] = planes[i].data();
            c.stride[i] = 96;
        }
        c.colour = JPEGAI_RGB;
        c.width = 96;
        c.height = 72;
        c.bit_depth = 8;
    }
    std::array<std::vector<std::uint8_t>, 3> planes;
    jpegai_source c{};
};

TEST(CApi, EncodesWhatItDecodes) {
    const jpegai_api::Models models;
    const jpegai_api::Encoder encoder(models);
    const SourcePicture source;
    jpegai_api::EncodeOptions options;
    options.c.rate_mode = JPEGAI_RATE_SIZE;
    options.c.rate = 1500;
    double last = 0;
    options.progress = [&](double fraction) {
        last = fraction;
        return true;
    };
    const jpegai_api::Encoded encoded = encoder.encode(source.c, options);
    EXPECT_LE(encoded.bytes.size(), 1500U);
    EXPECT_GE(encoded.bytes.size(), 1450U);
    EXPECT_EQ(encoded.report.reached, 1U);
    EXPECT_GT(last, 0.5);
    EXPECT_EQ(jpegai_api::read_info(encoded.bytes).model, encoded.report.model);
    const jpegai_api::Picture decoded = jpegai_api::Decoder(models).decode(encoded.bytes);
    const jpegai_plane plane = decoded.plane(0);
    ASSERT_EQ(plane.width, 96U);
    double error = 0;
    for (std::size_t k = 0; k < source.planes[0].size(); ++k) {
        const double difference = source.planes[0][k] - static_cast<const std::uint8_t*>(plane.samples)[k];
        error += difference * difference;
    }
    EXPECT_LT(error / static_cast<double>(source.planes[0].size()), 30);
}

TEST(CApi, RefusesWrongSources) {
    const jpegai_api::Models models;
    const jpegai_api::Encoder encoder(models);
    const auto code = [&](auto change) {
        SourcePicture source;
        jpegai_api::EncodeOptions options;
        change(source.c, options.c);
        try {
            (void)encoder.encode(source.c, options);
        } catch (const jpegai_api::Error& error) {
            EXPECT_STRNE(error.what(), "");
            return error.code();
        }
        return JPEGAI_OK;
    };
    EXPECT_EQ(code([](jpegai_source& s, auto&) { s.width = 0; }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code([](jpegai_source& s, auto&) { s.samples[1] = nullptr; }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code([](jpegai_source& s, auto&) { s.stride[2] = 95; }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code([](jpegai_source& s, auto&) { s.bit_depth = 7; }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code([](jpegai_source& s, auto&) { s.chroma_ver = 3; }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code([](auto&, jpegai_encode_options& o) { o.effort = 0; }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code([](auto&, jpegai_encode_options& o) { o.lanes = 3; }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code([](auto&, jpegai_encode_options& o) { o.rate = 101; }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code([](auto&, jpegai_encode_options& o) { o.operating_point = 3; }), JPEGAI_ERROR_ARGUMENT);
}

}  // namespace
