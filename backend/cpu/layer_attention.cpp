#include "backend/cpu/layer_attention.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "backend/cpu/conv_span.h"
#include "base/math.h"

namespace jpegai::cpu {

namespace {

constexpr std::size_t kSegmentCols = 256;
constexpr std::size_t kMaxHeadBlocks = 8;
constexpr std::size_t kMaxLevels = 8 * sizeof(std::size_t);
constexpr float kNormEpsilon = 1e-12F;

std::size_t segments_per_row(Size size) {
    return ceil_div(size.cols, kSegmentCols);
}

void add_to(float* sums, const float* left, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) sums[i] = left[i] + sums[i];
}

}  // namespace

bool AttentionSumsLayer::supports(const Node& node) {
    const std::size_t depth = node.out_channels / node.factor;
    return depth % kBlock == 0 && depth / kBlock <= kMaxHeadBlocks;
}

Range AttentionSumsLayer::needs(std::size_t /*input*/, Range units, const LayerSizes& sizes) const {
    return same_rows(units, 1, sizes.inputs[0]);
}

/// First the sums of complete runs of 1, 2, 4 .. segments (one per bit of the number of segments), then those of the
/// segments of one call.
std::size_t AttentionSumsLayer::scratch_floats(const LayerSizes& sizes, std::size_t max_units) const {
    const std::size_t segments = segments_per_row(sizes.inputs[0]);
    const auto levels = static_cast<std::size_t>(std::bit_width(checked_mul(sizes.inputs[0].rows, segments)));
    return checked_mul(levels + max_units * segments, shape_.sums());
}

void AttentionSumsLayer::run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const {
    const Size size = work.inputs[0].size();
    const std::size_t segments = segments_per_row(size), heads = shape_.heads;
    const auto levels = static_cast<std::size_t>(std::bit_width(size.rows * segments));
    float* const fresh = work.scratch + levels * shape_.sums();
    team.for_each(units.count() * segments * heads, [&](std::size_t, std::size_t first, std::size_t end) {
        for (std::size_t i = first; i < end; ++i) {
            const std::size_t segment = i / heads;
            add_segment(work, i % heads, units.first + segment / segments, segment % segments,
                        fresh + segment * shape_.sums());
        }
    });
    for (std::size_t s = 0; s < units.count() * segments; ++s) {
        push(work.scratch, units.first * segments + s, fresh + s * shape_.sums());
    }
}

void AttentionSumsLayer::add_segment(const LayerWork& work, std::size_t head, std::size_t y, std::size_t segment,
                                     float* sums) const {
    const std::size_t depth = shape_.depth(), blocks = depth / kBlock, first = segment * kSegmentCols;
    AttentionSegment s{};
    s.blocks = blocks;
    s.count = std::min(kSegmentCols, work.inputs[0].size().cols - first);
    for (std::size_t b = 0; b < blocks; ++b) {
        const std::size_t block = head * blocks + b;
        s.q[b] = work.inputs[0].row(block, y) + first * kBlock;
        s.k[b] = work.inputs[0].row(shape_.channels / kBlock + block, y) + first * kBlock;
    }
    s.qk = sums + head * depth * depth;
    s.qq = sums + shape_.channels * depth + head * depth;
    s.kk = s.qq + shape_.channels;
    work.kernels->attention_segment(s);
}

/// Adds segment `index`: runs of equal length are added as soon as both are complete, neighbours first.
void AttentionSumsLayer::push(float* scratch, std::size_t index, float* sums) const {
    std::size_t level = 0;
    for (; (index >> level & 1) != 0; ++level) add_to(sums, scratch + level * shape_.sums(), shape_.sums());
    std::copy_n(sums, shape_.sums(), scratch + level * shape_.sums());
}

const float* AttentionSumsLayer::total(float* scratch, Size size) const {
    // What is left over at the right end moves up until it meets a longer run.
    const std::size_t count = size.rows * segments_per_row(size);
    float* sums = nullptr;
    for (std::size_t level = 0; level < kMaxLevels && count >> level != 0; ++level) {
        if ((count >> level & 1) == 0) continue;
        float* const run = scratch + level * shape_.sums();
        if (sums != nullptr) add_to(sums, run, shape_.sums());
        if (sums == nullptr) sums = run;
    }
    return sums;
}

AttentionApplyLayer::AttentionApplyLayer(const CpuKernels& kernels, AttentionShape shape,
                                         const AttentionSumsLayer& sums, std::span<const float> temperature)
    : shape_(shape), sums_(sums), temperature_(temperature.begin(), temperature.end()) {
    for (std::size_t left = shape.depth() / kBlock; left != 0; left -= groups_.back()) {
        groups_.push_back(next_group(kernels, ConvShape::k1, left));
    }
}

Range AttentionApplyLayer::needs(std::size_t input, Range units, const LayerSizes& sizes) const {
    if (input == 1) return {0, sizes.inputs[1].rows};
    return same_rows(units, 1, sizes.inputs[0]);
}

/// Matrices as weights of a 1x1 convolution, [head][group][j][16 * blocks], then zeros to start from.
std::size_t AttentionApplyLayer::scratch_floats(const LayerSizes& /*sizes*/, std::size_t /*max_units*/) const {
    return shape_.channels * shape_.depth() + kMaxTileBlocks * kBlock;
}

void AttentionApplyLayer::make_matrices(const LayerWork& work) const {
    const std::size_t depth = shape_.depth(), channels = shape_.channels;
    const float* const sums = sums_.total(work.partner_scratch, work.inputs[0].size());
    const float* const qq = sums + channels * depth;
    const auto norm = [](float square) {
        const float root = std::sqrt(square);
        return root > kNormEpsilon ? root : kNormEpsilon;
    };
    std::array<float, kMaxHeadBlocks * kBlock> key_norm{}, row{};
    for (std::size_t h = 0; h < shape_.heads; ++h) {
        for (std::size_t j = 0; j < depth; ++j) key_norm[j] = norm(qq[channels + h * depth + j]);
        for (std::size_t i = 0; i < depth; ++i) {
            const float query_norm = norm(qq[h * depth + i]);
            for (std::size_t j = 0; j < depth; ++j) {
                row[j] = sums[(h * depth + i) * depth + j] / (query_norm * key_norm[j]) * temperature_[h];
            }
            work.kernels->softmax(row.data(), depth);
            std::size_t g = 0, before = 0;  // the group of blocks with row i
            for (; i >= (before + groups_[g]) * kBlock; ++g) before += groups_[g];
            const std::size_t width = groups_[g] * kBlock;
            float* const weights = work.scratch + (h * depth + before * kBlock) * depth + (i - before * kBlock);
            for (std::size_t j = 0; j < depth; ++j) weights[j * width] = row[j];
        }
    }
    std::fill_n(work.scratch + channels * depth, kMaxTileBlocks * kBlock, 0.0F);
}

void AttentionApplyLayer::run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const {
    if (units.first == 0) make_matrices(work);
    const std::size_t sets = shape_.heads * groups_.size(), rows = units.count();
    team.for_each(sets * rows, [&](std::size_t, std::size_t first, std::size_t end) {
        for (std::size_t i = first; i < end; ++i) {
            run_group(work, i / rows / groups_.size(), i / rows % groups_.size(), units.first + i % rows);
        }
    });
}

void AttentionApplyLayer::run_group(const LayerWork& work, std::size_t head, std::size_t group, std::size_t y) const {
    const std::size_t depth = shape_.depth(), blocks = depth / kBlock;
    std::size_t before = 0;
    for (std::size_t g = 0; g < group; ++g) before += groups_[g];
    std::array<const float*, kMaxHeadBlocks> rows{};
    for (std::size_t b = 0; b < blocks; ++b) rows[b] = work.inputs[0].row(head * blocks + b, y);
    ConvSpan span;
    span.shape = ConvShape::k1;
    span.blocks = groups_[group];
    span.in_cols = span.end = work.output_size.cols;
    ConvTiles& tile = span.tile;
    tile.rows = rows.data();
    tile.weights = work.scratch + head * depth * depth + before * kBlock * depth;
    tile.channel_step = span.blocks * kBlock;
    tile.channels = depth;
    tile.kernel_rows = 1;
    tile.start = work.scratch + shape_.channels * depth;
    tile.out_step = kBlock;
    for (std::size_t b = 0; b < span.blocks; ++b) tile.out[b] = work.output.row(head * blocks + before + b, y);
    run_span(*work.kernels, span);
}

}  // namespace jpegai::cpu
