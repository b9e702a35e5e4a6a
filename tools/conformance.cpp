// `jpegai conformance`: makes conformance suites; running them and judging single streams have files of their own.
#include <thread>

#include <fmt/format.h>

#include "base/file.h"
#include "conformance/generate.h"
#include "conformance/weights.h"
#include "models/default_weights.h"
#include "models/pack_writer.h"
#include "tools/commands.h"
#include "tools/conformance.h"
#include "tools/progress.h"

namespace jpegai::tools {
namespace {

using namespace jpegai::conformance;

constexpr const char* kGenerateExamples =
    "  jpegai conformance generate --profile base --level 5.2 --out suites/base-5.2\n"
    "  jpegai conformance generate --profile high --level 1.1 --dialect dis --seed 7 --out suites/high-1.1-dis\n"
    "  jpegai conformance generate --all --out suites            the default suites: every profile at every level";

struct GenerateArguments {
    std::string profile = "base", level = "5.2", dialect = "is", out, models, cpu = "auto", filter;
    std::uint64_t seed = 1;
    unsigned threads = 1, jobs = 0;
    bool large = false, all = false;
};

Json result_json(const std::string& folder, const SuiteChoice& choice, const GenerateResult& result) {
    return {{"suite", folder},           {"name", suite_name(choice)},  {"cases", result.cases},
            {"decoded", result.decoded}, {"rejected", result.rejected}, {"bytes", result.bytes}};
}

std::string result_text(const std::string& folder, const SuiteChoice& choice, const GenerateResult& result) {
    return fmt::format("{}: {} cases ({} to decode, {} to refuse), {:.1f} MB in {}\n", suite_name(choice), result.cases,
                       result.decoded, result.rejected, static_cast<double>(result.bytes) / 1e6, folder);
}

ExitCode generate_all(const std::string& folder, const GenerateOptions& options, const CommonOptions& common,
                      ProgressLine& line) {
    Json list = Json::array();
    std::uint64_t bytes = 0;
    generate_default_suites(folder, options, [&](const SuiteChoice& choice, const GenerateResult& result) {
        const std::string place = folder + "/" + suite_name(choice);
        line.clear();
        bytes += result.bytes;
        list.push_back(result_json(place, choice, result));
        if (!common.json && !common.quiet) print_text(result_text(place, choice, result));
    });
    if (common.json) {
        print_json(list);
    } else if (!common.quiet) {
        print_text(fmt::format("{} suites, {:.1f} MB\n", list.size(), static_cast<double>(bytes) / 1e6));
    }
    return kExitOk;
}

ExitCode generate(const GenerateArguments& arguments, const CommonOptions& common) {
    GenerateOptions options;
    options.choice = {profile_by_name(arguments.profile).id, level_by_name(arguments.level),
                      arguments.dialect == "is" ? Dialect::kIs : Dialect::kDis, arguments.seed};
    options.weights = weights_or_default(arguments.models);
    options.cpu = arguments.cpu;
    options.threads = arguments.threads;
    options.jobs = arguments.jobs != 0 ? arguments.jobs : std::thread::hardware_concurrency();
    options.large = arguments.large;
    options.filter = arguments.filter;
    ProgressLine line("generate", !common.quiet && !common.verbose);
    options.progress = [&](const std::string& name, std::size_t done, std::size_t all) {
        if (common.verbose) fmt::print(stderr, "{}/{} {}\n", done + 1, all, name);
        line.update(static_cast<double>(done) / static_cast<double>(all));
    };
    if (arguments.all) return generate_all(arguments.out, options, common, line);
    const GenerateResult result = generate_suite(arguments.out, options);
    line.clear();
    if (common.json) {
        print_json(result_json(arguments.out, options.choice, result));
    } else if (!common.quiet) {
        print_text(result_text(arguments.out, options.choice, result));
    }
    return kExitOk;
}

ExitCode export_weights(const std::string& out, const std::string& models, const CommonOptions& common) {
    const auto base = weights_or_default(models);
    PackOptions options;
    options.name = "jpegai conformance";
    options.info = fmt::format("{} completed with made-up networks ({})", base->describe(), kSyntheticRecipe);
    options.level = 3;
    const std::vector<std::uint8_t> pack = write_pack(*complete_weights(base), options);
    write_file(out, pack);
    if (common.json) {
        print_json({{"out", out}, {"bytes", pack.size()}, {"suite_fingerprint", suite_fingerprint(*base)}});
    } else if (!common.quiet) {
        print_text(fmt::format("{}: {:.1f} MB, {} files made up\n", out, static_cast<double>(pack.size()) / 1e6,
                               synthetic_files(*base).size()));
    }
    return kExitOk;
}

void add_weights(CLI::App& parent, Invocation& invocation) {
    struct Arguments {
        std::string out, models;
    };
    auto arguments = std::make_shared<Arguments>();
    CLI::App& command = *parent.add_subcommand("weights", "Write the weights that suites are made with as one pack");
    command.add_option("out", arguments->out, "pack to write")->required()->type_name("OUT.jaiw");
    command.add_option("--models", arguments->models, "trained weights to complete (default: the default set)")
        ->type_name("PATH");
    finish_command(command, invocation, "  jpegai conformance weights suite.jaiw", [arguments, &invocation] {
        return export_weights(arguments->out, arguments->models, invocation.common);
    });
}

void add_generate(CLI::App& parent, Invocation& invocation) {
    auto arguments = std::make_shared<GenerateArguments>();
    CLI::App& command = *parent.add_subcommand("generate", "Make a suite for a profile and level");
    auto* profile = command.add_option("--profile", arguments->profile, "simple, base or high (default base)");
    auto* level = command.add_option("--level", arguments->level, "1.0 to 5.2 (default 5.2)");
    command.add_flag("--all", arguments->all, "every profile at every level, each in a folder of its own")
        ->excludes(profile)
        ->excludes(level);
    command.add_option("--dialect", arguments->dialect, "syntax of the picture header: is or dis (default is)")
        ->check(CLI::IsMember({"is", "dis"}));
    command.add_option("--out", arguments->out, "folder of the suite")->required()->type_name("DIR");
    command.add_option("--seed", arguments->seed, "same seed, same bytes (default 1)");
    command.add_option("--models", arguments->models, "weights (default: the default set)")->type_name("PATH");
    command.add_option("--cpu", arguments->cpu, "instruction set that computes the expected pictures");
    command.add_option("--jobs", arguments->jobs, "cases at a time (default 0: one per processor)")
        ->check(CLI::Range(0U, 256U));
    command.add_option("--threads", arguments->threads, "threads that decode a case (default 1; 0: one per processor)");
    command.add_option("--filter", arguments->filter,
                       "only cases whose name or group matches: patterns with * and ?, separated by commas");
    command.add_flag("--large", arguments->large, "also cases that take long");
    finish_command(command, invocation, kGenerateExamples,
                   [arguments, &invocation] { return generate(*arguments, invocation.common); });
}

}  // namespace

std::shared_ptr<const WeightSet> weights_or_default(const std::string& path) {
    return path.empty() ? open_default_weights() : open_weights(path);
}

void add_conformance(CLI::App& program, Invocation& invocation) {
    CLI::App& command = *program.add_subcommand("conformance", "Conformance suites, and the conformance of streams");
    command.require_subcommand(1);
    add_generate(command, invocation);
    add_conformance_run(command, invocation);
    add_conformance_verify(command, invocation);
    add_weights(command, invocation);
}

}  // namespace jpegai::tools
