// Random calls: every set of kernels against the plain coder, bit by bit, for valid and for damaged payloads.
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
using test::masked;
using test::random_residual;
using test::RandomResidual;
using test::views;

constexpr std::size_t kLaneCounts[] = {1, 2, 4, 8, 16};

/// What a decoder made of a payload: its symbols, or its error.
struct Outcome {
    std::vector<std::int16_t> residual;
    std::optional<std::string> error;

    bool operator==(const Outcome&) const = default;
};

template <class Decode>
Outcome outcome_of(std::size_t elements, Decode decode) {
    Outcome outcome;
    outcome.residual.assign(elements, 77);
    try {
        decode(std::span(outcome.residual));
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), JPEGAI_ERROR_ENTROPY);
        outcome = {{}, error.describe()};
    }
    return outcome;
}

Outcome plain_outcome(const Lanes& lanes, const std::vector<std::uint8_t>& table, std::size_t elements) {
    return outcome_of(table.size(), [&](std::span<std::int16_t> residual) {
        decode_residual_reference(views(lanes), table, elements, residual);
    });
}

/// The outcome of the plain decoder, after all kernels were found to have the same.
Outcome common_outcome(const Lanes& lanes, const std::vector<std::uint8_t>& table, std::size_t elements) {
    const Outcome plain = plain_outcome(lanes, table, elements);
    for (const Kernels* kernels : available_kernels()) {
        bool on_its_own = false;
        const Outcome fast = outcome_of(table.size(), [&](std::span<std::int16_t> residual) {
            on_its_own = me_tans::decode_residual(*kernels, views(lanes), table, elements, residual);
        });
        EXPECT_EQ(fast, plain) << kernels->name;
        EXPECT_EQ(on_its_own, !plain.error.has_value()) << kernels->name;
    }
    return plain;
}

TEST(MeTansProperty, RoundTrip) {
    std::mt19937 random(1);
    for (unsigned round = 0; round < 150; ++round) {
        // Around block and group borders as well as anywhere.
        const std::size_t sizes[] = {random() % 40, random() % 3000, me_tans::kBlock * (1 + random() % 3),
                                     me_tans::kBlock - 70 + random() % 140};
        const unsigned coded[] = {0, 3, 30, 64, 200, 256}, escapes[] = {0, 2, 60, 256};
        const RandomResidual call =
            random_residual(random, sizes[random() % 4], coded[random() % 6], escapes[random() % 4]);
        for (const std::size_t n : kLaneCounts) {
            const Lanes lanes = encode_residual_reference(n, call.table, call.residual);
            for (const Kernels* kernels : available_kernels()) {
                EXPECT_EQ(me_tans::encode_residual(*kernels, n, call.table, call.residual), lanes) << kernels->name;
            }
            const Outcome outcome = common_outcome(lanes, call.table, call.table.size());
            EXPECT_EQ(outcome.residual, masked(call)) << n << " lanes, " << call.table.size() << " elements";
        }
    }
}

TEST(MeTansProperty, EveryPrefix) {
    std::mt19937 random(2);
    for (const std::size_t n : kLaneCounts) {
        for (const unsigned escapes : {3U, 150U}) {
            const RandomResidual call = random_residual(random, 8 * n + 5 * n / 2 + 3, 190, escapes);
            const Lanes lanes = encode_residual(n, call.table, call.residual);
            for (std::size_t elements = 0; elements <= call.table.size(); ++elements) {
                auto expected = masked(call);
                std::fill(expected.begin() + static_cast<std::ptrdiff_t>(elements), expected.end(), std::int16_t{0});
                EXPECT_EQ(common_outcome(lanes, call.table, elements).residual, expected) << elements;
            }
        }
    }
}

TEST(MeTansProperty, LongPrefixes) {
    std::mt19937 random(3);
    for (const std::size_t n : kLaneCounts) {
        const RandomResidual call = random_residual(random, 2000, 128, 20);
        const Lanes lanes = encode_residual(n, call.table, call.residual);
        for (std::size_t elements = 0; elements <= call.table.size(); elements += 1 + random() % 40) {
            auto expected = masked(call);
            std::fill(expected.begin() + static_cast<std::ptrdiff_t>(elements), expected.end(), std::int16_t{0});
            EXPECT_EQ(common_outcome(lanes, call.table, elements).residual, expected) << elements;
        }
    }
}

TEST(MeTansProperty, Truncations) {
    std::mt19937 random(4);
    for (const std::size_t n : kLaneCounts) {
        const RandomResidual call = random_residual(random, 700, 100, 10);
        const Lanes lanes = encode_residual(n, call.table, call.residual);
        for (std::size_t lane = 0; lane < n; ++lane) {
            for (std::size_t cut = 1; cut <= lanes[lane].size(); ++cut) {
                Lanes shorter = lanes, later = lanes;
                shorter[lane].resize(lanes[lane].size() - cut);
                later[lane].erase(later[lane].begin(), later[lane].begin() + static_cast<std::ptrdiff_t>(cut));
                common_outcome(shorter, call.table, call.table.size());
                // A lane without its beginning cannot end cleanly.
                EXPECT_TRUE(common_outcome(later, call.table, call.table.size()).error.has_value());
                common_outcome(later, call.table, call.table.size() / 2);
            }
        }
    }
}

TEST(MeTansProperty, Damage) {
    std::mt19937 random(5);
    std::size_t errors = 0;
    for (unsigned round = 0; round < 400; ++round) {
        const std::size_t n = kLaneCounts[random() % 5];
        const RandomResidual call = random_residual(random, random() % 2500, 40 + random() % 200, random() % 60);
        Lanes lanes = encode_residual(n, call.table, call.residual);
        for (unsigned flips = 1 + random() % 4; flips > 0; --flips) {
            auto& lane = lanes[random() % n];
            lane[random() % lane.size()] ^= static_cast<std::uint8_t>(1U << random() % 8);
        }
        std::vector<std::uint8_t> table = call.table;
        if (random() % 2 == 0 && !table.empty())
            table[random() % table.size()] = static_cast<std::uint8_t>(random() % 32);
        const std::size_t elements = random() % 2 == 0 ? table.size() : random() % (table.size() + 1);
        errors += common_outcome(lanes, table, elements).error.has_value();
    }
    EXPECT_GT(errors, 100U);
}

/// However many blocks follow the end of a lane, nothing in front of it may be read.
TEST(MeTansProperty, FarBeyondTheEnd) {
    for (const std::size_t n : kLaneCounts) {
        const Lanes lanes(n, {0x12, 0x34, 0x56});
        const std::vector<std::uint8_t> table(40 * me_tans::kBlock, 31);
        EXPECT_TRUE(common_outcome(lanes, table, table.size()).error.has_value());
        EXPECT_TRUE(common_outcome(lanes, table, table.size() - 4 * n).error.has_value());
    }
}

TEST(MeTansProperty, RandomBytes) {
    std::mt19937 random(6);
    for (unsigned round = 0; round < 400; ++round) {
        const RandomResidual call = random_residual(random, random() % 2500, 40 + random() % 200, 0);
        Lanes lanes(kLaneCounts[random() % 5]);
        for (auto& lane : lanes) {
            lane.resize(random() % 300);
            for (std::uint8_t& byte : lane) byte = static_cast<std::uint8_t>(random());
        }
        common_outcome(lanes, call.table, random() % 2 == 0 ? call.table.size() : call.table.size() / 3);
    }
}

/// Code, offset and message of the error that `decode` throws; "" if it does not.
template <class Decode>
std::string error_of(Decode decode) {
    try {
        decode();
    } catch (const Error& error) {
        return error.describe();
    }
    return "";
}

std::string residual_error(const Lanes& lanes, const std::vector<std::uint8_t>& table) {
    std::vector<std::int16_t> residual(table.size());
    return error_of([&] { decode_residual(views(lanes), table, table.size(), residual); });
}

TEST(MeTansProperty, ErrorsNameTheLane) {
    const std::vector<std::uint8_t> table(8, 10);
    Lanes lanes = encode_residual(4, table, std::vector<std::int16_t>(8, 1));
    EXPECT_EQ(residual_error(lanes, table), "");
    lanes[2].clear();
    EXPECT_NE(residual_error(lanes, table).find("3000"), std::string::npos);
    lanes[2] = {5, 0};
    EXPECT_NE(residual_error(lanes, table).find("3000"), std::string::npos);
    lanes[2] = {0x01};  // a sentinel and nothing else: no start state
    EXPECT_NE(residual_error(lanes, table).find("3000"), std::string::npos);
    lanes[2] = {0x00, 0x01};  // state 0 and no bits: symbol 0, then too few bits
    EXPECT_NE(residual_error(lanes, table).find("3000"), std::string::npos);
    lanes[2] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01};  // bits left over
    EXPECT_NE(residual_error(lanes, table).find("3000"), std::string::npos);
}

/// The lane of one escape with the raw 16-bit payload `value`.
std::vector<std::uint8_t> long_escape(std::uint8_t index, std::uint32_t value) {
    std::vector<std::uint8_t> bytes(8);
    me_tans::BitSink sink{bytes.data(), 0, 0};
    std::uint8_t state[2] = {0, 0};
    me_tans::push(sink, value, me_tans::kLongEscapeBits);
    me_tans::push(sink, 0, 1);
    const auto escape = static_cast<std::size_t>(128 - residual_bounds()[index]);
    me_tans::encode_step(residual_encode_tables()[index][escape], residual_state_maps()[index].data(), sink, state[0]);
    me_tans::finish_lane(sink, 2, state);
    bytes.resize(static_cast<std::size_t>(sink.next - bytes.data()));
    return bytes;
}

TEST(MeTansProperty, EscapesOutsideInt16) {
    for (std::uint8_t index = 0; index < kSigmaTables; ++index) {
        const std::int32_t bound = residual_bounds()[index];
        for (std::int32_t magnitude = 32765; magnitude <= 32767 + bound; ++magnitude) {
            for (const std::int32_t value : {magnitude, -magnitude}) {
                if (2 * (magnitude - bound) + (value < 0) > 65535) continue;
                const Lanes lanes = {
                    long_escape(index, static_cast<std::uint32_t>(2 * (magnitude - bound) + (value < 0)))};
                // Long enough for the kernels to take part.
                std::vector<std::uint8_t> table(64, kNotCoded);
                table[0] = index;
                const Outcome outcome = common_outcome(lanes, table, table.size());
                ASSERT_EQ(outcome.error.has_value(), value < INT16_MIN || value > INT16_MAX) << value;
                if (!outcome.error) {
                    EXPECT_EQ(outcome.residual[0], value);
                }
            }
        }
    }
}

TEST(MeTansProperty, BadArguments) {
    std::vector<std::uint8_t> table(600, 3);
    std::vector<std::int16_t> residual(600, 0);
    const Lanes lanes = encode_residual(1, table, residual);
    const auto code_of = [](auto&& action) {
        try {
            action();
        } catch (const Error& error) {
            return error.code();
        }
        return JPEGAI_OK;
    };
    for (const std::size_t n : {0U, 3U, 5U, 12U, 17U, 32U}) {
        const Lanes wrong(n, lanes[0]);
        EXPECT_EQ(code_of([&] { decode_residual(views(wrong), table, 600, residual); }), JPEGAI_ERROR_ARGUMENT) << n;
        EXPECT_EQ(code_of([&] { HyperDecoder decoder(views(wrong)); }), JPEGAI_ERROR_ARGUMENT) << n;
        EXPECT_EQ(code_of([&] { (void)encode_residual(n, table, residual); }), JPEGAI_ERROR_ARGUMENT) << n;
    }
    EXPECT_EQ(code_of([&] { decode_residual(views(lanes), table, 601, residual); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code_of([&] { decode_residual(views(lanes), std::span(table).first(599), 599, residual); }),
              JPEGAI_ERROR_ARGUMENT);
    // Every place of a block has to be looked at, and the rest beyond the groups.
    for (const Kernels* kernels : available_kernels()) {
        for (std::size_t i = 0; i < table.size(); ++i) {
            for (const unsigned bad : {32U, 127U, 128U, 224U, 254U}) {
                table[i] = static_cast<std::uint8_t>(bad);
                EXPECT_EQ(code_of([&] { me_tans::decode_residual(*kernels, views(lanes), table, 600, residual); }),
                          JPEGAI_ERROR_ARGUMENT)
                    << i;
            }
            table[i] = 3;
        }
        EXPECT_EQ(code_of([&] { me_tans::decode_residual(*kernels, views(lanes), table, 600, residual); }), JPEGAI_OK);
    }
    for (const std::size_t i : {7U, 599U}) {
        table[i] = 32;
        EXPECT_EQ(code_of([&] { (void)encode_residual(16, table, residual); }), JPEGAI_ERROR_ARGUMENT);
        table[i] = 3;
    }
}

TEST(MeTansProperty, ListsOfCodedElements) {
    std::mt19937 random(7);
    for (std::size_t count = 0; count <= me_tans::kBlock; count += 1 + random() % 3) {
        const RandomResidual call = random_residual(random, count, random() % 257, 0);
        std::vector<std::uint16_t> elements, pairs;
        for (std::uint16_t i = 0; i < count; ++i) {
            if (call.table[i] != kNotCoded) elements.push_back(i);
            if (i % 2 == 0 && i + 1U < count && (call.table[i] & call.table[i + 1U]) != kNotCoded) {
                pairs.push_back(i / 2);
            }
        }
        for (const Kernels* kernels : available_kernels()) {
            std::vector<std::uint16_t> list(me_tans::kListRoom);
            ASSERT_EQ(kernels->list_coded(call.table.data(), count, list.data()), elements.size()) << kernels->name;
            EXPECT_TRUE(std::equal(elements.begin(), elements.end(), list.begin())) << kernels->name;
            ASSERT_EQ(kernels->list_coded_pairs(call.table.data(), count / 2, list.data()), pairs.size());
            EXPECT_TRUE(std::equal(pairs.begin(), pairs.end(), list.begin())) << kernels->name;
        }
    }
}

TEST(MeTansProperty, ListsFindBadTables) {
    std::mt19937 random(8);
    std::vector<std::uint16_t> list(me_tans::kListRoom);
    for (const Kernels* kernels : available_kernels()) {
        for (unsigned bad = kSigmaTables; bad < kNotCoded; ++bad) {
            RandomResidual call =
                random_residual(random, 2 * (1 + random() % (me_tans::kBlock / 2)), random() % 257, 0);
            const std::size_t count = call.table.size();
            call.table[random() % count] = static_cast<std::uint8_t>(bad);
            EXPECT_EQ(kernels->list_coded(call.table.data(), count, list.data()), me_tans::kBadTable) << bad;
            EXPECT_EQ(kernels->list_coded_pairs(call.table.data(), count / 2, list.data()), me_tans::kBadTable) << bad;
        }
    }
}

}  // namespace
}  // namespace jpegai
