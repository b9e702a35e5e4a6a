#include "conformance/suite.h"

#include <filesystem>

#include <fmt/format.h>

#include "base/file.h"

namespace jpegai::conformance {
namespace {

constexpr std::array<const char*, 4> kKindNames = {"decode", "accept", "reject", "report"};

[[noreturn]] void malformed(const std::string& what) {
    throw Error(JPEGAI_ERROR_STRUCTURE, what);
}

CaseKind parse_kind(const std::string& name) {
    for (std::size_t i = 0; i < kKindNames.size(); ++i) {
        if (name == kKindNames[i]) return static_cast<CaseKind>(i);
    }
    malformed(fmt::format("\"{}\" is not a kind of case", name));
}

/// A path of a descriptor that stays inside the suite's folder.
std::string inside(const std::string& path) {
    const std::filesystem::path parsed(path);
    bool good = !path.empty() && parsed.is_relative();
    for (const auto& part : parsed) good = good && part != "..";
    if (!good) malformed(fmt::format("the path \"{}\" leaves the suite", path));
    return path;
}

Json to_json(const PictureLimits& limits) {
    return {{"peak", limits.peak}, {"rms", limits.rms}, {"share", limits.share}};
}

PictureLimits limits_from(const Json& document) {
    return {document.at("peak").get<double>(), document.at("rms").get<double>(), document.at("share").get<double>()};
}

Json to_json(const ExpectedStage& stage) {
    Json document = {{"name", stage.name},
                     {"type", stage.descr},
                     {"shape", stage.shape},
                     {"sha256", stage.sha256},
                     {"exact", stage.exact}};
    if (!stage.channel_crcs.empty()) document["channel_crcs"] = stage.channel_crcs;
    return document;
}

ExpectedStage stage_from(const Json& document) {
    ExpectedStage stage;
    stage.name = document.at("name");
    stage.descr = document.at("type");
    stage.shape = document.at("shape").get<std::vector<std::size_t>>();
    stage.sha256 = document.at("sha256");
    stage.exact = document.at("exact");
    stage.channel_crcs = document.value("channel_crcs", "");
    return stage;
}

Json to_json(const ExpectedPicture& picture) {
    Json document = {{"files", picture.files},
                     {"width", picture.width},
                     {"height", picture.height},
                     {"bit_depth", picture.bit_depth},
                     {"colour", picture.rgb ? "rgb" : "yuv"},
                     {"format", picture.format},
                     {"md5", picture.md5}};
    if (picture.limits) document["limits"] = to_json(*picture.limits);
    return document;
}

ExpectedPicture picture_from(const Json& document) {
    ExpectedPicture picture;
    for (const std::string file : document.at("files")) picture.files.push_back(inside(file));
    picture.width = document.at("width");
    picture.height = document.at("height");
    picture.bit_depth = document.at("bit_depth");
    picture.rgb = document.at("colour") == "rgb";
    picture.format = document.at("format");
    picture.md5 = document.at("md5").get<std::vector<std::string>>();
    if (document.contains("limits")) picture.limits = limits_from(document.at("limits"));
    return picture;
}

Json to_json(const DecodeChoice& choice) {
    Json document = Json::object();
    if (choice.channels) document["channels"] = *choice.channels;
    if (choice.transform) document["synthesis_transform"] = *choice.transform;
    if (choice.window) document["window"] = *choice.window;
    return document;
}

DecodeChoice choice_from(const Json& document) {
    DecodeChoice choice;
    if (document.contains("channels")) choice.channels = document.at("channels");
    if (document.contains("synthesis_transform")) choice.transform = document.at("synthesis_transform");
    if (document.contains("window")) choice.window = document.at("window");
    return choice;
}

void write_json(const std::filesystem::path& path, const Json& document, int indent) {
    const std::string text = document.dump(indent) + '\n';
    write_file(path.string(), {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

Json read_json(const std::filesystem::path& path) {
    const std::vector<std::uint8_t> bytes = read_file(path.string(), std::uint64_t{1} << 28);
    try {
        return Json::parse(bytes.begin(), bytes.end());
    } catch (const nlohmann::json::exception& error) {
        malformed(fmt::format("{}: {}", path.string(), error.what()));
    }
}

Suite suite_from(const Json& document) {
    if (document.at("format") != kSuiteFormat) malformed("this is not a conformance suite");
    if (document.at("format_version") != kSuiteVersion) malformed("unknown version of the suite format");
    Suite suite;
    suite.name = document.at("name");
    suite.version = document.at("version");
    suite.dialect = document.at("dialect") == "is" ? Dialect::kIs : Dialect::kDis;
    suite.profile = document.at("decoder_profile_id");
    suite.level = document.at("level_idc");
    suite.seed = document.at("seed");
    const Json& weights = document.at("weights");
    suite.weights = weights.at("description");
    suite.weights_fingerprint = weights.at("fingerprint");
    suite.synthetic_weights = weights.at("synthetic").get<std::vector<std::string>>();
    suite.limits8 = limits_from(document.at("limits").at("8"));
    suite.limits10 = limits_from(document.at("limits").at("10"));
    suite.tolerances = document.at("stage_tolerances").get<StageTolerances>();
    suite.coverage = document.value("coverage", Json::object());
    return suite;
}

}  // namespace

const char* kind_name(CaseKind kind) {
    return kKindNames[static_cast<std::size_t>(kind)];
}

Json to_json(const Case& test) {
    Json document = {
        {"name", test.name},        {"title", test.title},   {"group", test.group}, {"kind", kind_name(test.kind)},
        {"stream", test.stream},    {"sha256", test.sha256}, {"size", test.size},   {"clauses", test.clauses},
        {"elements", test.elements}};
    if (test.large) document["large"] = true;
    if (!test.change.empty()) document["change"] = test.change;
    if (test.decode.any()) document["decode"] = to_json(test.decode);
    if (!test.header.empty()) document["header"] = test.header;
    if (!test.errors.empty()) document["errors"] = test.errors;
    if (!test.rules.empty()) document["rules"] = test.rules;
    if (test.picture) document["picture"] = to_json(*test.picture);
    if (!test.stages.empty()) {
        Json stages = Json::array();
        for (const ExpectedStage& stage : test.stages) stages.push_back(to_json(stage));
        document["stages"] = std::move(stages);
    }
    return document;
}

Case case_from_json(const Json& document) {
    Case test;
    test.name = document.at("name");
    test.title = document.at("title");
    test.group = document.at("group");
    test.kind = parse_kind(document.at("kind"));
    test.large = document.value("large", false);
    test.stream = inside(document.at("stream"));
    test.sha256 = document.at("sha256");
    test.size = document.at("size");
    test.clauses = document.at("clauses").get<std::vector<std::string>>();
    test.elements = document.at("elements").get<std::vector<std::string>>();
    test.decode = choice_from(document.value("decode", Json::object()));
    test.header = document.value("header", Json::object());
    test.change = document.value("change", "");
    test.errors = document.value("errors", std::vector<std::string>{});
    test.rules = document.value("rules", std::vector<std::string>{});
    if (document.contains("picture")) test.picture = picture_from(document.at("picture"));
    for (const Json& stage : document.value("stages", Json::array())) test.stages.push_back(stage_from(stage));
    return test;
}

void save_suite(const Suite& suite, const std::string& folder) {
    const std::filesystem::path root(folder);
    std::filesystem::create_directories(root / "cases");
    Json names = Json::array();
    for (const Case& test : suite.cases) {
        names.push_back("cases/" + test.name + ".json");
        write_json(root / "cases" / (test.name + ".json"), to_json(test), 1);
    }
    const Json document = {{"format", kSuiteFormat},
                           {"format_version", kSuiteVersion},
                           {"name", suite.name},
                           {"version", suite.version},
                           {"dialect", suite.dialect == Dialect::kIs ? "is" : "dis"},
                           {"decoder_profile_id", suite.profile},
                           {"level_idc", suite.level},
                           {"seed", suite.seed},
                           {"weights",
                            {{"description", suite.weights},
                             {"fingerprint", suite.weights_fingerprint},
                             {"synthetic", suite.synthetic_weights}}},
                           {"limits", {{"8", to_json(suite.limits8)}, {"10", to_json(suite.limits10)}}},
                           {"stage_tolerances", suite.tolerances},
                           {"cases", names},
                           {"coverage", suite.coverage}};
    write_json(root / "suite.json", document, 2);
}

Suite load_suite(const std::string& folder) {
    const std::filesystem::path root(folder);
    std::filesystem::path current = root / "suite.json";
    try {
        const Json document = read_json(current);
        Suite suite = suite_from(document);
        for (const std::string name : document.at("cases")) {
            current = root / inside(name);
            suite.cases.push_back(case_from_json(read_json(current)));
        }
        return suite;
    } catch (const nlohmann::json::exception& error) {
        malformed(fmt::format("{}: {}", current.string(), error.what()));
    }
}

}  // namespace jpegai::conformance
