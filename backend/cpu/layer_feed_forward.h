// The feed-forward part of a transformer block (03 section 3.6): 1x1 to 8 C channels, depthwise 3x3, ELU gate, 1x1
// back, plus the residual. The wide map exists only as a window of three rows, and the picture is worked on in strips
// of columns whose window fits the second-level cache. A strip computes the column on either side of it for itself, so
// that strips need nothing of each other.
#pragma once

#include <vector>

#include "backend/cpu/aligned_floats.h"
#include "backend/cpu/layer.h"
#include "networks/graph.h"

namespace jpegai::cpu {

/// Inputs: the normed features, the residual.
class FeedForwardLayer final : public Layer {
public:
    struct Weights {
        std::span<const float> project_in, depthwise, project_out;
    };
    /// `width`: channels after the gate (4 C); a multiple of 16, like `channels`.
    FeedForwardLayer(const CpuKernels& kernels, std::size_t channels, std::size_t width, const Weights& weights,
                     std::size_t threads);
    [[nodiscard]] Range needs(std::size_t input, Range units, const LayerSizes& sizes) const override;
    [[nodiscard]] std::size_t least_units() const override;
    [[nodiscard]] std::size_t scratch_floats(const LayerSizes& sizes, std::size_t max_units) const override;
    [[nodiscard]] std::size_t weight_bytes() const override;
    void run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const override;

private:
    /// Blocks [first, first + blocks) of both halves of the wide map, widened and gated together.
    struct Chunk {
        std::size_t first, blocks;
        std::size_t weights;  ///< offset of [input channel][16 * 2 blocks], first half before second
    };
    struct Layout;
    struct Strip;
    void pack(const CpuKernels& kernels, const Weights& weights);
    [[nodiscard]] Layout layout(std::size_t cols) const;
    void widen(const LayerWork& work, const Strip& strip, const Chunk& chunk, std::size_t y) const;
    void gate(const LayerWork& work, const Strip& strip, const Chunk& chunk, std::size_t y) const;
    void narrow(const LayerWork& work, const Strip& strip, std::size_t y) const;

    std::size_t channels_, width_, threads_;
    std::vector<Chunk> chunks_;
    std::vector<std::size_t> out_groups_;  ///< blocks of each group of output channels
    AlignedFloats in_packed_, out_packed_, depthwise_, zeros_;
};

}  // namespace jpegai::cpu
