// Channel attention (spec/numeric_contract.md section 6) in two layers: one collects the products of queries and keys
// row by row, the other turns them into matrices once all rows are known and applies these to the values.
#pragma once

#include <vector>

#include "backend/cpu/layer.h"
#include "networks/graph.h"

namespace jpegai::cpu {

struct AttentionShape {
    std::size_t channels = 0, heads = 0;
    [[nodiscard]] std::size_t depth() const { return channels / heads; }
    /// Floats of one set of sums: q k^T of every head, then squares of q, then squares of k.
    [[nodiscard]] std::size_t sums() const { return channels * depth() + 2 * channels; }
};

/// Input: queries and keys. Its output has no samples; row y stands for "row y has been added".
class AttentionSumsLayer final : public Layer {
public:
    explicit AttentionSumsLayer(AttentionShape shape) : shape_(shape) {}
    [[nodiscard]] static bool supports(const Node& node);
    [[nodiscard]] Range needs(std::size_t input, Range units, const LayerSizes& sizes) const override;
    [[nodiscard]] std::size_t scratch_floats(const LayerSizes& sizes, std::size_t max_units) const override;
    void run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const override;

    /// The finished sums of a scratch to which all rows have been added.
    [[nodiscard]] const float* total(float* scratch, Size size) const;

private:
    void add_segment(const LayerWork& work, std::size_t head, std::size_t y, std::size_t segment, float* sums) const;
    void push(float* scratch, std::size_t index, float* sums) const;

    AttentionShape shape_;
};

/// Inputs: values and the output of an AttentionSumsLayer, its partner.
class AttentionApplyLayer final : public Layer {
public:
    AttentionApplyLayer(const CpuKernels& kernels, AttentionShape shape, const AttentionSumsLayer& sums,
                        std::span<const float> temperature);
    [[nodiscard]] Range needs(std::size_t input, Range units, const LayerSizes& sizes) const override;
    [[nodiscard]] std::size_t scratch_floats(const LayerSizes& sizes, std::size_t max_units) const override;
    void run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const override;

private:
    void make_matrices(const LayerWork& work) const;
    void run_group(const LayerWork& work, std::size_t head, std::size_t group, std::size_t y) const;

    AttentionShape shape_;
    const AttentionSumsLayer& sums_;
    std::vector<float> temperature_;
    std::vector<std::size_t> groups_;  ///< blocks of each group of one head
};

}  // namespace jpegai::cpu
