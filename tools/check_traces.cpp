// `jpegai check traces`: was a picture JPEG AI coded?
#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "backend/select.h"
#include "base/file.h"
#include "detection/traces/report.h"
#include "detection/traces/report_html.h"
#include "models/places.h"
#include "picture_io/picture_io.h"
#include "tools/check.h"
#include "tools/check_pictures.h"
#include "tools/progress.h"

namespace jpegai::tools {
namespace {

using namespace jpegai::detection;
using Json = nlohmann::ordered_json;

constexpr const char* kCheckTracesExamples =
    "  jpegai check traces photo.png\n"
    "  jpegai check traces photo.jpg --json                       every feature\n"
    "  jpegai check traces photo.png --models default,mine        which of two weight sets?\n"
    "  jpegai check traces uploads/ --csv traces.csv --html traces.html\n"
    "  jpegai check traces photo.png --maps maps/                  where in the picture?\n"
    "  jpegai check traces photo.png --fail-above 0.9             exit status 1 when coded";

struct TracesArguments {
    std::vector<std::string> paths;
    std::vector<std::string> models;
    std::string csv, html, maps, parameters;
    std::vector<double> scales;
    double fail_above = 2;
    bool fast = false, drop_alpha = false;
    unsigned threads = 0;
};

struct Outcome {
    std::string file;
    std::optional<TraceReport> report;
    std::optional<Error> error;
};

/// The named sets, or all installed ones.
std::vector<TraceModels> open_sets(const TracesArguments& arguments, const CommonOptions& common) {
    std::vector<std::string> names = arguments.models;
    const bool all = names.empty();
    if (all) {
        for (const NamedSet& set : named_sets()) names.push_back(set.name);
    }
    const auto backend = make_backend({"auto", arguments.threads});
    std::vector<TraceModels> sets;
    for (const std::string& name : names) {
        try {
            sets.push_back({name, std::make_shared<Encoder>(open_models(name), backend)});
        } catch (const Error& error) {
            if (!all) throw;
            print_warning(common, fmt::format("weight set {} is passed over: {}", name, error.what()));
        }
    }
    if (sets.empty()) throw Error(JPEGAI_ERROR_MODEL, "no weight set is installed");
    return sets;
}

void write_text(const std::string& path, const std::string& text) {
    if (!path.empty()) write_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

Json outcome_json(const Outcome& outcome) {
    Json json = {{"file", outcome.file}};
    if (outcome.error) {
        json["error"] = error_json(*outcome.error);
    } else {
        json.update(trace_json(*outcome.report));
    }
    return json;
}

std::string csv_of(const std::vector<Outcome>& outcomes) {
    std::string csv = trace_csv_header();
    for (const Outcome& outcome : outcomes) {
        if (outcome.report) {
            csv += trace_csv_line(outcome.file, *outcome.report);
            continue;
        }
        csv += trace_csv_failure(outcome.file, outcome.error->what());
    }
    return csv;
}

/// A codestream is refused with a better reason than its format.
Picture load_picture(const std::string& file, const ReadOptions& options) {
    try {
        return read_picture(file, options);
    } catch (const Error& error) {
        if (error.code() != JPEGAI_ERROR_UNSUPPORTED || file == "-" || !looks_like_codestream(read_file(file))) throw;
        throw Error(JPEGAI_ERROR_ARGUMENT, "this is a JPEG AI codestream itself; traces are looked for in pictures");
    }
}

/// Writes the heat map under `name`, and notes what the page shows. The report keeps no map: a batch may be long.
void keep_map(const TracesArguments& arguments, const std::string& file, const std::string& name,
              const Picture& picture, TraceReport& report, std::vector<TracePagePart>& parts) {
    const Picture map = trace_map_picture(picture, report);
    report.map = {};
    if (!arguments.maps.empty()) {
        const std::filesystem::path path = std::filesystem::path(arguments.maps) / (name + ".map.png");
        std::filesystem::create_directories(path.parent_path());
        write_picture(path.string(), map);
    }
    if (!arguments.html.empty()) parts.push_back({file, report, thumbnail_of(picture), thumbnail_of(map)});
}

ExitCode find(const TracesArguments& arguments, const CommonOptions& common) {
    const TraceClassifier classifier = classifier_of(arguments.parameters);
    std::vector<std::string> files;
    for (const std::string& path : arguments.paths) {
        const std::vector<std::string> found = pictures_in(path);
        files.insert(files.end(), found.begin(), found.end());
    }
    const std::vector<TraceModels> sets = open_sets(arguments, common);
    TraceOptions options;
    options.want_map = !arguments.maps.empty() || !arguments.html.empty();
    if (!arguments.scales.empty()) options.scales = arguments.scales;
    if (arguments.fast) {
        options.search_crops = false;
        options.scales.clear();
    }
    ReadOptions reading;
    if (arguments.drop_alpha) reading.alpha = AlphaPolicy::kDrop;

    std::vector<Outcome> outcomes;
    std::vector<TracePagePart> parts;
    bool failed = false, above = false;
    const std::vector<std::string> names = names_apart(files);
    for (std::size_t i = 0; i < files.size(); ++i) {
        const std::string& file = files[i];
        Outcome& outcome = outcomes.emplace_back();
        outcome.file = file;
        try {
            const Picture picture = load_picture(file, reading);
            ProgressLine line(display_name(file), !common.quiet);
            options.progress = [&](double fraction) {
                line.update(fraction);
                return true;
            };
            outcome.report = find_traces(picture, sets, classifier, options);
            if (options.want_map) keep_map(arguments, file, names[i], picture, *outcome.report, parts);
        } catch (const Error& error) {
            if (files.size() == 1) throw FileError(file, error);
            print_error(file, error);
            outcome.error = error;
            failed = true;
            continue;
        }
        above = above || outcome.report->probability > arguments.fail_above;
        if (!common.json && !common.quiet) {
            print_text(trace_text(display_name(file), *outcome.report, common.verbose));
        }
    }
    if (common.json) {
        Json all = Json::array();
        for (const Outcome& outcome : outcomes) all.push_back(outcome_json(outcome));
        print_json(outcomes.size() == 1 ? all[0] : Json{{"pictures", all}});
    }
    if (!arguments.csv.empty()) write_text(arguments.csv, csv_of(outcomes));
    if (!arguments.html.empty()) write_text(arguments.html, trace_html(parts));
    return failed || above ? kExitFailed : kExitOk;
}

}  // namespace

void add_check_traces(CLI::App& check, Invocation& invocation) {
    auto arguments = std::make_shared<TracesArguments>();
    CLI::App& command = *check.add_subcommand("traces", "Say whether a picture was JPEG AI coded");
    command.add_option("pictures", arguments->paths, "Pictures, or folders of pictures")->required();
    command.add_option("--models", arguments->models, "Weight sets to test: names, folders or packs (default: all)")
        ->delimiter(',');
    command.add_option("--scales", arguments->scales, "Factors by which the picture may have been resized since")
        ->delimiter(',')
        ->check(CLI::Range(0.1, 10.0));
    command.add_flag("--fast", arguments->fast, "Do not look for crops and resizes");
    command.add_option("--csv", arguments->csv, "Write a table, one picture per line");
    command.add_option("--html", arguments->html, "Write a self-contained page");
    command.add_option("--maps", arguments->maps, "Write heat maps of where the traces show into a folder (PNG)")
        ->type_name("DIR");
    command.add_option("--fail-above", arguments->fail_above, "Exit status 1 when a probability exceeds this")
        ->check(CLI::Range(0.0, 1.0));
    command.add_option("--parameters", arguments->parameters, "Parameters from 'jpegai check calibrate'");
    command.add_flag("--drop-alpha", arguments->drop_alpha, "Ignore an alpha channel instead of refusing it");
    command.add_option("--threads", arguments->threads, "Threads; 0: one per processor");
    finish_command(command, invocation, kCheckTracesExamples,
                   [arguments, &invocation] { return find(*arguments, invocation.common); });
}

}  // namespace jpegai::tools
