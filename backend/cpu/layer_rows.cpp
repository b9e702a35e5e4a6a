#include "backend/cpu/layer_rows.h"

#include <algorithm>
#include <array>

namespace jpegai::cpu {

namespace {

constexpr std::size_t kMaxChainInputs = 4;
constexpr std::size_t kChunk = 1024;  // floats that stay in the first-level cache from one operation to the next

}  // namespace

void ElementwiseLayer::set_parameters(Operation& operation, const Network::Weights& weights, const ValueInfo& value) {
    operation.parameters = parameters_.size();
    const bool per_channel = operation.op == Elementwise::kBatchNorm;
    for (std::size_t b = 0; b < value.blocks(); ++b) {
        for (const std::span<const float> source : {weights.weight, weights.bias}) {
            for (std::size_t lane = 0; lane < kBlock; ++lane) {
                const std::size_t c = !per_channel ? 0 : value.planar ? b : b * kBlock + lane;
                parameters_.push_back(c < source.size() ? source[c] : 0.0F);
            }
        }
    }
}

Range ElementwiseLayer::needs(std::size_t input, Range units, const LayerSizes& sizes) const {
    return same_rows(units, rows_per_unit, sizes.inputs[input]);
}

void ElementwiseLayer::run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const {
    const std::size_t blocks = work.inputs[0].blocks();
    team.for_each(blocks * units.count(), [&](std::size_t, std::size_t first, std::size_t end) {
        for (std::size_t i = first; i < end; ++i) run_row(work, i % blocks, units.first + i / blocks);
    });
}

void ElementwiseLayer::run_row(const LayerWork& work, std::size_t block, std::size_t y) const {
    const std::size_t n = work.output_size.cols * work.inputs[0].step();
    std::array<const float*, kMaxChainInputs> in{};
    for (std::size_t k = 0; k < inputs.size(); ++k) in[k] = work.inputs[k].row(block, y);
    float* out = work.output.row(block, y);
    const std::size_t whole = n / kBlock * kBlock;
    for (std::size_t x = 0; x < whole; x += kChunk) {
        const std::size_t count = std::min(kChunk, whole - x);
        run_part(work, block, in.data(), out, count);
        for (const float*& p : in) p = p == nullptr ? p : p + count;
        out += count;
    }
    if (whole == n) return;
    // The last columns of a plane: rows of planes are exactly as long as the plane is wide.
    std::array<std::array<float, kBlock>, kMaxChainInputs> rest{};
    std::array<float, kBlock> result{};
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        std::copy_n(in[k], n - whole, rest[k].begin());
        in[k] = rest[k].data();
    }
    run_part(work, block, in.data(), result.data(), kBlock);
    std::copy_n(result.begin(), n - whole, out);
}

void ElementwiseLayer::run_part(const LayerWork& work, std::size_t block, const float* const* in, float* out,
                                std::size_t n) const {
    const float* value = in[0];
    for (const Operation& operation : operations) {
        const float* a = value;
        const float* b = a;  // not read where there is no second operand
        if (operation.other != 0) {
            b = in[operation.other];
        } else if (operation.op == Elementwise::kScale || operation.op == Elementwise::kBatchNorm) {
            b = parameters_.data() + operation.parameters + block * 2 * kBlock;
        }
        if (operation.chain_second) std::swap(a, b);
        work.kernels->elementwise[static_cast<std::size_t>(operation.op)](out, a, b, n);
        value = out;
    }
}

Range EluGateLayer::needs(std::size_t /*input*/, Range units, const LayerSizes& sizes) const {
    return same_rows(units, rows_per_unit, sizes.inputs[0]);
}

void EluGateLayer::run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const {
    const std::size_t blocks = work.inputs[0].blocks() / 2, n = work.output_size.cols * kBlock;
    team.for_each(blocks * units.count(), [&](std::size_t, std::size_t first, std::size_t end) {
        for (std::size_t i = first; i < end; ++i) {
            const std::size_t b = i % blocks, y = units.first + i / blocks;
            work.kernels->elementwise[static_cast<std::size_t>(Elementwise::kEluGate)](
                work.output.row(b, y), work.inputs[0].row(b, y), work.inputs[0].row(blocks + b, y), n);
        }
    });
}

LayerNormLayer::LayerNormLayer(const Network::Weights& weights)
    : weight_(weights.weight.size()), bias_(weights.bias.size()) {
    std::copy(weights.weight.begin(), weights.weight.end(), weight_.data());
    std::copy(weights.bias.begin(), weights.bias.end(), bias_.data());
}

Range LayerNormLayer::needs(std::size_t /*input*/, Range units, const LayerSizes& sizes) const {
    return same_rows(units, rows_per_unit, sizes.inputs[0]);
}

void LayerNormLayer::run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const {
    const BoundView& input = work.inputs[0];
    const std::size_t groups = ceil_div(work.output_size.cols, kBlock);  // of 16 positions; rows have room for all
    team.for_each(groups * units.count(), [&](std::size_t, std::size_t first, std::size_t end) {
        while (first < end) {
            const std::size_t y = units.first + first / groups, group = first % groups;
            const std::size_t count = std::min(end - first, groups - group);
            LayerNormRow row{};
            row.x = input.row(0, y) + group * kBlock * kBlock;
            row.out = work.output.row(0, y) + group * kBlock * kBlock;
            row.blocks = input.blocks();
            row.x_block_step = row.blocks > 1 ? static_cast<std::size_t>(input.row(1, y) - input.row(0, y)) : 0;
            row.out_block_step = work.output.block_stride;
            row.positions = count * kBlock;
            row.weight = weight_.data();
            row.bias = bias_.data();
            work.kernels->layer_norm(row);
            first += count;
        }
    });
}

AlignedFloats pack_depthwise(std::size_t channels, std::span<const float> weight) {
    constexpr std::size_t kTaps = 9;
    AlignedFloats packed(ceil_div(channels, kBlock) * kTaps * kBlock);
    for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t tap = 0; tap < kTaps; ++tap) {
            packed.data()[(c / kBlock * kTaps + tap) * kBlock + c % kBlock] = weight[c * kTaps + tap];
        }
    }
    return packed;
}

void set_depthwise_rows(DepthwiseRow& row, const BoundView& input, std::size_t block, std::size_t y) {
    const std::size_t rows = input.size().rows;
    row.rows[0] = y > 0 ? input.row(block, y - 1) : nullptr;
    row.rows[1] = input.row(block, y);
    row.rows[2] = y + 1 < rows ? input.row(block, y + 1) : nullptr;
}

DepthwiseLayer::DepthwiseLayer(std::size_t channels, const Network::Weights& weights)
    : packed_(pack_depthwise(channels, weights.weight)), start_(ceil_div(channels, kBlock) * kBlock) {
    std::copy(weights.bias.begin(), weights.bias.end(), start_.data());
}

bool DepthwiseLayer::supports(const Graph& graph, const Node& node) {
    return node.op == Op::kConv && node.groups > 1 && node.groups == node.out_channels &&
           graph.nodes[node.inputs[0]].out_channels == node.groups && node.kernel_rows == 3 && node.kernel_cols == 3 &&
           node.stride == 1 && node.pad_top == 1 && node.pad_left == 1 && node.pad_bottom == 1 && node.pad_right == 1;
}

Range DepthwiseLayer::needs(std::size_t /*input*/, Range units, const LayerSizes& sizes) const {
    return {units.first == 0 ? 0 : units.first - 1, std::min(units.end + 1, sizes.inputs[0].rows)};
}

void DepthwiseLayer::run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const {
    const std::size_t blocks = work.inputs[0].blocks();
    team.for_each(blocks * units.count(), [&](std::size_t, std::size_t first, std::size_t end) {
        // Block by block: neighbouring rows read the same ones.
        for (std::size_t i = first; i < end; ++i) {
            const std::size_t b = i / units.count(), y = units.first + i % units.count();
            DepthwiseRow row{};
            set_depthwise_rows(row, work.inputs[0], b, y);
            row.weights = packed_.data() + b * 9 * kBlock;
            row.start = start_.data() + b * kBlock;
            row.out = work.output.row(b, y);
            row.cols = row.end = work.output_size.cols;
            work.kernels->depthwise(row);
        }
    });
}

}  // namespace jpegai::cpu
