// `jpegai conformance`: makes and runs conformance suites, judges single streams.
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "base/file.h"
#include "conformance/generate.h"
#include "conformance/report.h"
#include "conformance/weights.h"
#include "models/default_weights.h"
#include "models/pack_writer.h"
#include "tools/commands.h"
#include "tools/conformance.h"

namespace jpegai::tools {
namespace {

using namespace jpegai::conformance;

constexpr const char* kGenerateExamples =
    "  jpegai conformance generate --profile base --level 5.2 --out suites/base-5.2\n"
    "  jpegai conformance generate --profile high --level 1.1 --dialect dis --seed 7 --out suites/high-1.1-dis";
constexpr const char* kRunExamples =
    "  jpegai conformance run suites/base-5.2\n"
    "  jpegai conformance run suites/base-5.2 --cpu scalar --filter 'efe*' --html report.html\n"
    "  jpegai conformance run suites/base-5.2 --decoder 'mydecoder {in} {out}' --jobs 4 --junit report.xml";

struct GenerateArguments {
    std::string profile = "base", level = "5.2", dialect = "is", out, models, cpu = "auto", filter;
    std::uint64_t seed = 1;
    unsigned threads = 0;
    bool large = false;
};

struct RunArguments {
    std::string suite, decoder, filter, json_file, junit_file, html_file, models, cpu = "auto", device = "cpu";
    unsigned jobs = 1, threads = 1;
    double timeout = 60;
    std::size_t stop_after = 0;
    bool large = false, no_oracle = false;
};

std::shared_ptr<const WeightSet> base_weights(const std::string& models) {
    return models.empty() ? open_default_weights() : open_weights(models);
}

ExitCode generate(const GenerateArguments& arguments, const CommonOptions& common) {
    GenerateOptions options;
    options.choice = {profile_by_name(arguments.profile).id, level_by_name(arguments.level),
                      arguments.dialect == "is" ? Dialect::kIs : Dialect::kDis, arguments.seed};
    options.weights = base_weights(arguments.models);
    options.cpu = arguments.cpu;
    options.threads = arguments.threads;
    options.large = arguments.large;
    options.filter = arguments.filter;
    if (common.verbose) {
        options.progress = [](const std::string& name, std::size_t done, std::size_t all) {
            fmt::print(stderr, "{}/{} {}\n", done + 1, all, name);
        };
    }
    const GenerateResult result = generate_suite(arguments.out, options);
    if (common.json) {
        print_json({{"suite", arguments.out},
                    {"name", suite_name(options.choice)},
                    {"cases", result.cases},
                    {"decoded", result.decoded},
                    {"rejected", result.rejected},
                    {"bytes", result.bytes}});
    } else if (!common.quiet) {
        print_text(fmt::format("{}: {} cases ({} to decode, {} to refuse), {:.1f} MB in {}\n",
                               suite_name(options.choice), result.cases, result.decoded, result.rejected,
                               static_cast<double>(result.bytes) / 1e6, arguments.out));
    }
    return kExitOk;
}

void write_report(const std::string& path, const std::string& text) {
    if (!path.empty()) write_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void print_result(const CaseResult& result, const CommonOptions& common) {
    if (result.verdict == Verdict::kSkipped || (result.verdict == Verdict::kPass && !common.verbose)) return;
    if (common.json) return;
    if (result.verdict == Verdict::kPass) {
        print_text(fmt::format("pass  {}\n", result.test->name));
    } else {
        print_text(
            fmt::format("FAIL  {}: {} ({}): {}\n", result.test->name, result.stage, result.clause, result.message));
    }
}

/// Weights with which this build can stand in for the suite's author, or null when the suite was made with others.
std::shared_ptr<const WeightSet> weights_for(const Suite& suite, const RunArguments& arguments) {
    const auto base = base_weights(arguments.models);
    if (suite_fingerprint(*base) == suite.weights_fingerprint) return complete_weights(base);
    if (arguments.decoder.empty()) {
        throw Error(JPEGAI_ERROR_MODEL_MISMATCH,
                    fmt::format("the suite was made with other weights ({})", suite.weights));
    }
    return nullptr;
}

std::unique_ptr<Device> make_device(const RunArguments& arguments, std::shared_ptr<const WeightSet> weights) {
    if (!arguments.decoder.empty()) return external_device({arguments.decoder, arguments.timeout});
    return internal_device(std::move(weights), {arguments.cpu, arguments.threads, false, arguments.device});
}

ExitCode run(const RunArguments& arguments, const CommonOptions& common) {
    const Suite suite = load_suite(arguments.suite);
    const auto weights = weights_for(suite, arguments);
    const auto device = make_device(arguments, weights);
    // Plain loops stand in judgement over the fast kernels.
    const auto oracle = weights != nullptr && !arguments.no_oracle
                            ? internal_device(weights, {arguments.decoder.empty() ? "contract" : "auto", 1, false})
                            : nullptr;
    RunOptions options;
    options.jobs = arguments.jobs;
    options.filter = arguments.filter;
    options.large = arguments.large;
    options.stop_after = arguments.stop_after;
    options.oracle = oracle.get();
    options.done = [&](const CaseResult& result) { print_result(result, common); };
    const RunReport report = run_suite(suite, arguments.suite, *device, options);
    if (!arguments.json_file.empty()) write_report(arguments.json_file, report_json(suite, report).dump(2) + "\n");
    write_report(arguments.junit_file, arguments.junit_file.empty() ? "" : report_junit(suite, report));
    write_report(arguments.html_file, arguments.html_file.empty() ? "" : report_html(suite, arguments.suite, report));
    if (common.json) {
        print_json(report_json(suite, report));
    } else if (!common.quiet) {
        print_text(fmt::format("{} on {}: {} passed, {} failed, {} skipped; {:.1f} s\n", suite.name, report.device,
                               report.count(Verdict::kPass), report.count(Verdict::kFail),
                               report.count(Verdict::kSkipped), report.seconds));
    }
    return report.count(Verdict::kFail) == 0 ? kExitOk : kExitFailed;
}

ExitCode export_weights(const std::string& out, const std::string& models, const CommonOptions& common) {
    const auto base = base_weights(models);
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
    command.add_option("--profile", arguments->profile, "simple, base or high (default base)");
    command.add_option("--level", arguments->level, "1.0 to 5.2 (default 5.2)");
    command.add_option("--dialect", arguments->dialect, "syntax of the picture header: is or dis (default is)")
        ->check(CLI::IsMember({"is", "dis"}));
    command.add_option("--out", arguments->out, "folder of the suite")->required()->type_name("DIR");
    command.add_option("--seed", arguments->seed, "same seed, same bytes (default 1)");
    command.add_option("--models", arguments->models, "weights (default: the default set)")->type_name("PATH");
    command.add_option("--cpu", arguments->cpu, "instruction set that computes the expected pictures");
    command.add_option("--threads", arguments->threads, "threads (default: one per processor)");
    command.add_option("--filter", arguments->filter, "only cases whose name or group matches a pattern with * and ?");
    command.add_flag("--large", arguments->large, "also cases that take long");
    finish_command(command, invocation, kGenerateExamples,
                   [arguments, &invocation] { return generate(*arguments, invocation.common); });
}

void add_run(CLI::App& parent, Invocation& invocation) {
    auto arguments = std::make_shared<RunArguments>();
    CLI::App& command = *parent.add_subcommand("run", "Run a suite on this build or on another decoder");
    command.add_option("suite", arguments->suite, "folder of the suite")->required()->type_name("SUITE");
    command.add_option("--decoder", arguments->decoder,
                       "command of another decoder; {in}, {out}, {dump}, {width}, {height} and {depth} are replaced");
    command.add_option("--timeout", arguments->timeout,
                       "seconds that the other decoder may take per case (default 60)");
    command.add_option("--jobs", arguments->jobs, "cases at a time (default 1)")->check(CLI::Range(1U, 256U));
    command.add_option("--threads", arguments->threads, "threads of this build's decoder (default 1)");
    command.add_option("--cpu", arguments->cpu,
                       "instruction set of this build: auto, contract, scalar, avx2, avx512, neon");
    command.add_option("--device", arguments->device,
                       "where this build's networks and filters run: cpu, cuda[:N] or auto");
    command.add_option("--filter", arguments->filter, "only cases whose name or group matches a pattern with * and ?");
    command.add_option("--stop-after", arguments->stop_after, "end after so many failures");
    command.add_option("--report-json", arguments->json_file, "write a JSON report")->type_name("FILE");
    command.add_option("--junit", arguments->junit_file, "write a JUnit report")->type_name("FILE");
    command.add_option("--html", arguments->html_file, "write a report for people")->type_name("FILE");
    command.add_option("--models", arguments->models, "weights (default: the default set)")->type_name("PATH");
    command.add_flag("--large", arguments->large, "also cases that take long");
    command.add_flag("--no-oracle", arguments->no_oracle,
                     "do not decode failing cases again to find the exact position");
    finish_command(command, invocation, kRunExamples,
                   [arguments, &invocation] { return run(*arguments, invocation.common); });
}

}  // namespace

void add_conformance(CLI::App& program, Invocation& invocation) {
    CLI::App& command = *program.add_subcommand("conformance", "Conformance suites, and the conformance of streams");
    command.require_subcommand(1);
    add_generate(command, invocation);
    add_run(command, invocation);
    add_conformance_verify(command, invocation);
    add_weights(command, invocation);
}

}  // namespace jpegai::tools
