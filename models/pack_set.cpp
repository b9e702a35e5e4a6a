#include <fmt/format.h>

#include "base/error.h"
#include "models/lazy_set.h"
#include "models/pack_format.h"

namespace jpegai {
namespace {

struct OpenPack {
    std::shared_ptr<const ByteSource> source;
    PackIndex index;
};

/// Where the tensors of one file lie: entries [first, last) of a pack.
struct Place {
    std::size_t pack = 0, first = 0, last = 0;
};

using Places = std::map<std::string, Place, std::less<>>;

std::vector<OpenPack> open_packs(const std::vector<std::shared_ptr<const ByteSource>>& sources) {
    std::vector<OpenPack> packs;
    for (const auto& source : sources) packs.push_back({source, read_pack_index(*source)});
    return packs;
}

Places place_files(const std::vector<OpenPack>& packs) {
    Places places;
    for (std::size_t p = 0; p < packs.size(); ++p) {
        const auto& entries = packs[p].index.entries;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const auto [place, added] = places.try_emplace(entries[i].file, Place{p, i, i});
            if (!added && place->second.pack != p) {
                throw Error(JPEGAI_ERROR_MODEL,
                            fmt::format("{} is in {} and in {}", entries[i].file,
                                        packs[place->second.pack].source->name(), packs[p].source->name()));
            }
            place->second.last = i + 1;
        }
    }
    return places;
}

std::vector<std::string> names_of(const Places& places) {
    std::vector<std::string> names;
    for (const auto& [name, place] : places) names.push_back(name);
    return names;
}

class PackSet final : public LazySet {
public:
    PackSet(std::vector<OpenPack> packs, Places places)
        : LazySet(names_of(places)), packs_(std::move(packs)), places_(std::move(places)) {}
    [[nodiscard]] std::string describe() const override {
        std::string text;
        for (const OpenPack& pack : packs_) {
            if (!text.empty()) text += ", ";
            text += pack.index.name.empty() ? pack.source->name()
                                            : fmt::format("set \"{}\" ({})", pack.index.name, pack.source->name());
        }
        return text;
    }

private:
    [[nodiscard]] Checkpoint read(const std::string& file) const override {
        const Place& place = places_.find(file)->second;
        const OpenPack& pack = packs_[place.pack];
        BlockDecoder decoder;
        Checkpoint tensors;
        for (std::size_t i = place.first; i < place.last; ++i) {
            const PackEntry& entry = pack.index.entries[i];
            tensors.emplace_hint(tensors.end(), entry.key, decoder.decode(*pack.source, entry));
        }
        return tensors;
    }

    std::vector<OpenPack> packs_;
    Places places_;
};

}  // namespace

std::shared_ptr<const WeightSet> weights_from_packs(const std::vector<std::shared_ptr<const ByteSource>>& sources) {
    std::vector<OpenPack> packs = open_packs(sources);
    Places places = place_files(packs);
    return std::make_shared<PackSet>(std::move(packs), std::move(places));
}

}  // namespace jpegai
