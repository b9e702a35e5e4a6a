// `jpegai extract`: a smaller valid codestream out of another one, without decoding the picture.
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "bitstream/extract.h"
#include "decoder/entropy_model.h"
#include "encoder/latent_coder.h"
#include "models/places.h"
#include "models/weight_identity.h"
#include "tools/commands.h"
#include "tools/lists.h"

namespace jpegai::tools {
namespace {

struct ExtractOptions {
    std::string input, output;
    bool drop_tools = false, drop_metadata = false, force_models = false;
    std::string regions, channels, models, dialect;
};

constexpr const char* kExtractExamples =
    "  jpegai extract in.jai out.jai --drop-tools        leave out the tool header\n"
    "  jpegai extract in.jai out.jai --drop-metadata     leave out rendering information and user data\n"
    "  jpegai extract in.jai out.jai --regions 0,2-4     keep four of the independent regions\n"
    "  jpegai extract in.jai out.jai --channels 64,32    keep the first latent channels of luma and chroma\n"
    "  jpegai extract in.jai out.jai --dialect is        write the published header syntax\n"
    "  jpegai extract - - --drop-tools <in.jai >out.jai  standard input and output";

/// What the command line asks for, apart from the files.
struct Request {
    std::optional<std::vector<std::size_t>> regions;
    std::optional<std::array<std::size_t, kComponents>> channels;
    std::optional<Dialect> dialect;
};

Request parse_request(const ExtractOptions& options) {
    Request request;
    if (!options.regions.empty()) request.regions = parse_index_list(options.regions, "--regions");
    if (!options.channels.empty()) request.channels = parse_channels(options.channels);
    if (!options.dialect.empty()) request.dialect = options.dialect == "is" ? Dialect::kIs : Dialect::kDis;
    if (!request.regions && !request.channels && !request.dialect && !options.drop_tools && !options.drop_metadata) {
        throw UsageError("nothing to do: give --drop-tools, --drop-metadata, --regions, --channels or --dialect");
    }
    return request;
}

/// Codes the residual anew with fewer channels, which needs the entropy tables of the stream's model.
std::vector<std::uint8_t> with_fewer_channels(const LoadedStream& loaded, const ExtractOptions& options,
                                              const std::array<std::size_t, kComponents>& channels) {
    const std::string& models = options.models;
    const std::size_t model_id = loaded.stream.picture.model_id;
    std::array<EntropyModel, kComponents> model;
    try {
        const std::shared_ptr<const WeightSet> weights = open_models(models);
        const auto identity = parse_weight_identity(loaded.stream.user_data);
        if (identity && !options.force_models) {
            require_same_weights(*identity, *weights, std::array{WeightPart::kCommon},
                                 [&](WeightPart part) { return part_fingerprint(*weights, model_id, part); });
        }
        for (const Component c : {kPrimary, kSecondary}) {
            model[c] = load_entropy_model(*weights, model_id, c);
        }
    } catch (const Error& error) {
        throw FileError(models.empty() ? "default weights" : models, error);
    }
    return reduce_channels(loaded.stream, loaded.file, {&model[kPrimary], &model[kSecondary]}, channels);
}

void leave_out(const Request& request, const ExtractOptions& options, CodestreamParts& parts) {
    if (request.regions) keep_regions(parts, *request.regions);
    if (options.drop_tools) drop_tools(parts);
    if (options.drop_metadata) {
        // Which weights the stream needs is no metadata: without it the picture cannot be decoded with certainty.
        const auto identity = parse_weight_identity(parts.user_data);
        drop_metadata(parts);
        if (identity) parts.user_data = format_weight_identity(*identity);
    }
    if (request.dialect) parts.dialect = *request.dialect;
}

ParseOptions parse_options(const Request& request) {
    ParseOptions options;
    // Memory grows with the picture only where its latents are decoded.
    if (!request.channels) options.max_pixels = UINT64_MAX;
    return options;
}

/// The codestream that the command line asks for.
std::vector<std::uint8_t> reduced(LoadedStream loaded, const Request& request, const ExtractOptions& options) {
    const ParseOptions parse = parse_options(request);
    if (request.channels) {
        loaded.file = with_fewer_channels(loaded, options, *request.channels);
        loaded.stream = parse_codestream(loaded.file, parse);
    }
    CodestreamParts parts = take_parts(loaded.stream, loaded.file);
    leave_out(request, options, parts);
    std::vector<std::uint8_t> result = write_codestream(parts);
    // A stream that this program cannot read again must not leave it.
    (void)parse_codestream(result, parse);
    return result;
}

/// What was done, unless the result went to standard output.
void report(const ExtractOptions& options, const CommonOptions& common, std::uint64_t before, std::uint64_t after) {
    if (options.output == "-") return;
    if (common.json) {
        print_json(
            {{"input", options.input}, {"output", options.output}, {"input_size", before}, {"output_size", after}});
    } else if (!common.quiet) {
        print_text(fmt::format("{}: {} bytes, {:.1f}% of {}\n", options.output, after,
                               100 * static_cast<double>(after) / static_cast<double>(before), before));
    }
}

ExitCode extract(const ExtractOptions& options, const CommonOptions& common) {
    const Request request = parse_request(options);
    LoadedStream loaded = load_stream(options.input, parse_options(request));
    const std::uint64_t before = loaded.stream.size;
    std::vector<std::uint8_t> result;
    try {
        result = reduced(std::move(loaded), request, options);
    } catch (const FileError&) {
        throw;
    } catch (const Error& error) {
        throw FileError(options.input, error);
    }
    write_file(options.output, result);
    report(options, common, before, result.size());
    return kExitOk;
}

}  // namespace

void add_extract(CLI::App& program, Invocation& invocation) {
    CLI::App& command = *program.add_subcommand("extract", "Make a smaller codestream by leaving parts out");
    const auto options = std::make_shared<ExtractOptions>();
    command.add_option("IN", options->input, "Codestream, or - for standard input")->required();
    command.add_option("OUT", options->output, "Codestream to write, or - for standard output")->required();
    command.add_flag("--drop-tools", options->drop_tools, "Leave out the tool header: all its tools are off");
    command.add_flag("--drop-metadata", options->drop_metadata, "Leave out rendering information and user data");
    command.add_option("--regions", options->regions, "Keep these independent regions, as in 0,2-4");
    command
        .add_option("--channels", options->channels,
                    "Keep the first N latent channels, or N of luma and M of chroma (needs weights)")
        ->type_name("N[,M]");
    command.add_flag("--force-models", options->force_models,
                     "with --channels: use them although the stream names another weight set");
    command
        .add_option("--models", options->models,
                    "Weights of the stream for --channels, when they are not the default ones: a folder of checkpoints "
                    "or packs, or a pack")
        ->needs("--channels");
    command.add_option("--dialect", options->dialect, "Write this syntax of the picture header: is or dis")
        ->check(CLI::IsMember({"is", "dis"}));
    finish_command(command, invocation, kExtractExamples,
                   [options, &invocation] { return extract(*options, invocation.common); });
}

}  // namespace jpegai::tools
