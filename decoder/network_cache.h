// Networks and entropy models of one weight set, packed for one backend on first use and kept.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <tuple>

#include "backend/backend.h"
#include "decoder/latents.h"
#include "models/weight_identity.h"
#include "networks/registry.h"

namespace jpegai {

/// Safe to use from several threads; what it returns lives as long as the cache.
class NetworkCache {
public:
    NetworkCache(std::shared_ptr<const WeightSet> weights, std::shared_ptr<const Backend> backend);

    /// Throws Error{model} when a tensor is missing or has the wrong shape.
    [[nodiscard]] const EntropyModel& entropy(std::size_t model_id, Component component) const;
    [[nodiscard]] const NetworkRunner& network(NetworkKind kind, OperatingPoint point, Component component,
                                               std::size_t model_id) const;
    /// The predictor of one phase (0..3) of the luma context model alone, as the encoder needs it.
    [[nodiscard]] const NetworkRunner& context_phase(std::size_t model_id, std::size_t phase) const;
    /// psi and residual to the chroma latent; no weights.
    [[nodiscard]] const NetworkRunner& chroma_mean() const;
    /// Luma (false) or chroma (true) half of network `index` (0..9) of the eICCI bank of `point`.
    [[nodiscard]] const NetworkRunner& eicci(OperatingPoint point, std::size_t index, bool chroma) const;

    /// Throws Error{model-mismatch} when the user data of a stream name other weights for one of `parts` than these;
    /// see models/weight_identity.h. Fingerprints are computed for streams that name any, and kept.
    void require_weights_of(std::span<const std::uint8_t> user_data, std::size_t model_id,
                            std::span<const WeightPart> parts) const;

    [[nodiscard]] const WeightSet& weights() const { return *weights_; }

private:
    template <class Make>
    [[nodiscard]] const NetworkRunner& once(const std::string& key, Make make) const;

    std::shared_ptr<const WeightSet> weights_;
    std::shared_ptr<const Backend> backend_;
    mutable std::mutex mutex_;
    mutable std::map<std::string, std::unique_ptr<NetworkRunner>> runners_;
    mutable std::map<std::pair<std::size_t, Component>, std::unique_ptr<EntropyModel>> entropy_;
    mutable std::map<std::pair<std::size_t, WeightPart>, std::uint64_t> fingerprints_;
};

}  // namespace jpegai
