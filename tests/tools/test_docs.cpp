// docs/CLI.md names everything that the program offers.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "profiles/profiles.h"
#include "tests/tools/process.h"
#include "tests/tools/streams.h"

namespace jpegai::test {
namespace {

const std::string& documentation() {
    static const std::string text = [] {
        const std::vector<std::uint8_t> bytes = load_bytes(JPEGAI_CLI_DOCUMENT);
        return std::string(bytes.begin(), bytes.end());
    }();
    return text;
}

void expect_documented(const std::string& name) {
    EXPECT_NE(documentation().find('`' + name), std::string::npos) << name << " is missing in docs/CLI.md";
}

TEST(Documentation, EveryRule) {
    for (const Rule& rule : rules()) expect_documented(std::string(rule.id) + '`');
}

TEST(Documentation, EveryErrorCode) {
    for (int code = JPEGAI_ERROR_ARGUMENT; code <= JPEGAI_ERROR_INTERNAL; ++code) {
        expect_documented(std::string(jpegai_error_name(static_cast<jpegai_error>(code))) + '`');
    }
}

void expect_keys_documented(const nlohmann::json& value) {
    if (value.is_object()) {
        for (const auto& [key, member] : value.items()) expect_documented(key + '`');
    }
    if (value.is_structured()) {
        for (const nlohmann::json& member : value) expect_keys_documented(member);
    }
}

TEST(Documentation, EveryJsonKey) {
    for (const char* name : {"filters_all", "regions_dependent_1x2", "quality_map_threads4"}) {
        expect_keys_documented(nlohmann::json::parse(run_jpegai({"info", "--json", stream_path(name)}).out));
    }
    for (const char* command : {"list", "info", "verify"}) {
        expect_keys_documented(nlohmann::json::parse(run_jpegai({"models", command, "--json"}).out));
    }
}

TEST(Documentation, EveryOption) {
    using Words = std::vector<std::string>;
    for (Words words : {Words{"info"}, Words{"extract"}, Words{"decode"}, Words{"encode"}, Words{"compare"},
                        Words{"models", "list"}, Words{"models", "info"}, Words{"models", "verify"},
                        Words{"models", "import"}, Words{"models", "add"}, Words{"models", "remove"},
                        Words{"check", "artifacts"}, Words{"check", "traces"}, Words{"check", "calibrate"}}) {
        words.push_back("--help");
        const std::string help = run_jpegai(words).out;
        for (std::size_t at = help.find("\n  -"); at != std::string::npos; at = help.find("\n  -", at + 1)) {
            const std::size_t start = help.find("--", at);
            expect_documented(help.substr(start, help.find_first_of(" \n", start) - start));
        }
    }
}

}  // namespace
}  // namespace jpegai::test
