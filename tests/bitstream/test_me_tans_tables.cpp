// Tables of me-tANS against the reference's, entry for entry through their SHA-256.
#include <array>
#include <numeric>

#include "base/error.h"
#include "base/hash.h"
#include "bitstream/me_tans_steps.h"
#include "bitstream/me_tans_tables.h"
#include "me_tans_support.h"
#include "spec/ans_tables.h"
#include "tests/support/test_data.h"

namespace jpegai {
namespace {

using test::data_path;
using test::load_json;

const nlohmann::json& vectors() {
    static const nlohmann::json json = load_json(data_path("standard/ans_tables.json"));
    return json;
}

void append_u32(std::vector<std::uint8_t>& bytes, std::uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(value >> shift));
}

/// SHA-256 of `plane(word)` over all decoder words, in table order.
template <class Plane>
std::string decode_sha(Plane plane) {
    std::vector<std::uint8_t> bytes;
    for (const DecodeTable& table : residual_decode_tables()) {
        for (const std::uint32_t word : table) plane(bytes, word);
    }
    return sha256_hex(bytes);
}

TEST(MeTansTables, MassesAndBounds) {
    std::vector<std::uint8_t> ragged;
    for (std::size_t i = 0; i < kSigmaTables; ++i) {
        const auto masses = ans_masses(kAnsRows[i]);
        EXPECT_EQ(std::accumulate(masses.begin(), masses.end(), 0), 256) << i;
        EXPECT_EQ(residual_bounds()[i], vectors()["bounds"][i].get<int>()) << i;
        const std::vector<std::uint8_t> row(masses.begin(), masses.begin() + 2 * std::ptrdiff_t{kAnsRows[i].bound});
        EXPECT_EQ(row, vectors()["pmf"][i].get<std::vector<std::uint8_t>>()) << i;
        ragged.insert(ragged.end(), row.begin(), row.end());
    }
    EXPECT_EQ(sha256_hex(ragged), vectors()["sha256_pmf_u8_ragged"].get<std::string>());
}

TEST(MeTansTables, DecodeWords) {
    EXPECT_EQ(decode_sha(append_u32), vectors()["sha256_decode_u32le"].get<std::string>());
    EXPECT_EQ(decode_sha([](auto& bytes, std::uint32_t word) {
                  bytes.push_back(static_cast<std::uint8_t>(me_tans::word_bits(word)));
              }),
              vectors()["sha256_dec_nbits_u8"].get<std::string>());
    EXPECT_EQ(decode_sha([](auto& bytes, std::uint32_t word) {
                  bytes.push_back(static_cast<std::uint8_t>(me_tans::word_base(word)));
              }),
              vectors()["sha256_dec_base_u8"].get<std::string>());
    EXPECT_EQ(decode_sha([](auto& bytes, std::uint32_t word) {
                  const auto symbol = static_cast<std::uint32_t>(me_tans::word_symbol(word));
                  bytes.push_back(static_cast<std::uint8_t>(symbol));
                  bytes.push_back(static_cast<std::uint8_t>(symbol >> 8));
              }),
              vectors()["sha256_dec_symbol_i16le"].get<std::string>());
}

TEST(MeTansTables, Row8) {
    const auto& rows = vectors()["row8_decode"];
    ASSERT_EQ(rows.size(), 256U);
    for (std::size_t state = 0; state < 256; ++state) {
        const std::uint32_t word = residual_decode_tables()[8][state];
        EXPECT_EQ(me_tans::word_symbol(word), rows[state][0].get<int>()) << state;
        EXPECT_EQ(me_tans::word_bits(word), rows[state][1].get<unsigned>()) << state;
        EXPECT_EQ(me_tans::word_base(word), rows[state][2].get<unsigned>()) << state;
    }
}

TEST(MeTansTables, EncodeWordsAndStateMaps) {
    std::vector<std::uint8_t> words, maps;
    for (const EncodeTable& table : residual_encode_tables()) {
        for (const std::uint32_t word : table) append_u32(words, word);
    }
    for (const StateMap& map : residual_state_maps()) maps.insert(maps.end(), map.begin(), map.end());
    EXPECT_EQ(sha256_hex(words), vectors()["sha256_encode_u32le"].get<std::string>());
    EXPECT_EQ(sha256_hex(maps), vectors()["sha256_state_map_u8"].get<std::string>());
}

TEST(MeTansTables, HyperCdfOfFrequencies) {
    std::size_t channels = 0;
    const auto cases = load_json(data_path("standard/ans_z.json"))["cases"];
    for (const auto& stream : cases) {
        if (stream["freq_y"].is_null()) continue;  // kept for the single-lane cases only
        for (std::size_t c = 0; c < stream["freq_y"].size(); ++c, ++channels) {
            const auto freqs = stream["freq_y"][c].get<std::array<std::int32_t, kHyperSymbols>>();
            const HyperTable table{freqs};
            const auto expected = stream["cdf_y"][c].get<std::vector<std::uint8_t>>();
            EXPECT_EQ(std::vector<std::uint8_t>(table.cdf().begin(), table.cdf().end()), expected);
        }
    }
    EXPECT_EQ(channels, 6U);
}

TEST(MeTansTables, HyperFrequenciesAtTheLimits) {
    std::array<std::int32_t, kHyperSymbols> freqs;
    freqs.fill(INT32_MAX);
    EXPECT_EQ(HyperTable(freqs).cdf()[62], 255);
    EXPECT_EQ(HyperTable(freqs).cdf()[0], 4);  // floor((255 + 31.5) / 63)
    freqs.fill(0);
    freqs[5] = 1;
    const HyperTable single{freqs};
    EXPECT_EQ(single.cdf()[4], 0);
    EXPECT_EQ(single.cdf()[5], 255);
    EXPECT_EQ(me_tans::word_symbol(single.decode_table()[254]), 5);
    EXPECT_EQ(me_tans::word_symbol(single.decode_table()[255]), 63);
}

TEST(MeTansTables, BadHyperFrequencies) {
    std::array<std::int32_t, kHyperSymbols> freqs{};
    const auto code_of = [&] {
        try {
            const HyperTable table{freqs};
        } catch (const Error& error) {
            return error.code();
        }
        return JPEGAI_OK;
    };
    EXPECT_EQ(code_of(), JPEGAI_ERROR_MODEL);
    freqs[0] = 2;
    EXPECT_EQ(code_of(), JPEGAI_OK);
    freqs[62] = -1;
    EXPECT_EQ(code_of(), JPEGAI_ERROR_MODEL);
}

}  // namespace
}  // namespace jpegai
