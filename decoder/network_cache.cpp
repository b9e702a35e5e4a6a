#include "decoder/network_cache.h"

#include <atomic>
#include <functional>
#include <vector>

#include <fmt/format.h>

#include "decoder/filters/eicci.h"
#include "networks/context_model.h"
#include "networks/eicci.h"
#include "networks/gradient.h"

namespace jpegai {

NetworkCache::NetworkCache(std::shared_ptr<const WeightSet> weights, std::shared_ptr<const Backend> backend)
    : weights_(std::move(weights)), backend_(std::move(backend)) {}

/// The set to load one network from.
std::shared_ptr<const WeightSet> NetworkCache::borrow() const {
    const std::shared_ptr<const WeightSet> fresh = weights_->reopen();
    return fresh ? fresh : weights_;
}

const NetworkRunner& NetworkCache::once(const std::string& key, const Graph& graph, const std::string& file,
                                        bool gradient) const {
    Slot<NetworkRunner>* slot = nullptr;
    {
        const std::lock_guard lock(mutex_);
        slot = &runners_[key];
    }
    const std::lock_guard lock(slot->mutex);
    if (!slot->value) {
        Network network = weights_ ? bind_network(graph, borrow(), file) : blank_network(graph);
        slot->value = backend_->prepare(gradient ? differentiate(network) : std::move(network));
    }
    return *slot->value;
}

const EntropyModel& NetworkCache::entropy(std::size_t model_id, Component component) const {
    Slot<EntropyModel>* slot = nullptr;
    {
        const std::lock_guard lock(mutex_);
        slot = &entropy_[{model_id, component}];
    }
    const std::lock_guard lock(slot->mutex);
    if (!slot->value) slot->value = std::make_unique<EntropyModel>(load_entropy_model(*borrow(), model_id, component));
    return *slot->value;
}

void NetworkCache::prepare(const PictureHeader& picture, const ToolHeader& tools, OperatingPoint point) const {
    const std::size_t model = picture.model_id;
    std::vector<std::function<void()>> tasks;
    const auto add = [&](NetworkKind kind, Component c) {
        tasks.emplace_back([this, kind, point, c, model] { (void)network(kind, point, c, model); });
    };
    // The largest first, so that no thread is left with it at the end.
    add(NetworkKind::kHyperDecoder, kPrimary);
    add(NetworkKind::kContextModel, kPrimary);
    for (const Component c : {kPrimary, kSecondary}) tasks.emplace_back([this, c, model] { (void)entropy(model, c); });
    add(NetworkKind::kHyperDecoder, kSecondary);
    for (const Component c : {kPrimary, kSecondary}) add(NetworkKind::kSynthesis, c);
    if (tools.eicci) {
        for (const EicciSelection& s : eicci_selections(picture, *tools.eicci, point, false)) {
            if (s.use[0]) tasks.emplace_back([this, point, i = s.luma] { (void)eicci(point, i, false); });
            if (s.use[1] || s.use[2]) tasks.emplace_back([this, point, i = s.chroma] { (void)eicci(point, i, true); });
        }
    }
    // Tensors of a network lie in memory beside its packed weights while it is loaded: two at a time take little more
    // than one.
    constexpr std::size_t kTogether = 2;
    std::atomic<std::size_t> next = 0;
    backend_->run_rows(kTogether, [&](std::size_t, std::size_t) {
        for (std::size_t i = next++; i < tasks.size(); i = next++) tasks[i]();
    });
}

ModelMask NetworkCache::complete_models(const TransformNeeds& needs) const {
    return weights_ ? jpegai::complete_models(*weights_, needs) : kAllModels;
}

void NetworkCache::require(std::size_t model_id, const TransformNeeds& needs, const std::string& advice) const {
    if (weights_) require_files(*weights_, model_id, needs, advice);
}

void NetworkCache::require_weights_of(std::span<const std::uint8_t> user_data, std::size_t model_id,
                                      std::span<const WeightPart> parts) const {
    const std::optional<WeightIdentity> identity = parse_weight_identity(user_data);
    if (!identity) return;
    require_same_weights(*identity, *weights_, parts, [&](WeightPart part) {
        const std::lock_guard lock(mutex_);
        const auto known = fingerprints_.find({model_id, part});
        if (known != fingerprints_.end()) return known->second;
        return fingerprints_[{model_id, part}] = part_fingerprint(*borrow(), model_id, part);
    });
}

std::vector<std::uint8_t> NetworkCache::weight_record(std::size_t model_id,
                                                      std::span<const OperatingPoint> points) const {
    return weight_user_data(*borrow(), model_id, points);
}

const NetworkRunner& NetworkCache::network(NetworkKind kind, OperatingPoint point, Component component,
                                           std::size_t model_id) const {
    const std::string file = network_file(kind, point, component, model_id);
    return once(fmt::format("{} {}", file, static_cast<int>(kind)), network_graph(kind, point, component), file);
}

const NetworkRunner& NetworkCache::context_phase(std::size_t model_id, std::size_t phase) const {
    const std::string file = common_file(kPrimary, model_id);
    return once(fmt::format("{} context phase {}", file, phase), context_phase_graph(phase), file);
}

const NetworkRunner& NetworkCache::synthesis_gradient(OperatingPoint point, Component component,
                                                      std::size_t model_id) const {
    const std::string file = network_file(NetworkKind::kSynthesis, point, component, model_id);
    return once(file + " gradient", network_graph(NetworkKind::kSynthesis, point, component), file, true);
}

const NetworkRunner& NetworkCache::chroma_mean() const {
    return once("chroma mean", chroma_mean_graph(), "");
}

const NetworkRunner& NetworkCache::eicci(OperatingPoint point, std::size_t index, bool chroma) const {
    const std::string file = eicci_file(point, index);
    return once(fmt::format("{} {}", file, chroma), chroma ? eicci_chroma_graph() : eicci_luma_graph(), file);
}

}  // namespace jpegai
