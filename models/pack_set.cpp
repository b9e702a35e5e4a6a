#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"
#include "models/fingerprint.h"
#include "models/lazy_set.h"
#include "models/pack_format.h"
#include "models/weight_identity.h"

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
    PackSet(std::string name, std::vector<OpenPack> packs, Places places)
        : LazySet(names_of(places)), name_(std::move(name)), packs_(std::move(packs)), places_(std::move(places)) {}
    [[nodiscard]] std::string describe() const override {
        const OpenPack& first = packs_.front();
        std::string text = first.index.name.empty()
                               ? fmt::format("weight pack {}", first.source->name())
                               : fmt::format("weight set \"{}\" ({})", first.index.name, first.source->name());
        if (packs_.size() > 1) text += fmt::format(" and {} more", packs_.size() - 1);
        return text;
    }
    [[nodiscard]] std::string name() const override {
        const OpenPack& first = packs_.front();
        return first.index.name.empty() ? name_ : first.index.name;
    }
    [[nodiscard]] bool is_official(std::string_view file) const override {
        const auto place = places_.find(file);
        return place != places_.end() && packs_[place->second.pack].index.name == kOfficialSetName;
    }
    [[nodiscard]] std::string known_fingerprint() const override {
        return packs_.size() == 1 ? packs_.front().index.fingerprint : std::string();
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

    std::string name_;
    std::vector<OpenPack> packs_;
    Places places_;
};

void check_data_hash(const ByteSource& pack, const PackIndex& index) {
    Sha256 hash;
    std::vector<std::uint8_t> piece;
    for (std::uint64_t at = index.data_offset; at < pack.size(); at += piece.size()) {
        piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(1 << 20, pack.size() - at)));
        pack.read(at, piece);
        hash.update(piece);
    }
    if (to_hex(hash.finish()) != index.data_sha256) {
        throw Error(JPEGAI_ERROR_MODEL, index.data_offset, pack.name() + " does not have its SHA-256");
    }
}

}  // namespace

void verify_pack(const std::shared_ptr<const ByteSource>& pack) {
    const PackIndex index = read_pack_index(*pack);
    const std::string computed = compute_fingerprint(*weights_from_packs({pack}));
    if (index.version == 1) {
        check_data_hash(*pack, index);
    } else if (computed != index.fingerprint) {
        throw Error(JPEGAI_ERROR_MODEL, pack->name() + " does not have its fingerprint");
    }
}

std::shared_ptr<const WeightSet> weights_from_packs(const std::vector<std::shared_ptr<const ByteSource>>& sources,
                                                    const std::string& name) {
    if (sources.empty()) throw Error(JPEGAI_ERROR_ARGUMENT, "a weight set of no packs");
    std::vector<OpenPack> packs = open_packs(sources);
    Places places = place_files(packs);
    return std::make_shared<PackSet>(name, std::move(packs), std::move(places));
}

}  // namespace jpegai
