// Transposed convolution k3 with few output channels: vectors hold columns, because channels would not fill them.
#pragma once

#include <vector>

#include "backend/cpu/layer.h"
#include "networks/graph.h"

namespace jpegai::cpu {

/// Planar input, planar output; rows and columns beyond the output's size are left out.
class NarrowTransposedLayer final : public Layer {
public:
    NarrowTransposedLayer(const Node& node, std::size_t in_channels, const Network::Weights& weights, bool denormalise);
    [[nodiscard]] static bool supports(const Node& node);
    [[nodiscard]] Range needs(std::size_t input, Range units, const LayerSizes& sizes) const override;
    void run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const override;

private:
    void run_part(const LayerWork& work, std::size_t channel, std::size_t unit, Range cols, float* scratch) const;

    std::size_t in_channels_, out_channels_;
    bool denormalise_;
    std::vector<float> weights_, start_;  ///< [output channel][input channel][3][3]
};

}  // namespace jpegai::cpu
