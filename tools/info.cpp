// `jpegai info`: what a codestream is and contains, without decoding it.
#include "tools/info.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "tools/commands.h"

namespace jpegai::tools {
namespace {

struct InfoOptions {
    std::vector<std::string> files;
    bool fields = false;
    bool header_txt = false;
    bool cost = false;
    unsigned threads = 0;
    bool strict = false;
    std::string dialect = "auto";
};

constexpr const char* kInfoExamples =
    "  jpegai info picture.jai                 summary, verdict and substreams\n"
    "  jpegai info --fields -v picture.jai     every header field with its width and value\n"
    "  jpegai info --json a.jai b.jai         a JSON array with one object per file\n"
    "  jpegai info --strict picture.jai        exit status 1 unless profile and level are met\n"
    "  jpegai info --cost picture.jai          what decoding takes: operations and memory\n"
    "  jpegai info --header-txt picture.jai    the listing of the reference software\n"
    "  cat picture.jai | jpegai info -         standard input";

ParseOptions parse_options(const InfoOptions& options) {
    ParseOptions parse;
    parse.header.strict = options.strict;
    if (options.dialect == "is") parse.dialect = Dialect::kIs;
    if (options.dialect == "dis") parse.dialect = Dialect::kDis;
    // Nothing is decoded, so that the size of the picture costs nothing: the level is judged below.
    parse.max_pixels = UINT64_MAX;
    return parse;
}

std::uint64_t header_offset(const LoadedStream& loaded) {
    return loaded.stream.substreams.front().payload.offset;  // PIH comes first
}

/// One file's result: the text or the JSON object, and whether the exit status is to be 1.
class Reporter {
public:
    Reporter(const InfoOptions& options, const CommonOptions& common) : options_(options), common_(common) {}

    void file(const std::string& path) {
        try {
            const LoadedStream loaded = load_stream(path, parse_options(options_));
            const CheckOptions check{.strict = options_.strict, .synthesis_transform = std::nullopt};
            const auto violations = check_picture(loaded.stream.picture, loaded.stream.dialect, check);
            print(loaded, violations);
            if (options_.strict)
                require_conforming(loaded.stream.picture, loaded.stream.dialect, header_offset(loaded), check);
        } catch (const Error& error) {
            failed_ = true;
            print_error(path, error);
            // A stream that breaks a rule has been described already.
            if (common_.json && documents_.size() == file_count_) documents_.push_back({{"file", path}});
            if (common_.json) documents_.back()["error"] = error_json(error);
        }
        ++file_count_;
    }

    ExitCode finish() const {
        if (common_.json) print_json(documents_.size() == 1 ? documents_.front() : nlohmann::ordered_json(documents_));
        return failed_ ? kExitFailed : kExitOk;
    }

private:
    void print(const LoadedStream& loaded, std::span<const Violation> violations) {
        if (common_.json) {
            documents_.push_back(info_json(loaded, violations));
            documents_.back()["cost"] = nullptr;
            if (options_.cost) documents_.back()["cost"] = cost_json(point_costs(loaded.stream, options_.threads));
        } else if (options_.header_txt) {
            print_text(header_listing(loaded.stream));
        } else if (!common_.quiet) {
            if (file_count_ != 0) print_text("\n");
            print_text(info_text(loaded, violations, {.fields = options_.fields, .verbose = common_.verbose}));
            if (options_.cost) print_text(cost_text(point_costs(loaded.stream, options_.threads)));
        }
    }

    const InfoOptions& options_;
    const CommonOptions& common_;
    std::vector<nlohmann::ordered_json> documents_;
    std::size_t file_count_ = 0;
    bool failed_ = false;
};

}  // namespace

void add_info(CLI::App& program, Invocation& invocation) {
    CLI::App& command = *program.add_subcommand("info", "Show what a codestream is and contains");
    const auto options = std::make_shared<InfoOptions>();
    command.add_option("FILE", options->files, "Codestreams, or - for standard input")->required();
    command.add_flag("--fields", options->fields, "List every header field (long arrays in full with --verbose)");
    command.add_flag("--header-txt", options->header_txt, "Print the header listing of the reference software")
        ->excludes("--fields");
    command.add_flag("--cost", options->cost, "Operations and memory of decoding, for each listed transform")
        ->excludes("--header-txt");
    command.add_option("--threads", options->threads,
                       "With --cost: threads to decode with (default: one per processor)");
    command.add_flag("--strict", options->strict, "Reject what decoders tolerate, and fail on any violation");
    command.add_option("--dialect", options->dialect, "Syntax of the picture header: auto, is or dis")
        ->check(CLI::IsMember({"auto", "is", "dis"}))
        ->capture_default_str();
    finish_command(command, invocation, kInfoExamples, [options, &invocation] {
        Reporter reporter(*options, invocation.common);
        for (const std::string& path : options->files) reporter.file(path);
        return reporter.finish();
    });
}

std::vector<HeaderField> all_fields(const Codestream& stream) {
    std::vector<HeaderField> fields = list_fields(stream.picture, stream.dialect);
    const auto append = [&](std::vector<HeaderField> more) {
        fields.insert(fields.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    };
    if (stream.has_tools) append(list_fields(stream.tools, stream.picture));
    if (stream.has_rendering) append(list_fields(stream.rendering));
    return fields;
}

std::string printable_preview(std::span<const std::uint8_t> bytes, std::size_t limit) {
    std::string text;
    for (const std::uint8_t byte : bytes.first(std::min(bytes.size(), limit))) {
        text += byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '.';
    }
    return text;
}

const char* colour_name(std::uint8_t colour_transform_idx) {
    switch (colour_transform_idx) {
        case 0:
            return "YUV";
        case 1:
            return "RGB (BT.709)";
        default:
            return "user colour matrix";
    }
}

}  // namespace jpegai::tools
