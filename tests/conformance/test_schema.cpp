// Suites that the generator writes against the schema that outsiders read.
#include <filesystem>
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/conformance/small_suite.h"

namespace jpegai::test {
namespace {

using namespace conformance;

Json read_json(const std::string& path) {
    const auto bytes = read_file(path);
    return Json::parse(bytes.begin(), bytes.end());
}

/// What of JSON Schema the suite's schema uses. Members that the schema does not name are errors, so that nothing that
/// the generator writes stays undocumented.
class SchemaCheck {
public:
    explicit SchemaCheck(Json schema) : root_(std::move(schema)) {}

    /// The first contradiction, or nothing.
    [[nodiscard]] std::string check(const Json& value, const Json& schema, const std::string& where) const {
        if (schema.contains("$ref")) return check(value, resolve(schema.at("$ref")), where);
        if (schema.contains("const") && value != schema.at("const")) return where + " is not the constant";
        if (schema.contains("enum")) {
            const Json& list = schema.at("enum");
            if (std::find(list.begin(), list.end(), value) == list.end()) return where + " is none of the enumerated";
        }
        if (schema.contains("type") && !has_type(value, schema.at("type"))) return where + " has the wrong type";
        if (value.is_number() && schema.contains("minimum") && value < schema.at("minimum"))
            return where + " is too small";
        if (value.is_number() && schema.contains("maximum") && value > schema.at("maximum"))
            return where + " is too large";
        if (value.is_string()) return check_text(value, schema, where);
        if (value.is_array()) return check_array(value, schema, where);
        if (value.is_object()) return check_object(value, schema, where);
        return {};
    }
    [[nodiscard]] const Json& resolve(const std::string& reference) const {
        return root_.at(Json::json_pointer(reference.substr(1)));
    }
    [[nodiscard]] const Json& root() const { return root_; }

private:
    static bool has_type(const Json& value, const std::string& type) {
        if (type == "object") return value.is_object();
        if (type == "array") return value.is_array();
        if (type == "string") return value.is_string();
        if (type == "boolean") return value.is_boolean();
        if (type == "integer") return value.is_number_integer();
        return type == "number" && value.is_number();
    }
    static std::string check_text(const Json& value, const Json& schema, const std::string& where) {
        const std::string text = value;
        if (text.size() < schema.value("minLength", std::size_t{0})) return where + " is empty";
        if (!schema.contains("pattern")) return {};
        const std::string pattern = schema.at("pattern");
        // std::regex recurses per character; long checksums are checked by their alphabet and length.
        if (text.size() > 200) {
            return text.find_first_not_of("0123456789abcdef") == std::string::npos && text.size() % 4 == 0
                       ? ""
                       : where + " is no list of checksums";
        }
        return std::regex_search(text, std::regex(pattern)) ? "" : where + " does not match " + pattern;
    }
    std::string check_array(const Json& value, const Json& schema, const std::string& where) const {
        if (value.size() < schema.value("minItems", std::size_t{0})) return where + " has too few items";
        if (value.size() > schema.value("maxItems", value.size())) return where + " has too many items";
        for (std::size_t i = 0; schema.contains("items") && i < value.size(); ++i) {
            if (auto wrong = check(value[i], schema.at("items"), where + "[" + std::to_string(i) + "]"); !wrong.empty())
                return wrong;
        }
        return {};
    }
    std::string check_object(const Json& value, const Json& schema, const std::string& where) const {
        for (const std::string name : schema.value("required", Json::array())) {
            if (!value.contains(name)) return where + " has no " + name;
        }
        const Json none = Json::object();
        const Json& known = schema.contains("properties") ? schema.at("properties") : none;
        const bool open = !schema.contains("properties");
        for (const auto& [name, member] : value.items()) {
            const std::string place = where + "." + name;
            std::string wrong;
            if (known.contains(name)) {
                wrong = check(member, known.at(name), place);
            } else if (schema.contains("additionalProperties")) {
                wrong = check(member, schema.at("additionalProperties"), place);
            } else if (!open) {
                wrong = place + " is not in the schema";
            }
            if (!wrong.empty()) return wrong;
        }
        return {};
    }

    Json root_;
};

const SchemaCheck& schema() {
    static const SchemaCheck check(read_json(JPEGAI_SOURCE_DIR "/conformance/suite.schema.json"));
    return check;
}

TEST(Schema, GeneratedSuitesFollowIt) {
    const TemporaryFolder folder;
    const std::string suite = folder.path("s");
    (void)generate_small(suite, "report,limit,progressive_*of_20*,window_sample,reject_map*,format_420*");
    const Json document = read_json(suite + "/suite.json");
    EXPECT_EQ(schema().check(document, schema().root(), "suite"), "");
    std::set<std::string> kinds, members;
    for (const std::string name : document.at("cases")) {
        const Json test = read_json(suite + "/" + name);
        EXPECT_EQ(schema().check(test, schema().resolve("#/$defs/case"), name), "");
        kinds.insert(test.at("kind"));
        for (const auto& [member, value] : test.items()) members.insert(member);
    }
    EXPECT_EQ(kinds.size(), 4U) << "every kind of case is there";
    for (const char* member : {"decode", "picture", "stages", "errors", "rules", "change", "header"})
        EXPECT_TRUE(members.contains(member)) << member;
}

TEST(Schema, TheCheckFindsMistakes) {
    const Json good = read_json(SmallSuite::get().folder + "/cases/pair_rvs_grfs.json");
    const Json& rules = schema().resolve("#/$defs/case");
    EXPECT_EQ(schema().check(good, rules, "case"), "");
    const auto broken = [&](const char* pointer, const Json& value) {
        Json bad = good;
        bad[Json::json_pointer(pointer)] = value;
        return schema().check(bad, rules, "case");
    };
    EXPECT_EQ(broken("/kind", "maybe"), "case.kind is none of the enumerated");
    EXPECT_EQ(broken("/sha256", "12"), "case.sha256 does not match ^[0-9a-f]{64}$");
    EXPECT_EQ(broken("/size", -1), "case.size is too small");
    EXPECT_EQ(broken("/stages/0/exact", 1), "case.stages[0].exact has the wrong type");
    EXPECT_EQ(broken("/picture/files", Json::array()), "case.picture.files has too few items");
    EXPECT_EQ(broken("/surprise", 1), "case.surprise is not in the schema");
    Json bad = good;
    bad.erase("stream");
    EXPECT_EQ(schema().check(bad, rules, "case"), "case has no stream");
}

}  // namespace
}  // namespace jpegai::test
