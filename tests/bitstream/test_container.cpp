// Framing, regions and lanes (01 sections 3 and 4), the limits, and what is refused.
#include <gtest/gtest.h>

#include "bitstream/bit_writer.h"
#include "bitstream/codestream.h"
#include "bitstream/extract.h"
#include "tests/bitstream/expect_error.h"
#include "tests/bitstream/sample_streams.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes operator+(Bytes left, const Bytes& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

Bytes marker(unsigned value) {
    return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value & 0xFF)};
}

Bytes ue(std::uint32_t value) {
    BitWriter bits;
    bits.ue(value);
    return std::move(bits).take();
}

Bytes substream(unsigned value, const Bytes& payload) {
    return marker(value) + ue(static_cast<std::uint32_t>(payload.size())) + payload;
}

const Bytes kSocBytes = {0xFF, 0x80}, kEocBytes = {0xFF, 0x81};

/// The substreams of a plain 128x96 picture, to be put together in other ways.
struct Pieces {
    PictureHeader picture = plain_picture(128, 96);
    Bytes pih = substream(0xFF82, write_picture_header(picture, Dialect::kIs));
    Bytes ton = substream(0xFF83, {0}), rdi = substream(0xFF84, {0}), udi = substream(0xFF8C, {'h', 'i'});
    Bytes soz = substream(0xFF88, {1, 2, 3}), sorp = substream(0xFF89, {4, 5}), sors = substream(0xFF8A, {6});
    Bytes soq = substream(0xFF8B, {7});

    [[nodiscard]] Bytes all() const { return kSocBytes + pih + ton + rdi + sorp + sors + soz + kEocBytes; }
};

Thrown parse_error(const Bytes& file, const ParseOptions& options = {}) {
    return thrown_by([&] { (void)parse_codestream(file, options); });
}

void expect_refused(const Bytes& file, jpegai_error code, std::size_t offset) {
    const Thrown thrown = parse_error(file);
    EXPECT_EQ(thrown.code, code) << thrown.message;
    EXPECT_EQ(thrown.offset, offset) << thrown.message;
}

Bytes bytes_of(const ByteRange& range, const Bytes& file) {
    const auto bytes = range.of(file);
    return {bytes.begin(), bytes.end()};
}

TEST(Container, SamplesComeBackWhole) {
    for (const SampleStream& sample : sample_streams()) {
        SCOPED_TRACE(sample.name);
        const Bytes file = write_codestream(sample.parts);
        EXPECT_TRUE(looks_like_codestream(file));
        const Codestream stream = parse_codestream(file, {.header = {.strict = true}});
        EXPECT_EQ(stream.dialect, sample.parts.dialect);
        EXPECT_EQ(stream.picture, sample.parts.picture);
        EXPECT_EQ(stream.has_tools, sample.parts.tools.has_value());
        EXPECT_EQ(stream.tools, sample.parts.tools.value_or(ToolHeader{}));
        EXPECT_EQ(stream.has_rendering, sample.parts.rendering.has_value());
        EXPECT_EQ(stream.rendering, sample.parts.rendering.value_or(RenderingInfo{}));
        EXPECT_EQ(stream.user_data, sample.parts.user_data);
        EXPECT_EQ(stream.size, file.size());
        const CodestreamParts parts = take_parts(stream, file);
        EXPECT_EQ(parts.residual, sample.parts.residual);
        EXPECT_EQ(parts.hyper, sample.parts.hyper);
        EXPECT_EQ(parts.quality_map, sample.parts.quality_map);
        EXPECT_EQ(write_codestream(parts), file);
    }
}

// 01 section 16.5, first example.
TEST(Container, DependentRegionsOfTheText) {
    CodestreamParts parts;
    parts.picture = plain_picture(1600, 200);
    parts.picture.regions = RegionHeader{1, 3, false, 2, 8};
    parts.residual[kPrimary] = {Lanes{Bytes(4, 0xA0)}, Lanes{Bytes(7, 0xB0)}, Lanes{Bytes(2, 0xC0)}};
    parts.residual[kSecondary] = parts.residual[kPrimary];
    parts.hyper = {{0x33, 0x33}};
    const Bytes file = write_codestream(parts);
    const Bytes expected = from_hex("FF89 08 00 2880 A0A0A0A0 B0B0B0B0B0B0B0 C0C0");
    const Codestream stream = parse_codestream(file);
    ASSERT_EQ(stream.substreams[3].marker, Marker::kResidualPrimary);
    const std::uint64_t start = stream.substreams[3].marker_offset;
    EXPECT_EQ(bytes_of({start, stream.substreams[4].marker_offset - start}, file), expected);
    EXPECT_EQ(bytes_of({file.size() - 7, 7}, file), from_hex("FF88 60 3333 FF81"));
    EXPECT_EQ(bytes_of(stream.residual[kPrimary][1]->lanes[0], file), Bytes(7, 0xB0));
    EXPECT_EQ(bytes_of(stream.residual[kPrimary][2]->block, file), Bytes(2, 0xC0));
}

// 01 section 16.5, second example.
TEST(Container, LanesOfTheText) {
    CodestreamParts parts;
    parts.picture = plain_picture(1600, 200);
    parts.picture.regions = RegionHeader{1, 2, false, 2, 8};
    parts.picture.component[kPrimary].num_threads_r = 4;
    parts.picture.num_threads_z = 2;
    const auto lane = [](unsigned value, std::size_t size) { return Bytes(size, static_cast<std::uint8_t>(value)); };
    parts.residual[kPrimary] = {Lanes{lane(0xA0, 4), lane(0xA1, 4), lane(0xA2, 4), lane(0xA3, 4)},
                                Lanes{lane(0xB0, 3), lane(0xB1, 5), lane(0xB2, 4), lane(0xB3, 6)}};
    parts.residual[kSecondary] = {Lanes{{}}, Lanes{{}}};
    parts.hyper = {lane(0x30, 2), lane(0x31, 9)};
    const Bytes file = write_codestream(parts);
    const Codestream stream = parse_codestream(file);
    const std::uint64_t start = stream.substreams[3].marker_offset;
    EXPECT_EQ(bytes_of({start, stream.substreams[4].marker_offset - start}, file),
              from_hex("FF89 04E0 0900 E0 A0A0A0A0 A1A1A1A1 A2A2A2A2 A3A3A3A3"
                       "4E B0B0B0 B1B1B1B1B1 B2B2B2B2 B3B3B3B3B3B3"));
    EXPECT_EQ(bytes_of({stream.substreams[5].marker_offset, 17}, file),
              from_hex("FF88 1A 30 3030 313131313131313131 FF81"));
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(bytes_of(stream.residual[kPrimary][1]->lanes[i], file), (*parts.residual[kPrimary][1])[i]);
    }
}

// 01 section 16.5, third example.
TEST(Container, IndependentRegionsOfTheText) {
    CodestreamParts parts;
    parts.picture = plain_picture(1600, 200);
    parts.picture.regions = RegionHeader{1, 3, true, 2, 8};
    parts.picture.component[kPrimary].num_threads_r = 2;
    parts.residual[kPrimary] = {Lanes{Bytes(4, 0xA0), Bytes(1, 0xA1)}, std::nullopt,
                                Lanes{Bytes(2, 0xC0), Bytes(3, 0xC1)}};
    parts.residual[kSecondary].resize(3);
    parts.hyper = {{}};
    const Bytes file = write_codestream(parts);
    const Codestream stream = parse_codestream(file);
    const std::uint64_t start = stream.substreams[3].marker_offset;
    EXPECT_EQ(bytes_of({start, stream.substreams[5].marker_offset - start}, file),
              from_hex("FF89 10 00 28 A0A0A0A0 A1 FF89 10 02 80 C0C0 C1C1C1"));
    EXPECT_EQ(stream.substreams[4].region, std::uint8_t{2});
    EXPECT_FALSE(stream.residual[kPrimary][1].has_value());
    EXPECT_EQ(take_parts(stream, file).residual, parts.residual);
}

TEST(Container, UserDataOfTheText) {
    CodestreamParts parts = sample_streams().front().parts;
    parts.user_data = {'h', 'e', 'l', 'l', 'o'};
    const Bytes file = write_codestream(parts);
    const Codestream stream = parse_codestream(file);
    EXPECT_EQ(bytes_of({stream.substreams[2].marker_offset, 8}, file), from_hex("FF8C 30 68 65 6C 6C 6F"));
}

TEST(Container, AnyOrderBehindThePictureHeader) {
    const Pieces p;
    const Bytes file = kSocBytes + p.pih + p.soz + p.sors + p.rdi + p.sorp + p.udi + p.ton + kEocBytes;
    const Codestream stream = parse_codestream(file);
    EXPECT_EQ(stream.substreams.size(), 7U);
    EXPECT_EQ(stream.user_data, (Bytes{'h', 'i'}));
    EXPECT_TRUE(stream.has_tools && stream.has_rendering && stream.has_user_data);
}

TEST(Container, HeadersThatMayBeMissing) {
    const Pieces p;
    const Codestream stream = parse_codestream(kSocBytes + p.pih + p.sorp + p.sors + p.soz + kEocBytes);
    EXPECT_FALSE(stream.has_tools || stream.has_rendering || stream.has_user_data);
    EXPECT_EQ(stream.tools, ToolHeader{});
}

TEST(Container, BytesAfterEocAreIgnored) {
    const Pieces p;
    const Codestream stream = parse_codestream(p.all() + Bytes{1, 2, 3, 0xFF});
    EXPECT_EQ(stream.size, p.all().size());
}

TEST(Container, MarkersInWrongPlaces) {
    const Pieces p;
    expect_refused({}, JPEGAI_ERROR_TRUNCATED, 0);
    expect_refused({0xFF}, JPEGAI_ERROR_TRUNCATED, 1);
    expect_refused(Bytes{0, 0} + p.all(), JPEGAI_ERROR_STRUCTURE, 0);
    expect_refused(p.pih + p.all(), JPEGAI_ERROR_STRUCTURE, 0);
    expect_refused(kSocBytes + kEocBytes, JPEGAI_ERROR_STRUCTURE, 2);
    for (const Bytes& first : {p.ton, p.rdi, p.udi, p.soz, p.sorp, p.sors, p.soq}) {
        expect_refused(kSocBytes + first + p.pih + p.sorp + p.sors + p.soz + kEocBytes, JPEGAI_ERROR_STRUCTURE, 2);
    }
    expect_refused(kSocBytes + p.all(), JPEGAI_ERROR_STRUCTURE, 2);
    for (const unsigned unknown : {0xFF85U, 0xFF86U, 0xFF87U, 0xFF8DU, 0xFF80U, 0x0000U, 0xFFFFU}) {
        expect_refused(kSocBytes + p.pih + substream(unknown, {0}) + p.soz + kEocBytes, JPEGAI_ERROR_STRUCTURE,
                       2 + p.pih.size());
    }
}

TEST(Container, RepeatedSubstreams) {
    const Pieces p;
    const Bytes body = p.all();
    const Bytes open(body.begin(), body.end() - 2);
    for (const Bytes& again : {p.pih, p.ton, p.rdi, p.soz, p.sorp, p.sors}) {
        expect_refused(open + again + kEocBytes, JPEGAI_ERROR_STRUCTURE, open.size());
    }
    expect_refused(open + p.udi + p.udi + kEocBytes, JPEGAI_ERROR_STRUCTURE, open.size() + p.udi.size());
}

TEST(Container, MissingSubstreams) {
    const Pieces p;
    const auto expect_missing = [](const Bytes& open) {
        expect_refused(open + kEocBytes, JPEGAI_ERROR_STRUCTURE, open.size());
    };
    expect_missing(kSocBytes + p.pih + p.sorp + p.sors);
    expect_missing(kSocBytes + p.pih + p.soz + p.sors);
    expect_missing(kSocBytes + p.pih + p.sorp + p.soz);
    expect_missing(kSocBytes + p.pih);
    const Bytes whole = p.all();
    const Bytes no_eoc(whole.begin(), whole.end() - 2);
    expect_refused(no_eoc, JPEGAI_ERROR_TRUNCATED, no_eoc.size());
}

TEST(Container, QualityMapGoesWithItsFlag) {
    const Pieces p;
    const Bytes open = kSocBytes + p.pih + p.sorp + p.sors + p.soz;
    expect_refused(open + p.soq + kEocBytes, JPEGAI_ERROR_STRUCTURE, open.size());
    Pieces with_map;
    with_map.picture.gain_3d_enable_flag = true;
    with_map.pih = substream(0xFF82, write_picture_header(with_map.picture, Dialect::kIs));
    const Bytes flagged = kSocBytes + with_map.pih + p.sorp + p.sors + p.soz;
    expect_refused(flagged + kEocBytes, JPEGAI_ERROR_STRUCTURE, flagged.size());
    EXPECT_TRUE(parse_codestream(flagged + p.soq + kEocBytes).quality_map.has_value());
    expect_refused(flagged + p.soq + p.soq + kEocBytes, JPEGAI_ERROR_STRUCTURE, flagged.size() + p.soq.size());
}

TEST(Container, IndependentRegionIndices) {
    Pieces p;
    p.picture = plain_picture(600, 200);
    p.picture.regions = RegionHeader{1, 2, true, 2, 8};
    p.pih = substream(0xFF82, write_picture_header(p.picture, Dialect::kIs));
    const Bytes open = kSocBytes + p.pih + p.soz;
    const auto region = [](std::uint8_t index) { return substream(0xFF89, {index, 9}); };
    // Any order and gaps, even no residual at all.
    EXPECT_TRUE(parse_codestream(open + region(1) + region(0) + kEocBytes).residual[kPrimary][1].has_value());
    EXPECT_FALSE(parse_codestream(open + region(1) + kEocBytes).residual[kPrimary][0].has_value());
    EXPECT_NO_THROW((void)parse_codestream(open + kEocBytes));
    const std::size_t second_index = open.size() + region(1).size() + 3;
    expect_refused(open + region(1) + region(1) + kEocBytes, JPEGAI_ERROR_STRUCTURE, second_index);
    expect_refused(open + region(1) + region(2) + kEocBytes, JPEGAI_ERROR_STRUCTURE, second_index);
    expect_refused(open + region(1) + region(255) + kEocBytes, JPEGAI_ERROR_STRUCTURE, second_index);
    expect_refused(open + region(1) + substream(0xFF89, {}) + kEocBytes, JPEGAI_ERROR_TRUNCATED, second_index);
}

TEST(Container, DependentRegionSizes) {
    Pieces p;
    p.picture = plain_picture(600, 200);
    p.picture.regions = RegionHeader{1, 2, false, 2, 8};
    p.pih = substream(0xFF82, write_picture_header(p.picture, Dialect::kIs));
    const auto file = [&](std::uint32_t size) {
        return kSocBytes + p.pih + p.soz + substream(0xFF89, ue(size) + Bytes{1, 2, 3}) +
               substream(0xFF8A, ue(0) + Bytes{1}) + kEocBytes;
    };
    EXPECT_EQ(parse_codestream(file(0)).residual[kPrimary][1]->block.size, 3U);
    EXPECT_EQ(parse_codestream(file(3)).residual[kPrimary][1]->block.size, 0U);
    const std::size_t payload = 2 + p.pih.size() + p.soz.size() + 3;
    expect_refused(file(4), JPEGAI_ERROR_STRUCTURE, payload);
    expect_refused(file(0x7FFFFFFE), JPEGAI_ERROR_STRUCTURE, payload);
    expect_refused(file(0xFFFFFFFE), JPEGAI_ERROR_STRUCTURE, payload);
    const Bytes short_prefix = kSocBytes + p.pih + substream(0xFF89, {}) + p.soz + kEocBytes;
    expect_refused(short_prefix, JPEGAI_ERROR_TRUNCATED, 2 + p.pih.size() + 3);
}

TEST(Container, LaneSizes) {
    Pieces p;
    p.picture.num_threads_z = 2;
    p.pih = substream(0xFF82, write_picture_header(p.picture, Dialect::kIs));
    const Bytes open = kSocBytes + p.pih + p.sorp + p.sors;
    const auto file = [&](std::int32_t delta, std::size_t data) {
        BitWriter bits;
        bits.se(delta);
        return open + substream(0xFF88, std::move(bits).take() + Bytes(data, 0)) + kEocBytes;
    };
    const auto first_lane = [&](std::int32_t delta, std::size_t data) {
        return parse_codestream(file(delta, data)).hyper.lanes.at(0).size;
    };
    EXPECT_EQ(first_lane(0, 10), 5U);
    EXPECT_EQ(first_lane(5, 10), 0U);
    EXPECT_EQ(first_lane(-5, 10), 10U);
    EXPECT_EQ(first_lane(-6, 11), 11U);  // the mean is rounded down
    EXPECT_EQ(first_lane(0, 0), 0U);
    for (const std::int32_t delta : {6, -6, 2147483647, -2147483647}) {
        const std::size_t size_bytes = std::abs(delta) == 6 ? 1 : 2;
        expect_refused(file(delta, 10), JPEGAI_ERROR_ENTROPY, open.size() + 2 + size_bytes);
    }
    expect_refused(open + substream(0xFF88, {}) + kEocBytes, JPEGAI_ERROR_TRUNCATED, open.size() + 3);
}

TEST(Container, SixteenLanesWhoseSizesOverflowTogether) {
    Pieces p;
    p.picture.num_threads_z = 16;
    p.pih = substream(0xFF82, write_picture_header(p.picture, Dialect::kIs));
    const Bytes open = kSocBytes + p.pih + p.sorp + p.sors;
    BitWriter bits;
    for (int i = 0; i < 15; ++i) bits.se(-2);
    expect_refused(open + substream(0xFF88, std::move(bits).take() + Bytes(32, 0)) + kEocBytes, JPEGAI_ERROR_ENTROPY,
                   open.size() + 4);
}

TEST(Container, SizesOfSubstreamsAtTheirExtremes) {
    const Pieces p;
    const Bytes open = kSocBytes + p.pih;
    for (const std::uint32_t size : {4U, 255U, 0x7FFFFFFEU, 0x7FFFFFFFU, 0xFFFFFFFEU}) {
        const Bytes file = open + marker(0xFF88) + ue(size) + Bytes{1, 2, 3};
        expect_refused(file, JPEGAI_ERROR_TRUNCATED, file.size());
    }
    expect_refused(open + marker(0xFF88) + Bytes(8, 0), JPEGAI_ERROR_STRUCTURE, open.size() + 2);  // 64 leading zeros
    const Bytes cut = open + marker(0xFF88) + Bytes{0, 0};
    expect_refused(cut, JPEGAI_ERROR_TRUNCATED, cut.size());
    expect_refused(kSocBytes + marker(0xFF82) + ue(0) + kEocBytes, JPEGAI_ERROR_TRUNCATED, 5);
    EXPECT_EQ(parse_codestream(open + p.sorp + p.sors + substream(0xFF88, {}) + kEocBytes).hyper.block.size, 0U);
}

TEST(Container, PaddingOfSizesIsCheckedInStrictMode) {
    const Pieces p;
    const Bytes file =
        kSocBytes + p.pih + p.sorp + p.sors + marker(0xFF88) + Bytes{0x21, 1, 2, 3} + kEocBytes;  // 00100 001
    EXPECT_EQ(parse_codestream(file).hyper.block.size, 3U);
    EXPECT_EQ(parse_error(file, {.header = {.strict = true}}).code, JPEGAI_ERROR_STRUCTURE);
}

TEST(Container, Limits) {
    Pieces p;
    EXPECT_NO_THROW((void)parse_codestream(p.all(), {.max_pixels = 128 * 96}));
    const Thrown pixels = parse_error(p.all(), {.max_pixels = 128 * 96 - 1});
    EXPECT_EQ(pixels.code, JPEGAI_ERROR_LIMIT);
    EXPECT_EQ(pixels.offset, 6U);
    const Bytes with_data = kSocBytes + p.pih + p.udi + p.sorp + p.sors + p.soz + kEocBytes;
    EXPECT_NO_THROW((void)parse_codestream(with_data, {.max_user_data = 2}));
    EXPECT_EQ(parse_error(with_data, {.max_user_data = 1}).code, JPEGAI_ERROR_LIMIT);
    p.picture = plain_picture(65599, 65599);
    p.pih = substream(0xFF82, write_picture_header(p.picture, Dialect::kIs));
    EXPECT_EQ(parse_error(p.all()).code, JPEGAI_ERROR_LIMIT);
}

TEST(Container, TheWriterRefusesPartsThatContradictTheHeader) {
    const CodestreamParts good = sample_streams().front().parts;
    const auto refused = [&](const std::function<void(CodestreamParts&)>& change) {
        CodestreamParts parts = good;
        change(parts);
        return thrown_by([&] { (void)write_codestream(parts); }).code == JPEGAI_ERROR_ARGUMENT;
    };
    EXPECT_FALSE(refused([](CodestreamParts&) {}));
    EXPECT_TRUE(refused([](CodestreamParts& p) { p.hyper.emplace_back(); }));
    EXPECT_TRUE(refused([](CodestreamParts& p) { p.hyper.clear(); }));
    EXPECT_TRUE(refused([](CodestreamParts& p) { p.residual[0].clear(); }));
    EXPECT_TRUE(refused([](CodestreamParts& p) { p.residual[1].push_back(Lanes{{}}); }));
    EXPECT_TRUE(refused([](CodestreamParts& p) { p.residual[1][0].reset(); }));
    EXPECT_TRUE(refused([](CodestreamParts& p) { p.residual[1][0]->emplace_back(); }));
    EXPECT_TRUE(refused([](CodestreamParts& p) { p.quality_map = Lanes{{}}; }));
    EXPECT_TRUE(refused([](CodestreamParts& p) { p.picture.gain_3d_enable_flag = true; }));
    EXPECT_TRUE(refused([](CodestreamParts& p) { p.picture.component[0].num_threads_r = 2; }));
    EXPECT_TRUE(refused([](CodestreamParts& p) { p.tools = rich_tools(); }));  // made for another size
    EXPECT_EQ(thrown_by([] { (void)write_lane_block(Lanes(3)); }).code, JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(thrown_by([] { (void)write_lane_block({}); }).code, JPEGAI_ERROR_ARGUMENT);
}

TEST(Container, MarkerNames) {
    EXPECT_STREQ(marker_name(Marker::kSoc), "SOC");
    EXPECT_STREQ(marker_name(Marker::kResidualSecondary), "SORS");
    EXPECT_STREQ(marker_name(static_cast<Marker>(0xFF85)), "unknown");
    EXPECT_FALSE(looks_like_codestream(from_hex("FF80FF83")));
    EXPECT_FALSE(looks_like_codestream(from_hex("FF80FF")));
}

TEST(Extract, ToolsAndMetadata) {
    for (const SampleStream& sample : sample_streams()) {
        CodestreamParts parts = sample.parts;
        drop_tools(parts);
        drop_metadata(parts);
        const Bytes file = write_codestream(parts);
        const Codestream stream = parse_codestream(file);
        EXPECT_FALSE(stream.has_tools || stream.has_rendering || stream.has_user_data);
        EXPECT_EQ(stream.picture, sample.parts.picture);
        EXPECT_EQ(take_parts(stream, file).residual, sample.parts.residual);
    }
}

TEST(Extract, Regions) {
    for (const SampleStream& sample : sample_streams()) {
        CodestreamParts parts = sample.parts;
        const std::vector<std::size_t> kept = {4, 1, 4};
        if (!parts.picture.independent_regions()) {
            EXPECT_EQ(thrown_by([&] { keep_regions(parts, kept); }).code, JPEGAI_ERROR_ARGUMENT);
            continue;
        }
        keep_regions(parts, kept);
        const Bytes file = write_codestream(parts);
        const Codestream stream = parse_codestream(file);
        const auto residual = take_parts(stream, file).residual;
        for (std::size_t c = 0; c < kComponents; ++c) {
            for (std::size_t r = 0; r < 6; ++r) {
                EXPECT_EQ(residual[c][r], r == 1 || r == 4 ? sample.parts.residual[c][r] : std::nullopt);
            }
        }
        const std::vector<std::size_t> beyond = {6};
        EXPECT_EQ(thrown_by([&] { keep_regions(parts, beyond); }).code, JPEGAI_ERROR_ARGUMENT);
        keep_regions(parts, {});
        EXPECT_NO_THROW((void)parse_codestream(write_codestream(parts)));
    }
}

}  // namespace
}  // namespace jpegai::test
