// The latent coder on small random pictures: every header option, round trips, and what it refuses.
#include <gtest/gtest.h>

#include "tests/encoder/mini_stream.h"
#include "tests/support/thrown.h"
#include "tests/support/vector_helpers.h"

namespace jpegai::test {
namespace {

/// 32 random bits per call.
class Random {
public:
    explicit Random(std::uint32_t seed) : engine_(seed) {}
    std::uint32_t operator()() { return static_cast<std::uint32_t>(engine_()); }

private:
    std::mt19937 engine_;
};

/// A header with random tools.
PictureHeader random_header(Random& random) {
    const auto flag = [&] { return random() % 2 == 0; };
    const bool regions = random() % 3 == 0;
    PictureHeader picture = regions ? mini_header(257 + random() % 90, 513 + random() % 90)
                                    : mini_header(64 + random() % 300, 64 + random() % 300);
    if (regions) {
        picture.regions = RegionHeader{};
        picture.regions->num_ver = static_cast<std::uint8_t>(1 + random() % 2);
        picture.regions->num_hor = static_cast<std::uint8_t>(1 + random() % 2);
        picture.regions->residual_in_its_own_substream = flag();
    }
    picture.model_id = static_cast<std::uint8_t>(random() % 4);
    picture.num_threads_z = static_cast<std::uint8_t>(1U << random() % 5);
    picture.gain_3d_enable_flag = flag();
    picture.num_threads_q =
        picture.gain_3d_enable_flag ? static_cast<std::uint8_t>(1U << random() % 5) : std::uint8_t{1};
    picture.quality_map_entropy_index =
        picture.gain_3d_enable_flag ? static_cast<std::uint8_t>(random() % 8) : std::uint8_t{0};
    picture.independent_beta_uv = true;
    for (const Component c : {kPrimary, kSecondary}) {
        ComponentHeader& header = picture.component[c];
        picture.beta_displacement_log[c] = static_cast<std::int16_t>(static_cast<int>(random() % 1200) - 600);
        header.num_threads_r = static_cast<std::uint8_t>(1U << random() % 5);
        header.num_chs = static_cast<std::uint8_t>(random() % (kMiniChannels + 1));
        header.rvs_enable_flag = flag();
        header.grfs_enable_flag = flag();
        for (std::size_t i = 0; header.grfs_enable_flag && i < header.num_chs; ++i) {
            header.grfs_channel_flag.push_back(flag() ? 1 : 0);
        }
        header.use_cube_flags = flag();
        for (std::size_t i = 0; header.use_cube_flags && i < 4 * picture.cube_rows() * picture.cube_cols(); ++i) {
            header.cube_flag.push_back(flag() ? 1 : 0);
        }
    }
    return picture;
}

TEST(LatentCoder, RandomPicturesComeBack) {
    Random random(99);
    for (int round = 0; round < 60; ++round) {
        SCOPED_TRACE(round);
        const MiniStream mini = mini_stream(random_header(random), random(), round % 5 == 0 ? 32767 : 40);
        const Latents latents = mini.decode();
        for (const Component c : {kPrimary, kSecondary}) {
            EXPECT_EQ(values_of(mini.symbols.z_hat[c]), values_of(latents.component[c].z_hat));
            EXPECT_EQ(values_of(mini.symbols.residual[c]), values_of(latents.component[c].residual_quant));
        }
        if (mini.picture.gain_3d_enable_flag) {
            EXPECT_EQ(values_of(mini.symbols.qp_map), values_of(latents.qp_map.value()));
        }
        EntropyOptions lean;
        lean.keep_intermediates = false;
        const Latents second = mini.decode(lean);
        for (const Component c : {kPrimary, kSecondary}) {
            EXPECT_EQ(float_bits(latents.component[c].residual.span()),
                      float_bits(second.component[c].residual.span()));
        }
    }
}

/// Any prefix of channels, with grids so small that groups of four elements per lane span several channels.
TEST(LatentCoder, ProgressiveDecodingGivesThePrefix) {
    Random random(5);
    for (int round = 0; round < 30; ++round) {
        PictureHeader picture = random_header(random);
        if (round % 2 == 0) picture.img_height = picture.img_width = 64;
        if (round % 2 == 0) {
            picture.regions.reset();
            for (ComponentHeader& header : picture.component) header.use_cube_flags = false, header.cube_flag.clear();
        }
        const MiniStream mini = mini_stream(picture, random(), 300);
        const Latents full = mini.decode();
        for (std::size_t channels = 0; channels <= kMiniChannels; channels += 1 + random() % 3) {
            EntropyOptions options;
            options.max_channels = {channels, kMiniChannels - channels};
            options.keep_intermediates = random() % 2 == 0;
            const Latents part = mini.decode(options);
            for (const Component c : {kPrimary, kSecondary}) {
                const std::size_t kept = options.max_channels[c] * full.component[c].residual.plane_size();
                auto expected = values_of(full.component[c].residual);
                std::fill(expected.begin() + static_cast<std::ptrdiff_t>(kept), expected.end(), 0.0F);
                EXPECT_EQ(float_bits(expected), float_bits(part.component[c].residual.span()));
            }
        }
    }
}

TEST(LatentCoder, ReducedStreamsDecodeAsProgressiveOnes) {
    Random random(17);
    for (int round = 0; round < 20; ++round) {
        const MiniStream mini = mini_stream(random_header(random), random());
        EntropyOptions options;
        options.max_channels = {random() % 14, random() % 14};
        const auto reduced = reduce_channels(mini.stream, mini.file, mini_models(), options.max_channels);
        const Latents expected = mini.decode(options);
        const Latents actual = decode_latents(parse_codestream(reduced), reduced, mini_models());
        for (const Component c : {kPrimary, kSecondary}) {
            EXPECT_EQ(values_of(expected.component[c].residual_quant), values_of(actual.component[c].residual_quant));
            EXPECT_EQ(float_bits(expected.component[c].residual.span()),
                      float_bits(actual.component[c].residual.span()));
        }
    }
}

PictureHeader independent_regions() {
    PictureHeader picture = mini_header(264, 1040);
    picture.regions = RegionHeader{};
    picture.regions->num_ver = 2;
    picture.regions->num_hor = 3;
    picture.regions->residual_in_its_own_substream = true;
    return picture;
}

TEST(LatentCoder, AbsentRegionsAreZero) {
    const PictureHeader picture = independent_regions();
    const MiniStream whole = mini_stream(picture, 3);
    LatentSymbols symbols = whole.symbols.view(picture);
    symbols.regions[kPrimary] = {true, false, true, true, true, false};
    CodestreamParts parts;
    parts.picture = picture;
    set_lanes(parts, encode_latents(picture, mini_models(), symbols));
    const auto file = write_codestream(parts);
    const Latents full = whole.decode(), part = decode_latents(parse_codestream(file), file, mini_models());
    EXPECT_EQ(float_bits(full.component[kSecondary].residual.span()),
              float_bits(part.component[kSecondary].residual.span()));
    const auto areas = region_areas(picture, 4);
    ASSERT_EQ(areas.size(), 6U);
    for (std::size_t r = 0; r < areas.size(); ++r) {
        for (std::size_t i = 0; i < kMiniChannels * areas[r].rows * areas[r].cols; ++i) {
            const std::size_t c = i % kMiniChannels, y = areas[r].row + i / kMiniChannels % areas[r].rows;
            const std::size_t x = areas[r].col + i / kMiniChannels / areas[r].rows;
            ASSERT_EQ(part.component[kPrimary].residual(c, y, x),
                      r == 1 || r == 5 ? 0.0F : full.component[kPrimary].residual(c, y, x));
        }
    }
    const auto reduced = reduce_channels(parse_codestream(file), file, mini_models(), {3, 3});
    EXPECT_FALSE(parse_codestream(reduced).residual[kPrimary][5].has_value());
}

TEST(LatentCoder, RefusesWhatTheHeaderCannotCarry) {
    const PictureHeader picture = mini_header(70, 90);
    const MiniSymbols good = mini_symbols(picture, 1);
    const auto code = [&](auto change) {
        MiniSymbols symbols = good;
        PictureHeader header = picture;
        change(symbols, header);
        return thrown_code([&] { (void)encode_latents(header, mini_models(), symbols.view(header)); });
    };
    EXPECT_EQ(code([](MiniSymbols&, PictureHeader&) {}), JPEGAI_OK);
    EXPECT_EQ(code([](MiniSymbols& s, PictureHeader&) { s.z_hat[0] = Array3<std::int8_t>(kMiniChannels, 2, 3); }),
              JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code([](MiniSymbols& s, PictureHeader&) { s.z_hat[1](0, 0, 0) = 32; }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code([](MiniSymbols& s, PictureHeader&) { s.residual[1] = Array3<std::int16_t>(kMiniChannels, 5, 5); }),
              JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code([](MiniSymbols&, PictureHeader& h) { h.num_threads_z = 3; }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code([](MiniSymbols& s, PictureHeader& h) {
                  h.gain_3d_enable_flag = true;
                  s.qp_map(0, 0, 0) = 9;
              }),
              JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code([](MiniSymbols&, PictureHeader& h) { h.model_id = 4; }), JPEGAI_ERROR_HEADER);
    // Coded symbols remain where the mask, or num_chs, says that there are none.
    EXPECT_EQ(code([](MiniSymbols&, PictureHeader& h) {
                  h.beta_displacement_log = {-2048, -2048};
              }),
              JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code([](MiniSymbols&, PictureHeader& h) { h.component[0].num_chs = 2; }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(thrown_code([&] {
                  (void)encode_latents(picture, {nullptr, nullptr}, good.view(picture));
              }),
              JPEGAI_ERROR_ARGUMENT);
}

}  // namespace
}  // namespace jpegai::test
