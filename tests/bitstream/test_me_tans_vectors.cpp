// Streams of the reference coder: decoded to its symbols, and its symbols encoded to the same bytes.
#include "base/error.h"
#include "base/hash.h"
#include "bitstream/me_tans.h"
#include "bitstream/me_tans_reference.h"
#include "me_tans_support.h"
#include "tests/support/test_data.h"

namespace jpegai {
namespace {

using test::cut_lanes;
using test::data_path;
using test::from_hex;
using test::Lanes;
using test::load_json;
using test::views;

std::vector<std::uint8_t> tables_of(const nlohmann::json& sigma, const nlohmann::json& mask) {
    auto table = sigma.get<std::vector<std::uint8_t>>();
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (mask[i].get<int>() == 0) table[i] = kNotCoded;
    }
    return table;
}

/// Both directions through the fast and the plain coder.
void expect_residual(const Lanes& lanes, const std::vector<std::uint8_t>& table,
                     const std::vector<std::int16_t>& expected) {
    std::vector<std::int16_t> decoded(table.size(), 77), plain(table.size(), 77);
    ASSERT_NO_THROW(decode_residual(views(lanes), table, table.size(), decoded));
    ASSERT_NO_THROW(decode_residual_reference(views(lanes), table, table.size(), plain));
    EXPECT_EQ(decoded, expected);
    EXPECT_EQ(plain, expected);
    EXPECT_EQ(encode_residual(lanes.size(), table, expected), lanes);
    EXPECT_EQ(encode_residual_reference(lanes.size(), table, expected), lanes);
}

TEST(MeTansVectors, Residual) {
    const auto cases = load_json(data_path("standard/ans_residual.json"))["cases"];
    ASSERT_EQ(cases.size(), 32U);
    for (const auto& stream : cases) {
        const auto table = tables_of(stream["sigma_idx"], stream["mask"]);
        auto expected = stream["residual"].get<std::vector<std::int16_t>>();
        for (std::size_t i = 0; i < expected.size(); ++i) {
            if (table[i] == kNotCoded) expected[i] = 0;
        }
        const auto sizes = stream["thread_sizes"].get<std::vector<std::size_t>>();
        ASSERT_EQ(sizes.size(), stream["threads"].get<std::size_t>());
        expect_residual(cut_lanes(from_hex(stream["bytes"]), sizes), table, expected);
    }
}

/// 02 section 3.7.
TEST(MeTansVectors, Trace) {
    const std::vector<std::uint8_t> table = {3, 9, 20, 26, 12};
    expect_residual({from_hex("140000b07fc9ff17")}, table, {1, -2, 5, 60, 0});
}

TEST(MeTansVectors, EmptyCall) {
    for (const std::size_t elements : {0U, 1U, 7U, 4096U}) {
        const std::vector<std::uint8_t> table(elements, kNotCoded);
        const std::vector<std::int16_t> zero(elements, 0);
        expect_residual({from_hex("000001")}, table, zero);
        for (const std::size_t n : {2U, 4U, 8U, 16U}) expect_residual(Lanes(n, from_hex("0001")), table, zero);
    }
}

TEST(MeTansVectors, QualityMap) {
    const auto example = load_json(data_path("standard/quality_map.json"))["example"];
    const auto expected = example["delta_floor"].get<std::vector<std::int16_t>>();
    ASSERT_EQ(example["streams"].size(), 8U);
    for (const auto& stream : example["streams"]) {
        const std::vector<std::uint8_t> table(expected.size(), stream["sigma_idx"].get<std::uint8_t>());
        expect_residual({from_hex(stream["bytes"])}, table, expected);
    }
}

/// Without any tool skip_sigma is the scale plus the channel's gain, so that the stream can be decoded on its own.
TEST(MeTansVectors, EndToEndResidualWithoutTools) {
    const auto stream = load_json(data_path("standard/e2e.json"))["cases"][0];
    ASSERT_EQ(
        stream["rvs"].get<int>() + stream["grfs"].get<int>() + stream["qmap"].get<int>() + stream["cube"].get<int>(),
        0);
    for (const auto& component : stream["comps"]) {
        const auto scale = component["hsd"].get<std::vector<int>>();
        const std::size_t plane = scale.size() / component["chs"].get<std::size_t>();
        std::vector<std::uint8_t> index, table;
        for (std::size_t i = 0; i < scale.size(); ++i) {
            const int sigma = scale[i] + component["gain_vector_log"][i / plane].get<int>();
            index.push_back(static_cast<std::uint8_t>(std::clamp((sigma + 64) >> 7, 0, 31)));
            table.push_back(sigma > kSkipThreshold ? index.back() : kNotCoded);
        }
        ASSERT_EQ(sha256_hex(index), component["sigma_idx_sha256_u8"].get<std::string>());
        expect_residual(cut_lanes(from_hex(component["substream_payload"]),
                                  component["thread_sizes"].get<std::vector<std::size_t>>()),
                        table, component["residual"].get<std::vector<std::int16_t>>());
    }
}

/// One component of a hyper latent stream as the vectors hold it.
struct Plane {
    std::vector<HyperTable> tables;
    std::vector<std::int8_t> z_hat;
    std::size_t samples = 0;

    [[nodiscard]] HyperPlane view() const { return {tables, z_hat, samples}; }
};

std::vector<HyperTable> tables_of_cdfs(const nlohmann::json& cdfs) {
    std::vector<HyperTable> tables;
    for (const auto& cdf : cdfs) tables.push_back(test::table_of_cdf(cdf.get<std::vector<int>>()));
    return tables;
}

void expect_hyper(const Lanes& lanes, const Plane& primary, const Plane& secondary) {
    HyperDecoder decoder(views(lanes));
    for (const Plane* plane : {&primary, &secondary}) {
        std::vector<std::int8_t> decoded(plane->z_hat.size(), 99);
        for (std::size_t c = 0; c < plane->tables.size(); ++c) {
            ASSERT_NO_THROW(decoder.decode_channel(plane->tables[c],
                                                   std::span(decoded).subspan(c * plane->samples, plane->samples)));
        }
        EXPECT_EQ(decoded, plane->z_hat);
    }
    EXPECT_NO_THROW(decoder.finish());
    EXPECT_EQ(encode_hyper(lanes.size(), primary.view(), secondary.view()), lanes);
    EXPECT_EQ(encode_hyper_reference(lanes.size(), primary.view(), secondary.view()), lanes);
}

TEST(MeTansVectors, Hyper) {
    const auto cases = load_json(data_path("standard/ans_z.json"))["cases"];
    ASSERT_EQ(cases.size(), 15U);
    for (const auto& stream : cases) {
        Plane planes[2];
        const char* names[2][2] = {{"cdf_y", "z_y"}, {"cdf_uv", "z_uv"}};
        for (std::size_t p = 0; p < 2; ++p) {
            planes[p].tables = tables_of_cdfs(stream[names[p][0]]);
            planes[p].samples = stream["size"].get<std::size_t>();
            for (const auto& channel : stream[names[p][1]]) {
                for (const auto& z : channel) {
                    planes[p].z_hat.push_back(static_cast<std::int8_t>(z.get<int>() - kHyperOffset));
                }
            }
        }
        expect_hyper(cut_lanes(from_hex(stream["bytes"]), stream["thread_sizes"].get<std::vector<std::size_t>>()),
                     planes[0], planes[1]);
    }
}

TEST(MeTansVectors, EndToEndHyper) {
    const auto cases = load_json(data_path("standard/e2e.json"))["cases"];
    ASSERT_EQ(cases.size(), 4U);  // all with the tables of the first
    for (const auto& stream : cases) {
        Plane planes[2];
        for (std::size_t p = 0; p < 2; ++p) {
            planes[p].tables = tables_of_cdfs(cases[0]["z_cdf"][p]);
            planes[p].z_hat = stream["comps"][p]["z_hat"].get<std::vector<std::int8_t>>();
            planes[p].samples = planes[p].z_hat.size() / planes[p].tables.size();
        }
        expect_hyper(
            cut_lanes(from_hex(stream["soz_payload"]), stream["soz_thread_sizes"].get<std::vector<std::size_t>>()),
            planes[0], planes[1]);
    }
}

}  // namespace
}  // namespace jpegai
