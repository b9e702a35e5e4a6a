// `jpegai conformance verify`: is this stream conforming?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/file.h"
#include "conformance/verify.h"
#include "tools/commands.h"
#include "tools/conformance.h"

namespace jpegai::tools {
namespace {

using namespace jpegai::conformance;

constexpr const char* kConformanceVerifyExamples =
    "  jpegai conformance verify photo.jai\n"
    "  jpegai conformance verify photo.jai --profile base --level 3.2 --json\n"
    "  jpegai conformance verify encoded/*.jai --encoder        what an encoder wrote, its habits included";

struct VerifyArguments {
    std::vector<std::string> files;
    std::string profile, level, models;
    bool no_payload = false, encoder = false;
};

nlohmann::ordered_json finding_json(const Finding& finding) {
    nlohmann::ordered_json offset = nullptr;
    if (finding.offset) offset = *finding.offset;
    return {{"rule", finding.rule},
            {"clause", finding.clause},
            {"severity", finding.error     ? "error"
                         : finding.encoder ? "encoder"
                                           : "note"},
            {"field", finding.field},
            {"message", finding.message},
            {"offset", offset}};
}

std::string finding_text(const Finding& finding) {
    const char* severity = finding.error ? "error" : finding.encoder ? "encoder" : "note";
    std::string text = fmt::format("  {:<8} {:<22} {}: ", severity, finding.rule, finding.clause);
    if (!finding.field.empty()) text += finding.field + ": ";
    text += finding.message;
    if (finding.offset) text += fmt::format(" (byte {})", *finding.offset);
    return text + "\n";
}

/// What profile, level and tools ask of the stream, and what it has of that.
std::string figures_text(const StreamFigures& f) {
    std::string text =
        fmt::format("  {} dialect, {} profile, level {}\n", f.dialect == "is" ? "IS" : "DIS", f.profile, f.level);
    text += fmt::format("  samples   {}{}\n", f.samples,
                        f.max_samples ? fmt::format(" of the {} that the level permits", *f.max_samples) : "");
    text += fmt::format("  model     {}; the level permits {}\n", f.model_id, fmt::join(f.permitted_models, ", "));
    text += fmt::format("  synthesis {}\n", fmt::join(f.transforms, ", "));
    text += fmt::format("  tools     {}\n", f.tools.empty() ? "none" : fmt::format("{}", fmt::join(f.tools, ", ")));
    return text + fmt::format("  bytes     {} of PIH, {} of TON, {} of entropy coded data\n", f.picture_header_bytes,
                              f.tool_header_bytes, f.payload_bytes);
}

nlohmann::ordered_json figures_json(const StreamFigures& f) {
    nlohmann::ordered_json limit = nullptr;
    if (f.max_samples) limit = *f.max_samples;
    return {{"dialect", f.dialect},
            {"profile", f.profile},
            {"level", f.level},
            {"samples", f.samples},
            {"max_samples", limit},
            {"model_id", f.model_id},
            {"permitted_models", f.permitted_models},
            {"synthesis_transforms", f.transforms},
            {"tools", f.tools},
            {"picture_header_bytes", f.picture_header_bytes},
            {"tool_header_bytes", f.tool_header_bytes},
            {"payload_bytes", f.payload_bytes}};
}

ExitCode verify(const VerifyArguments& arguments, const CommonOptions& common) {
    VerifyOptions options;
    if (!arguments.profile.empty()) options.profile = profile_by_name(arguments.profile).id;
    if (!arguments.level.empty()) options.level = level_by_name(arguments.level);
    if (!arguments.no_payload) {
        options.weights = weights_or_default(arguments.models);
    }
    nlohmann::ordered_json documents = nlohmann::ordered_json::array();
    bool all_conform = true;
    for (const std::string& path : arguments.files) {
        const std::vector<std::uint8_t> file = read_file(path);
        std::vector<Finding> findings = verify_stream(file, options);
        if (!arguments.encoder) std::erase_if(findings, [](const Finding& f) { return f.encoder; });
        const bool good = conforms(findings) && (!arguments.encoder || findings.empty());
        all_conform = all_conform && good;
        nlohmann::ordered_json list = nlohmann::ordered_json::array();
        std::string text = fmt::format("{}: {}\n", display_name(path), good ? "conforms" : "does not conform");
        const auto figures = stream_figures(file);
        if (figures) text += figures_text(*figures);
        for (const Finding& finding : findings) {
            list.push_back(finding_json(finding));
            text += finding_text(finding);
        }
        documents.push_back({{"file", path}, {"conforms", good}, {"violations", list}});
        if (figures) documents.back()["stream"] = figures_json(*figures);
        if (!common.json && !common.quiet) print_text(text);
    }
    if (common.json) print_json(documents.size() == 1 ? documents[0] : documents);
    return all_conform ? kExitOk : kExitFailed;
}

}  // namespace

void add_conformance_verify(CLI::App& parent, Invocation& invocation) {
    auto arguments = std::make_shared<VerifyArguments>();
    CLI::App& command = *parent.add_subcommand("verify", "Every rule that streams break");
    command.add_option("files", arguments->files, "codestreams")->required()->type_name("STREAM");
    command.add_option("--profile", arguments->profile,
                       "decoders of this profile have to decode it: simple, base, high");
    command.add_option("--level", arguments->level, "and of this level: 1.0 to 5.2");
    command.add_flag("--encoder", arguments->encoder,
                     "also what only encoders have to do (derived flags, order, ranges)");
    command.add_flag("--no-payload", arguments->no_payload, "containers and headers only; needs no weights");
    command.add_option("--models", arguments->models, "weights that the streams were coded with")->type_name("PATH");
    finish_command(command, invocation, kConformanceVerifyExamples,
                   [arguments, &invocation] { return verify(*arguments, invocation.common); });
}

}  // namespace jpegai::tools
