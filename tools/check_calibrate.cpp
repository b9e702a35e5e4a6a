// `jpegai check calibrate`: fits the classifier of `check traces` to own pictures, or measures it on them.
#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "backend/select.h"
#include "base/file.h"
#include "detection/traces/calibrate.h"
#include "detection/traces/resample.h"
#include "models/places.h"
#include "picture_io/picture_io.h"
#include "tools/check.h"
#include "tools/check_pictures.h"
#include "tools/progress.h"

namespace jpegai::tools {
namespace {

using namespace jpegai::detection;
using Json = nlohmann::ordered_json;

constexpr const char* kCheckCalibrateExamples =
    "  jpegai check calibrate photos/ --out classifier.json --html roc.html\n"
    "  jpegai check traces photo.png --parameters classifier.json\n"
    "  jpegai check calibrate other-photos/ --measure --parameters classifier.json\n"
    "  jpegai check calibrate photos/ --samples samples.jsonl     keep what was measured ...\n"
    "  jpegai check calibrate --from-samples samples.jsonl --out classifier.json     ... and fit again";

struct CalibrateArguments {
    std::string folder, out, html, parameters, samples, from_samples, models;
    bool measure = false;
    std::size_t crop = 256, count = 4, limit = 0, attacks = 100, jobs = 1;
};

constexpr std::size_t kFolds = 4;

void check_arguments(const CalibrateArguments& arguments) {
    if (arguments.folder.empty() == arguments.from_samples.empty()) {
        throw UsageError("give a folder of pictures, or --from-samples");
    }
    if (!arguments.from_samples.empty() && !arguments.samples.empty()) {
        throw UsageError("--samples and --from-samples exclude each other");
    }
    if (arguments.measure && !arguments.out.empty()) throw UsageError("--measure fits nothing that --out could hold");
    if (arguments.crop != 0 && arguments.crop < kTraceMinSide * 2) {
        throw UsageError(fmt::format("--crop: at least {}, or 0 for whole pictures", kTraceMinSide * 2));
    }
}

/// RGB or grey of 8 bit, the middle of it, on the grid of the picture.
Picture prepared(const Picture& picture, std::size_t crop) {
    Picture plain = to_plain(picture);
    if (plain.bit_depth != 8) {
        const unsigned most = plain.max_value();
        for (auto& plane : plain.planes) {
            for (std::uint16_t& sample : plane.span()) {
                sample = static_cast<std::uint16_t>((sample * 255U + most / 2) / most);
            }
        }
        plain.bit_depth = 8;
    }
    if (crop == 0) return plain;
    const std::size_t rows = std::min(crop, plain.rows()), cols = std::min(crop, plain.cols());
    return cut_picture(plain, {(plain.rows() - rows) / 2, (plain.cols() - cols) / 2, rows, cols});
}

std::vector<CorpusSource> load_sources(const CalibrateArguments& arguments, const CommonOptions& common) {
    std::vector<CorpusSource> sources;
    for (const std::string& path : pictures_in(arguments.folder)) {
        if (arguments.limit != 0 && sources.size() == arguments.limit) break;
        CorpusSource source;
        source.name = std::filesystem::path(path).filename().string();
        try {
            source.picture = prepared(read_picture(path), arguments.crop);
        } catch (const Error& error) {
            print_warning(common, fmt::format("{}: left out: {}", path, error.what()));
            continue;
        }
        constexpr std::size_t kShortest = 2 * kTraceMinSide;  // half of it has to be large enough
        if (std::min(source.picture.rows(), source.picture.cols()) < kShortest) {
            print_warning(common, fmt::format("{}: left out: a side has less than {} samples", path, kShortest));
            continue;
        }
        const std::size_t index = sources.size();
        source.entries = arguments.measure ? measuring_entries(index, arguments.attacks)
                                           : calibration_entries(index, arguments.count);
        sources.push_back(std::move(source));
    }
    if (sources.empty()) throw FileError(arguments.folder, Error(JPEGAI_ERROR_ARGUMENT, "no pictures to use"));
    return sources;
}

std::vector<TraceSample> measured(const CalibrateArguments& arguments, const CommonOptions& common) {
    if (!arguments.from_samples.empty()) {
        const std::vector<std::uint8_t> bytes = read_file(arguments.from_samples);
        try {
            return samples_from_lines({bytes.begin(), bytes.end()});
        } catch (const Error& error) {
            throw FileError(arguments.from_samples, error);
        }
    }
    const std::vector<CorpusSource> sources = load_sources(arguments, common);
    for (const Coder coder : kOtherCoders) {
        if (!have_coder(coder))
            print_warning(common, fmt::format("no pictures of {}: it is not there", coder_id(coder)));
    }
    const unsigned threads = arguments.jobs > 1 ? 1 : 0;
    const std::vector<TraceModels> sets = {
        {kDefaultSet, std::make_shared<Encoder>(open_models(arguments.models), make_backend({"auto", threads}))}};
    ProgressLine line("measuring", !common.quiet);
    MeasureOptions options;
    options.jobs = arguments.jobs;
    options.progress = [&](double fraction) {
        line.update(fraction);
        return true;
    };
    return measure_traces(sources, sets, options);
}

void write_document(const std::string& path, const std::string& text) {
    if (!path.empty()) write_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

ExitCode calibrate(const CalibrateArguments& arguments, const CommonOptions& common) {
    check_arguments(arguments);
    const TraceClassifier before = classifier_of(arguments.parameters);
    const std::vector<TraceSample> samples = measured(arguments, common);
    write_document(arguments.samples, samples_to_lines(samples));

    TraceClassifier classifier = before;
    std::vector<double> probabilities;
    if (arguments.measure) {
        for (const TraceSample& sample : samples) probabilities.push_back(before.probability(sample.features));
    } else {
        classifier = fit_traces(samples, before);
        probabilities = cross_validate(samples, kFolds);
    }
    Json document = measurement_json(samples, probabilities, classifier);
    document["fitted"] = !arguments.measure;
    if (!arguments.measure) {
        classifier.recipe = fmt::format("jpegai check calibrate: {} pictures, {} codings",
                                        document["pictures"].get<std::size_t>(), samples.size());
        document["classifier"] = classifier.to_json();
        if (!arguments.out.empty()) write_document(arguments.out, classifier.to_json().dump(2) + '\n');
    }
    if (!arguments.html.empty()) write_document(arguments.html, measurement_html(samples, probabilities, document));
    if (common.json) {
        print_json(document);
    } else if (!common.quiet) {
        print_text(measurement_text(document));
        if (!arguments.measure) print_text("(each picture judged by a fit to three quarters of the other pictures)\n");
    }
    return kExitOk;
}

}  // namespace

void add_check_calibrate(CLI::App& check, Invocation& invocation) {
    auto arguments = std::make_shared<CalibrateArguments>();
    CLI::App& command = *check.add_subcommand("calibrate", "Fit or measure the classifier of traces on own pictures");
    command.add_option("folder", arguments->folder, "Folder of pictures that were never JPEG AI coded");
    command.add_option("-o,--out", arguments->out, "Write the fitted parameters to this file");
    command.add_option("--html", arguments->html, "Write the ROC curves as a page");
    command.add_flag("--measure", arguments->measure, "Fit nothing; measure the parameters on these pictures");
    command.add_option("--parameters", arguments->parameters, "Parameters to measure instead of the built-in ones");
    command.add_option("--crop", arguments->crop, "Use the middle N x N samples of each picture; 0: all of it")
        ->capture_default_str();
    command.add_option("--count", arguments->count, "JPEG AI codings per picture, and as many others, to fit to")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000));
    command.add_option("--attacks", arguments->attacks,
                       "With --measure: attacks per picture, in turn; 0: none (default: all)");
    command.add_option("--limit", arguments->limit, "Use the first N pictures only");
    command.add_option("--samples", arguments->samples, "Write what was measured to this file (JSON lines)");
    command.add_option("--from-samples", arguments->from_samples, "Take this file in place of pictures");
    command.add_option("--models", arguments->models, "Weight set to code with: a name, a folder or a pack");
    command.add_option("-j,--jobs", arguments->jobs, "Pictures at a time")
        ->capture_default_str()
        ->check(CLI::Range(1, 256));
    finish_command(command, invocation, kCheckCalibrateExamples,
                   [arguments, &invocation] { return calibrate(*arguments, invocation.common); });
}

}  // namespace jpegai::tools
