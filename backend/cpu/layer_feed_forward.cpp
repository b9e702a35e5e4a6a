#include "backend/cpu/layer_feed_forward.h"

#include <algorithm>

#include "backend/cpu/conv_span.h"
#include "backend/cpu/layer_rows.h"
#include "base/math.h"

namespace jpegai::cpu {

namespace {

constexpr std::size_t kDepthwiseTaps = 9;
constexpr std::size_t kWindow = 3;           // rows of the wide map that a depthwise row reads
constexpr std::size_t kChunkBlocks = 2;      // of either half: one tile's worth of blocks, still cached when gated
constexpr std::size_t kLeastPositions = 24;  // of a strip
constexpr std::size_t kLeastUnits = 8;       // rows between two visits to a strip, whose window has to come back then

/// Window of one strip, in bytes: with weights and rows of input and output it should fit the second-level cache.
constexpr std::size_t kStripBytes = 1024 * 1024;

}  // namespace

/// How a picture is cut into strips and where their memory lies.
struct FeedForwardLayer::Layout {
    std::size_t strips;
    std::size_t block;   ///< floats of one block of one row of a strip
    std::size_t window;  ///< floats of one strip's window
    std::size_t gated;   ///< floats of a strip's gated row
};

/// One strip at work.
struct FeedForwardLayer::Strip {
    Range columns;
    std::size_t left, right;  ///< columns computed beside them: 1, or 0 at a border of the picture
    std::size_t block;
    float* window;
    float* gated;
    const float** table;  ///< room for a row pointer per block, of `width` and of `channels`

    [[nodiscard]] std::size_t cols() const { return left + columns.count() + right; }
    /// Block b of the chunk (first half, then second half), row y of the wide map, from column columns.first - left.
    [[nodiscard]] float* wide_row(const Chunk& chunk, std::size_t b, std::size_t y) const {
        return window + ((chunk.first * kWindow + y % kWindow * chunk.blocks) * 2 + b) * block;
    }
    /// Block b of the gated row, from the same column.
    [[nodiscard]] float* gated_row(std::size_t b) const { return gated + b * block; }
};

FeedForwardLayer::FeedForwardLayer(const CpuKernels& kernels, std::size_t channels, std::size_t width,
                                   const Weights& weights, std::size_t threads)
    : channels_(channels),
      width_(width),
      threads_(std::max<std::size_t>(1, threads)),
      depthwise_(pack_depthwise(2 * width, weights.depthwise)),
      zeros_(kMaxTileBlocks * kBlock) {
    const std::size_t all = width / kBlock;
    for (std::size_t first = 0; first < all; first += kChunkBlocks) {
        chunks_.push_back({first, std::min(kChunkBlocks, all - first), first * 2 * kBlock * channels});
    }
    for (std::size_t left = channels / kBlock; left != 0; left -= out_groups_.back()) {
        out_groups_.push_back(next_group(kernels, ConvShape::k1, left));
    }
    pack(kernels, weights);
}

void FeedForwardLayer::pack(const CpuKernels& kernels, const Weights& weights) {
    in_packed_ = AlignedFloats::uninitialized(weights.project_in.size());
    out_packed_ = AlignedFloats::uninitialized(weights.project_out.size());
    float* in = in_packed_.data();
    float* out = out_packed_.data();
    for (const Chunk& chunk : chunks_) {
        const std::size_t half = chunk.blocks * kBlock;
        for (std::size_t done = 0, left = 2 * chunk.blocks; left != 0;) {
            const std::size_t blocks = next_group(kernels, ConvShape::k1, left);
            for (std::size_t i = 0; i < channels_; ++i) {
                for (std::size_t lane = done * kBlock; lane < (done + blocks) * kBlock; ++lane) {
                    const std::size_t wide = chunk.first * kBlock + (lane < half ? lane : lane - half + width_);
                    *in++ = weights.project_in[wide * channels_ + i];
                }
            }
            done += blocks;
            left -= blocks;
        }
    }
    std::size_t first = 0;
    for (const std::size_t blocks : out_groups_) {
        for (std::size_t i = 0; i < width_; ++i) {
            for (std::size_t lane = first; lane < first + blocks * kBlock; ++lane) {
                *out++ = weights.project_out[lane * width_ + i];
            }
        }
        first += blocks * kBlock;
    }
}

FeedForwardLayer::Layout FeedForwardLayer::layout(std::size_t cols) const {
    constexpr std::size_t kPage = 1024;  // floats; blocks a multiple apart would compete for places in the cache
    const std::size_t column_bytes = 2 * width_ * kWindow * sizeof(float);
    std::size_t strips = ceil_div(cols, std::max(kLeastPositions, kStripBytes / column_bytes));
    strips = std::min(ceil_div(strips, threads_) * threads_, std::max<std::size_t>(1, cols / kLeastPositions));
    Layout layout{};
    layout.strips = strips;
    layout.block = checked_mul(ceil_div(cols, strips) + 2, kBlock);
    if (layout.block % kPage == 0) layout.block += kBlock;
    layout.window = checked_mul(layout.block, 2 * width_ / kBlock * kWindow);
    layout.gated = checked_mul(layout.block, width_ / kBlock);
    return layout;
}

Range FeedForwardLayer::needs(std::size_t input, Range units, const LayerSizes& sizes) const {
    const std::size_t rows = sizes.inputs[0].rows;
    if (input == 1) return same_rows(units, 1, sizes.inputs[1]);
    // Rows above are in the window already.
    return {units.first == 0 ? 0 : std::min(units.first + 1, rows), std::min(units.end + 1, rows)};
}

std::size_t FeedForwardLayer::least_units() const {
    return kLeastUnits;
}

std::size_t FeedForwardLayer::weight_bytes() const {
    return (in_packed_.size() + out_packed_.size()) * sizeof(float);
}

std::size_t FeedForwardLayer::scratch_floats(const LayerSizes& sizes, std::size_t /*max_units*/) const {
    const Layout l = layout(sizes.output.cols);
    return checked_add(checked_mul(l.strips, l.window), checked_mul(threads_, l.gated));
}

void FeedForwardLayer::run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const {
    const Size size = work.output_size;
    const Layout l = layout(size.cols);
    const std::size_t table = std::max(width_, channels_) / kBlock;
    std::vector<const float*> tables(table * team.threads());
    team.for_each(l.strips, [&](std::size_t thread, std::size_t first, std::size_t end) {
        for (std::size_t s = first; s < end; ++s) {
            Strip strip{};
            strip.columns = {size.cols * s / l.strips, size.cols * (s + 1) / l.strips};
            strip.left = s == 0 ? 0 : 1;
            strip.right = s + 1 == l.strips ? 0 : 1;
            strip.block = l.block;
            strip.window = work.scratch + s * l.window;
            strip.gated = work.scratch + l.strips * l.window + thread * l.gated;
            strip.table = tables.data() + thread * table;
            for (std::size_t y = units.first; y < units.end; ++y) {
                for (const Chunk& chunk : chunks_) {
                    if (y == 0) widen(work, strip, chunk, 0);
                    if (y + 1 < size.rows) widen(work, strip, chunk, y + 1);
                    gate(work, strip, chunk, y);
                }
                narrow(work, strip, y);
            }
        }
    });
}

void FeedForwardLayer::widen(const LayerWork& work, const Strip& strip, const Chunk& chunk, std::size_t y) const {
    for (std::size_t b = 0; b < channels_ / kBlock; ++b) {
        strip.table[b] = work.inputs[0].row(b, y) + (strip.columns.first - strip.left) * kBlock;
    }
    const float* weights = in_packed_.data() + chunk.weights;
    for (std::size_t done = 0; done < 2 * chunk.blocks;) {
        ConvSpan span;
        span.blocks = next_group(*work.kernels, ConvShape::k1, 2 * chunk.blocks - done);
        span.in_cols = span.end = strip.cols();
        span.tile.rows = strip.table;
        span.tile.weights = weights;
        span.tile.channel_step = span.blocks * kBlock;
        span.tile.channels = channels_;
        span.tile.kernel_rows = 1;
        span.tile.start = zeros_.data();
        span.tile.out_step = kBlock;
        for (std::size_t b = 0; b < span.blocks; ++b) span.tile.out[b] = strip.wide_row(chunk, done + b, y);
        run_span(*work.kernels, span);
        weights += channels_ * span.blocks * kBlock;
        done += span.blocks;
    }
}

void FeedForwardLayer::gate(const LayerWork& work, const Strip& strip, const Chunk& chunk, std::size_t y) const {
    for (std::size_t b = 0; b < chunk.blocks; ++b) {
        DepthwiseRow halves[2] = {};
        for (std::size_t half = 0; half < 2; ++half) {
            DepthwiseRow& row = halves[half];
            for (std::size_t k = 0; k < kWindow; ++k) {
                const bool inside = y + k >= 1 && y + k - 1 < work.output_size.rows;
                row.rows[k] = inside ? strip.wide_row(chunk, half * chunk.blocks + b, y + k - 1) : nullptr;
            }
            row.weights = depthwise_.data() + (half * width_ / kBlock + chunk.first + b) * kDepthwiseTaps * kBlock;
            row.start = zeros_.data();
            row.cols = strip.cols();
            row.begin = strip.left;
            row.end = strip.left + strip.columns.count();
        }
        halves[0].out = strip.gated_row(chunk.first + b);
        work.kernels->depthwise_gate(halves[0], halves[1]);
    }
}

void FeedForwardLayer::narrow(const LayerWork& work, const Strip& strip, std::size_t y) const {
    for (std::size_t b = 0; b < width_ / kBlock; ++b) strip.table[b] = strip.gated_row(b) + strip.left * kBlock;
    std::size_t before = 0;
    for (const std::size_t blocks : out_groups_) {
        ConvSpan span;
        span.blocks = blocks;
        span.in_cols = span.end = strip.columns.count();
        span.tile.rows = strip.table;
        span.tile.weights = out_packed_.data() + before * kBlock * width_;
        span.tile.channel_step = blocks * kBlock;
        span.tile.channels = width_;
        span.tile.kernel_rows = 1;
        span.tile.start = zeros_.data();
        span.tile.out_step = kBlock;
        span.tile.finish = Finish::kAdd;
        for (std::size_t b = 0; b < blocks; ++b) {
            span.tile.out[b] = work.output.row(before + b, y) + strip.columns.first * kBlock;
            span.tile.other[b] = work.inputs[1].row(before + b, y) + strip.columns.first * kBlock;
        }
        run_span(*work.kernels, span);
        before += blocks;
    }
}

}  // namespace jpegai::cpu
