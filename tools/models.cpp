// `jpegai models`: the weight sets of this machine. Listing and changing them; info and verify have files of their own.
#include "tools/models.h"

#include <cstdlib>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "models/places.h"
#include "models/set_store.h"
#include "tools/commands.h"

namespace jpegai::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kModelsExamples =
    "  jpegai models list\n"
    "  jpegai models import ~/jpeg-ai-reference-software/models\n"
    "  jpegai decode photo.jai photo.png --models official";
constexpr const char* kListExamples =
    "  jpegai models list           every set that --models knows by name\n"
    "  jpegai models list --json";
constexpr const char* kImportExamples =
    "  jpegai models import models/                         the checkpoints of the reference software\n"
    "  jpegai models import models/ --out official.jaiw     as a pack somewhere else\n"
    "  jpegai models import trained/ --unofficial --name mine";
constexpr const char* kAddExamples =
    "  jpegai models add mine.jaiw                  as the set \"mine\"\n"
    "  jpegai models add model_*.jaiw --name mine\n"
    "  jpegai models add high.jaiw --to default     more networks for the default set";
constexpr const char* kRemoveExamples =
    "  jpegai models remove mine\n"
    "  jpegai models remove default     the packs that were added to the default set";

struct PointName {
    const char* id;
    const char* text;
};

std::vector<PointName> analysis_of(const ModelContents& model) {
    std::vector<PointName> points;
    if (model.analysis_bop) points.push_back({"bop", "BOP"});
    if (model.analysis_hop) points.push_back({"hop", "HOP"});
    return points;
}

std::vector<PointName> synthesis_of(const ModelContents& model) {
    std::vector<PointName> points;
    if (model.synthesis_sop) points.push_back({"sop", "SOP"});
    if (model.synthesis_bop) points.push_back({"bop", "BOP"});
    if (model.synthesis_hop) points.push_back({"hop", "HOP"});
    return points;
}

Json ids_of(const std::vector<PointName>& points) {
    Json ids = Json::array();
    for (const PointName& point : points) ids.push_back(point.id);
    return ids;
}

void append_new(std::string& text, const char* word) {
    if (text.find(word) == std::string::npos) text += (text.empty() ? "" : " ") + std::string(word);
}

Json describe(const NamedSet& set) {
    Json json = {{"name", set.name}, {"folder", set.folder}, {"built_in", set.built_in}, {"added", set.added}};
    try {
        const Catalog catalog = make_catalog(find_models(set.name == kDefaultSet ? kDefaultSet : set.folder));
        json["stored"] = catalog.stored;
        json.update(contents_json(contents_of(catalog.files)));
    } catch (const Error& error) {
        json["error"] = error_json(error);
    }
    return json;
}

std::string describe_text(const NamedSet& set) {
    std::string text = fmt::format("{:<16} ", set.name);
    try {
        const Catalog catalog = make_catalog(find_models(set.name == kDefaultSet ? kDefaultSet : set.folder));
        const ContentsText contents = contents_text(contents_of(catalog.files));
        text += fmt::format("models {}; analysis {}; synthesis {}; {}\n", contents.models, contents.analysis,
                            contents.synthesis, size_text(catalog.stored));
    } catch (const Error& error) {
        text += error.describe() + "\n";
    }
    text += fmt::format("{:<16} {}\n", "", set.folder);
    for (const std::string& pack : set.added) text += fmt::format("{:<16} {}\n", "", pack);
    return text;
}

ExitCode list(const CommonOptions& common) {
    const std::vector<NamedSet> sets = named_sets();
    const std::string in_use = set_label({});
    if (common.json) {
        Json document = {{"user_folder", user_models_folder()}, {"in_use", in_use}, {"sets", Json::array()}};
        for (const NamedSet& set : sets) document["sets"].push_back(describe(set));
        print_json(document);
        return kExitOk;
    }
    std::string text;
    for (const NamedSet& set : sets) text += describe_text(set);
    text += fmt::format("\nused without --models: {}\nsets of your own lie in {}\n", in_use, user_models_folder());
    print_text(text);
    return kExitOk;
}

struct ImportArguments {
    std::string folder, name, out, info;
    int level = 12;
    bool unofficial = false, replace = false;
};

void report_import(const ImportArguments& arguments, const ImportResult& result, const std::string& place,
                   const CommonOptions& common) {
    if (common.json) {
        print_json({{"set", arguments.out.empty() ? Json(arguments.name) : Json(nullptr)},
                    {"place", place},
                    {"files", result.files},
                    {"tensors", result.tensors},
                    {"bytes", result.bytes},
                    {"stored", result.pack_bytes},
                    {"fingerprint", result.fingerprint},
                    {"missing", result.missing},
                    {"ignored", result.ignored}});
        return;
    }
    if (!result.missing.empty()) {
        print_warning(common, fmt::format("a partial set: {} of the {} official checkpoints are missing, {} and so on",
                                          result.missing.size(), official_files().size(), result.missing.front()));
    }
    if (!result.ignored.empty()) {
        print_warning(common, fmt::format("{} checkpoints are not official and were left out, {} and so on",
                                          result.ignored.size(), result.ignored.front()));
    }
    if (common.quiet) return;
    print_text(fmt::format("{}: {} checkpoints, {} tensors, {} of {}\nfingerprint {}\n", place, result.files,
                           result.tensors, size_text(result.pack_bytes), size_text(result.bytes), result.fingerprint));
}

ExitCode import_set(ImportArguments arguments, const CommonOptions& common) {
    if (arguments.name.empty()) arguments.name = arguments.unofficial ? "imported" : "official";
    ImportOptions options;
    if (arguments.unofficial) options.list = {};
    if (arguments.unofficial) options.pack.name = arguments.name;
    options.pack.info = arguments.info;
    options.pack.level = arguments.level;
    if (common.verbose) {
        options.verify_progress = [](std::string_view file) { fmt::print(stderr, "checking {}\n", file); };
        options.pack.progress = [](const std::string& file, std::size_t i, std::size_t n) {
            fmt::print(stderr, "packing {} ({} of {})\n", file, i + 1, n);
        };
    }
    if (!arguments.out.empty()) {
        if (!arguments.replace && std::filesystem::exists(arguments.out)) {
            throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("{} is there already (--force replaces it)", arguments.out));
        }
        report_import(arguments, import_folder(arguments.folder, arguments.out, options), arguments.out, common);
        return kExitOk;
    }
    NewSet set(arguments.name, arguments.replace);
    const ImportResult result = import_folder(arguments.folder, set.file(arguments.name + ".jaiw"), options);
    report_import(arguments, result, set.commit(), common);
    return kExitOk;
}

struct AddArguments {
    std::vector<std::string> packs;
    std::string name, to;
    bool replace = false;
};

void report_place(const char* what, const std::string& name, const std::string& place, const CommonOptions& common) {
    if (common.json) {
        print_json({{"set", name}, {"place", place}});
    } else if (!common.quiet) {
        print_text(fmt::format("{} {}\n", what, place));
    }
}

ExitCode add(const AddArguments& arguments, const CommonOptions& common) {
    if (!arguments.to.empty()) {
        const std::string place = extend_set(arguments.to, arguments.packs, arguments.replace);
        report_place("completed", arguments.to, place, common);
        return kExitOk;
    }
    if (arguments.name.empty() && arguments.packs.size() > 1) throw UsageError("several packs need --name or --to");
    const std::string name =
        arguments.name.empty() ? std::filesystem::path(arguments.packs.front()).stem().string() : arguments.name;
    report_place("added", name, add_set(name, arguments.packs, arguments.replace), common);
    return kExitOk;
}

void add_list(CLI::App& models, Invocation& invocation) {
    CLI::App& command = *models.add_subcommand("list", "List the weight sets that have a name");
    finish_command(command, invocation, kListExamples, [&invocation] { return list(invocation.common); });
}

void add_import(CLI::App& models, Invocation& invocation) {
    CLI::App& command =
        *models.add_subcommand("import", "Check the checkpoints of the reference software and make a set of them");
    const auto arguments = std::make_shared<ImportArguments>();
    command.add_option("DIR", arguments->folder, "Folder with VM_*/*.pth, or with models/VM_*/*.pth")->required();
    command.add_option("--name", arguments->name, "Name of the set (default: official, or imported)");
    command.add_option("--out", arguments->out, "Write a pack here instead of adding a set")->type_name("FILE");
    command.add_option("--info", arguments->info, "Origin and licence, kept in the pack")->type_name("TEXT");
    command.add_option("--level", arguments->level, "zstd level (default 12)")->check(CLI::Range(1, 19));
    command.add_flag("--unofficial", arguments->unofficial, "Take all checkpoints, whatever they contain");
    command.add_flag("--force", arguments->replace, "Replace a set or file that is there");
    finish_command(command, invocation, kImportExamples,
                   [arguments, &invocation] { return import_set(*arguments, invocation.common); });
}

void add_add(CLI::App& models, Invocation& invocation) {
    CLI::App& command = *models.add_subcommand("add", "Check weight packs and add them as a set");
    const auto arguments = std::make_shared<AddArguments>();
    command.add_option("PACK", arguments->packs, "Weight packs (.jaiw)")->required();
    auto* name = command.add_option("--name", arguments->name, "Name of the set (default: that of the only pack)");
    command.add_option("--to", arguments->to, "Complete this set instead of making one")
        ->type_name("SET")
        ->excludes(name);
    command.add_flag("--force", arguments->replace, "Replace a set or pack that is there");
    finish_command(command, invocation, kAddExamples,
                   [arguments, &invocation] { return add(*arguments, invocation.common); });
}

void add_remove(CLI::App& models, Invocation& invocation) {
    CLI::App& command = *models.add_subcommand("remove", "Remove a weight set that was added or imported");
    const auto name = std::make_shared<std::string>();
    command.add_option("SET", *name, "Name of the set")->required();
    finish_command(command, invocation, kRemoveExamples, [name, &invocation] {
        report_place("removed", *name, remove_set(*name), invocation.common);
        return kExitOk;
    });
}

}  // namespace

std::string set_label(const std::string& argument) {
    if (!argument.empty()) return argument;
    const char* const chosen = std::getenv("JPEGAI_MODELS");
    return chosen != nullptr && *chosen != '\0' ? chosen : kDefaultSet;
}

ContentsText contents_text(const SetContents& contents) {
    ContentsText text;
    for (std::size_t i = 0; i < kModels; ++i) {
        const ModelContents& model = contents.models[i];
        if (model.common) append_new(text.models, std::to_string(i).c_str());
        for (const PointName& point : analysis_of(model)) append_new(text.analysis, point.text);
        for (const PointName& point : synthesis_of(model)) append_new(text.synthesis, point.text);
    }
    for (std::string* part : {&text.models, &text.analysis, &text.synthesis}) {
        if (part->empty()) *part = "none";
    }
    return text;
}

Json contents_json(const SetContents& contents) {
    Json models = Json::array();
    for (std::size_t i = 0; i < kModels; ++i) {
        const ModelContents& model = contents.models[i];
        models.push_back({{"id", i},
                          {"common", model.common},
                          {"analysis", ids_of(analysis_of(model))},
                          {"synthesis", ids_of(synthesis_of(model))}});
    }
    return {{"models", models}, {"eicci", contents.eicci}};
}

std::string size_text(std::uint64_t bytes) {
    return fmt::format("{:.2f} MB", static_cast<double>(bytes) / 1e6);
}

void add_models(CLI::App& program, Invocation& invocation) {
    CLI::App& command = *program.add_subcommand("models", "List, check, import and add weight sets");
    command.require_subcommand(1);
    command.footer(std::string("Examples:\n") + kModelsExamples);
    add_list(command, invocation);
    add_models_info(command, invocation);
    add_models_verify(command, invocation);
    add_import(command, invocation);
    add_add(command, invocation);
    add_remove(command, invocation);
}

}  // namespace jpegai::tools
