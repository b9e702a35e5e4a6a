#include "backend/cpu/layer_feed_forward.h"

#include <algorithm>
#include <array>

#include "backend/cpu/conv_span.h"
#include "backend/cpu/layer_rows.h"

namespace jpegai::cpu {

namespace {

constexpr std::size_t kTaps = 9;
constexpr std::size_t kLeastPositions = 24;  // of a row that is cut for several threads

/// Floats between blocks of one row of a buffer.
std::size_t block_floats(Size size) {
    return ceil_div(size.cols, kBlock) * kBlock * kBlock;
}

/// Parts of a row, so that `items` rows or groups keep all threads busy.
std::size_t row_parts(std::size_t items, std::size_t cols, std::size_t threads) {
    std::size_t parts = 1;
    while (threads > 1 && items * parts < 2 * threads && cols / (parts + 1) >= kLeastPositions) ++parts;
    return parts;
}

}  // namespace

/// Memory of one call: the window of the wide map, the gated rows of one chunk, two rows per thread.
struct FeedForwardLayer::Buffers {
    float* wide;
    float* gated;
    float* rows;
    std::size_t block, ring;  ///< floats of a block of a row; rows of the window

    /// Block b of the chunk (first half, then second half), row y of the wide map.
    [[nodiscard]] float* wide_row(const Chunk& chunk, std::size_t b, std::size_t y) const {
        return wide + (chunk.first * 2 * ring + y % ring * 2 * chunk.blocks + b) * block;
    }
    [[nodiscard]] float* gated_row(const Chunk& chunk, std::size_t b, std::size_t unit) const {
        return gated + (unit * chunk.blocks + b) * block;
    }
};

FeedForwardLayer::FeedForwardLayer(const CpuKernels& kernels, std::size_t channels, std::size_t width,
                                   const Weights& weights, std::size_t threads)
    : channels_(channels),
      width_(width),
      threads_(std::max<std::size_t>(1, threads)),
      depthwise_(pack_depthwise(2 * width, weights.depthwise)),
      zeros_(kMaxTileBlocks * kBlock) {
    // Two blocks of either half per thread: rows of a chunk then fit the caches, and threads meet less often.
    const std::size_t per_chunk = 2 * threads_, all = width / kBlock;
    for (std::size_t first = 0; first < all; first += per_chunk) {
        chunks_.push_back({first, std::min(per_chunk, all - first), 0, 0});
    }
    for (std::size_t left = channels / kBlock; left != 0; left -= out_groups_.back()) {
        out_groups_.push_back(next_group(kernels, ConvShape::k1, left));
    }
    pack(kernels, weights);
}

void FeedForwardLayer::pack(const CpuKernels& kernels, const Weights& weights) {
    in_packed_ = AlignedFloats(weights.project_in.size());
    out_packed_ = AlignedFloats(weights.project_out.size());
    float* in = in_packed_.data();
    float* out = out_packed_.data();
    for (Chunk& chunk : chunks_) {
        chunk.in_weights = static_cast<std::size_t>(in - in_packed_.data());
        const auto wide_channel = [&](std::size_t lane) {  // of the chunk's blocks, first half before second
            const std::size_t half = chunk.blocks * kBlock;
            return chunk.first * kBlock + (lane < half ? lane : lane - half + width_);
        };
        for (std::size_t done = 0, left = 2 * chunk.blocks; left != 0;) {
            const std::size_t blocks = next_group(kernels, ConvShape::k1, left);
            for (std::size_t i = 0; i < channels_; ++i) {
                for (std::size_t lane = 0; lane < blocks * kBlock; ++lane) {
                    *in++ = weights.project_in[wide_channel(done * kBlock + lane) * channels_ + i];
                }
            }
            done += blocks;
            left -= blocks;
        }
        chunk.out_weights = static_cast<std::size_t>(out - out_packed_.data());
        std::size_t first = 0;
        for (const std::size_t blocks : out_groups_) {
            for (std::size_t i = chunk.first * kBlock; i < (chunk.first + chunk.blocks) * kBlock; ++i) {
                for (std::size_t lane = 0; lane < blocks * kBlock; ++lane) {
                    *out++ = weights.project_out[(first * kBlock + lane) * width_ + i];
                }
            }
            first += blocks;
        }
    }
}

Range FeedForwardLayer::needs(std::size_t input, Range units, const LayerSizes& sizes) const {
    const std::size_t rows = sizes.inputs[0].rows;
    if (input == 1) return same_rows(units, 1, sizes.inputs[1]);
    // Rows above are in the window already.
    return {units.first == 0 ? 0 : std::min(units.first + 1, rows), std::min(units.end + 1, rows)};
}

std::size_t FeedForwardLayer::weight_bytes() const {
    return (in_packed_.size() + out_packed_.size()) * sizeof(float);
}

std::size_t FeedForwardLayer::scratch_floats(const LayerSizes& sizes, std::size_t max_units) const {
    const std::size_t block = block_floats(sizes.output);
    const std::size_t wide = 2 * width_ / kBlock * (max_units + 2), gated = chunks_[0].blocks * max_units;
    return checked_mul(wide + gated + 2 * threads_, block);
}

void FeedForwardLayer::run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const {
    const Size size = work.output_size;
    Buffers buffers{};
    buffers.block = block_floats(size);
    buffers.ring = work.max_units + 2;
    buffers.wide = work.scratch;
    buffers.gated = buffers.wide + 2 * width_ / kBlock * buffers.ring * buffers.block;
    buffers.rows = buffers.gated + chunks_[0].blocks * work.max_units * buffers.block;
    const Range fresh = {units.first == 0 ? 0 : std::min(units.first + 1, size.rows),
                         std::min(units.end + 1, size.rows)};
    for (const Chunk& chunk : chunks_) {
        widen(work, buffers, chunk, fresh, team);
        gate(work, buffers, chunk, units, team);
        narrow(work, buffers, chunk, units, team);
    }
}

void FeedForwardLayer::widen(const LayerWork& work, const Buffers& buffers, const Chunk& chunk, Range rows,
                             ThreadTeam::Lease& team) const {
    const BoundView& input = work.inputs[0];
    const std::size_t cols = work.output_size.cols, in_blocks = channels_ / kBlock;
    const std::size_t parts = row_parts(rows.count(), cols, team.threads());
    std::vector<const float*> tables(rows.count() * in_blocks);
    for (std::size_t i = 0; i < tables.size(); ++i) tables[i] = input.row(i % in_blocks, rows.first + i / in_blocks);
    const float* weights = in_packed_.data() + chunk.in_weights;
    for (std::size_t done = 0; done < 2 * chunk.blocks;) {
        const std::size_t blocks = next_group(*work.kernels, ConvShape::k1, 2 * chunk.blocks - done);
        team.for_each(rows.count() * parts, [&](std::size_t, std::size_t first, std::size_t end) {
            for (std::size_t i = first; i < end; ++i) {
                const std::size_t row = i / parts, part = i % parts;
                ConvSpan span;
                span.blocks = blocks;
                span.in_cols = cols;
                span.begin = cols * part / parts;
                span.end = cols * (part + 1) / parts;
                span.tile.rows = tables.data() + row * in_blocks;
                span.tile.weights = weights;
                span.tile.channel_step = blocks * kBlock;
                span.tile.channels = channels_;
                span.tile.kernel_rows = 1;
                span.tile.start = zeros_.data();
                span.tile.out_step = kBlock;
                for (std::size_t b = 0; b < blocks; ++b) {
                    span.tile.out[b] = buffers.wide_row(chunk, done + b, rows.first + row);
                }
                run_span(*work.kernels, span);
            }
        });
        weights += channels_ * blocks * kBlock;
        done += blocks;
    }
}

void FeedForwardLayer::gate(const LayerWork& work, const Buffers& buffers, const Chunk& chunk, Range units,
                            ThreadTeam::Lease& team) const {
    const Size size = work.output_size;
    const auto elu_gate = work.kernels->elementwise[static_cast<std::size_t>(Elementwise::kEluGate)];
    team.for_each(units.count() * chunk.blocks, [&](std::size_t thread, std::size_t first, std::size_t end) {
        float* const temporary = buffers.rows + thread * 2 * buffers.block;
        for (std::size_t i = first; i < end; ++i) {
            const std::size_t unit = i / chunk.blocks, b = i % chunk.blocks, y = units.first + unit;
            for (std::size_t half = 0; half < 2; ++half) {
                DepthwiseRow row{};
                for (std::size_t k = 0; k < 3; ++k) {
                    const bool inside = y + k >= 1 && y + k - 1 < size.rows;
                    row.rows[k] = inside ? buffers.wide_row(chunk, half * chunk.blocks + b, y + k - 1) : nullptr;
                }
                row.weights = depthwise_.data() + (half * width_ / kBlock + chunk.first + b) * kTaps * kBlock;
                row.start = zeros_.data();
                row.out = temporary + half * buffers.block;
                row.cols = row.end = size.cols;
                work.kernels->depthwise(row);
            }
            elu_gate(buffers.gated_row(chunk, b, unit), temporary, temporary + buffers.block, size.cols * kBlock);
        }
    });
}

void FeedForwardLayer::narrow(const LayerWork& work, const Buffers& buffers, const Chunk& chunk, Range units,
                              ThreadTeam::Lease& team) const {
    const std::size_t cols = work.output_size.cols, parts = row_parts(units.count(), cols, team.threads());
    const bool last = &chunk == &chunks_.back(), initial = &chunk == &chunks_.front();
    std::vector<const float*> tables(units.count() * chunk.blocks);
    for (std::size_t i = 0; i < tables.size(); ++i) {
        tables[i] = buffers.gated_row(chunk, i % chunk.blocks, i / chunk.blocks);
    }
    const std::size_t groups = out_groups_.size();
    team.for_each(groups * units.count() * parts, [&](std::size_t, std::size_t first, std::size_t end) {
        for (std::size_t i = first; i < end; ++i) {
            const std::size_t part = i % parts, unit = i / parts % units.count(), group = i / parts / units.count();
            std::size_t before = 0;
            for (std::size_t g = 0; g < group; ++g) before += out_groups_[g];
            ConvSpan span;
            span.blocks = out_groups_[group];
            span.in_cols = cols;
            span.begin = cols * part / parts;
            span.end = cols * (part + 1) / parts;
            span.tile.rows = tables.data() + unit * chunk.blocks;
            span.tile.weights = out_packed_.data() + chunk.out_weights + before * kBlock * chunk.blocks * kBlock;
            span.tile.channel_step = span.blocks * kBlock;
            span.tile.channels = chunk.blocks * kBlock;
            span.tile.kernel_rows = 1;
            span.tile.start = initial ? zeros_.data() : nullptr;
            span.tile.out_step = kBlock;
            span.tile.finish = last ? Finish::kAdd : Finish::kNone;
            for (std::size_t b = 0; b < span.blocks; ++b) {
                span.tile.out[b] = work.output.row(before + b, units.first + unit);
                span.tile.other[b] = work.inputs[1].row(before + b, units.first + unit);
            }
            run_span(*work.kernels, span);
        }
    });
}

}  // namespace jpegai::cpu
