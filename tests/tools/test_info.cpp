// `jpegai info`: the JSON document's keys, types and values, and the text.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "tests/tools/process.h"
#include "tests/tools/streams.h"

namespace jpegai::test {
namespace {

using Json = nlohmann::json;

constexpr std::array<const char*, 3> kStreams = {"quality_map_threads4", "filters_all", "regions_dependent_1x2"};

Json info(const std::vector<std::string>& arguments, int exit_code = 0, std::span<const std::uint8_t> input = {}) {
    std::vector<std::string> words = {"info", "--json"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const ProcessResult result = run_jpegai(words, input);
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    return Json::parse(result.out);
}

/// Types as the schema of docs/CLI.md names them; "?" permits null, "[x]" is an array of x, an object lists its keys.
void expect_type(const Json& value, const Json& type, const std::string& where) {
    if (type.is_object()) {
        ASSERT_TRUE(value.is_object()) << where;
        EXPECT_EQ(value.size(), type.size()) << where << ' ' << value;
        for (const auto& [key, member] : type.items()) {
            ASSERT_TRUE(value.contains(key)) << where << '.' << key;
            expect_type(value[key], member, where + '.' + key);
        }
        return;
    }
    if (type.is_array()) {  // [element type], or [null, type] for "type or null"
        if (type.size() == 2) {
            if (!value.is_null()) expect_type(value, type[1], where);
            return;
        }
        ASSERT_TRUE(value.is_array()) << where;
        for (const Json& element : value) expect_type(element, type[0], where + "[]");
        return;
    }
    const std::string name = type;
    if (name.back() == '?' && value.is_null()) return;
    const std::string base = name.back() == '?' ? name.substr(0, name.size() - 1) : name;
    const bool right = base == "integer"   ? value.is_number_integer()
                       : base == "string"  ? value.is_string()
                       : base == "boolean" ? value.is_boolean()
                                           : false;
    EXPECT_TRUE(right) << where << " is not of type " << name << ": " << value;
}

const Json& schema() {
    static const Json value = Json::parse(R"({
      "file": "string", "file_size": "integer", "codestream_size": "integer", "dialect": "string",
      "picture": {"coded_width": "integer", "coded_height": "integer", "display_width": "integer",
                  "display_height": "integer", "bit_depth": "integer?", "source_format": "string",
                  "coded_format": "string", "colour_transform": {"idx": "integer", "name": "string"}},
      "profile": {"stream_profile_idc": "integer", "decoder_profile_id": "integer", "name": "string",
                  "level_idc": "integer", "level": "string", "max_samples": "integer?",
                  "synthesis_transforms": [{"id": "integer", "name": "string"}]},
      "model": {"id": "integer", "beta": "string?", "beta_displacement_log": ["integer"]},
      "regions": [null, {"rows": "integer", "columns": "integer", "independent": "boolean",
                  "hyper_decoder_overlap": "integer?", "mcm_overlap": "integer?",
                  "areas": [{"x": "integer", "y": "integer", "width": "integer", "height": "integer"}]}],
      "lanes": {"hyper": "integer", "residual": ["integer"], "quality_map": "integer?"},
      "tools": {"channels": ["integer"], "cube_flags": ["boolean"], "rvs": ["boolean"], "grfs": ["boolean"],
                "grfs_channels": ["integer"], "lsbs": ["boolean"],
                "synthesis_tiles": [[null, {"size": "integer", "overlap": "integer"}]],
                "quality_map": [null, {"entropy_index": "integer"}], "efe_linear": "boolean",
                "eicci": [null, {"tiles": "integer", "tile_size": "integer?", "tile_overlap": "integer?"}],
                "efe_nonlinear": "boolean", "lef_channel": "integer?"},
      "rendering": [null, {
          "cicp": [null, {"colour_primaries": "integer", "transfer_characteristics": "integer",
                          "matrix_coefficients": "integer", "full_range": "boolean",
                          "chroma420_sample_loc_type": "integer"}],
          "mdcv": [null, {"primaries": ["integer"], "white_point": ["integer"], "maximum_luminance": "integer",
                          "minimum_luminance": "integer"}],
          "clli": [null, {"maximum_content_light_level": "integer", "maximum_frame_average_light_level": "integer"}],
          "dynamic_metadata": [null, {"type": "integer", "size": "integer"}]}],
      "user_data": [null, {"size": "integer", "preview": "string"}],
      "weight_set": [null, {"name": "string", "parts": [{"part": "string", "fingerprint": "string"}]}],
      "conformance": {"conforms": "boolean", "acceptable": "boolean",
          "violations": [{"rule": "string", "severity": "string", "code": "string", "field": "string",
                          "message": "string", "clause": "string"}]},
      "substreams": [{"name": "string", "marker": "string", "marker_offset": "integer", "offset": "integer",
                      "size": "integer", "region": "integer?"}],
      "blocks": [{"substream": "string", "component": "integer?", "region": "integer?", "offset": "integer",
                  "size": "integer", "lanes": [{"offset": "integer", "size": "integer"}]}],
      "fields": [{"header": "string", "name": "string", "bits": "integer", "array": "boolean",
                  "values": ["integer"]}],
      "cost": [null, [{"synthesis": "string", "macs": "integer", "memory": "integer", "parameters": "integer",
                       "stages": [{"stage": "string", "macs": "integer", "workspace": "integer",
                                   "parameters": "integer"}]}]]
    })");
    return value;
}

/// A small stream with everything optional in its headers.
std::vector<std::uint8_t> rich_stream() {
    CodestreamParts parts = two_region_parts();
    RenderingInfo rendering;
    rendering.cicp = RenderingInfo::Cicp{};
    rendering.mdcv = RenderingInfo::MasteringDisplay{};
    rendering.clli = RenderingInfo::ContentLight{1000, 100};
    rendering.dm = RenderingInfo::DynamicMetadata{7, {1, 2, 3}};
    parts.rendering = rendering;
    parts.user_data = {'h', 'e', 'l', 'l', 'o', 0x00, 0xFF, '"'};
    for (ComponentHeader& component : parts.picture.component) {
        component.synthesis_tile_enable = true;
        component.synthesis_tile_size_div16 = 8;
        component.synthesis_tile_overlap_div16 = 2;
    }
    return write_codestream(parts);
}

TEST(InfoJson, MatchesTheSchema) {
    for (const char* name : kStreams) expect_type(info({stream_path(name)}), schema(), name);
    expect_type(info({"-"}, 0, rich_stream()), schema(), "rich");
    expect_type(info({"-"}, 0, independent_regions_stream()), schema(), "independent");
}

TEST(InfoJson, MatchesTheSchemaForEveryVector) {
    JPEGAI_NEEDS_SHARED();
    std::vector<std::string> paths;
    for (const char* collection : {"vectors", "models/vectors"}) {
        for (const auto& folder : stream_cases(collection)) paths.push_back((folder / "stream.bits").string());
    }
    Json documents = info(paths);
    ASSERT_EQ(documents.size(), paths.size());
    for (std::size_t i = 0; i < paths.size(); ++i) {
        expect_type(documents[i], schema(), paths[i]);
        EXPECT_EQ(documents[i]["file"], paths[i]);
        EXPECT_EQ(documents[i]["dialect"], "dis");
        // The reference's own streams conform, apart from what its stock encoder is known to get wrong.
        EXPECT_EQ(documents[i]["conformance"]["acceptable"], true) << paths[i];
    }
}

TEST(InfoJson, ValuesOfTheShippedStreams) {
    Json map = info({stream_path("quality_map_threads4")});
    EXPECT_EQ(map["file_size"], 3216);
    EXPECT_EQ(map["codestream_size"], 3216);
    EXPECT_EQ(map["dialect"], "dis");
    EXPECT_EQ(map["picture"]["display_width"], 128);
    EXPECT_EQ(map["picture"]["display_height"], 96);
    EXPECT_EQ(map["profile"]["name"], "base");
    EXPECT_EQ(map["profile"]["level"], "5.2");
    EXPECT_EQ(map["profile"]["max_samples"], 398131200);
    EXPECT_EQ(map["profile"]["synthesis_transforms"][0]["name"], "BOP");
    EXPECT_EQ(map["model"]["id"], 1);
    EXPECT_EQ(map["lanes"]["quality_map"], 4);
    EXPECT_EQ(map["tools"]["quality_map"]["entropy_index"], 5);
    EXPECT_EQ(map["regions"], nullptr);
    EXPECT_EQ(map["conformance"]["conforms"], true);
    // 01 section 16.5b: the quality map's lanes
    const Json& block = map["blocks"].back();
    EXPECT_EQ(block["substream"], "SOQ");
    EXPECT_EQ(block["size"], 39);
    std::vector<int> sizes;
    for (const Json& lane : block["lanes"]) sizes.push_back(lane["size"]);
    EXPECT_EQ(sizes, (std::vector<int>{7, 6, 17, 6}));

    Json filters = info({stream_path("filters_all")});
    EXPECT_EQ(filters["tools"]["lef_channel"], 140);
    EXPECT_EQ(filters["tools"]["efe_linear"], true);
    EXPECT_EQ(filters["tools"]["efe_nonlinear"], true);
    EXPECT_EQ(filters["tools"]["eicci"]["tiles"], 1);
    EXPECT_EQ(filters["tools"]["rvs"], (Json{true, true}));
    EXPECT_EQ(filters["tools"]["lsbs"], (Json{true, true}));

    Json regions = info({stream_path("regions_dependent_1x2")});
    EXPECT_EQ(regions["regions"]["rows"], 1);
    EXPECT_EQ(regions["regions"]["columns"], 2);
    EXPECT_EQ(regions["regions"]["independent"], false);
    EXPECT_EQ(regions["regions"]["hyper_decoder_overlap"], 2);
    EXPECT_EQ(regions["regions"]["mcm_overlap"], 4);
    EXPECT_EQ(regions["regions"]["areas"][1], (Json{{"x", 128}, {"y", 0}, {"width", 128}, {"height", 192}}));
}

TEST(InfoJson, ValuesOfARichStream) {
    Json rich = info({"-"}, 0, rich_stream());
    EXPECT_EQ(rich["file"], "-");
    EXPECT_EQ(rich["user_data"], (Json{{"size", 8}, {"preview", "hello..\""}}));
    EXPECT_EQ(rich["rendering"]["clli"]["maximum_content_light_level"], 1000);
    EXPECT_EQ(rich["rendering"]["dynamic_metadata"], (Json{{"type", 7}, {"size", 3}}));
    EXPECT_EQ(rich["tools"]["synthesis_tiles"][1], (Json{{"size", 128}, {"overlap", 32}}));
    EXPECT_EQ(rich["cost"], nullptr);
    Json independent = info({"-"}, 0, independent_regions_stream());
    EXPECT_EQ(independent["regions"]["independent"], true);
    EXPECT_EQ(independent["regions"]["mcm_overlap"], nullptr);
    EXPECT_EQ(independent["substreams"][4]["region"], 1);
}

TEST(InfoJson, RangesCoverTheFile) {
    for (const char* name : kStreams) {
        Json document = info({stream_path(name)});
        const std::vector<std::uint8_t> file = load_bytes(stream_path(name));
        std::uint64_t next = 2;  // behind SOC
        for (const Json& substream : document["substreams"]) {
            EXPECT_EQ(substream["marker_offset"], next) << name;
            const std::size_t at = substream["marker_offset"];
            const int marker = std::stoi(substream["marker"].get<std::string>(), nullptr, 16);
            EXPECT_EQ(file.at(at) << 8 | file.at(at + 1), marker);
            next = substream["offset"].get<std::uint64_t>() + substream["size"].get<std::uint64_t>();
        }
        EXPECT_EQ(next + 2, document["codestream_size"]) << name;
        for (const Json& block : document["blocks"]) {
            const std::uint64_t end = block["offset"].get<std::uint64_t>() + block["size"].get<std::uint64_t>();
            std::uint64_t lane_end = block["lanes"][0]["offset"];
            EXPECT_GE(lane_end, block["offset"]);
            for (const Json& lane : block["lanes"]) {
                EXPECT_EQ(lane["offset"], lane_end);
                lane_end += lane["size"].get<std::uint64_t>();
            }
            EXPECT_EQ(lane_end, end);
        }
    }
}

TEST(InfoJson, FieldsAddUpToTheHeaders) {
    for (const char* name : kStreams) {
        Json document = info({stream_path(name)});
        for (const auto& [header, substream] : {std::pair{"pic_header", 0}, {"tool_header", 1}, {"rdi", 2}}) {
            std::uint64_t bits = 0;
            for (const Json& field : document["fields"]) {
                if (field["header"] == header) bits += field["bits"].get<std::uint64_t>() * field["values"].size();
            }
            const std::size_t bytes = document["substreams"][static_cast<std::size_t>(substream)]["size"];
            EXPECT_EQ((bits + 7) / 8, bytes) << name << ' ' << header;
        }
    }
}

TEST(InfoJson, SeveralFilesGiveAnArrayInTheirOrder) {
    Json documents = info({stream_path("filters_all"), "/no/such/file", stream_path("filters_all")}, 1);
    ASSERT_TRUE(documents.is_array());
    ASSERT_EQ(documents.size(), 3U);
    EXPECT_EQ(documents[0]["tools"]["lef_channel"], 140);
    EXPECT_EQ(documents[1]["error"]["code"], "io");
    EXPECT_EQ(documents[2]["tools"]["lef_channel"], 140);
}

/// A stream that is well-formed and breaks rules of its level.
std::vector<std::uint8_t> wrong_level(std::uint8_t level) {
    CodestreamParts parts = two_region_parts();
    parts.picture.level_idc = level;
    return write_codestream(parts);
}

TEST(InfoVerdict, ErrorsAreListedAndFailOnlyWhenStrict) {
    const std::vector<std::uint8_t> bytes = wrong_level(51);  // models 2 and 3 only
    Json lenient = info({"-"}, 0, bytes);
    EXPECT_EQ(lenient["conformance"]["acceptable"], false);
    EXPECT_EQ(lenient["conformance"]["violations"][0]["rule"], "level.model");
    EXPECT_FALSE(lenient.contains("error"));
    Json strict = info({"--strict", "-"}, 1, bytes);
    EXPECT_EQ(strict["error"]["code"], "conformance");
    EXPECT_EQ(strict["error"]["offset"], 6);
    EXPECT_EQ(strict["conformance"]["violations"], lenient["conformance"]["violations"]);

    const ProcessResult text = run_jpegai({"info", "--strict", "-"}, bytes);
    EXPECT_EQ(text.exit_code, 1);
    EXPECT_NE(text.out.find("not decodable, 1 violation\n    error level.model: model_id:"), std::string::npos)
        << text.out;
    EXPECT_NE(text.err.find("conformance error at byte 6"), std::string::npos) << text.err;
    const ProcessResult quiet = run_jpegai({"info", "-q", "--strict", "-"}, bytes);
    EXPECT_EQ(quiet.exit_code, 1);
    EXPECT_EQ(quiet.out, "");
}

TEST(InfoVerdict, NotesBecomeErrorsWhenStrict) {
    CodestreamParts parts = two_region_parts();
    parts.picture.synthesis_transform_id = {1, 0, 2};
    const std::vector<std::uint8_t> bytes = write_codestream(parts);
    Json lenient = info({"-"}, 0, bytes);
    EXPECT_EQ(lenient["conformance"]["acceptable"], true);
    EXPECT_EQ(lenient["conformance"]["conforms"], false);
    EXPECT_EQ(lenient["conformance"]["violations"][0]["severity"], "note");
    EXPECT_EQ(info({"--strict", "-"}, 1, bytes)["conformance"]["violations"][0]["severity"], "error");
}

TEST(InfoText, SaysTheEssentials) {
    const ProcessResult result = run_jpegai({"info", stream_path("filters_all")});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.err, "");
    for (const char* part :
         {"224x176, 8 bits, 4:4:4, RGB (BT.709)", "DIS dialect, 9625 bytes", "base, level 5.2, synthesis BOP",
          "RVS Y UV, GRFS Y UV, LSBS Y UV", "EFE linear, eICCI, EFE non-linear, LEF (channel 140)",
          "meets the base profile at level 5.2", "SORP"}) {
        EXPECT_NE(result.out.find(part), std::string::npos) << part << '\n' << result.out;
    }
    EXPECT_EQ(result.out.find("u(8)"), std::string::npos);  // fields only on request
    EXPECT_EQ(result.out.find('\x1b'), std::string::npos);  // no colours
}

TEST(InfoText, FieldsAreShortUnlessVerbose) {
    const std::string path = stream_path("filters_all");
    const std::string brief = run_jpegai({"info", "--fields", path}).out;
    const std::string full = run_jpegai({"info", "--fields", "-v", path}).out;
    EXPECT_NE(brief.find("of 160 set"), std::string::npos) << brief;
    EXPECT_EQ(full.find("of 160 set"), std::string::npos);
    EXPECT_NE(full.find("LEF_chIdx"), std::string::npos);
    EXPECT_GT(full.size(), brief.size());
    for (std::size_t line = 0; line < brief.size();) {
        const std::size_t end = brief.find('\n', line);
        EXPECT_NE(brief[end - 1], ' ');
        EXPECT_LT(end - line, 170U) << brief.substr(line, end - line);
        line = end + 1;
    }
}

TEST(InfoText, RepeatedFieldsAreCountedUnlessVerbose) {
    CodestreamParts parts = two_region_parts();
    parts.picture.img_width = parts.picture.img_height = 2048;  // 8x8 cubes in 4 phases: 32 groups
    ComponentHeader& luma = parts.picture.component[kPrimary];
    luma.use_cube_flags = true;
    luma.cube_flag.assign(256, 0);
    const std::vector<std::uint8_t> bytes = write_codestream(parts);
    const std::string brief = run_jpegai({"info", "--fields", "-"}, bytes).out;
    EXPECT_NE(brief.find("... 52 more of these"), std::string::npos)
        << brief;  // of 32 flags and 32 groups, 6 each shown
    const std::string full = run_jpegai({"info", "--fields", "-v", "-"}, bytes).out;
    EXPECT_EQ(full.find("more of these"), std::string::npos);
}

TEST(InfoText, RegionsAndLanes) {
    const std::string dependent = run_jpegai({"info", stream_path("regions_dependent_1x2")}).out;
    EXPECT_NE(dependent.find("1 row x 2 columns, dependent, overlap 2 hyper, 4 context"), std::string::npos)
        << dependent;
    EXPECT_NE(dependent.find("    region 1         3778       3993\n"), std::string::npos) << dependent;
    const std::string independent = run_jpegai({"info", "-"}, independent_regions_stream()).out;
    EXPECT_NE(independent.find("independent"), std::string::npos);
    EXPECT_NE(independent.find("SORP[1]"), std::string::npos);
    const std::string lanes = run_jpegai({"info", stream_path("quality_map_threads4")}).out;
    EXPECT_NE(lanes.find("lanes 7 6 17 6"), std::string::npos) << lanes;
}

TEST(InfoCost, ListsEveryTransformOfTheStream) {
    const Json document = info({"--cost", "--threads", "1", stream_path("photo_bop")});
    expect_type(document, schema(), "document");
    const Json& cost = document["cost"];
    ASSERT_EQ(cost.size(), document["profile"]["synthesis_transforms"].size());
    ASSERT_EQ(cost.size(), 2U);
    EXPECT_EQ(cost[0]["synthesis"], "BOP");
    EXPECT_EQ(cost[1]["synthesis"], "SOP");
    EXPECT_GT(cost[0]["macs"], cost[1]["macs"]);
    for (const Json& point : cost) {
        std::uint64_t macs = 0, largest = 0;
        for (const Json& stage : point["stages"]) {
            macs += stage["macs"].get<std::uint64_t>();
            largest = std::max(largest, stage["workspace"].get<std::uint64_t>());
        }
        EXPECT_EQ(point["macs"], macs);
        EXPECT_GT(point["memory"].get<std::uint64_t>(), largest);
    }
    const std::string text = run_jpegai({"info", "--cost", stream_path("photo_bop")}).out;
    for (const char* words : {"decode with BOP", "decode with SOP", "synthesis uv"})
        EXPECT_NE(text.find(words), std::string::npos) << text;
    EXPECT_EQ(run_jpegai({"info", stream_path("photo_bop")}).out.find("decode with"), std::string::npos);
}

TEST(InfoOptions, DialectCanBeForced) {
    const std::string path = stream_path("filters_all");
    EXPECT_EQ(info({"--dialect", "dis", path})["dialect"], "dis");
    EXPECT_EQ(info({"--dialect", "is", path}, 1)["error"]["code"], "header");
}

TEST(InfoOptions, BytesAfterTheEndAreReported) {
    std::vector<std::uint8_t> bytes = load_bytes(stream_path("filters_all"));
    bytes.insert(bytes.end(), 7, 0);
    EXPECT_EQ(info({"-"}, 0, bytes)["codestream_size"], 9625);
    EXPECT_EQ(info({"-"}, 0, bytes)["file_size"], 9632);
    EXPECT_NE(run_jpegai({"info", "-"}, bytes).out.find("7 bytes after the end"), std::string::npos);
}

}  // namespace
}  // namespace jpegai::test
