// Hyper latents at random: every set of kernels against the plain coder, for valid and for damaged streams.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/error.h"
#include "bitstream/me_tans_fast.h"
#include "bitstream/me_tans_reference.h"
#include "bitstream/me_tans_tables.h"
#include "me_tans_support.h"

namespace jpegai {
namespace {

using me_tans::available_kernels;
using me_tans::Kernels;
using test::Lanes;
using test::views;

constexpr std::size_t kLaneCounts[] = {1, 2, 4, 8, 16};

/// A distribution that leaves about half of the symbols to the escape.
HyperTable random_table(std::mt19937& random) {
    std::array<std::int32_t, kHyperSymbols> freqs{};
    for (std::int32_t& freq : freqs) freq = random() % 2 == 0 ? 0 : static_cast<std::int32_t>(random() % 1000);
    freqs[random() % kHyperSymbols] += 1 + static_cast<std::int32_t>(random() % 20000);
    return HyperTable(freqs);
}

struct Plane {
    std::vector<HyperTable> tables;
    std::vector<std::int8_t> z_hat;
    std::size_t samples = 0;

    [[nodiscard]] HyperPlane view() const { return {tables, z_hat, samples}; }
};

/// `escapes` is the share of 256 of symbols drawn evenly, most of which have to be escaped; the others are likely ones.
Plane random_plane(std::mt19937& random, std::size_t channels, std::size_t samples, std::size_t escapes) {
    Plane plane;
    plane.samples = samples;
    for (std::size_t c = 0; c < channels; ++c) {
        plane.tables.push_back(random_table(random));
        for (std::size_t i = 0; i < samples; ++i) {
            auto symbol = static_cast<std::int32_t>(random() % kHyperSymbols);
            if (random() % 256 >= escapes) {
                symbol = me_tans::word_symbol(plane.tables.back().decode_table()[random() % 255]);
            }
            plane.z_hat.push_back(static_cast<std::int8_t>(symbol - kHyperOffset));
        }
    }
    return plane;
}

/// Symbols, or the error, of two planes.
struct Outcome {
    std::vector<std::int8_t> z_hat;
    std::optional<std::string> error;

    bool operator==(const Outcome&) const = default;
};

template <class DecodeChannel>
Outcome decode_planes(const Plane& primary, const Plane& secondary, DecodeChannel decode_channel) {
    Outcome outcome;
    try {
        for (const Plane* plane : {&primary, &secondary}) {
            for (const HyperTable& table : plane->tables) {
                std::vector<std::int8_t> channel(plane->samples, 99);
                decode_channel(table, channel);
                outcome.z_hat.insert(outcome.z_hat.end(), channel.begin(), channel.end());
            }
        }
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), JPEGAI_ERROR_ENTROPY);
        outcome.error = error.describe();
    }
    return outcome;
}

Outcome common_outcome(const Lanes& lanes, const Plane& primary, const Plane& secondary) {
    const auto sources = views(lanes);
    auto plain_states = open_lanes(sources);
    const Outcome plain = decode_planes(primary, secondary, [&](const HyperTable& table, auto& z_hat) {
        decode_hyper_channel_reference(sources, plain_states, table, z_hat);
    });
    for (const Kernels* kernels : available_kernels()) {
        auto states = open_lanes(sources);
        const Outcome fast = decode_planes(primary, secondary, [&](const HyperTable& table, auto& z_hat) {
            me_tans::decode_hyper_channel(*kernels, sources, states, table, z_hat);
        });
        EXPECT_EQ(fast, plain) << kernels->name;
        for (std::size_t t = 0; t < states.size() && !plain.error; ++t) {
            EXPECT_EQ(states[t].stack.bits, plain_states[t].stack.bits);
            EXPECT_EQ(states[t].state[0], plain_states[t].state[0]);
            EXPECT_EQ(states[t].state[1], plain_states[t].state[1]);
        }
    }
    return plain;
}

TEST(MeTansHyper, RoundTrip) {
    std::mt19937 random(1);
    for (unsigned round = 0; round < 60; ++round) {
        const unsigned escapes[] = {0, 3, 80, 256};
        const Plane primary = random_plane(random, random() % 5, random() % 150, escapes[random() % 4]);
        const Plane secondary = random_plane(random, random() % 5, random() % 150, escapes[random() % 4]);
        auto expected = primary.z_hat;
        expected.insert(expected.end(), secondary.z_hat.begin(), secondary.z_hat.end());
        for (const std::size_t n : kLaneCounts) {
            const Lanes lanes = encode_hyper(n, primary.view(), secondary.view());
            EXPECT_EQ(lanes, encode_hyper_reference(n, primary.view(), secondary.view()));
            const Outcome outcome = common_outcome(lanes, primary, secondary);
            EXPECT_EQ(outcome.error, std::nullopt);
            EXPECT_EQ(outcome.z_hat, expected) << n;

            HyperDecoder decoder(views(lanes));
            decode_planes(primary, secondary,
                          [&](const HyperTable& table, auto& z_hat) { decoder.decode_channel(table, z_hat); });
            EXPECT_NO_THROW(decoder.finish());
        }
    }
}

TEST(MeTansHyper, Damage) {
    std::mt19937 random(2);
    std::size_t errors = 0;
    for (unsigned round = 0; round < 300; ++round) {
        const Plane primary = random_plane(random, 3, random() % 150, random() % 80);
        const Plane secondary = random_plane(random, 2, random() % 150, random() % 80);
        const std::size_t n = kLaneCounts[random() % 5];
        Lanes lanes = encode_hyper(n, primary.view(), secondary.view());
        auto& lane = lanes[random() % n];
        if (random() % 2 == 0)
            lane.erase(lane.begin(), lane.begin() + static_cast<std::ptrdiff_t>(random() % lane.size()));
        lane.front() ^= static_cast<std::uint8_t>(random());
        lane[random() % lane.size()] ^= static_cast<std::uint8_t>(random());
        lane.back() |= 1;  // must not be empty; what starts wrongly is tested elsewhere
        if (lane.size() < 4) continue;
        errors += common_outcome(lanes, primary, secondary).error.has_value();
    }
    EXPECT_GT(errors, 50U);
}

/// The raw value 63 has a code but no meaning (02 section 5).
TEST(MeTansHyper, RawEscapeValue) {
    std::array<std::int32_t, kHyperSymbols> freqs{};
    freqs[31] = 1;
    const HyperTable table{freqs};
    for (std::uint32_t value = 0; value < 64; ++value) {
        std::vector<std::uint8_t> bytes(8);
        me_tans::BitSink sink{bytes.data(), 0, 0};
        std::uint8_t state[2] = {0, 0};
        me_tans::push(sink, value, me_tans::kHyperEscapeBits);
        me_tans::encode_step(hyper_encode_words(table.cdf())[63], hyper_state_map().data(), sink, state[0]);
        me_tans::finish_lane(sink, 2, state);
        bytes.resize(static_cast<std::size_t>(sink.next - bytes.data()));

        const Lanes lanes = {bytes};
        HyperDecoder decoder(views(lanes));
        std::int8_t z_hat = 99;
        if (value == 63) {
            EXPECT_THROW(decoder.decode_channel(table, {&z_hat, 1}), Error);
        } else {
            decoder.decode_channel(table, {&z_hat, 1});
            EXPECT_EQ(z_hat, static_cast<int>(value) - kHyperOffset);
            EXPECT_NO_THROW(decoder.finish());
        }
    }
}

TEST(MeTansHyper, FinishFindsWhatIsLeft) {
    std::mt19937 random(3);
    const Plane primary = random_plane(random, 2, 40, 0), secondary = random_plane(random, 1, 40, 0);
    for (const std::size_t n : kLaneCounts) {
        const Lanes lanes = encode_hyper(n, primary.view(), secondary.view());
        HyperDecoder decoder(views(lanes));
        std::vector<std::int8_t> z_hat(primary.samples);
        for (const HyperTable& table : primary.tables) decoder.decode_channel(table, z_hat);
        EXPECT_THROW(decoder.finish(), Error);
        decoder.decode_channel(secondary.tables[0], z_hat);
        EXPECT_NO_THROW(decoder.finish());
    }
}

TEST(MeTansHyper, BadArguments) {
    std::mt19937 random(4);
    const Plane empty;
    Plane plane = random_plane(random, 2, 10, 0);
    plane.z_hat[3] = -32;
    EXPECT_THROW((void)encode_hyper(1, plane.view(), empty.view()), Error);
    plane.z_hat[3] = 32;
    EXPECT_THROW((void)encode_hyper(1, empty.view(), plane.view()), Error);
    plane.z_hat[3] = 31;
    EXPECT_NO_THROW((void)encode_hyper(1, plane.view(), empty.view()));
    EXPECT_THROW((void)encode_hyper(3, plane.view(), empty.view()), Error);
    plane.samples = 11;
    EXPECT_THROW((void)encode_hyper(1, plane.view(), empty.view()), Error);
}

}  // namespace
}  // namespace jpegai
