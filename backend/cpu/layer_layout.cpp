#include "backend/cpu/layer_layout.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/math.h"

namespace jpegai::cpu {

namespace {

/// body(x) for runs of 16 columns that cover a row of at least 16; the last one overlaps its neighbour.
template <class Body>
void for_each_run(std::size_t cols, const Body& body) {
    for (std::size_t x = 0; x + kBlock <= cols; x += kBlock) body(x);
    if (cols % kBlock != 0) body(cols - kBlock);
}

/// 16 channels of one row, any columns: planes to blocks.
void interleave(const CpuKernels& kernels, const BoundView& input, std::size_t first, std::size_t channels,
                std::size_t y, float* out) {
    std::array<const float*, kBlock> in{};
    for (std::size_t c = 0; c < channels; ++c) in[c] = input.channel_row(first + c, y);
    bool even = channels == kBlock;
    for (std::size_t c = 2; c < channels; ++c) even = even && in[c] - in[c - 1] == in[1] - in[0];
    const std::size_t cols = input.size().cols;
    if (even && cols >= kBlock) {
        const auto stride = static_cast<std::size_t>(in[1] - in[0]);
        for_each_run(cols, [&](std::size_t x) { kernels.transpose16(in[0] + x, stride, out + x * kBlock, kBlock); });
        return;
    }
    for (std::size_t x = 0; x < cols; ++x) {
        for (std::size_t c = 0; c < kBlock; ++c) out[x * kBlock + c] = c < channels ? in[c][x] : 0.0F;
    }
}

/// The inverse for `cols` columns of planes that lie `stride` floats apart.
void separate(const CpuKernels& kernels, const float* in, std::size_t cols, float* out, std::size_t channels,
              std::size_t stride) {
    if (channels == kBlock && cols >= kBlock) {
        for_each_run(cols, [&](std::size_t x) { kernels.transpose16(in + x * kBlock, kBlock, out + x, stride); });
        return;
    }
    for (std::size_t x = 0; x < cols; ++x) {
        for (std::size_t c = 0; c < channels; ++c) out[c * stride + x] = in[x * kBlock + c];
    }
}

/// Moves kRun samples per position to a row of samples.
template <std::size_t kRun>
void scatter_runs(const float* in, std::size_t positions, float* out) {
    for (std::size_t x = 0; x < positions; ++x) std::memcpy(out + x * kRun, in + x * kBlock, kRun * sizeof(float));
}

void scatter(const float* in, std::size_t positions, std::size_t run, float* out) {
    switch (run) {
        case 2:
            return scatter_runs<2>(in, positions, out);
        case 4:
            return scatter_runs<4>(in, positions, out);
        case 8:
            return scatter_runs<8>(in, positions, out);
        default:
            return scatter_runs<16>(in, positions, out);
    }
}

/// `count` positions of one block, every in_step-th of one row to every out_step-th of another.
void move_positions(const float* in, std::size_t in_step, float* out, std::size_t out_step, std::size_t count) {
    for (std::size_t x = 0; x < count; ++x) {
        std::memcpy(out + x * out_step * kBlock, in + x * in_step * kBlock, kBlock * sizeof(float));
    }
}

/// Row and column offset of an MCM phase (03 section 2.2).
constexpr std::size_t kPhaseRow[4] = {0, 1, 0, 1}, kPhaseCol[4] = {0, 1, 1, 0};

}  // namespace

Range ConvertLayer::needs(std::size_t /*input*/, Range units, const LayerSizes& sizes) const {
    return same_rows(units, 1, sizes.inputs[0]);
}

void ConvertLayer::run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const {
    const BoundView& input = work.inputs[0];
    const std::size_t blocks = ceil_div(channels_, kBlock);
    team.for_each(blocks * units.count(), [&](std::size_t, std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::size_t b = i % blocks, y = units.first + i / blocks, first = b * kBlock;
            const std::size_t channels = std::min(kBlock, channels_ - first), cols = work.output_size.cols;
            if (input.planar() && !to_planar_) {
                interleave(*work.kernels, input, first, channels, y, work.output.row(b, y));
            } else if (!input.planar() && to_planar_) {
                separate(*work.kernels, input.row(b, y), cols, work.output.row(first, y), channels,
                         work.output.block_stride);
            } else if (to_planar_) {
                for (std::size_t c = first; c < first + channels; ++c) {
                    std::copy_n(input.row(c, y), cols, work.output.row(c, y));
                }
            } else {
                std::copy_n(input.row(b, y), cols * kBlock, work.output.row(b, y));
            }
        }
    });
}

bool ShuffleOutLayer::supports(const Node& node) {
    return node.factor >= 2 && kBlock % node.factor == 0 && node.out_channels < kBlock;
}

Range ShuffleOutLayer::needs(std::size_t /*input*/, Range units, const LayerSizes& sizes) const {
    return same_rows(units, 1, sizes.inputs[0]);
}

void ShuffleOutLayer::run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const {
    const std::size_t blocks = work.inputs[0].blocks();
    team.for_each(blocks * units.count(), [&](std::size_t, std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) run_block(work, i % blocks, units.first + i / blocks);
    });
}

void ShuffleOutLayer::run_block(const LayerWork& work, std::size_t block, std::size_t unit) const {
    constexpr std::size_t kPositions = 64;
    std::array<float, kPositions * kBlock> chunk;
    const float* const in = work.inputs[0].row(block, unit);
    const auto denormalise = work.kernels->elementwise[static_cast<std::size_t>(Elementwise::kDenormalise)];
    const std::size_t in_cols = ceil_div(work.output_size.cols, factor_), per_plane = factor_ * factor_;
    for (std::size_t x = 0; x < in_cols; x += kPositions) {
        const std::size_t positions = std::min(kPositions, in_cols - x);
        const float* source = in + x * kBlock;
        if (denormalise_) {
            denormalise(chunk.data(), source, nullptr, positions * kBlock);
            source = chunk.data();
        }
        // Lanes factor_ apart begin the runs of one output row each.
        for (std::size_t lane = 0; lane < kBlock; lane += factor_) {
            const std::size_t channel = block * kBlock + lane;
            const std::size_t plane = channel / per_plane, y = unit * factor_ + channel % per_plane / factor_;
            if (plane >= planes_ || y >= work.output_size.rows) continue;
            float* const out = work.output.row(plane, y) + x * factor_;
            const std::size_t room = work.output_size.cols - x * factor_;
            const std::size_t whole = std::min(positions, room / factor_);
            scatter(source + lane, whole, factor_, out);
            if (whole < positions) {
                std::copy_n(source + whole * kBlock + lane, room - whole * factor_, out + whole * factor_);
            }
        }
    }
}

RearrangeLayer::RearrangeLayer(const Node& node, bool planar_output)
    : op_(node.op), factor_(node.factor), channels_(node.out_channels), planar_(planar_output) {
    if (op_ == Op::kPixelShuffle) rows_per_unit = factor_;
    if (op_ == Op::kPhaseMerge || op_ == Op::kHaarMerge) rows_per_unit = 2;
}

bool RearrangeLayer::supports(Op op) {
    switch (op) {
        case Op::kPixelShuffle:
        case Op::kPixelUnshuffle:
        case Op::kPadReplicate:
        case Op::kPadZeroEven:
        case Op::kPhaseSplit:
        case Op::kPhaseMerge:
        case Op::kHaarSplit:
        case Op::kHaarMerge:
            return true;
        default:
            return false;
    }
}

Range RearrangeLayer::needs(std::size_t /*input*/, Range units, const LayerSizes& sizes) const {
    const std::size_t rows = sizes.inputs[0].rows;
    switch (op_) {
        case Op::kPadReplicate:
            return {std::min(units.first, rows - 1), std::min(units.end, rows)};
        case Op::kPixelUnshuffle:
            return {units.first * factor_, units.end * factor_};
        case Op::kPhaseSplit:
        case Op::kHaarSplit:
            return {units.first * 2, units.end * 2};
        default:
            return same_rows(units, 1, sizes.inputs[0]);
    }
}

RearrangeLayer::Target RearrangeLayer::target(const LayerWork& work, std::size_t channel, std::size_t y) const {
    if (planar_) return {work.output.row(channel, y), 1};
    return {work.output.row(channel / kBlock, y) + channel % kBlock, kBlock};
}

/// Whether whole positions of 16 channels can be moved: the output has blocks, and inputs have too or get them on the
/// way.
bool RearrangeLayer::moves_blocks(const LayerWork& work) const {
    if (planar_) return false;
    if (op_ == Op::kPadReplicate || op_ == Op::kPadZeroEven) return true;
    if (op_ != Op::kPhaseSplit && op_ != Op::kPhaseMerge) return false;
    return std::none_of(work.inputs.begin(), work.inputs.end(), [](const BoundView& view) { return view.planar(); });
}

void RearrangeLayer::run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const {
    if (moves_blocks(work)) {
        const std::size_t blocks = ceil_div(channels_, kBlock);
        team.for_each(blocks * units.count(), [&](std::size_t, std::size_t first, std::size_t end) {
            for (std::size_t i = first; i < end; ++i) run_block(work, i % blocks, units.first + i / blocks);
        });
        return;
    }
    const std::size_t channels = op_ == Op::kHaarSplit ? channels_ / 4 : channels_;
    team.for_each(channels * units.count(), [&](std::size_t, std::size_t first, std::size_t end) {
        for (std::size_t i = first; i < end; ++i) run_channel(work, i % channels, units.first + i / channels);
    });
}

void RearrangeLayer::run_block(const LayerWork& work, std::size_t block, std::size_t unit) const {
    const std::size_t phase = factor_ % 4;
    switch (op_) {
        case Op::kPhaseSplit: {
            const float* const in = work.inputs[0].row(block, 2 * unit + kPhaseRow[phase]) + kPhaseCol[phase] * kBlock;
            return move_positions(in, 2, work.output.row(block, unit), 1, work.output_size.cols);
        }
        case Op::kPhaseMerge:
            for (std::size_t k = 0; k < work.inputs.size(); ++k) {
                float* const out = work.output.row(block, 2 * unit + kPhaseRow[k]) + kPhaseCol[k] * kBlock;
                move_positions(work.inputs[k].row(block, unit), 1, out, 2, work.inputs[k].size().cols);
            }
            return;
        default:
            return pad_block(work, block, unit);
    }
}

void RearrangeLayer::pad_block(const LayerWork& work, std::size_t block, std::size_t y) const {
    const BoundView& input = work.inputs[0];
    const Size size = input.size();
    const std::size_t first = block * kBlock, cols = work.output_size.cols;
    const bool zeros = op_ == Op::kPadZeroEven;
    float* const out = work.output.row(block, y);
    if (zeros && y >= size.rows) {
        std::fill_n(out, cols * kBlock, 0.0F);
        return;
    }
    const std::size_t source = std::min(y, size.rows - 1);
    if (input.planar()) {
        interleave(*work.kernels, input, first, std::min(kBlock, channels_ - first), source, out);
    } else {
        std::copy_n(input.row(block, source), size.cols * kBlock, out);
    }
    for (std::size_t x = size.cols; x < cols; ++x) {
        for (std::size_t c = 0; c < kBlock; ++c) out[x * kBlock + c] = zeros ? 0.0F : out[(size.cols - 1) * kBlock + c];
    }
}

void RearrangeLayer::run_channel(const LayerWork& work, std::size_t channel, std::size_t unit) const {
    switch (op_) {
        case Op::kPadReplicate:
        case Op::kPadZeroEven:
            return pad_row(work, channel, unit);
        case Op::kPixelShuffle:
        case Op::kPhaseMerge:
            return shuffle_rows(work, channel, unit);
        case Op::kPixelUnshuffle:
        case Op::kPhaseSplit:
            return unshuffle_row(work, channel, unit);
        case Op::kHaarSplit:
            return split_haar_row(work, channel, unit);
        default:
            return merge_haar_rows(work, channel, unit);
    }
}

void RearrangeLayer::pad_row(const LayerWork& work, std::size_t channel, std::size_t y) const {
    const BoundView& input = work.inputs[0];
    const bool zeros = op_ == Op::kPadZeroEven;
    const Size size = input.size();
    const Target out = target(work, channel, y);
    const float* const in = input.channel_row(channel, std::min(y, size.rows - 1));
    for (std::size_t x = 0; x < work.output_size.cols; ++x) {
        const bool outside = y >= size.rows || x >= size.cols;
        out.data[x * out.step] = zeros && outside ? 0.0F : in[std::min(x, size.cols - 1) * input.step()];
    }
}

/// Pixel shuffle: out[c][r y + dy][r x + dx] = in[c r r + dy r + dx][y][x]. Phase merge: part p lies at its offsets.
void RearrangeLayer::shuffle_rows(const LayerWork& work, std::size_t channel, std::size_t unit) const {
    const std::size_t r = rows_per_unit, cols = work.inputs[0].size().cols;
    for (std::size_t k = 0; k < r * r; ++k) {
        const bool merge = op_ == Op::kPhaseMerge;
        const BoundView& input = work.inputs[merge ? k : 0];
        const std::size_t dy = merge ? kPhaseRow[k] : k / r, dx = merge ? kPhaseCol[k] : k % r;
        const float* const in = input.channel_row(merge ? channel : channel * r * r + k, unit);
        const Target out = target(work, channel, unit * r + dy);
        for (std::size_t x = 0; x < cols; ++x) out.data[(r * x + dx) * out.step] = in[x * input.step()];
    }
}

void RearrangeLayer::unshuffle_row(const LayerWork& work, std::size_t channel, std::size_t y) const {
    const BoundView& input = work.inputs[0];
    std::size_t r = 2, source = channel, dy = kPhaseRow[factor_ % 4], dx = kPhaseCol[factor_ % 4];
    if (op_ == Op::kPixelUnshuffle) {
        r = factor_;
        source = channel / (r * r);
        dy = channel % (r * r) / r;
        dx = channel % r;
    }
    const float* const in = input.channel_row(source, r * y + dy);
    const Target out = target(work, channel, y);
    for (std::size_t x = 0; x < work.output_size.cols; ++x) out.data[x * out.step] = in[(r * x + dx) * input.step()];
}

void RearrangeLayer::split_haar_row(const LayerWork& work, std::size_t channel, std::size_t y) const {
    const BoundView& input = work.inputs[0];
    const float* const upper = input.channel_row(channel, 2 * y);
    const float* const lower = input.channel_row(channel, 2 * y + 1);
    const std::size_t step = input.step();
    std::array<Target, 4> out;
    for (std::size_t k = 0; k < 4; ++k) out[k] = target(work, 4 * channel + k, y);
    for (std::size_t x = 0; x < work.output_size.cols; ++x) {
        const float a = upper[2 * x * step] * 0.5F, b = lower[2 * x * step] * 0.5F;
        const float c = upper[(2 * x + 1) * step] * 0.5F, d = lower[(2 * x + 1) * step] * 0.5F;
        const std::array<float, 4> bands = {((a + b) + c) + d, ((-a - b) + c) + d, ((-a + b) - c) + d,
                                            ((a - b) - c) + d};
        for (std::size_t k = 0; k < 4; ++k) out[k].data[x * out[k].step] = bands[k];
    }
}

void RearrangeLayer::merge_haar_rows(const LayerWork& work, std::size_t channel, std::size_t unit) const {
    const BoundView& input = work.inputs[0];
    std::array<const float*, 4> in{};
    for (std::size_t k = 0; k < 4; ++k) in[k] = input.channel_row(4 * channel + k, unit);
    const Target upper = target(work, channel, 2 * unit), lower = target(work, channel, 2 * unit + 1);
    for (std::size_t x = 0; x < input.size().cols; ++x) {
        std::array<float, 4> h{};
        for (std::size_t k = 0; k < 4; ++k) h[k] = in[k][x * input.step()] * 0.5F;
        upper.data[2 * x * upper.step] = ((h[0] - h[1]) - h[2]) + h[3];
        lower.data[2 * x * lower.step] = ((h[0] - h[1]) + h[2]) - h[3];
        upper.data[(2 * x + 1) * upper.step] = ((h[0] + h[1]) - h[2]) - h[3];
        lower.data[(2 * x + 1) * lower.step] = ((h[0] + h[1]) + h[2]) + h[3];
    }
}

}  // namespace jpegai::cpu
