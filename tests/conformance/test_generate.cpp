// The generator: determinism, and what it promises about its cases.
#include <atomic>
#include <filesystem>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/hash.h"
#include "conformance/jobs.h"
#include "tests/conformance/small_suite.h"
#include "tests/support/thrown.h"

namespace jpegai::test {
namespace {

using namespace conformance;

std::map<std::string, std::string> hashes_of(const std::string& folder) {
    std::map<std::string, std::string> hashes;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        hashes[std::filesystem::relative(entry.path(), folder)] = sha256_hex(read_file(entry.path()));
    }
    return hashes;
}

TEST(Generate, SameSeedSameBytes) {
    const TemporaryFolder folder;
    // In one thread and in several.
    (void)generate_small(folder.path("a"), "report", 1);
    (void)generate_small(folder.path("b"), "report", 3);
    const auto first = hashes_of(folder.path("a"));
    EXPECT_GT(first.size(), 10U);
    EXPECT_EQ(first, hashes_of(folder.path("b")));
    // Over an older suite of the same kind, too.
    (void)generate_small(folder.path("a"), "report");
    EXPECT_EQ(first, hashes_of(folder.path("a")));
}

/// A case that cannot be made ends the whole, whichever thread meets it.
TEST(Generate, EndsAtTheFirstFailure) {
    for (const unsigned threads : {1U, 4U}) {
        for (const bool throws : {false, true}) {
            std::atomic<std::size_t> calls{0};
            const auto job = [&](std::size_t i) {
                ++calls;
                if (throws && i == 20) throw Error(JPEGAI_ERROR_INTERNAL, "a case");
                return i != 20;
            };
            const auto run = [&] { run_jobs(threads, 100, job); };
            EXPECT_EQ(thrown_code(run), throws ? JPEGAI_ERROR_INTERNAL : JPEGAI_OK);
            EXPECT_GE(calls, 21U);
            if (threads == 1) {
                EXPECT_EQ(calls, 21U);
            }
        }
    }
}

TEST(Generate, LeavesOtherFoldersAlone) {
    const TemporaryFolder folder;
    write_file(folder.path("mine"), std::vector<std::uint8_t>{1});
    EXPECT_EQ(thrown_code([&] { (void)generate_small(folder.path("."), "report"); }), JPEGAI_ERROR_ARGUMENT);
}

/// Every profile and level has a list of cases with names of their own, clauses and elements.
TEST(Generate, EveryProfileAndLevelHasCases) {
    for (const Profile& profile : kProfiles) {
        for (const std::uint8_t level : kLevels) {
            for (const Dialect dialect : {Dialect::kIs, Dialect::kDis}) {
                std::set<std::string> names;
                for (const CaseRecipe& recipe : make_cases({profile.id, level, dialect, 1})) {
                    EXPECT_TRUE(names.insert(recipe.name).second) << recipe.name;
                    EXPECT_FALSE(recipe.clauses.empty()) << recipe.name;
                    EXPECT_EQ(recipe.kind == CaseKind::kReject, !recipe.errors.empty()) << recipe.name;
                }
                EXPECT_GT(names.size(), 300U);
            }
        }
    }
}

/// Streams that do not need a decode of the whole list: their generation fails where a case is not refused as stated.
TEST(Generate, RefusedStreamsOfEveryProfile) {
    for (const std::uint8_t profile : {std::uint8_t{0}, std::uint8_t{2}}) {
        for (const Dialect dialect : {Dialect::kIs, Dialect::kDis}) {
            const TemporaryFolder folder;
            GenerateOptions options;
            options.weights = open_default_weights();
            options.choice = {profile, static_cast<std::uint8_t>(profile == 0 ? 10 : 41), dialect, 1};
            options.filter = "reject";
            EXPECT_GT(generate_suite(folder.path("s"), options).rejected, 100U);
        }
    }
}

TEST(Generate, EverySyntaxElementReachesItsEnds) {
    const TemporaryFolder folder;
    GenerateOptions options;
    options.weights = open_default_weights();
    options.filter = "limit";
    (void)generate_suite(folder.path("s"), options);
    const Json coverage = load_suite(folder.path("s")).coverage;
    EXPECT_EQ(coverage.at("img_width_minus64").at("max"), 65535);
    EXPECT_EQ(coverage.at("img_width_minus64").at("min"), 0);
    EXPECT_EQ(coverage.at("level_idc").at("max"), 52);
}

}  // namespace
}  // namespace jpegai::test
