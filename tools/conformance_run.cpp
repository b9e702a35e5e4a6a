// `jpegai conformance run`: suites on this build, on another decoder, or on an encoder.
#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "base/file.h"
#include "conformance/encoder_test.h"
#include "conformance/report.h"
#include "conformance/weights.h"
#include "tools/commands.h"
#include "tools/conformance.h"
#include "tools/progress.h"

namespace jpegai::tools {
namespace {

using namespace jpegai::conformance;
namespace fs = std::filesystem;

constexpr const char* kRunExamples =
    "  jpegai conformance run suites/base-5.2\n"
    "  jpegai conformance run suites --subset 10                 every suite in this folder, a tenth of each group\n"
    "  jpegai conformance run suites/base-5.2 --cpu scalar --filter 'efe*,lef' --html report.html\n"
    "  jpegai conformance run suites/base-5.2 --decoder 'mydecoder {in} {out}' --jobs 4 --junit report.xml\n"
    "  jpegai conformance run suites/base-5.2 --encoder 'jpegai encode {in} {out} --bpp {bpp} --level {level}'";

struct RunArguments {
    std::vector<std::string> suites;
    std::string decoder, encoder, filter, json_file, junit_file, html_file, models, cpu = "auto", device = "cpu";
    unsigned jobs = 1, threads = 1;
    double timeout = 60, rate_tolerance = 5;
    std::size_t stop_after = 0, subset = 1;
    bool large = false, no_oracle = false, no_stages = false;
};

void write_report(const std::string& path, const std::string& text) {
    if (!path.empty()) write_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void print_result(const CaseResult& result, const CommonOptions& common) {
    if (result.verdict == Verdict::kSkipped || (result.verdict == Verdict::kPass && !common.verbose)) return;
    if (common.json) return;
    if (result.verdict == Verdict::kPass) {
        print_text(fmt::format("pass  {}{}\n", result.test->name,
                               result.by_status_alone ? ": decoded without an error, no picture or stage to compare" : ""));
    } else {
        print_text(
            fmt::format("FAIL  {}: {} ({}): {}\n", result.test->name, result.stage, result.clause, result.message));
    }
}

/// The suites at a path: itself, or the suites in its folders.
std::vector<std::string> suites_at(const std::string& path) {
    if (fs::exists(fs::path(path) / "suite.json") || !fs::is_directory(path)) return {path};
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(path)) {
        if (fs::exists(entry.path() / "suite.json")) found.push_back(entry.path().string());
    }
    if (found.empty()) return {path};  // whose suite.json is then found missing
    std::sort(found.begin(), found.end());
    return found;
}

/// Runs suites one after the other; weights and decoders are made once.
class Run {
public:
    Run(const RunArguments& arguments, const CommonOptions& common) : arguments_(arguments), common_(common) {
        for (const std::string& path : arguments.suites) {
            for (const std::string& suite : suites_at(path)) folders_.push_back(suite);
        }
        if (folders_.size() > 1 && !(arguments.junit_file.empty() && arguments.html_file.empty())) {
            throw UsageError("--junit and --html report on one suite");
        }
        if (!arguments.decoder.empty() && !arguments.encoder.empty()) {
            throw UsageError("--decoder and --encoder exclude each other");
        }
    }

    ExitCode run() {
        nlohmann::ordered_json documents = nlohmann::ordered_json::array();
        std::size_t failed = 0;
        for (const std::string& folder : folders_) {
            const Suite suite = load_suite(folder);
            if (arguments_.encoder.empty()) {
                const RunReport report = run_decoder(suite, folder);
                failed += report.count(Verdict::kFail);
                documents.push_back(finish(suite, folder, report));
            } else {
                const EncoderReport result = run_encoder(suite);
                failed += result.report.count(Verdict::kFail);
                documents.push_back(finish(result.suite, folder, result.report));
            }
        }
        const auto& document = documents.size() == 1 ? documents[0] : documents;
        if (!arguments_.json_file.empty()) write_report(arguments_.json_file, document.dump(2) + "\n");
        if (common_.json) print_json(document);
        return failed == 0 ? kExitOk : kExitFailed;
    }

private:
    /// Weights with which this build can stand in for the suite's author, or null when the suite was made with others.
    std::shared_ptr<const WeightSet> weights_for(const Suite& suite) {
        if (base_ == nullptr) {
            base_ = weights_or_default(arguments_.models);
            fingerprint_ = suite_fingerprint(*base_);
            complete_ = complete_weights(base_);
        }
        if (fingerprint_ == suite.weights_fingerprint) return complete_;
        if (arguments_.decoder.empty()) {
            throw Error(JPEGAI_ERROR_MODEL_MISMATCH,
                        fmt::format("the suite was made with other weights: {}, fingerprint {}; these have {}",
                                    suite.weights, suite.weights_fingerprint, fingerprint_));
        }
        return nullptr;
    }

    void make_devices(const std::shared_ptr<const WeightSet>& weights) {
        const bool external = !arguments_.decoder.empty();
        if (device_ == nullptr) {
            device_ =
                external ? external_device({arguments_.decoder, arguments_.timeout})
                         : internal_device(weights, {arguments_.cpu, arguments_.threads, false, arguments_.device, !arguments_.no_stages});
        }
        // Plain loops stand in judgement over the fast kernels.
        if (oracle_ == nullptr && weights != nullptr && !arguments_.no_oracle) {
            oracle_ = internal_device(weights, {external ? "auto" : "contract", 1, false});
        }
    }

    RunReport run_decoder(const Suite& suite, const std::string& folder) {
        const auto weights = weights_for(suite);
        make_devices(weights);
        RunOptions options;
        options.jobs = arguments_.jobs;
        options.filter = arguments_.filter;
        options.large = arguments_.large;
        options.stop_after = arguments_.stop_after;
        options.subset = arguments_.subset;
        options.oracle = weights != nullptr ? oracle_.get() : nullptr;
        ProgressLine line(suite.name, !common_.quiet && !common_.verbose);
        std::size_t done = 0;
        options.done = [&](const CaseResult& result) {
            if (result.verdict == Verdict::kFail) line.clear();
            print_result(result, common_);
            line.update(static_cast<double>(++done) / static_cast<double>(suite.cases.size()));
        };
        return run_suite(suite, folder, *device_, options);
    }

    EncoderReport run_encoder(const Suite& suite) {
        EncoderOptions options;
        options.command = arguments_.encoder;
        options.timeout_seconds = arguments_.timeout;
        options.rate_tolerance = arguments_.rate_tolerance / 100;
        options.filter = arguments_.filter;
        options.done = [this](const CaseResult& result) { print_result(result, common_); };
        return test_encoder(suite, weights_for(suite), options);
    }

    nlohmann::ordered_json finish(const Suite& suite, const std::string& folder, const RunReport& report) const {
        write_report(arguments_.junit_file, arguments_.junit_file.empty() ? "" : report_junit(suite, report));
        write_report(arguments_.html_file, arguments_.html_file.empty() ? "" : report_html(suite, folder, report));
        if (!common_.json && !common_.quiet) {
            const auto alone = std::count_if(report.results.begin(), report.results.end(),
                                             [](const CaseResult& result) { return result.by_status_alone; });
            print_text(fmt::format("{} on {}: {} passed{}, {} failed, {} skipped; {:.1f} s\n", suite.name, report.device,
                                   report.count(Verdict::kPass),
                                   alone == 0 ? "" : fmt::format(" ({} without a picture or stage to compare)", alone),
                                   report.count(Verdict::kFail), report.count(Verdict::kSkipped), report.seconds));
        }
        return report_json(suite, report);
    }

    const RunArguments& arguments_;
    const CommonOptions& common_;
    std::vector<std::string> folders_;
    std::shared_ptr<const WeightSet> base_, complete_;
    std::string fingerprint_;
    std::unique_ptr<Device> device_, oracle_;
};

}  // namespace

void add_conformance_run(CLI::App& parent, Invocation& invocation) {
    auto arguments = std::make_shared<RunArguments>();
    CLI::App& command = *parent.add_subcommand("run", "Run suites on this build, another decoder, or an encoder");
    command.add_option("suites", arguments->suites, "folders of suites, or a folder with several")
        ->required()
        ->type_name("SUITE");
    command.add_option("--decoder", arguments->decoder,
                       "command of another decoder; {in}, {out}, {dump}, {width}, {height}, {depth}, {channels}, "
                       "{transform} and {window} are replaced");
    command.add_option("--encoder", arguments->encoder,
                       "command of an encoder to test for the suite's profile, level and dialect; {in}, {out}, {bpp}, "
                       "{width}, {height}, {depth}, {format}, {profile}, {level} and {dialect} are replaced");
    command.add_option("--timeout", arguments->timeout, "seconds that such a command may take per case (default 60)");
    command.add_option("--rate-tolerance", arguments->rate_tolerance,
                       "per cent by which an encoder may miss a rate (default 5)");
    command.add_option("--jobs", arguments->jobs, "cases at a time (default 1)")->check(CLI::Range(1U, 256U));
    command.add_option("--threads", arguments->threads, "threads of this build's decoder (default 1)");
    command.add_option("--cpu", arguments->cpu,
                       "instruction set of this build: auto, contract, scalar, avx2, avx512, neon");
    command.add_option("--device", arguments->device,
                       "where this build's networks and filters run: cpu, cuda[:N] or auto");
    command.add_option("--filter", arguments->filter,
                       "only cases whose name or group matches: patterns with * and ?, separated by commas");
    command.add_option("--subset", arguments->subset, "of each group the first case and then every N-th")
        ->check(CLI::PositiveNumber);
    command.add_option("--stop-after", arguments->stop_after, "end after so many failures");
    command.add_option("--report-json", arguments->json_file, "write a JSON report")->type_name("FILE");
    command.add_option("--junit", arguments->junit_file, "write a JUnit report")->type_name("FILE");
    command.add_option("--html", arguments->html_file, "write a report for people")->type_name("FILE");
    command.add_option("--models", arguments->models, "weights (default: the default set)")->type_name("PATH");
    command.add_flag("--large", arguments->large, "also cases that take long");
    command
        .add_flag("--no-stages", arguments->no_stages,
                  "this build decodes without keeping intermediate tensors, as `jpegai decode` does: pictures only")
        ->excludes("--decoder");
    command.add_flag("--no-oracle", arguments->no_oracle,
                     "do not decode failing cases again to find the exact position");
    finish_command(command, invocation, kRunExamples,
                   [arguments, &invocation] { return Run(*arguments, invocation.common).run(); });
}

}  // namespace jpegai::tools
