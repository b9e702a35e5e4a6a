// Every reference stream: fields, sizes, and the same bytes when written again.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/math.h"
#include "bitstream/codestream.h"
#include "tests/bitstream/header_trace.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

struct Case {
    std::string name;
    std::vector<std::uint8_t> bytes;
    Codestream stream;
    HeaderTrace trace;
};

template <class Check>
std::size_t for_every_stream(Check check) {
    std::size_t count = 0;
    for (const char* collection : {"vectors", "models/vectors"}) {
        for (const auto& folder : stream_cases(collection)) {
            SCOPED_TRACE(folder.string());
            Case c{folder.filename().string(), load_bytes(folder / "stream.bits"), {}, load_trace(folder)};
            c.stream = parse_codestream(c.bytes);
            check(c);
            ++count;
        }
    }
    return count;
}

void expect_fields(const std::vector<HeaderField>& actual, const std::vector<HeaderField>& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
        SCOPED_TRACE(expected[i].name);
        EXPECT_EQ(actual[i].header, expected[i].header);
        EXPECT_EQ(actual[i].name, expected[i].name);
        EXPECT_EQ(actual[i].bits, expected[i].bits);
        EXPECT_EQ(actual[i].values, expected[i].values);
    }
}

std::vector<std::uint8_t> payload_of(const Case& c, Marker marker) {
    for (const Substream& substream : c.stream.substreams) {
        if (substream.marker != marker) continue;
        const auto bytes = substream.payload.of(c.bytes);
        return {bytes.begin(), bytes.end()};
    }
    ADD_FAILURE() << "no " << marker_name(marker);
    return {};
}

/// Whether the IS dialect allows the picture's split into regions.
bool split_allowed_in_is(const PictureHeader& picture) {
    return !picture.regions || (picture.regions->num_ver <= ceil_div(picture.img_height, 256U) &&
                                picture.regions->num_hor <= ceil_div(picture.img_width, 512U));
}

TEST(StreamVectors, FieldsEqualTheTraces) {
    JPEGAI_NEEDS_SHARED();
    const std::size_t count = for_every_stream([](Case& c) {
        EXPECT_EQ(c.stream.dialect, Dialect::kDis);
        expect_fields(list_fields(c.stream.picture, Dialect::kDis), c.trace.fields["pic_header"]);
        expect_fields(list_fields(c.stream.tools, c.stream.picture), c.trace.fields["tool_header"]);
        expect_fields(list_fields(c.stream.rendering), c.trace.fields["rdi"]);
    });
    EXPECT_GE(count, 100U);
}

TEST(StreamVectors, SubstreamSizesEqualTheTraces) {
    JPEGAI_NEEDS_SHARED();
    for_every_stream([](Case& c) {
        const std::map<Marker, std::string> names = {{Marker::kPictureHeader, "picture_header"},
                                                     {Marker::kToolHeader, "tool_header"},
                                                     {Marker::kRenderingInfo, "rendering_information"},
                                                     {Marker::kResidualPrimary, "r_prim_substream"},
                                                     {Marker::kResidualSecondary, "r_sec_substream"},
                                                     {Marker::kHyper, "z_substream"},
                                                     {Marker::kQualityMap, "quality_map"}};
        std::map<std::pair<std::string, std::size_t>, std::size_t> sizes;
        for (const Substream& substream : c.stream.substreams) {
            sizes[{names.at(substream.marker), substream.region.value_or(0)}] = substream.payload.size;
        }
        EXPECT_EQ(sizes, c.trace.sizes);
        for (std::size_t component = 0; component < kComponents; ++component) {
            const auto& expected = c.trace.region_sizes[component == kPrimary ? "r_prim_substream" : "r_sec_substream"];
            if (c.stream.picture.independent_regions()) {
                EXPECT_TRUE(expected.empty());
                continue;
            }
            std::vector<std::size_t> actual;
            for (const auto& block : c.stream.residual[component]) actual.push_back(block.value().block.size);
            EXPECT_EQ(actual, expected);
        }
    });
}

TEST(StreamVectors, HeadersAreWrittenAgainUnchanged) {
    JPEGAI_NEEDS_SHARED();
    for_every_stream([](Case& c) {
        EXPECT_EQ(write_picture_header(c.stream.picture, Dialect::kDis), payload_of(c, Marker::kPictureHeader));
        EXPECT_EQ(write_tool_header(c.stream.tools, c.stream.picture), payload_of(c, Marker::kToolHeader));
        EXPECT_EQ(write_rendering_info(c.stream.rendering), payload_of(c, Marker::kRenderingInfo));
        PictureHeader canonical = c.stream.picture;
        make_canonical(canonical);
        EXPECT_EQ(canonical, c.stream.picture);
    });
}

TEST(StreamVectors, HeadersPassThroughTheOtherDialect) {
    JPEGAI_NEEDS_SHARED();
    std::size_t converted = 0;
    for_every_stream([&](Case& c) {
        if (!split_allowed_in_is(c.stream.picture)) {
            EXPECT_THROW((void)write_picture_header(c.stream.picture, Dialect::kIs), Error);
            return;
        }
        const auto is_payload = write_picture_header(c.stream.picture, Dialect::kIs);
        EXPECT_EQ(detect_dialect(is_payload, 0), Dialect::kIs);
        const PictureHeader again = parse_picture_header(is_payload, Dialect::kIs, 0, {.strict = true});
        EXPECT_EQ(again, c.stream.picture);
        EXPECT_EQ(write_picture_header(again, Dialect::kDis), payload_of(c, Marker::kPictureHeader));
        ++converted;
    });
    EXPECT_GE(converted, 100U);
}

TEST(StreamVectors, StrictParsingAcceptsThem) {
    JPEGAI_NEEDS_SHARED();
    for_every_stream([](Case& c) {
        ParseOptions options;
        options.header.strict = true;
        EXPECT_EQ(parse_codestream(c.bytes, options).picture, c.stream.picture);
    });
}

TEST(StreamVectors, PartsGiveTheWholeFileAgain) {
    JPEGAI_NEEDS_SHARED();
    for_every_stream([](Case& c) {
        EXPECT_EQ(c.stream.size, c.bytes.size());
        CodestreamParts parts = take_parts(c.stream, c.bytes);
        EXPECT_EQ(write_codestream(parts), c.bytes);
        if (!split_allowed_in_is(c.stream.picture)) return;
        parts.dialect = Dialect::kIs;
        const auto is_bytes = write_codestream(parts);
        const Codestream again = parse_codestream(is_bytes);
        EXPECT_EQ(again.dialect, Dialect::kIs);
        EXPECT_EQ(again.picture, c.stream.picture);
        EXPECT_EQ(again.tools, c.stream.tools);
    });
}

}  // namespace
}  // namespace jpegai::test
