// `jpegai compare`: quality of pictures against their originals.
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "metrics/metrics.h"
#include "picture_io/picture_io.h"
#include "tools/commands.h"
#include "tools/lists.h"

namespace jpegai::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kCompareExamples =
    "  jpegai compare photo.png decoded.png\n"
    "  jpegai compare photo.png decoded.png --metrics psnr,ms-ssim --json\n"
    "  jpegai compare photo.png decoded.png --map difference.png\n"
    "  jpegai compare originals/ decoded/       pictures of the same name, whatever their format";

struct CompareArguments {
    std::string original, distorted, metrics = "all", map;
    unsigned depth = 10;
    double gain = 8;
    bool drop_alpha = false;
};

struct CompareJob {
    std::string original, distorted;
};

/// Metrics that have a common name.
std::vector<Metric> metric_group(const std::string& name) {
    if (name == "psnr") return {Metric::kPsnrY, Metric::kPsnrU, Metric::kPsnrV};
    if (name == "ctc") {
        return {Metric::kMsSsim, Metric::kVif, Metric::kFsim, Metric::kNlpd, Metric::kIwSsim, Metric::kPsnrHvs};
    }
    std::vector<Metric> metrics;
    for (const MetricInfo& info : all_metrics()) {
        if (name == "all" || name == info.id) metrics.push_back(info.metric);
    }
    return metrics;
}

std::vector<Metric> parse_metrics(const std::string& text) {
    std::vector<Metric> metrics;
    for (const std::string& name : split_list(text)) {
        const std::vector<Metric> group = metric_group(name);
        if (group.empty()) {
            std::string known = "all, ctc, psnr";
            for (const MetricInfo& info : all_metrics()) known += fmt::format(", {}", info.id);
            throw UsageError(fmt::format("--metrics: there is no \"{}\"; use {}", name, known));
        }
        for (const Metric metric : group) {
            if (std::find(metrics.begin(), metrics.end(), metric) == metrics.end()) metrics.push_back(metric);
        }
    }
    return metrics;
}

/// Picture files of a folder by their name without extension.
std::map<std::string, std::string> pictures_of(const std::string& folder) {
    std::map<std::string, std::string> pictures;
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
        if (!entry.is_regular_file() || !format_of_path(entry.path().string())) continue;
        const auto [other, added] = pictures.emplace(entry.path().stem().string(), entry.path().string());
        if (!added) {
            throw FileError(folder, Error(JPEGAI_ERROR_ARGUMENT, fmt::format("{} and {} have the same name",
                                                                             other->second, entry.path().string())));
        }
    }
    if (failure) throw FileError(folder, Error(JPEGAI_ERROR_IO, failure.message()));
    return pictures;
}

std::vector<CompareJob> jobs_of(const CompareArguments& arguments, bool folders, const CommonOptions& common) {
    if (!folders) return {{arguments.original, arguments.distorted}};
    const auto originals = pictures_of(arguments.original), distorted = pictures_of(arguments.distorted);
    std::vector<CompareJob> jobs;
    for (const auto& [name, path] : originals) {
        const auto found = distorted.find(name);
        if (found == distorted.end())
            print_warning(common, fmt::format("{} has no counterpart in {}", path, arguments.distorted));
        else
            jobs.push_back({path, found->second});
    }
    if (jobs.empty())
        throw FileError(
            arguments.original,
            Error(JPEGAI_ERROR_ARGUMENT, "no picture has a counterpart of its name in " + arguments.distorted));
    return jobs;
}

Picture load(const std::string& path, bool drop_alpha) {
    ReadOptions options;
    if (drop_alpha) options.alpha = AlphaPolicy::kDrop;
    try {
        return read_picture(path, options);
    } catch (const Error& error) {
        throw FileError(path, error);
    }
}

struct Comparison {
    CompareJob job;
    std::size_t width = 0, height = 0;
    std::vector<MetricValue> values;
};

Comparison compare_one(const CompareJob& job, const CompareArguments& arguments, const std::vector<Metric>& metrics) {
    const Picture original = load(job.original, arguments.drop_alpha),
                  distorted = load(job.distorted, arguments.drop_alpha);
    Comparison result{job, original.cols(), original.rows(), {}};
    try {
        result.values = compare_pictures(original, distorted, metrics, {arguments.depth});
        if (!arguments.map.empty()) write_picture(arguments.map, difference_map(original, distorted, arguments.gain));
    } catch (const FileError&) {
        throw;
    } catch (const Error& error) {
        if (error.code() == JPEGAI_ERROR_IO) throw;
        throw FileError(job.distorted, Error(error.code(), fmt::format("compared with {}: {}",
                                                                       display_name(job.original), error.what())));
    }
    return result;
}

Json comparison_json(const Comparison& comparison) {
    Json json = {{"original", comparison.job.original},
                 {"distorted", comparison.job.distorted},
                 {"width", comparison.width},
                 {"height", comparison.height}};
    json["metrics"] = Json::object();
    for (const MetricValue& value : comparison.values) {
        const char* id = metric_info(value.metric).id;
        json["metrics"][id] = nullptr;
        if (value.value)
            json["metrics"][id] = *value.value;
        else
            json["undefined"][id] = value.reason;
    }
    return json;
}

/// Means over the comparisons for which a metric is defined.
std::vector<MetricValue> means(const std::vector<Comparison>& comparisons) {
    std::vector<MetricValue> result = comparisons.front().values;
    for (std::size_t m = 0; m < result.size(); ++m) {
        double sum = 0;
        std::size_t count = 0;
        for (const Comparison& comparison : comparisons) {
            if (!comparison.values[m].value) continue;
            sum += *comparison.values[m].value;
            ++count;
        }
        result[m].value = count > 0 ? std::optional(sum / static_cast<double>(count)) : std::nullopt;
    }
    return result;
}

std::string number(const MetricValue& value) {
    if (!value.value) return "-";
    return metric_info(value.metric).decibel ? fmt::format("{:.4f}", *value.value)
                                             : fmt::format("{:.6f}", *value.value);
}

std::string single_text(const Comparison& comparison) {
    std::string text = fmt::format("{} against {}, {}x{}\n", display_name(comparison.job.distorted),
                                   display_name(comparison.job.original), comparison.width, comparison.height);
    for (const MetricValue& value : comparison.values) {
        const MetricInfo& info = metric_info(value.metric);
        text += fmt::format("  {:<14} {:>10}{}\n", info.title, number(value),
                            !value.value           ? "   " + value.reason
                            : info.decibel         ? " dB"
                            : info.lower_is_better ? "   (lower is better)"
                                                   : "");
    }
    return text;
}

std::string table_row(const std::string& name, std::size_t width, const std::vector<MetricValue>& values) {
    std::string text = fmt::format("{:<{}}", name, width);
    for (const MetricValue& value : values) text += fmt::format("  {:>11}", number(value));
    return text + '\n';
}

std::string table_text(const std::vector<Comparison>& comparisons) {
    std::size_t width = 4;
    const auto name = [](const Comparison& c) { return std::filesystem::path(c.job.distorted).filename().string(); };
    for (const Comparison& comparison : comparisons) width = std::max(width, name(comparison).size());
    std::string text = fmt::format("{:<{}}", "", width);
    for (const MetricValue& value : comparisons.front().values)
        text += fmt::format("  {:>11}", metric_info(value.metric).id);
    text += '\n';
    for (const Comparison& comparison : comparisons) text += table_row(name(comparison), width, comparison.values);
    return text + table_row("mean", width, means(comparisons));
}

Json table_json(const std::vector<Comparison>& comparisons, Json failures) {
    Json document;
    document["pairs"] = Json::array();
    for (const Comparison& comparison : comparisons) document["pairs"].push_back(comparison_json(comparison));
    for (Json& failure : failures) document["pairs"].push_back(std::move(failure));
    document["mean"] = Json::object();
    if (comparisons.empty()) return document;
    for (const MetricValue& value : means(comparisons)) {
        document["mean"][metric_info(value.metric).id] = value.value ? Json(*value.value) : Json(nullptr);
    }
    return document;
}

ExitCode compare_folders(const std::vector<CompareJob>& jobs, const CompareArguments& arguments,
                         const std::vector<Metric>& metrics, const CommonOptions& common) {
    std::vector<Comparison> comparisons;
    Json failures = Json::array();
    for (const CompareJob& job : jobs) {
        try {
            comparisons.push_back(compare_one(job, arguments, metrics));
        } catch (const FileError& error) {
            print_error(error.file(), error);  // the other pairs are still compared
            failures.push_back(
                {{"original", job.original}, {"distorted", job.distorted}, {"error", error_json(error)}});
        }
    }
    const ExitCode code = failures.empty() ? kExitOk : kExitFailed;
    if (common.json)
        print_json(table_json(comparisons, std::move(failures)));
    else if (!common.quiet && !comparisons.empty())
        print_text(table_text(comparisons));
    return code;
}

ExitCode compare(const CompareArguments& arguments, const CommonOptions& common) {
    const std::vector<Metric> metrics = parse_metrics(arguments.metrics);
    const bool folder_a = std::filesystem::is_directory(arguments.original),
               folder_b = std::filesystem::is_directory(arguments.distorted);
    if (folder_a != folder_b) throw UsageError("give two pictures or two folders");
    if (folder_a && !arguments.map.empty()) throw UsageError("--map is for two pictures");
    if (arguments.original == "-" && arguments.distorted == "-")
        throw UsageError("only one picture can come from standard input");
    const std::vector<CompareJob> jobs = jobs_of(arguments, folder_a, common);
    if (folder_a) return compare_folders(jobs, arguments, metrics, common);
    const Comparison comparison = compare_one(jobs.front(), arguments, metrics);
    if (common.json)
        print_json(comparison_json(comparison));
    else if (!common.quiet)
        print_text(single_text(comparison));
    return kExitOk;
}

}  // namespace

void add_compare(CLI::App& program, Invocation& invocation) {
    auto arguments = std::make_shared<CompareArguments>();
    CLI::App& command = *program.add_subcommand("compare", "Measure the quality of pictures against their originals");
    command.add_option("ORIGINAL", arguments->original, "Picture or folder of pictures")->required();
    command.add_option("DISTORTED", arguments->distorted, "Picture or folder of pictures of the same names")
        ->required();
    command
        .add_option(
            "--metrics", arguments->metrics,
            "Which ones, as in psnr,ms-ssim; psnr stands for its three planes, ctc for those of the common test "
            "conditions (default: all)")
        ->type_name("LIST");
    command.add_option("--map", arguments->map, "Write a picture of the differences")->type_name("FILE");
    command.add_option("--gain", arguments->gain, "Factor of the differences in that picture (default 8)")
        ->check(CLI::Range(0.01, 1000.0));
    command.add_option("--depth", arguments->depth, "Bits to which samples are rounded first (default 10)")
        ->check(CLI::Range(8U, 16U));
    command.add_flag("--drop-alpha", arguments->drop_alpha, "Ignore transparency instead of refusing it");
    finish_command(command, invocation, kCompareExamples,
                   [arguments, &invocation] { return compare(*arguments, invocation.common); });
}

}  // namespace jpegai::tools
