// Layers that move samples: between planes and blocks, shuffles, padding, polyphase parts; and the Haar transform,
// which computes little more.
#pragma once

#include "backend/cpu/layer.h"
#include "networks/graph.h"

namespace jpegai::cpu {

/// The same samples in the other layout, or a copy in the same one.
class ConvertLayer final : public Layer {
public:
    ConvertLayer(std::size_t channels, bool to_planar) : channels_(channels), to_planar_(to_planar) {}
    [[nodiscard]] Range needs(std::size_t input, Range units, const LayerSizes& sizes) const override;
    void run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const override;

private:
    std::size_t channels_;
    bool to_planar_;
};

/// Pixel shuffle from blocks to planes, with the clamp to 0..255 of the synthesis if asked for. Rows and columns beyond
/// the output's size are left out.
class ShuffleOutLayer final : public Layer {
public:
    ShuffleOutLayer(std::size_t factor, std::size_t planes, bool denormalise)
        : factor_(factor), planes_(planes), denormalise_(denormalise) {
        rows_per_unit = factor;
    }
    [[nodiscard]] static bool supports(const Node& node);
    [[nodiscard]] Range needs(std::size_t input, Range units, const LayerSizes& sizes) const override;
    void run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const override;

private:
    void run_block(const LayerWork& work, std::size_t block, std::size_t unit) const;
    std::size_t factor_, planes_;
    bool denormalise_;
};

/// kPixelShuffle, kPixelUnshuffle, kPadReplicate, kPadZeroEven, kPhaseSplit, kPhaseMerge, kHaarSplit, kHaarMerge in any
/// layout: padding and phases of blocks by whole positions, everything else sample by sample.
class RearrangeLayer final : public Layer {
public:
    RearrangeLayer(const Node& node, bool planar_output);
    [[nodiscard]] static bool supports(Op op);
    [[nodiscard]] Range needs(std::size_t input, Range units, const LayerSizes& sizes) const override;
    void run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const override;

private:
    /// One row of one output channel (or of four, for a Haar split) as a strided run of samples.
    struct Target {
        float* data;
        std::size_t step;
    };
    [[nodiscard]] Target target(const LayerWork& work, std::size_t channel, std::size_t y) const;
    [[nodiscard]] bool moves_blocks(const LayerWork& work) const;
    void run_block(const LayerWork& work, std::size_t block, std::size_t unit) const;
    void pad_block(const LayerWork& work, std::size_t block, std::size_t y) const;
    void run_channel(const LayerWork& work, std::size_t channel, std::size_t unit) const;
    void pad_row(const LayerWork& work, std::size_t channel, std::size_t y) const;
    void shuffle_rows(const LayerWork& work, std::size_t channel, std::size_t unit) const;
    void unshuffle_row(const LayerWork& work, std::size_t channel, std::size_t y) const;
    void split_haar_row(const LayerWork& work, std::size_t channel, std::size_t y) const;
    void merge_haar_rows(const LayerWork& work, std::size_t channel, std::size_t unit) const;

    Op op_;
    std::size_t factor_, channels_;
    bool planar_;
};

}  // namespace jpegai::cpu
