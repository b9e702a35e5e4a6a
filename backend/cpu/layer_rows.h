// Layers that compute each row from the same rows, or from three neighbours: elementwise operations, layer norm,
// depthwise convolutions.
#pragma once

#include <vector>

#include "backend/cpu/aligned_floats.h"
#include "backend/cpu/layer.h"
#include "networks/graph.h"

namespace jpegai::cpu {

/// Elementwise operations one after the other. All inputs have the same layout; the first is what the chain starts
/// with.
class ElementwiseLayer final : public Layer {
public:
    struct Operation {
        Elementwise op = Elementwise::kCopy;
        std::size_t other = 0;       ///< input that is the second operand, 0 for none
        bool chain_second = false;   ///< the chain's value is the second operand, `other` the first
        std::size_t parameters = 0;  ///< offset in `parameters` of 32 floats per block
    };
    std::vector<Operation> operations;

    /// Appends scale and shift of each channel (kBatchNorm) or one factor (kScale) for `operation`.
    void set_parameters(Operation& operation, const Network::Weights& weights, const ValueInfo& value);

    [[nodiscard]] Range needs(std::size_t input, Range units, const LayerSizes& sizes) const override;
    void run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const override;

private:
    void run_row(const LayerWork& work, std::size_t block, std::size_t y) const;
    void run_part(const LayerWork& work, std::size_t block, const float* const* in, float* out, std::size_t n) const;

    std::vector<float> parameters_;
};

/// ELU of the first half of the channels times the second half.
class EluGateLayer final : public Layer {
public:
    [[nodiscard]] Range needs(std::size_t input, Range units, const LayerSizes& sizes) const override;
    void run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const override;
};

class LayerNormLayer final : public Layer {
public:
    explicit LayerNormLayer(const Network::Weights& weights);
    [[nodiscard]] Range needs(std::size_t input, Range units, const LayerSizes& sizes) const override;
    void run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const override;

private:
    AlignedFloats weight_, bias_;
};

/// 3x3, stride 1, padding 1, one input channel per output channel.
class DepthwiseLayer final : public Layer {
public:
    /// `weights` of `channels` channels, [channel][3][3]; bias may be empty.
    DepthwiseLayer(std::size_t channels, const Network::Weights& weights);
    [[nodiscard]] static bool supports(const Graph& graph, const Node& node);
    [[nodiscard]] Range needs(std::size_t input, Range units, const LayerSizes& sizes) const override;
    void run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const override;

private:
    AlignedFloats packed_, start_;
};

/// Weights [channel][3][3] as [block][3][3][16].
[[nodiscard]] AlignedFloats pack_depthwise(std::size_t channels, std::span<const float> weight);
/// Input rows of row y of a 3x3 convolution with padding 1, null outside the picture.
void set_depthwise_rows(DepthwiseRow& row, const BoundView& input, std::size_t block, std::size_t y);

}  // namespace jpegai::cpu
