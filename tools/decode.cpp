// `jpegai decode`: codestreams to pictures.
#include <filesystem>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "backend/select.h"
#include "base/file.h"
#include "base/npy.h"
#include "decoder/decoder.h"
#include "models/places.h"
#include "picture_io/picture_io.h"
#include "tools/commands.h"
#include "tools/decode_arguments.h"
#include "tools/lists.h"
#include "tools/progress.h"

namespace jpegai::tools {
namespace {

constexpr const char* kDecodeExamples =
    "  jpegai decode photo.jai photo.png\n"
    "  jpegai decode photo.jai photo.y4m --models official/ --threads 8\n"
    "  jpegai decode photo.jai part.png --region 128,64,512,512   part of the picture: x,y,width,height\n"
    "  jpegai decode photo.jai quick.png --point sop --channels 32\n"
    "  jpegai decode photo.jai - --format ppm | display\n"
    "  jpegai decode a.jai b.jai c.jai --out-dir decoded/ --format png\n"
    "  jpegai decode *.jai --out-dir decoded/ --batch --device cuda:0,1\n"
    "  jpegai decode photo.jai out.png --dump tensors/ --md5 --stats";

OperatingPoint point_by_name(const std::string& name) {
    if (name == "sop") return OperatingPoint::kSop;
    if (name == "bop") return OperatingPoint::kBop;
    if (name == "hop") return OperatingPoint::kHop;
    throw UsageError("--point has to be sop, bop or hop");
}

TensorSink npy_sink(const std::string& folder) {
    std::filesystem::create_directories(folder);
    return [folder](const std::string& name, const std::string& descr, std::span<const std::size_t> shape,
                    std::span<const std::uint8_t> bytes) {
        write_file((std::filesystem::path(folder) / (name + ".npy")).string(), format_npy(descr, shape, bytes));
    };
}

nlohmann::ordered_json stats_json(const DecodeStats& stats) {
    nlohmann::ordered_json json;
    for (const StageTiming& stage : stats.stages)
        json["stages"].push_back({{"stage", stage.stage}, {"ms", stage.seconds * 1e3}});
    for (const LayerTiming& layer : stats.layers) {
        json["layers"].push_back({{"layer", layer.name}, {"ms", layer.seconds * 1e3}, {"macs", layer.macs}});
    }
    json["macs"] = stats.macs;
    json["estimated_memory"] = stats.estimated_memory;
    return json;
}

void print_stats(const DecodeStats& stats) {
    double total = 0;
    for (const StageTiming& stage : stats.stages) total += stage.seconds;
    std::string text;
    for (const StageTiming& stage : stats.stages)
        text += fmt::format("  {:<24} {:9.2f} ms\n", stage.stage, stage.seconds * 1e3);
    text += fmt::format("  {:<24} {:9.2f} ms   {:.2f} GMAC, estimated memory {} MiB\n", "total", total * 1e3,
                        static_cast<double>(stats.macs) / 1e9, stats.estimated_memory >> 20);
    for (const LayerTiming& layer : stats.layers) {
        text += fmt::format("    {:<40} {:9.3f} ms {:8.1f} GMAC/s\n", layer.name, layer.seconds * 1e3,
                            layer.seconds > 0 ? static_cast<double>(layer.macs) / layer.seconds / 1e9 : 0.0);
    }
    print_text(text);
}

/// Decodes one file; returns what --json reports about it.
nlohmann::ordered_json decode_one(const Decoder& decoder, const std::string& in, const std::string& out,
                                  const DecodeArguments& arguments, const CommonOptions& common) {
    const std::vector<std::uint8_t> file = read_stream_file(in);
    DecodeOptions options = decode_options(arguments);
    DecodeStats stats;
    stats.want_layers = arguments.layers;
    options.stats = &stats;
    if (!arguments.dump.empty()) options.dump = npy_sink(arguments.dump);
    ProgressLine line(display_name(in), !common.quiet);
    options.progress = [&](double fraction) {
        line.update(fraction);
        return true;
    };
    nlohmann::ordered_json report = {{"file", in}, {"out", out}};
    if (arguments.entropy_only) {
        (void)decoder.decode_entropy(Decoder::parse(file, options), file, options);
        return report;
    }
    const PictureFormat format = output_format(out, arguments.format);
    options.colour = output_colour(arguments, format);
    Picture picture;
    if (arguments.md5) {
        DecodedPicture decoded = decoder.decode(file, options);
        report["md5_float"] = plane_md5(decoded.planes);
        picture = std::move(decoded).to_picture(output_depth(arguments), decoder.rows());
    } else {
        picture = decoder.decode_samples(file, options, output_depth(arguments));
    }
    write_decoded(out, format, picture);
    report_picture(report, picture);
    if (arguments.md5) report["md5"] = plane_md5(picture);
    if (arguments.stats) report["stats"] = stats_json(stats);
    if (common.json) return report;
    std::string text;
    if (arguments.md5) {
        for (std::size_t i = 0; i < picture.planes.size(); ++i)
            text += fmt::format("{}  {} plane {}\n", report["md5"][i].get<std::string>(), out, i);
    }
    if (common.verbose)
        text += fmt::format("{}: {}x{}, {} bit\n", out, picture.cols(), picture.rows(), picture.bit_depth);
    if (!text.empty() && out != "-") print_text(text);
    if (arguments.stats && out != "-") print_stats(stats);
    return report;
}

/// Pairs of input and output.
std::vector<DecodePaths> jobs_of(const DecodeArguments& arguments) {
    std::vector<DecodePaths> jobs;
    if (arguments.out_dir.empty()) {
        if (arguments.paths.size() != 2)
            throw UsageError("give one input and one output, or several inputs with --out-dir");
        jobs.emplace_back(arguments.paths[0], arguments.paths[1]);
        return jobs;
    }
    const std::string extension = arguments.format.empty() ? "png" : arguments.format;
    std::set<std::string> outputs;
    for (const std::string& in : arguments.paths) {
        const std::string out =
            (std::filesystem::path(arguments.out_dir) / std::filesystem::path(in).stem()).string() + "." + extension;
        if (!outputs.insert(out).second) throw UsageError(fmt::format("several inputs would be written to {}", out));
        jobs.emplace_back(in, out);
    }
    std::filesystem::create_directories(arguments.out_dir);
    return jobs;
}

void check_batch(const DecodeArguments& arguments) {
    if (!arguments.batch) {
        if (arguments.jobs != 0) throw UsageError("--jobs goes with --batch");
        return;
    }
    if (arguments.out_dir.empty()) throw UsageError("--batch needs --out-dir");
    if (!arguments.dump.empty() || arguments.entropy_only || arguments.stats || arguments.layers)
        throw UsageError("--dump, --entropy-only, --stats and --layers show one picture at a time: not with --batch");
}

ExitCode decode_in_turn(const Decoder& decoder, const std::vector<DecodePaths>& jobs, const DecodeArguments& arguments,
                        const CommonOptions& common) {
    nlohmann::ordered_json reports = nlohmann::ordered_json::array();
    ExitCode result = kExitOk;
    for (const auto& [in, out] : jobs) {
        try {
            reports.push_back(decode_one(decoder, in, out, arguments, common));
        } catch (const Error& error) {
            if (jobs.size() == 1) throw FileError(in, error);
            print_error(in, error);  // the other files of a batch are still decoded
            reports.push_back({{"file", in}, {"error", error_json(error)}});
            result = kExitFailed;
        }
    }
    const bool picture_on_stdout = jobs.size() == 1 && jobs.front().second == "-";
    if (common.json && !picture_on_stdout) print_json(jobs.size() == 1 ? reports.front() : reports);
    return result;
}

ExitCode decode(const DecodeArguments& arguments, const CommonOptions& common) {
    check_batch(arguments);
    const std::vector<std::string> devices = split_devices(arguments.device);
    if (devices.size() > 1 && !arguments.batch) throw UsageError("several devices go with --batch");
    const auto jobs = jobs_of(arguments);
    const auto weights = open_models(arguments.models);
    // Each picture of a batch has a thread of its own already.
    const unsigned threads = arguments.batch && arguments.threads == 0 ? 1 : arguments.threads;
    std::vector<std::shared_ptr<const Decoder>> decoders;
    for (const std::string& device : devices) {
        decoders.push_back(std::make_shared<const Decoder>(weights, make_backend({arguments.cpu, threads, device})));
    }
    if (arguments.batch) return decode_files(decoders, jobs, arguments, common);
    return decode_in_turn(*decoders.front(), jobs, arguments, common);
}

}  // namespace

DecodeOptions decode_options(const DecodeArguments& arguments) {
    DecodeOptions options;
    if (!arguments.point.empty()) options.point = point_by_name(arguments.point);
    if (!arguments.channels.empty()) options.max_channels = parse_channels(arguments.channels);
    if (!arguments.region.empty()) {
        const auto [x, y, width, height] = parse_window(arguments.region, "--region");
        options.window = PictureWindow{x, y, width, height};
    }
    options.strict = arguments.strict;
    options.reference_quirks = arguments.quirks;
    options.force_models = arguments.force_models;
    options.limits.max_pixels = arguments.max_pixels * 1'000'000;
    options.limits.max_memory = arguments.max_memory << 20;
    options.limits.max_macs = arguments.max_macs * 1'000'000'000;
    return options;
}

PictureFormat output_format(const std::string& out, const std::string& name) {
    const std::string named = name.empty() ? out : "." + name;
    const auto format = format_of_path(named);
    if (!format || !can_write(*format))
        throw UsageError(
            fmt::format("\"{}\" names no picture format that is written; use png, ppm, pam, yuv, y4m or npy",
                        name.empty() ? out : name));
    if (names_grey_format(named))
        throw UsageError("PGM holds grey, and a decoded picture has colours: use ppm, or yuv for its planes");
    return *format;
}

OutputColour output_colour(const DecodeArguments& arguments, PictureFormat format) {
    if (arguments.yuv || format == PictureFormat::kYuv || format == PictureFormat::kY4m) return OutputColour::kYuv;
    return format == PictureFormat::kNpy ? OutputColour::kAsSignalled : OutputColour::kRgb;
}

void write_decoded(const std::string& out, PictureFormat format, const Picture& picture) {
    WriteOptions write;
    write.png_photo = true;
    write_picture(out, format, picture, write);
}

void report_picture(nlohmann::ordered_json& report, const Picture& picture) {
    report["width"] = picture.cols();
    report["height"] = picture.rows();
    report["bit_depth"] = picture.bit_depth;
}

void add_decode(CLI::App& program, Invocation& invocation) {
    auto arguments = std::make_shared<DecodeArguments>();
    CLI::App& command = *program.add_subcommand("decode", "Decode codestreams to pictures");
    command.add_option("files", arguments->paths, "IN OUT, or several IN with --out-dir")->required();
    command.add_option("--out-dir", arguments->out_dir, "folder for the pictures of several inputs")->type_name("DIR");
    command.add_option("--format", arguments->format, "png, ppm, pam, yuv, y4m or npy (default: by the output's name)");
    command.add_option("--depth", arguments->depth, "bits per sample of the output (default: as coded)")
        ->check(CLI::Range(8U, 16U));
    command.add_option("--models", arguments->models, "weights: folder of .pth files or packs, or one pack")
        ->type_name("PATH");
    command.add_option("--point", arguments->point, "synthesis transform among those the stream lists: sop, bop, hop");
    command.add_option("--channels", arguments->channels,
                       "decode only N latent channels (N or N,M for luma and chroma)");
    command.add_option("--region", arguments->region, "part of the picture: x,y,width,height in luma samples");
    command.add_option("--threads", arguments->threads, "threads (default: one per processor)");
    command.add_option("--cpu", arguments->cpu,
                       "instruction set: auto, scalar, avx2, avx512, neon; same samples with each");
    command.add_option(
        "--device", arguments->device,
        "where networks and filters run: cpu, cuda[:N[,M...]] (GPUs), or auto (a GPU where there is one); "
        "same samples with each");
    command.add_flag("--batch", arguments->batch, "with --out-dir: many files at a time, within --max-memory");
    command
        .add_option("--jobs", arguments->jobs,
                    "with --batch: threads that read, decode entropy and write (default: one per processor)")
        ->check(CLI::Range(1U, 1024U));
    command.add_option("--dump", arguments->dump, "write intermediate tensors as NPY")->type_name("DIR");
    command.add_flag("--entropy-only", arguments->entropy_only, "stop before the networks (with --dump)");
    command.add_flag("--yuv", arguments->yuv, "no colour transform: NPY holds Y, U and V");
    command.add_flag("--md5", arguments->md5, "print the MD5 of each plane");
    command.add_flag("--stats", arguments->stats, "print time and memory per stage");
    command.add_flag("--layers", arguments->layers, "with --stats: time per layer");
    command.add_flag("--strict", arguments->strict, "reject what only a strict reading of the standard forbids");
    command.add_flag("--reference-quirks", arguments->quirks,
                     "do as the reference software where it departs from the intent");
    command.add_flag("--force-models", arguments->force_models, "decode although the stream names another weight set");
    command.add_option("--max-pixels", arguments->max_pixels, "limit in million samples (default 200)");
    command.add_option("--max-memory", arguments->max_memory,
                       "limit in MiB, with --batch of all pictures together (default: half of the machine's)");
    command.add_option("--max-compute", arguments->max_macs, "limit in billion multiply-accumulates (default: none)");
    finish_command(command, invocation, kDecodeExamples,
                   [arguments, &invocation] { return decode(*arguments, invocation.common); });
}

}  // namespace jpegai::tools
