#include "networks/inventory.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "networks/eicci.h"
#include "networks/registry.h"
#include "spec/scale_tables.h"

namespace jpegai {
namespace {

/// A tensor that some network reads.
struct Wanted {
    std::string key;
    std::vector<std::size_t> shape;
    DType dtype = DType::kFloat32;
    bool trained = true;
};

/// A network that may be in a file, and what it reads.
struct Reader {
    std::string network;
    std::size_t model = kModels;
    std::vector<Wanted> wanted;
};

using Readers = std::map<std::string, std::vector<Reader>>;  // by file

std::vector<Wanted> wanted_by(const Graph& graph) {
    std::vector<Wanted> wanted;
    for (const Parameter& parameter : list_parameters(graph)) {
        wanted.push_back({parameter.key, parameter.shape, DType::kFloat32, parameter.trained});
    }
    return wanted;
}

/// 02 section 6: three integer convolutions.
std::vector<Wanted> wanted_by_hyper_scale_decoder(std::size_t channels) {
    struct Layer {
        const char* name;
        std::size_t out, kernel;
    };
    std::vector<Wanted> wanted;
    for (const Layer& layer :
         {Layer{"conv1", channels, 1}, {"depthwise", channels, 3}, {"pointwise", 16 * channels, 1}}) {
        const std::string prefix = std::string("hyper_scale_decoder.") + layer.name + ".";
        wanted.push_back({prefix + "weight", {layer.out, channels, layer.kernel, layer.kernel}, DType::kInt8});
        wanted.push_back({prefix + "bias", {layer.out}, DType::kInt32});
        wanted.push_back({prefix + "per_channel_shifts", {1, layer.out, 1, 1}, DType::kInt8, false});
        wanted.push_back({prefix + "is_quantized", {1}, DType::kBool, false});
    }
    return wanted;
}

/// 02 sections 5 and 7.1: frequencies of the hyper latents and gains.
std::vector<Wanted> wanted_by_tables(std::size_t channels, const std::string& gain_key) {
    return {{"hyper_entropy.freqs_int", {channels, kHyperSymbols}, DType::kInt32},
            {"hyper_entropy.is_quantized", {1}, DType::kBool, false},
            {gain_key, {channels, kGainColumns}, DType::kFloat32}};
}

/// Adds every network that comes from the file of one component and model.
void add_common(Readers& readers, Component component, std::size_t model, const std::string& gain_key) {
    const std::string suffix = component == kPrimary ? ".y" : ".uv";
    const std::size_t channels = kLatentChannels[component];
    std::vector<Reader>& list = readers[common_file(component, model)];
    list.push_back({"entropy_tables" + suffix, model, wanted_by_tables(channels, gain_key)});
    list.push_back({"hyper_scale_decoder" + suffix, model, wanted_by_hyper_scale_decoder(channels)});
    for (const NetworkKind kind :
         {NetworkKind::kHyperDecoder, NetworkKind::kContextModel, NetworkKind::kHyperEncoder}) {
        if (kind == NetworkKind::kContextModel && component != kPrimary) continue;
        const Graph graph = network_graph(kind, OperatingPoint::kBop, component);
        list.push_back({graph.name, model, wanted_by(graph)});
    }
}

void add_transforms(Readers& readers, Component component, std::size_t model) {
    const auto add = [&](NetworkKind kind, OperatingPoint point) {
        const Graph graph = network_graph(kind, point, component);
        readers[network_file(kind, point, component, model)].push_back({graph.name, model, wanted_by(graph)});
    };
    for (const OperatingPoint point : {OperatingPoint::kSop, OperatingPoint::kBop, OperatingPoint::kHop}) {
        add(NetworkKind::kSynthesis, point);
    }
    add(NetworkKind::kAnalysis, OperatingPoint::kBop);
    add(NetworkKind::kAnalysis, OperatingPoint::kHop);
}

void add_eicci(Readers& readers) {
    for (const OperatingPoint point : {OperatingPoint::kBop, OperatingPoint::kHop}) {
        for (std::size_t i = 0; i < kEicciNetworks; ++i) {
            std::vector<Reader>& list = readers[eicci_file(point, i)];
            for (const Graph& graph : {eicci_luma_graph(), eicci_chroma_graph()}) {
                list.push_back({graph.name, kModels, wanted_by(graph)});
            }
        }
    }
}

/// Everything the standard knows; `gain_key` is the name under which the gains of a file are stored.
Readers all_readers(const std::function<std::string(const std::string&)>& gain_key) {
    Readers readers;
    for (std::size_t model = 0; model < kModels; ++model) {
        for (const Component component : {kPrimary, kSecondary}) {
            add_common(readers, component, model, gain_key(common_file(component, model)));
            add_transforms(readers, component, model);
        }
    }
    add_eicci(readers);
    return readers;
}

using File = std::map<std::string, const CatalogTensor*>;  // by key

/// Shapes that differ in sides of 1 only hold the same values; the tables of checkpoints are not consistent there.
std::vector<std::size_t> without_ones(std::vector<std::size_t> shape) {
    std::erase(shape, std::size_t{1});
    return shape;
}

bool same_shape(const CatalogTensor& tensor, const Wanted& wanted) {
    return wanted.trained ? tensor.shape == wanted.shape : without_ones(tensor.shape) == without_ones(wanted.shape);
}

void take(const File& file, const Wanted& wanted, InventoryItem& item, std::set<std::string>& used) {
    const auto found = file.find(wanted.key);
    if (found == file.end()) {
        item.problems.push_back(wanted.key + " is missing");
        return;
    }
    const CatalogTensor& tensor = *found->second;
    used.insert(wanted.key);
    ++item.tensors;
    if (wanted.trained) item.parameters += tensor.values;
    item.bytes += tensor.bytes;
    item.stored += tensor.stored;
    if (!same_shape(tensor, wanted)) {
        item.problems.push_back(wanted.key + " has shape " + shape_text(tensor.shape) + ", expected " +
                                shape_text(wanted.shape));
    } else if (tensor.dtype != wanted.dtype) {
        item.problems.push_back(wanted.key + " is " + dtype_name(tensor.dtype) + ", expected " +
                                dtype_name(wanted.dtype));
    }
}

}  // namespace

std::string shape_text(const std::vector<std::size_t>& shape) {
    std::string text = "[";
    for (const std::size_t side : shape) text += (text.size() > 1 ? "," : "") + std::to_string(side);
    return text + "]";
}

Inventory take_inventory(const Catalog& catalog) {
    std::map<std::string, File> files;
    for (const CatalogTensor& tensor : catalog.tensors) files[tensor.file].emplace(tensor.key, &tensor);
    const Readers readers = all_readers([&](const std::string& name) {
        const auto file = files.find(name);
        const bool old = file != files.end() && file->second.contains("quantizer.gain_unit.c");
        return old ? "quantizer.gain_unit.c" : "vr_vec.c";
    });
    Inventory inventory;
    for (const auto& [name, file] : files) {
        const auto known = readers.find(name);
        if (known == readers.end()) {
            inventory.unknown_files.push_back(name);
            continue;
        }
        std::set<std::string> used;
        for (const Reader& reader : known->second) {
            InventoryItem item;
            item.network = reader.network;
            item.model = reader.model;
            item.file = name;
            for (const Wanted& wanted : reader.wanted) take(file, wanted, item, used);
            inventory.networks.push_back(std::move(item));
        }
        inventory.unused_tensors += file.size() - used.size();
    }
    return inventory;
}

}  // namespace jpegai
