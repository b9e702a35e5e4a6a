// Networks and entropy models of one weight set, packed for one backend on first use and kept.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "backend/backend.h"
#include "bitstream/headers.h"
#include "decoder/latents.h"
#include "models/weight_identity.h"
#include "networks/availability.h"
#include "networks/registry.h"

namespace jpegai {

/// Safe to use from several threads; what it returns lives as long as the cache. Tensors are read for one network at a
/// time and freed when it has been packed, where the weight set allows it.
class NetworkCache {
public:
    /// Without weights (null) networks have zeros for weights, and there are no entropy models and fingerprints: enough
    /// to ask what a decode would cost.
    NetworkCache(std::shared_ptr<const WeightSet> weights, std::shared_ptr<const Backend> backend);

    /// Loads what a stream needs, spread over the threads of the backend. Not needed before other calls, but quicker.
    void prepare(const PictureHeader& picture, const ToolHeader& tools, OperatingPoint point) const;

    /// Throws Error{model} when a tensor is missing or has the wrong shape.
    [[nodiscard]] const EntropyModel& entropy(std::size_t model_id, Component component) const;
    [[nodiscard]] const NetworkRunner& network(NetworkKind kind, OperatingPoint point, Component component,
                                               std::size_t model_id) const;
    /// The predictor of one phase (0..3) of the luma context model alone, as the encoder needs it.
    [[nodiscard]] const NetworkRunner& context_phase(std::size_t model_id, std::size_t phase) const;
    /// The derivative of a synthesis transform by its latents (networks/gradient.h), as the encoder needs it. Throws
    /// Error{internal} for one that has none (HOP).
    [[nodiscard]] const NetworkRunner& synthesis_gradient(OperatingPoint point, Component component,
                                                          std::size_t model_id) const;
    /// psi and residual to the chroma latent; no weights.
    [[nodiscard]] const NetworkRunner& chroma_mean() const;
    /// Luma (false) or chroma (true) half of network `index` (0..9) of the eICCI bank of `point`.
    [[nodiscard]] const NetworkRunner& eicci(OperatingPoint point, std::size_t index, bool chroma) const;

    /// The models that have everything; all without weights.
    [[nodiscard]] ModelMask complete_models(const TransformNeeds& needs) const;
    /// Throws Error{model} when files are missing, a message that ends with `advice`; see require_files(). Without
    /// weights nothing is missing.
    void require(std::size_t model_id, const TransformNeeds& needs, const std::string& advice) const;

    /// Throws Error{model-mismatch} when the user data of a stream name other weights for one of `parts` than these;
    /// see models/weight_identity.h. Fingerprints are computed for streams that name any, and kept.
    void require_weights_of(std::span<const std::uint8_t> user_data, std::size_t model_id,
                            std::span<const WeightPart> parts) const;

    /// The user data by which a stream names these weights; see weight_user_data() there.
    [[nodiscard]] std::vector<std::uint8_t> weight_record(std::size_t model_id,
                                                          std::span<const OperatingPoint> points) const;

    [[nodiscard]] const Backend& backend() const { return *backend_; }

private:
    /// Something that is made on first use.
    template <class T>
    struct Slot {
        std::mutex mutex;
        std::unique_ptr<T> value;
    };
    [[nodiscard]] const NetworkRunner& once(const std::string& key, const Graph& graph, const std::string& file,
                                            bool gradient = false) const;
    [[nodiscard]] std::shared_ptr<const WeightSet> borrow() const;

    std::shared_ptr<const WeightSet> weights_;
    std::shared_ptr<const Backend> backend_;
    mutable std::mutex mutex_;  ///< of the maps, not of what is in the slots
    mutable std::map<std::string, Slot<NetworkRunner>> runners_;
    mutable std::map<std::pair<std::size_t, Component>, Slot<EntropyModel>> entropy_;
    mutable std::map<std::pair<std::size_t, WeightPart>, std::uint64_t> fingerprints_;
};

}  // namespace jpegai
