#include "models/catalog.h"

#include <algorithm>

#include <fmt/format.h>

#include "models/checkpoint_folder.h"
#include "models/checkpoint_reader.h"
#include "models/pack_format.h"

namespace jpegai {
namespace {

std::string describe_encoding(const PackEntry& entry) {
    const char* const codec = entry.codec == PackCodec::kZstd ? "zstd" : "raw";
    switch (entry.encoding) {
        case PackEncoding::kPlain:
            return codec;
        case PackEncoding::kPlanes:
            return fmt::format("byte planes, {}", codec);
        case PackEncoding::kHalf:
            return fmt::format("float16, {}", codec);
        case PackEncoding::kHalfPlanes:
            return fmt::format("float16 planes, {}", codec);
        case PackEncoding::kGrid:
            return fmt::format("grid 2^{}, {} planes, {}", entry.exponent, entry.planes, codec);
        case PackEncoding::kU8:
            return fmt::format("uint8, {}", codec);
    }
    return "unknown";
}

void add_pack(const std::string& path, Catalog& catalog) {
    PackIndex index = read_pack_index(*file_source(path));
    catalog.name = index.name;
    catalog.info = index.info;
    for (const PackEntry& entry : index.entries) {
        catalog.tensors.push_back({entry.file, entry.key, entry.dtype, entry.shape, entry.count(),
                                   entry.count() * dtype_size(entry.dtype), entry.size, describe_encoding(entry)});
    }
}

void add_checkpoint(const std::string& name, const std::string& path, Catalog& catalog) {
    const CheckpointReader reader(file_source(path));
    for (const auto& [key, place] : reader.tensors()) {
        if (!is_weight_key(key)) continue;
        catalog.tensors.push_back(
            {name, key, place.dtype, place.shape, place.count(), place.bytes(), place.bytes(), "raw"});
    }
}

void add_totals(Catalog& catalog) {
    std::sort(catalog.tensors.begin(), catalog.tensors.end(), [](const CatalogTensor& a, const CatalogTensor& b) {
        return std::tie(a.file, a.key) < std::tie(b.file, b.key);
    });
    for (const CatalogTensor& tensor : catalog.tensors) {
        if (catalog.files.empty() || catalog.files.back() != tensor.file) catalog.files.push_back(tensor.file);
        catalog.values += tensor.values;
        catalog.bytes += tensor.bytes;
        catalog.stored += tensor.stored;
    }
}

}  // namespace

Catalog make_catalog(const std::string& path) {
    return make_catalog(find_weights(path));
}

Catalog make_catalog(const WeightPaths& paths) {
    Catalog catalog;
    const auto set = open_weights(paths);
    catalog.description = set->describe();
    catalog.fingerprint = set->known_fingerprint();
    for (const std::string& pack : paths.packs) add_pack(pack, catalog);
    for (const auto& [name, file] : paths.checkpoints) add_checkpoint(name, file, catalog);
    if (paths.packs.size() > 1) catalog.name = catalog.info = {};
    add_totals(catalog);
    return catalog;
}

SetContents contents_of(std::span<const std::string> files) {
    const auto have = [&](const std::string& name) {
        return std::find(files.begin(), files.end(), name) != files.end();
    };
    SetContents contents;
    for (std::size_t model = 0; model < kModels; ++model) {
        const auto both = [&](const char* start) {
            return have(fmt::format("{}Y_{}", start, kModelBeta[model])) &&
                   have(fmt::format("{}UV_{}", start, kModelBeta[model]));
        };
        contents.models[model] = {both("VM_common_int/"),  both("VM_bop/encoder_"), both("VM_hop/encoder_"),
                                  both("VM_sop/decoder_"), both("VM_bop/decoder_"), both("VM_hop/decoder_")};
    }
    contents.eicci = static_cast<std::size_t>(
        std::count_if(files.begin(), files.end(), [](const std::string& name) { return name.starts_with("eICCI"); }));
    return contents;
}

}  // namespace jpegai
