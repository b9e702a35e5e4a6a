#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"
#include "models/fingerprint.h"
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

/// The name that all packs agree in, otherwise that of the set: a pack that completes a set does not rename it.
std::string common_name(const std::vector<OpenPack>& packs, const std::string& set_name) {
    const std::string& first = packs.front().index.name;
    const bool agreed = std::all_of(packs.begin(), packs.end(),
                                    [&first](const OpenPack& pack) { return pack.index.name == first; });
    return agreed && !first.empty() ? first : set_name;
}

/// What all sets over the same packs share.
struct PackFiles {
    PackFiles(const std::string& set_name, std::vector<OpenPack> opened)
        : packs(std::move(opened)), name(common_name(packs, set_name)), places(place_files(packs)) {
        for (const OpenPack& pack : packs) hashes.emplace_back(pack.index.entries.size());
    }
    std::vector<OpenPack> packs;
    std::string name;
    Places places;
    /// XXH64 of the values of each entry, by pack, once they have been read; 0 before (and for a value of 0, which is
    /// then computed again).
    mutable std::vector<std::vector<std::atomic<std::uint64_t>>> hashes;
};

class PackSet final : public WeightSet {
public:
    explicit PackSet(std::shared_ptr<const PackFiles> files) : files_(std::move(files)) {
        for (const auto& [name, place] : files_->places) slots_.try_emplace(name);
    }
    [[nodiscard]] std::string describe() const override;
    [[nodiscard]] std::string name() const override { return files_->name; }
    [[nodiscard]] bool is_official(std::string_view file) const override {
        const auto place = files_->places.find(file);
        return place != files_->places.end() && files_->packs[place->second.pack].index.name == kOfficialSetName;
    }
    [[nodiscard]] std::string known_fingerprint() const override {
        return files_->packs.size() == 1 ? files_->packs.front().index.fingerprint : std::string();
    }
    [[nodiscard]] std::vector<std::string> files() const override;
    [[nodiscard]] const Checkpoint& load(std::string_view file) const override;
    [[nodiscard]] const Tensor& tensor(std::string_view file, std::string_view key) const override;
    [[nodiscard]] std::vector<TensorInfo> list(std::string_view file) const override;
    [[nodiscard]] std::uint64_t value_hash(std::string_view file, std::string_view key) const override;
    [[nodiscard]] std::shared_ptr<const WeightSet> reopen() const override { return std::make_shared<PackSet>(files_); }

private:
    /// What has been read of one file.
    struct Slot {
        std::mutex mutex;
        std::atomic<bool> complete{false};
        std::unique_ptr<BlockDecoder> decoder;  ///< as long as more may be read
        Checkpoint tensors;
    };
    [[nodiscard]] const Place& place_of(std::string_view file) const;
    [[nodiscard]] std::size_t entry_of(std::string_view file, std::string_view key) const;
    const Tensor& read(Slot& slot, const Place& place, std::size_t entry) const;

    std::shared_ptr<const PackFiles> files_;
    mutable std::map<std::string, Slot, std::less<>> slots_;
};

std::string PackSet::describe() const {
    const std::string& first = files_->packs.front().source->name();
    std::string text = files_->name.empty() ? fmt::format("weight pack {}", first)
                                            : fmt::format("weight set \"{}\" ({})", files_->name, first);
    if (files_->packs.size() > 1) text += fmt::format(" and {} more", files_->packs.size() - 1);
    return text;
}

std::vector<std::string> PackSet::files() const {
    std::vector<std::string> names;
    for (const auto& [name, place] : files_->places) names.push_back(name);
    return names;
}

const Place& PackSet::place_of(std::string_view file) const {
    const auto found = files_->places.find(file);
    if (found == files_->places.end())
        throw Error(JPEGAI_ERROR_MODEL, fmt::format("{}: no file \"{}\"", describe(), file));
    return found->second;
}

std::size_t PackSet::entry_of(std::string_view file, std::string_view key) const {
    const Place& place = place_of(file);
    const auto& entries = files_->packs[place.pack].index.entries;
    const auto first = entries.begin() + static_cast<std::ptrdiff_t>(place.first),
               last = entries.begin() + static_cast<std::ptrdiff_t>(place.last);
    const auto found =
        std::lower_bound(first, last, key, [](const PackEntry& e, std::string_view wanted) { return e.key < wanted; });
    if (found == last || found->key != key)
        throw Error(JPEGAI_ERROR_MODEL, fmt::format("{}: no tensor \"{}\"", file, key));
    return static_cast<std::size_t>(found - entries.begin());
}

/// The tensor of an entry, decoded unless it is there; with the slot's mutex held.
const Tensor& PackSet::read(Slot& slot, const Place& place, std::size_t entry) const {
    const OpenPack& pack = files_->packs[place.pack];
    const PackEntry& wanted = pack.index.entries[entry];
    const auto found = slot.tensors.find(wanted.key);
    if (found != slot.tensors.end()) return found->second;
    if (!slot.decoder) slot.decoder = std::make_unique<BlockDecoder>();
    Tensor tensor = slot.decoder->decode(*pack.source, wanted);
    // While the values are in the cache; a stream that names its weights asks for it in a moment.
    files_->hashes[place.pack][entry].store(xxh64(tensor.bytes), std::memory_order_relaxed);
    return slot.tensors.emplace(wanted.key, std::move(tensor)).first->second;
}

const Checkpoint& PackSet::load(std::string_view file) const {
    const Place& place = place_of(file);
    Slot& slot = slots_.find(file)->second;
    if (slot.complete.load(std::memory_order_acquire)) return slot.tensors;
    const std::lock_guard lock(slot.mutex);
    for (std::size_t entry = place.first; entry < place.last; ++entry) (void)read(slot, place, entry);
    slot.decoder.reset();
    slot.complete.store(true, std::memory_order_release);
    return slot.tensors;
}

const Tensor& PackSet::tensor(std::string_view file, std::string_view key) const {
    const std::size_t entry = entry_of(file, key);
    Slot& slot = slots_.find(file)->second;
    const std::lock_guard lock(slot.mutex);
    return read(slot, place_of(file), entry);
}

std::vector<TensorInfo> PackSet::list(std::string_view file) const {
    const Place& place = place_of(file);
    std::vector<TensorInfo> list;
    for (std::size_t i = place.first; i < place.last; ++i) {
        const PackEntry& entry = files_->packs[place.pack].index.entries[i];
        list.push_back({entry.key, entry.dtype, entry.shape});
    }
    return list;
}

std::uint64_t PackSet::value_hash(std::string_view file, std::string_view key) const {
    const std::size_t entry = entry_of(file, key);
    const Place& place = place_of(file);
    const std::uint64_t known = files_->hashes[place.pack][entry].load(std::memory_order_relaxed);
    if (known != 0) return known;
    const OpenPack& pack = files_->packs[place.pack];
    return xxh64(BlockDecoder().decode(*pack.source, pack.index.entries[entry]).bytes);
}

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
    return std::make_shared<PackSet>(std::make_shared<const PackFiles>(name, open_packs(sources)));
}

}  // namespace jpegai
