#include "decoder/network_cache.h"

#include <fmt/format.h>

#include "networks/context_model.h"
#include "networks/eicci.h"

namespace jpegai {

NetworkCache::NetworkCache(std::shared_ptr<const WeightSet> weights, std::shared_ptr<const Backend> backend)
    : weights_(std::move(weights)), backend_(std::move(backend)) {}

template <class Make>
const NetworkRunner& NetworkCache::once(const std::string& key, Make make) const {
    const std::lock_guard lock(mutex_);
    auto& slot = runners_[key];
    if (!slot) slot = backend_->prepare(make());
    return *slot;
}

const EntropyModel& NetworkCache::entropy(std::size_t model_id, Component component) const {
    const std::lock_guard lock(mutex_);
    auto& slot = entropy_[{model_id, component}];
    if (!slot) slot = std::make_unique<EntropyModel>(load_entropy_model(*weights_, model_id, component));
    return *slot;
}

void NetworkCache::require_weights_of(std::span<const std::uint8_t> user_data, std::size_t model_id,
                                      std::span<const WeightPart> parts) const {
    const std::optional<WeightIdentity> identity = parse_weight_identity(user_data);
    if (!identity) return;
    require_same_weights(*identity, *weights_, parts, [&](WeightPart part) {
        const std::lock_guard lock(mutex_);
        const auto known = fingerprints_.find({model_id, part});
        if (known != fingerprints_.end()) return known->second;
        return fingerprints_[{model_id, part}] = part_fingerprint(*weights_, model_id, part);
    });
}

const NetworkRunner& NetworkCache::network(NetworkKind kind, OperatingPoint point, Component component,
                                           std::size_t model_id) const {
    const std::string file = network_file(kind, point, component, model_id);
    return once(fmt::format("{} {}", file, static_cast<int>(kind)),
                [&] { return bind_network(network_graph(kind, point, component), weights_, file); });
}

const NetworkRunner& NetworkCache::context_phase(std::size_t model_id, std::size_t phase) const {
    const std::string file = common_file(kPrimary, model_id);
    return once(fmt::format("{} context phase {}", file, phase),
                [&] { return bind_network(context_phase_graph(phase), weights_, file); });
}

const NetworkRunner& NetworkCache::chroma_mean() const {
    return once("chroma mean", [&] { return bind_network(chroma_mean_graph(), weights_, ""); });
}

const NetworkRunner& NetworkCache::eicci(OperatingPoint point, std::size_t index, bool chroma) const {
    const std::string file = eicci_file(point, index);
    return once(fmt::format("{} {}", file, chroma),
                [&] { return bind_network(chroma ? eicci_chroma_graph() : eicci_luma_graph(), weights_, file); });
}

}  // namespace jpegai
