// `jpegai check artifacts`: visual artifacts of a decode against its original.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "backend/select.h"
#include "base/file.h"
#include "base/npy.h"
#include "detection/artifacts/report_html.h"
#include "detection/artifacts/views.h"
#include "models/places.h"
#include "picture_io/picture_io.h"
#include "tools/check.h"
#include "tools/check_artifacts_report.h"
#include "tools/check_text_boxes.h"
#include "tools/lists.h"
#include "tools/progress.h"

namespace jpegai::tools {
namespace {

using detection::ArtifactOptions;
using detection::Detector;
using Json = nlohmann::ordered_json;

constexpr const char* kCheckArtifactsExamples =
    "  jpegai check artifacts photo.png decoded.png\n"
    "  jpegai check artifacts photo.png photo.jai --html report.html\n"
    "  jpegai check artifacts photo.jai --original photo.png       names likely causes too\n"
    "  jpegai check artifacts photo.png decoded.png --bpp 0.5      compared with WebP of that rate\n"
    "  jpegai check artifacts photo.png decoded.png --against photo.webp --maps maps/\n"
    "  jpegai check artifacts originals/ decoded/ --csv table.csv --fail-above any\n"
    "  jpegai check artifacts photo.png decoded.png --text-box 120,40,300,32 --fail-above text=0.1";

struct ArtifactArguments {
    std::string first, second, original, against, html, maps, csv, text_file, only, models, cpu = "auto";
    std::vector<std::string> text_boxes, thresholds, fail_above;
    double bpp = 0;
    unsigned threads = 0;
    bool no_text_search = false, no_latents = false, drop_alpha = false, force_models = false;
};

struct ArtifactJob {
    std::string original, decode;
    std::string name;  ///< of maps and pages in a batch; empty for a single pair
};

Detector parse_detector(const std::string& name, const std::string& option) {
    const auto detector = detection::detector_by_id(name);
    if (detector) return *detector;
    std::string known;
    for (const detection::DetectorInfo& info : detection::all_detectors())
        known += fmt::format("{}{}", known.empty() ? "" : ", ", info.id);
    throw UsageError(fmt::format("{}: there is no \"{}\"; use {}", option, name, known));
}

/// "colour=0.4".
std::pair<Detector, double> parse_limit(const std::string& text, const std::string& option) {
    const std::size_t sign = text.find('=');
    const std::string name = text.substr(0, sign), number = sign == std::string::npos ? "" : text.substr(sign + 1);
    std::size_t used = 0;
    double value = 0;
    try {
        value = std::stod(number, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    if (used == 0 || used != number.size() || !std::isfinite(value))
        throw UsageError(fmt::format("{}: give a detector and a number, as in colour=0.4, not \"{}\"", option, text));
    return {parse_detector(name, option), value};
}

/// The codec that --against names.
std::optional<detection::ClassicCodec> codec_named(const std::string& against) {
    if (against == "jpeg") return detection::ClassicCodec::kJpeg;
    if (against == "webp") return detection::ClassicCodec::kWebp;
    if (against == "avif") return detection::ClassicCodec::kAvif;
    return std::nullopt;
}

/// Whether a coding is to be made, as opposed to a file to be read.
bool makes_coding(const std::string& against) {
    return against.empty() || against == "auto" || codec_named(against).has_value();
}

ArtifactOptions detector_options(const ArtifactArguments& arguments) {
    ArtifactOptions options;
    for (const std::string& text : arguments.text_boxes) {
        const auto [x, y, width, height] = parse_window(text, "--text-box");
        options.text.push_back(detection::text_region({x, y, width, height}));
    }
    if (!arguments.text_file.empty()) {
        for (const detection::TextRegion& region : read_text_boxes(arguments.text_file)) options.text.push_back(region);
    }
    options.find_text = !arguments.no_text_search;
    for (const std::string& text : arguments.thresholds) {
        const auto [detector, value] = parse_limit(text, "--threshold");
        options.thresholds[static_cast<std::size_t>(detector)] = value;
    }
    if (!arguments.only.empty()) {
        for (const std::string& name : split_list(arguments.only))
            options.only.push_back(parse_detector(name, "--only"));
    }
    options.keep_maps = !arguments.html.empty() || !arguments.maps.empty();
    return options;
}

std::vector<FailLimit> fail_limits(const ArtifactArguments& arguments) {
    std::vector<FailLimit> limits;
    for (const std::string& text : arguments.fail_above) {
        if (text == "any") {
            limits.push_back({});
            continue;
        }
        const auto [detector, value] = parse_limit(text, "--fail-above");
        limits.push_back({detector, value});
    }
    return limits;
}

BackendRequest request_of(const ArtifactArguments& arguments) {
    BackendRequest request;
    request.cpu = arguments.cpu;
    request.threads = arguments.threads;
    return request;
}

/// One run of the command.
class Checker {
public:
    Checker(const ArtifactArguments& arguments, const CommonOptions& common)
        : arguments_(arguments),
          common_(common),
          options_(detector_options(arguments)),
          limits_(fail_limits(arguments)),
          backend_(make_backend(request_of(arguments))),
          rows_([this](std::size_t rows, const RowBody& body) { backend_->run_rows(rows, body); }) {}

    CheckedPair check(const ArtifactJob& job, const std::function<void(double)>& progress) {
        CheckedPair pair;
        pair.original = job.original;
        pair.decode = job.decode;
        const Picture original = load_picture(job.original);
        const Picture decode = load_decode(pair);
        progress(0.3);
        const Picture classic = load_classic(pair, original);
        progress(0.6);
        const Picture* compared = classic.planes.empty() ? nullptr : &classic;
        ArtifactOptions options = options_;
        if (pair.stream) detection::note_borders(*pair.stream, options);
        options.progress = [&](double part) {
            progress(0.6 + 0.2 * part);
            return true;
        };
        try {
            pair.report = find_artifacts(original, decode, compared, options, rows_);
        } catch (const FileError&) {
            throw;
        } catch (const Error& error) {
            throw FileError(job.decode, error);
        }
        options.progress = {};
        if (pair.stream) {
            detection::name_causes(pair.report, original, compared, options, *decoder_, *pair.stream, decode_options(),
                                   rows_);
            measure_latents(pair, original);
        }
        judge(pair, limits_);
        write_views(job, pair, original, decode, compared);
        return pair;
    }

private:
    [[nodiscard]] Picture load_picture(const std::string& path) const {
        ReadOptions options;
        options.max_pixels = kMaxPixels;
        if (arguments_.drop_alpha) options.alpha = AlphaPolicy::kDrop;
        try {
            return read_picture(path, options);
        } catch (const Error& error) {
            throw FileError(path, error);
        }
    }

    [[nodiscard]] DecodeOptions decode_options() const {
        DecodeOptions options;
        options.force_models = arguments_.force_models;
        options.limits.max_pixels = kMaxPixels;
        return options;
    }

    /// A picture file, or a codestream, which stays in the pair.
    [[nodiscard]] Picture load_decode(CheckedPair& pair) {
        if (pair.decode == "-") return load_picture(pair.decode);
        try {
            std::vector<std::uint8_t> file = read_file(pair.decode);
            if (!looks_like_codestream(file)) return load_picture(pair.decode);
            if (decoder_ == nullptr) {
                weights_ = open_models(arguments_.models);
                decoder_ = std::make_unique<Decoder>(weights_, backend_);
            }
            pair.stream = detection::decode_with_notes(*decoder_, std::move(file), decode_options());
            return pair.stream->picture;
        } catch (const FileError&) {
            throw;
        } catch (const Error& error) {
            throw FileError(pair.decode, error);
        }
    }

    /// Empty where nothing is compared.
    [[nodiscard]] Picture load_classic(CheckedPair& pair, const Picture& original) const {
        const std::string& against = arguments_.against;
        if (against == "none") return {};
        if (!makes_coding(against)) {
            pair.classic_file = against;
            return load_picture(against);
        }
        const double bpp = arguments_.bpp > 0 ? arguments_.bpp : pair.stream ? pair.stream->bpp : 0;
        if (bpp <= 0) {
            if (!against.empty())
                throw UsageError(fmt::format(
                    "--against {} needs the rate: give --bpp, or a codestream instead of its decode", against));
            return {};
        }
        if (original.model == ColourModel::kYuv) {
            print_warning(common_, "not compared with a classic codec: the original is YUV");
            return {};
        }
        pair.classic = detection::classic_decode(original, bpp, codec_named(against));
        if (!pair.classic) {
            if (against == "auto")
                throw Error(JPEGAI_ERROR_UNSUPPORTED, "--against auto needs libwebp or libjpeg in the build");
            return {};
        }
        return std::move(pair.classic->picture);
    }

    void measure_latents(CheckedPair& pair, const Picture& original) const {
        if (arguments_.no_latents) return;
        try {
            pair.latents = detection::latent_energies(weights_, backend_, original, *pair.stream);
        } catch (const Error& error) {
            pair.latents_reason = error.what();
        }
    }

    void write_views(const ArtifactJob& job, const CheckedPair& pair, const Picture& original, const Picture& decode,
                     const Picture* classic) const {
        if (!arguments_.maps.empty()) write_maps(job, pair, original, decode);
        if (arguments_.html.empty()) return;
        const std::string page = detection::artifact_page(
            pair.report, original, decode, classic,
            {fmt::format("{} against {}", display_name(pair.decode), display_name(pair.original)), classic_words(pair),
             stream_words(pair)});
        std::string path = arguments_.html;
        if (!job.name.empty()) {
            std::filesystem::create_directories(path);
            path = (std::filesystem::path(path) / (job.name + ".html")).string();
        }
        write_file(path, {reinterpret_cast<const std::uint8_t*>(page.data()), page.size()});
    }

    void write_maps(const ArtifactJob& job, const CheckedPair& pair, const Picture& original,
                    const Picture& decode) const {
        const std::filesystem::path folder = std::filesystem::path(arguments_.maps) / job.name;
        std::filesystem::create_directories(folder);
        Picture boxes = detection::as_rgb8(decode);
        for (const detection::Finding& finding : pair.report.findings) {
            if (finding.found && finding.box) detection::draw_box(boxes, *finding.box, {255, 40, 40});
            if (finding.map.empty()) continue;
            const std::string id = detection::detector_info(finding.detector).id;
            const double most = std::max(finding.threshold, *finding.score);
            write_picture((folder / (id + ".png")).string(), detection::heat_map(finding.map, most, original));
            const std::array<std::size_t, 2> shape = {finding.map.rows(), finding.map.cols()};
            write_file((folder / (id + ".npy")).string(),
                       format_npy(npy_descr<float>(), shape,
                                  {reinterpret_cast<const std::uint8_t*>(finding.map.data()), finding.map.size() * 4}));
        }
        for (const detection::TextRegion& region : pair.report.text)
            detection::draw_box(boxes, detection::bounds(region, boxes.rows(), boxes.cols()), {40, 120, 255});
        write_picture((folder / "boxes.png").string(), boxes);
    }

    static constexpr std::uint64_t kMaxPixels = 60'000'000;  // the detectors hold up to 40 float planes

    const ArtifactArguments& arguments_;
    const CommonOptions& common_;
    ArtifactOptions options_;
    std::vector<FailLimit> limits_;
    std::shared_ptr<const Backend> backend_;
    RowRunner rows_;
    std::shared_ptr<const WeightSet> weights_;
    std::unique_ptr<Decoder> decoder_;
};

/// Pictures and codestreams of a folder by their name without extension.
std::map<std::string, std::string> files_of(const std::string& folder) {
    std::map<std::string, std::string> files;
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
        const std::string path = entry.path().string(), extension = entry.path().extension().string();
        if (!entry.is_regular_file()) continue;
        if (!format_of_path(path) && extension != ".jai" && extension != ".bits") continue;
        const auto [other, added] = files.emplace(entry.path().stem().string(), path);
        if (!added) {
            throw FileError(
                folder, Error(JPEGAI_ERROR_ARGUMENT, fmt::format("{} and {} have the same name", other->second, path)));
        }
    }
    if (failure) throw FileError(folder, Error(JPEGAI_ERROR_IO, failure.message()));
    return files;
}

std::vector<ArtifactJob> jobs_of(const ArtifactArguments& arguments, const CommonOptions& common) {
    const bool stream_first = !arguments.original.empty();
    if (stream_first == !arguments.second.empty())
        throw UsageError("give the original and its decode, or a decode and --original");
    const std::string& original = stream_first ? arguments.original : arguments.first;
    const std::string& decode = stream_first ? arguments.first : arguments.second;
    const bool folder = std::filesystem::is_directory(original);
    if (folder != std::filesystem::is_directory(decode)) throw UsageError("give two files or two folders");
    if (original == "-" && decode == "-") throw UsageError("only one picture can come from standard input");
    if (!folder) return {{original, decode, ""}};
    if (arguments.against != "none" && !makes_coding(arguments.against))
        throw UsageError("--against FILE is for a single pair");
    const auto originals = files_of(original), decodes = files_of(decode);
    std::vector<ArtifactJob> jobs;
    for (const auto& [name, path] : originals) {
        const auto found = decodes.find(name);
        if (found == decodes.end())
            print_warning(common, fmt::format("{} has no counterpart in {}", path, decode));
        else
            jobs.push_back({path, found->second, name});
    }
    if (jobs.empty())
        throw FileError(original,
                        Error(JPEGAI_ERROR_ARGUMENT, "no picture has a counterpart of its name in " + decode));
    return jobs;
}

ExitCode check_artifacts(const ArtifactArguments& arguments, const CommonOptions& common) {
    const std::vector<ArtifactJob> jobs = jobs_of(arguments, common);
    const bool batch = !jobs.front().name.empty();
    Checker checker(arguments, common);
    ProgressLine line("check", !common.quiet);
    ExitCode code = kExitOk;
    std::string csv = csv_header();
    Json documents = Json::array();
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        try {
            const CheckedPair pair = checker.check(jobs[i], [&](double part) {
                line.update((static_cast<double>(i) + part) / static_cast<double>(jobs.size()));
            });
            line.clear();
            if (!pair.above.empty()) code = kExitFailed;
            csv += csv_line(pair);
            if (common.json)
                documents.push_back(pair_json(pair));
            else if (!common.quiet)
                print_text(pair_text(pair, common.verbose));
        } catch (const Error& error) {
            line.clear();
            if (!batch) throw;
            const auto* named = dynamic_cast<const FileError*>(&error);
            print_error(named != nullptr ? named->file() : jobs[i].decode, error);  // the other pairs are still checked
            csv += csv_failure(jobs[i].original, jobs[i].decode, error);
            documents.push_back(
                {{"original", jobs[i].original}, {"decode", jobs[i].decode}, {"error", error_json(error)}});
            code = kExitFailed;
        }
    }
    if (!arguments.csv.empty())
        write_file(arguments.csv, {reinterpret_cast<const std::uint8_t*>(csv.data()), csv.size()});
    if (common.json) print_json(batch ? Json{{"pairs", std::move(documents)}} : documents.front());
    return code;
}

}  // namespace

void add_check_artifacts(CLI::App& check, Invocation& invocation) {
    auto arguments = std::make_shared<ArtifactArguments>();
    CLI::App& command = *check.add_subcommand("artifacts", "Find visual artifacts of a decode against its original");
    command.add_option("ORIGINAL", arguments->first, "Original, or with --original the decode; folders for a batch")
        ->required();
    command.add_option("DECODED", arguments->second, "Decoded picture or codestream; a folder with the same names");
    command.add_option("--original", arguments->original, "The original, when the first file is the decode")
        ->type_name("PATH");
    command
        .add_option(
            "--against", arguments->against,
            "Decode of a classic codec to compare with, or the codec (jpeg, webp, avif) to make one of the same "
            "rate; auto takes WebP or else JPEG, none compares with nothing (default: auto where the rate is "
            "known)")
        ->type_name("FILE|auto|jpeg|webp|avif|none");
    command.add_option("--bpp", arguments->bpp, "Bits per pixel of the decode, where it is no codestream")
        ->check(CLI::Range(0.001, 100.0));
    command.add_option("--text-box", arguments->text_boxes, "A region of text: x,y,width,height; may be repeated");
    command
        .add_option("--text-boxes", arguments->text_file,
                    "Regions of text: JSON, or what \"tesseract PICTURE OUT tsv\" wrote")
        ->type_name("FILE");
    command.add_flag("--no-text-search", arguments->no_text_search, "Compare only regions of text that are given");
    command.add_option("--only", arguments->only, "Detectors to run, as in colour,seam (default: all)")
        ->type_name("LIST");
    command
        .add_option("--threshold", arguments->thresholds,
                    "Score above which a detector has found something, as in seam=2; may be repeated")
        ->type_name("NAME=VALUE");
    command
        .add_option("--fail-above", arguments->fail_above,
                    "Exit status 1 when a detector's score is above a value, or for \"any\" when something is found; "
                    "may be repeated")
        ->type_name("NAME=VALUE|any");
    command.add_option("--maps", arguments->maps, "Write heat maps (PNG), maps (NPY) and boxes into a folder")
        ->type_name("DIR");
    command.add_option("--html", arguments->html, "Write one page with everything; for folders, a folder of pages")
        ->type_name("FILE");
    command.add_option("--csv", arguments->csv, "Write a table with a line per pair")->type_name("FILE");
    command.add_flag("--no-latents", arguments->no_latents, "Do not compare the latents of a codestream");
    command.add_option("--models", arguments->models, "Weights of codestreams (default: the default set)")
        ->type_name("PATH");
    command.add_flag("--force-models", arguments->force_models, "Decode although the stream names another weight set");
    command.add_flag("--drop-alpha", arguments->drop_alpha, "Ignore transparency instead of refusing it");
    command.add_option("--threads", arguments->threads, "Threads (default: one per processor)");
    command.add_option("--cpu", arguments->cpu, "Instruction set of the networks: auto, scalar, avx2, avx512, neon");
    finish_command(command, invocation, kCheckArtifactsExamples,
                   [arguments, &invocation] { return check_artifacts(*arguments, invocation.common); });
}

}  // namespace jpegai::tools
