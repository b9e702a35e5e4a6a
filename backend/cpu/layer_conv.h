// Convolutions and transposed convolutions on blocks of 16 channels (spec/numeric_contract.md section 5).
#pragma once

#include <memory>
#include <vector>

#include "backend/cpu/aligned_floats.h"
#include "backend/cpu/conv_span.h"
#include "backend/cpu/layer.h"
#include "networks/graph.h"

namespace jpegai::cpu {

/// Up to four blocks of output channels that are computed together.
struct ConvGroup {
    std::size_t blocks = 1, first_out_block = 0;
    std::size_t first_in_block = 0, in_channels = 0;
    std::size_t weights = 0;  ///< offset of [input channel][kernel row][kernel column][16 * blocks]
    std::size_t start = 0;    ///< offset of 16 * blocks bias values or zeros
};

/// Output samples of one parity (all of them, unless the layer doubles its size), as a plain convolution.
struct ConvPhase {
    bool fast = false;  ///< `shape` has tiles for it; otherwise point by point
    ConvShape shape = ConvShape::k1;
    std::vector<std::ptrdiff_t> row_offsets;  ///< input row of each kernel row, relative to unit * stride
    std::ptrdiff_t col_offset = 0;            ///< column of the leftmost tap of position 0
    std::size_t kernel_cols = 1, stride = 1;
    std::size_t dy = 0, dx = 0;  ///< where in the group of rows_per_unit rows and columns the outputs lie
    std::vector<ConvGroup> groups;
};

/// Inputs: the sum's, and `other` if the finish has one.
class ConvLayer final : public Layer {
public:
    /// Whether this layer can do the node: groups of whole blocks, no stride beyond 2 in fast form ..
    [[nodiscard]] static bool supports(const Graph& graph, const Node& node);

    /// Packs weights for the kernels. `shuffled`: a pixel shuffle by 2 follows and is done by the stores.
    /// `planar`: the input has fewer than 16 channels and is planar.
    ConvLayer(const CpuKernels& kernels, const Node& node, std::size_t in_channels, const Network::Weights& weights,
              bool shuffled, bool planar);

    /// Whether all of it runs in tiles; only then it may have a finish, a second input and a copy.
    [[nodiscard]] bool fast() const { return phases_[0].fast; }

    Finish finish = Finish::kNone;

    [[nodiscard]] Range needs(std::size_t input, Range units, const LayerSizes& sizes) const override;
    [[nodiscard]] std::size_t weight_bytes() const override { return packed_.size() * sizeof(float); }
    void run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const override;

private:
    class Packer;
    struct Item;
    void run_item(const LayerWork& work, const Item& item, const float** rows) const;
    void run_points(const LayerWork& work, const Item& item, const float* const* rows, Range kernel_rows) const;

    bool planar_ = false;
    std::size_t in_blocks_ = 0, kernel_rows_ = 1;  ///< largest number of row pointers: their product
    AlignedFloats packed_;
    std::vector<ConvPhase> phases_;
    struct Set {
        std::size_t phase, group;
    };
    std::vector<Set> sets_;  ///< all groups of all phases
};

}  // namespace jpegai::cpu
