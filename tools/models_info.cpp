// `jpegai models info` and `jpegai models verify`: what a weight set holds, and whether it is sound.
#include <cmath>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "decoder/entropy_model.h"
#include "models/byte_source.h"
#include "models/official.h"
#include "models/pack_format.h"
#include "models/places.h"
#include "networks/eicci.h"
#include "networks/inventory.h"
#include "networks/registry.h"
#include "tools/models.h"

namespace jpegai::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kModelsInfoExamples =
    "  jpegai models info                      networks of the set that is used without --models\n"
    "  jpegai models info official --tensors\n"
    "  jpegai models info mine.jaiw --json";
constexpr const char* kVerifyExamples =
    "  jpegai models verify\n"
    "  jpegai models verify official\n"
    "  jpegai models verify trained/           a folder of checkpoints";

Json model_json(std::size_t model) {
    return model < kModels ? Json(model) : Json(nullptr);
}

// ---- info --------------------------------------------------------------------------------------------------------

struct InfoArguments {
    std::string set;
    bool tensors = false;
};

Json tensor_json(const CatalogTensor& tensor) {
    return {{"file", tensor.file},     {"key", tensor.key},          {"dtype", dtype_name(tensor.dtype)},
            {"shape", tensor.shape},   {"values", tensor.values},    {"bytes", tensor.bytes},
            {"stored", tensor.stored}, {"encoding", tensor.encoding}};
}

Json network_json(const InventoryItem& item) {
    return {{"network", item.network}, {"model", model_json(item.model)}, {"file", item.file},
            {"tensors", item.tensors}, {"parameters", item.parameters},   {"bytes", item.bytes},
            {"stored", item.stored},   {"problems", item.problems}};
}

Json info_json(const InfoArguments& arguments, const WeightPaths& paths, const Catalog& catalog,
               const Inventory& inventory, const std::string& print) {
    Json document = {{"set", set_label(arguments.set)},
                     {"place", paths.place},
                     {"packs", paths.packs},
                     {"name", catalog.name},
                     {"info", catalog.info},
                     {"fingerprint", print},
                     {"files", catalog.files.size()},
                     {"tensors", catalog.tensors.size()},
                     {"values", catalog.values},
                     {"bytes", catalog.bytes},
                     {"stored", catalog.stored}};
    document.update(contents_json(contents_of(catalog.files)));
    document["networks"] = Json::array();
    for (const InventoryItem& item : inventory.networks) document["networks"].push_back(network_json(item));
    document["unknown_files"] = inventory.unknown_files;
    document["unused_tensors"] = inventory.unused_tensors;
    if (arguments.tensors) {
        document["tensor_list"] = Json::array();
        for (const CatalogTensor& tensor : catalog.tensors) document["tensor_list"].push_back(tensor_json(tensor));
    }
    return document;
}

std::string networks_text(const Inventory& inventory) {
    std::string text = fmt::format("\n  {:<24} {:>5} {:>8} {:>11} {:>11} {:>11}  {}\n", "network", "model", "tensors",
                                   "parameters", "bytes", "stored", "file");
    for (const InventoryItem& item : inventory.networks) {
        text += fmt::format("  {:<24} {:>5} {:>8} {:>11} {:>11} {:>11}  {}\n", item.network,
                            item.model < kModels ? std::to_string(item.model) : "-", item.tensors, item.parameters,
                            item.bytes, item.stored, item.file);
        for (const std::string& problem : item.problems) text += fmt::format("    {}\n", problem);
    }
    for (const std::string& file : inventory.unknown_files) text += fmt::format("  unknown file {}\n", file);
    return text;
}

std::string tensors_text(const Catalog& catalog) {
    std::string text;
    const std::string* file = nullptr;
    for (const CatalogTensor& tensor : catalog.tensors) {
        if (file == nullptr || *file != tensor.file) text += fmt::format("\n  {}\n", tensor.file);
        file = &tensor.file;
        text += fmt::format("    {:<48} {:<8} {:<18} {:>9}  {}\n", tensor.key, dtype_name(tensor.dtype),
                            shape_text(tensor.shape), tensor.stored, tensor.encoding);
    }
    return text;
}

ExitCode info(const InfoArguments& arguments, const CommonOptions& common) {
    const WeightPaths paths = find_models(arguments.set);
    const Catalog catalog = make_catalog(paths);
    const Inventory inventory = take_inventory(catalog);
    const std::string print = fingerprint(*open_weights(paths));
    if (common.json) {
        print_json(info_json(arguments, paths, catalog, inventory, print));
        return kExitOk;
    }
    const SetContents contents = contents_of(catalog.files);
    const ContentsText summary = contents_text(contents);
    std::string text = fmt::format("{}: {}\n", set_label(arguments.set), paths.place);
    if (!catalog.name.empty()) text += fmt::format("  {:<12} {}\n", "name", catalog.name);
    if (!catalog.info.empty()) text += fmt::format("  {:<12} {}\n", "description", catalog.info);
    text += fmt::format("  {:<12} models {}; analysis {}; synthesis {}; {} eICCI files\n", "contents", summary.models,
                        summary.analysis, summary.synthesis, contents.eicci);
    text +=
        fmt::format("  {:<12} {} files, {} tensors, {} values, {} stored, {} in memory\n", "size", catalog.files.size(),
                    catalog.tensors.size(), catalog.values, size_text(catalog.stored), size_text(catalog.bytes));
    text += fmt::format("  {:<12} {}\n", "fingerprint", print);
    print_text(text + (arguments.tensors ? tensors_text(catalog) : networks_text(inventory)));
    return kExitOk;
}

// ---- verify ------------------------------------------------------------------------------------------------------

/// Something that is wrong with a set.
struct Problem {
    std::string where;  ///< pack, checkpoint file or network
    std::string message;
};

struct Verdict {
    std::size_t packs = 0, networks = 0, official = 0;
    std::vector<Problem> problems;
    std::string fingerprint;
};

/// Runs one check; what it throws is a problem.
template <class Check>
void attempt(Verdict& verdict, const std::string& where, Check check) {
    try {
        check();
    } catch (const Error& error) {
        verdict.problems.push_back({where, error.what()});
    }
}

void verify_finite(const std::string& file, const Checkpoint& tensors) {
    for (const auto& [key, tensor] : tensors) {
        if (tensor.dtype != DType::kFloat32) continue;
        for (const float value : tensor.floats(key)) {
            if (!std::isfinite(value)) {
                throw Error(JPEGAI_ERROR_MODEL, fmt::format("{}: {} holds a value that is not finite", file, key));
            }
        }
    }
}

/// Graphs by name, to bind what the inventory found.
std::vector<Graph> graphs_of(Component component) {
    std::vector<Graph> graphs;
    for (const OperatingPoint point : {OperatingPoint::kSop, OperatingPoint::kBop, OperatingPoint::kHop}) {
        graphs.push_back(network_graph(NetworkKind::kSynthesis, point, component));
        if (point != OperatingPoint::kSop) graphs.push_back(network_graph(NetworkKind::kAnalysis, point, component));
    }
    graphs.push_back(network_graph(NetworkKind::kHyperEncoder, OperatingPoint::kBop, component));
    graphs.push_back(network_graph(NetworkKind::kHyperDecoder, OperatingPoint::kBop, component));
    if (component == kPrimary) {
        graphs.push_back(network_graph(NetworkKind::kContextModel, OperatingPoint::kBop, component));
        graphs.push_back(eicci_luma_graph());
        graphs.push_back(eicci_chroma_graph());
    }
    return graphs;
}

/// Everything that a decoder or encoder does with a set before it computes: binding and reading of tables.
void verify_networks(const std::shared_ptr<const WeightSet>& set, const Inventory& inventory, Verdict& verdict) {
    std::vector<Graph> graphs = graphs_of(kPrimary);
    for (Graph& graph : graphs_of(kSecondary)) graphs.push_back(std::move(graph));
    for (const InventoryItem& item : inventory.networks) {
        const std::string where = item.file + ", " + item.network;
        for (const std::string& problem : item.problems) verdict.problems.push_back({where, problem});
        if (!item.problems.empty()) continue;
        ++verdict.networks;
        for (const Graph& graph : graphs) {
            if (graph.name != item.network) continue;
            attempt(verdict, where, [&] { (void)bind_network(graph, set, item.file); });
        }
        if (item.network.starts_with("entropy_tables")) {
            const Component component = item.network.ends_with(".y") ? kPrimary : kSecondary;
            attempt(verdict, where, [&] { (void)load_entropy_model(*set, item.model, component); });
        }
    }
}

Verdict verify_set(const WeightPaths& paths) {
    Verdict verdict;
    for (const std::string& pack : paths.packs) {
        attempt(verdict, pack, [&] {
            verify_pack(file_source(pack));
            ++verdict.packs;
        });
    }
    if (!verdict.problems.empty()) return verdict;  // what a damaged pack holds is of no interest
    const auto set = open_weights(paths);
    const Catalog catalog = make_catalog(paths);
    for (const std::string& file : catalog.files) {
        attempt(verdict, file, [&] { verify_finite(file, set->load(file)); });
    }
    verify_networks(set, take_inventory(catalog), verdict);
    if (paths.packs.empty()) {
        for (const OfficialCheck& check : verify_official(paths.place)) {
            verdict.official += check.status == OfficialStatus::kOk;
        }
    }
    attempt(verdict, paths.place, [&] { verdict.fingerprint = fingerprint(*set); });
    return verdict;
}

Json verdict_json(const std::string& set, const WeightPaths& paths, const Verdict& verdict) {
    Json problems = Json::array();
    for (const Problem& problem : verdict.problems) {
        problems.push_back({{"where", problem.where}, {"message", problem.message}});
    }
    return {{"set", set_label(set)},
            {"place", paths.place},
            {"packs", paths.packs},
            {"intact_packs", verdict.packs},
            {"complete_networks", verdict.networks},
            {"official_files", verdict.official},
            {"fingerprint", verdict.fingerprint},
            {"problems", problems},
            {"ok", verdict.problems.empty()}};
}

std::string verdict_text(const std::string& set, const WeightPaths& paths, const Verdict& verdict) {
    std::string text = fmt::format("{}: {}\n", set_label(set), paths.place);
    if (paths.packs.empty()) {
        text += fmt::format("  {:<12} {} of {} checkpoints are the official ones\n", "official", verdict.official,
                            official_files().size());
    } else {
        text += fmt::format("  {:<12} {} of {} intact\n", "packs", verdict.packs, paths.packs.size());
    }
    text +=
        fmt::format("  {:<12} {} complete, of the shapes that the standard asks for\n", "networks", verdict.networks);
    if (!verdict.fingerprint.empty()) text += fmt::format("  {:<12} {}\n", "fingerprint", verdict.fingerprint);
    for (const Problem& problem : verdict.problems) text += fmt::format("  {}: {}\n", problem.where, problem.message);
    return text + (verdict.problems.empty() ? "ok\n" : "");
}

ExitCode verify(const std::string& set, const CommonOptions& common) {
    const WeightPaths paths = find_models(set);
    const Verdict verdict = verify_set(paths);
    if (common.json) {
        print_json(verdict_json(set, paths, verdict));
    } else if (!common.quiet) {
        print_text(verdict_text(set, paths, verdict));
    }
    if (verdict.problems.empty()) return kExitOk;
    const Problem& first = verdict.problems.front();
    const std::string others =
        verdict.problems.size() > 1 ? fmt::format(" ({} more)", verdict.problems.size() - 1) : std::string();
    print_error(set_label(set), Error(JPEGAI_ERROR_MODEL, fmt::format("{}: {}{}", first.where, first.message, others)));
    return kExitFailed;
}

}  // namespace

void add_models_info(CLI::App& models, Invocation& invocation) {
    CLI::App& command = *models.add_subcommand("info", "Show the networks of a weight set");
    const auto arguments = std::make_shared<InfoArguments>();
    command.add_option("SET", arguments->set, "Name of a set, folder or pack (default: what is used without --models)");
    command.add_flag("--tensors", arguments->tensors, "Every tensor: type, shape, size, encoding");
    finish_command(command, invocation, kModelsInfoExamples,
                   [arguments, &invocation] { return info(*arguments, invocation.common); });
}

void add_models_verify(CLI::App& models, Invocation& invocation) {
    CLI::App& command =
        *models.add_subcommand("verify", "Check a weight set: checksums, shapes, tables, finite values");
    const auto set = std::make_shared<std::string>();
    command.add_option("SET", *set, "Name of a set, folder or pack (default: what is used without --models)");
    finish_command(command, invocation, kVerifyExamples,
                   [set, &invocation] { return verify(*set, invocation.common); });
}

}  // namespace jpegai::tools
