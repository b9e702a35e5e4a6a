// `jpegai encode`: pictures to codestreams.
#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "backend/select.h"
#include "base/file.h"
#include "base/math.h"
#include "encoder/encoder.h"
#include "encoder/latent_tools.h"
#include "models/default_weights.h"
#include "picture_io/picture_io.h"
#include "tools/commands.h"

namespace jpegai::tools {
namespace {

constexpr const char* kExamples =
    "  jpegai encode photo.png photo.jai --model 1 --beta 0\n"
    "  jpegai encode photo.png photo.jai --model 2 --beta -184 --simple\n"
    "  jpegai encode clip_1920x1080_10bit_420.yuv frame.jai --model 3 --beta 100,0   luma, chroma\n"
    "  jpegai encode photo.png photo.jai --stats --json";

struct EncodeArguments {
    std::string in, out, models, mask, cpu = "auto";
    int saliency = 0;
    unsigned threads = 0, model = 1;
    std::vector<int> beta = {0};
    bool simple = false, stats = false, layers = false, tools = false;
};

nlohmann::ordered_json stats_json(const EncodeStats& stats) {
    nlohmann::ordered_json json;
    for (const StageTiming& stage : stats.stages)
        json["stages"].push_back({{"stage", stage.stage}, {"ms", stage.seconds * 1e3}});
    for (const LayerTiming& layer : stats.layers)
        json["layers"].push_back({{"layer", layer.name}, {"ms", layer.seconds * 1e3}, {"macs", layer.macs}});
    return json;
}

void print_stats(const EncodeStats& stats) {
    double total = 0;
    std::string text;
    for (const StageTiming& stage : stats.stages) {
        total += stage.seconds;
        text += fmt::format("  {:<24} {:9.2f} ms\n", stage.stage, stage.seconds * 1e3);
    }
    text += fmt::format("  {:<24} {:9.2f} ms\n", "total", total * 1e3);
    for (const LayerTiming& layer : stats.layers) {
        text += fmt::format("    {:<40} {:9.3f} ms {:8.1f} GMAC/s\n", layer.name, layer.seconds * 1e3,
                            layer.seconds > 0 ? static_cast<double>(layer.macs) / layer.seconds / 1e9 : 0.0);
    }
    print_text(text);
}

EncodeOptions encode_options(const EncodeArguments& arguments) {
    EncodeOptions options;
    options.rate.model_id = arguments.model;
    options.rate.beta = {arguments.beta.front(), arguments.beta.back()};
    if (arguments.simple) options.synthesis = OperatingPoint::kSop;
    options.saliency = arguments.saliency;
    if (arguments.tools) options.tools = {{true, true}, {true, true}, {true, true}};
    return options;
}

/// The quality map of a mask picture for the latent grid of a picture.
Array3<std::int8_t> mask_map(const std::string& path, const Picture& picture) {
    const auto blocks = [](std::size_t side) {
        return ceil_div(std::max<std::size_t>(side, kMinPictureSide), kLatentStep);
    };
    return quality_map_from_mask(read_picture(path), blocks(picture.rows()), blocks(picture.cols()));
}

ExitCode encode(const EncodeArguments& arguments, const CommonOptions& common) {
    const auto weights = arguments.models.empty() ? open_default_weights() : open_weights(arguments.models);
    const Encoder encoder(weights, make_backend({arguments.cpu, arguments.threads}));
    EncodeStats stats;
    stats.want_layers = arguments.layers;
    EncodeOptions options = encode_options(arguments);
    options.stats = &stats;
    try {
        const Picture picture = read_picture(arguments.in);
        if (!arguments.mask.empty()) options.quality_map = mask_map(arguments.mask, picture);
        const std::vector<std::uint8_t> bytes = encoder.encode(picture, options).bytes;
        write_file(arguments.out, bytes);
        const double samples = static_cast<double>(picture.rows()) * static_cast<double>(picture.cols());
        const double bpp = 8 * static_cast<double>(bytes.size()) / samples;
        if (common.json) {
            nlohmann::ordered_json report = {
                {"in", arguments.in}, {"out", arguments.out},           {"bytes", bytes.size()},
                {"bpp", bpp},         {"model", options.rate.model_id}, {"beta", options.rate.beta}};
            if (arguments.stats) report["stats"] = stats_json(stats);
            print_json(report);
        } else if (arguments.out != "-" && !common.quiet) {
            print_text(fmt::format("{}: {} bytes, {:.4f} bits per pixel\n", arguments.out, bytes.size(), bpp));
            if (arguments.stats) print_stats(stats);
        }
    } catch (const Error& error) {
        throw FileError(display_name(arguments.in), error);
    }
    return kExitOk;
}

}  // namespace

void add_encode(CLI::App& program, Invocation& invocation) {
    auto arguments = std::make_shared<EncodeArguments>();
    CLI::App& command = *program.add_subcommand("encode", "Encode a picture to a codestream");
    command.add_option("in", arguments->in, "picture: PNG, PPM, PGM, PAM, Y4M or raw YUV")->required();
    command.add_option("out", arguments->out, "codestream, \"-\" for standard output")->required();
    command.add_option("--model", arguments->model, "trained model, 0 (fewest bits) to 3")->check(CLI::Range(0U, 3U));
    command
        .add_option("--beta", arguments->beta,
                    "gain displacement in units of 1/128 of a step, or luma,chroma: -1069 (coarse) .. 702 (fine)")
        ->delimiter(',')
        ->expected(1, 2)
        ->check(CLI::Range(kBetaMin, kBetaMax));
    command.add_flag("--simple", arguments->simple, "for the simple profile (SOP) instead of the base profile (BOP)");
    command.add_flag("--latent-tools", arguments->tools, "use RVS, GRFS and LSBS");
    CLI::Option* mask = command.add_option(
        "--roi", arguments->mask, "mask picture of any size: finer steps where it is white, coarser elsewhere");
    command
        .add_option("--saliency", arguments->saliency,
                    "finer steps where the picture stands out from its surroundings, 1 (a little) to 8")
        ->check(CLI::Range(1, 8))
        ->excludes(mask);
    command.add_option("--models", arguments->models, "weights: folder of .pth files or packs, or one pack")
        ->type_name("PATH");
    command.add_option("--threads", arguments->threads, "threads (default: one per processor)");
    command.add_option("--cpu", arguments->cpu,
                       "instruction set: auto, scalar, avx2, avx512, neon; same bytes with each");
    command.add_flag("--stats", arguments->stats, "print the time of each stage");
    command.add_flag("--layers", arguments->layers, "with --stats: time per layer");
    finish_command(command, invocation, kExamples,
                   [arguments, &invocation] { return encode(*arguments, invocation.common); });
}

}  // namespace jpegai::tools
