#include "backend/cpu/layer_conv.h"

#include <algorithm>

namespace jpegai::cpu {

namespace {

std::vector<std::size_t> count_up(std::size_t n) {
    std::vector<std::size_t> numbers(n);
    for (std::size_t i = 0; i < n; ++i) numbers[i] = i;
    return numbers;
}

/// Kernel rows (or columns) that reach outputs of one parity of a transposed convolution, ascending.
std::vector<std::size_t> transposed_taps(std::size_t kernel, std::size_t parity) {
    std::vector<std::size_t> taps;
    for (std::size_t k = (parity + 1) % 2; k < kernel; k += 2) taps.push_back(k);
    return taps;
}

/// Input row (column) of kernel row k, relative to the row that produces outputs 2 y and 2 y + 1.
std::ptrdiff_t transposed_offset(std::size_t k, std::size_t parity) {
    return (static_cast<std::ptrdiff_t>(parity + 1) - static_cast<std::ptrdiff_t>(k)) / 2;
}

/// Whether tiles exist for the columns of a plain convolution, and which.
bool find_shape(const Node& n, bool planar, ConvShape& shape) {
    if (n.pad_left > 1 || n.pad_right > 1) return false;
    if (planar) {
        shape = ConvShape::k3Stride2Planar;
        return n.kernel_cols == 3 && n.stride == 2;
    }
    if (n.stride == 2) {
        shape = ConvShape::k3Stride2;
        return n.kernel_cols == 3;
    }
    if (n.stride != 1) return false;
    shape = n.kernel_cols == 1 ? ConvShape::k1 : n.kernel_cols == 2 ? ConvShape::k2 : ConvShape::k3;
    return n.kernel_cols == 1 ? n.pad_left + n.pad_right == 0 : n.kernel_cols <= 3;
}

}  // namespace

/// Lays out the weights of one phase after the other: first all groups find their places, then they are filled.
class ConvLayer::Packer {
public:
    Packer(const CpuKernels& kernels, const Node& node, std::size_t in_channels, const Network::Weights& weights,
           bool shuffled)
        : kernels_(kernels),
          node_(node),
          weights_(weights),
          in_per_group_(in_channels / node.groups),
          out_channels_(shuffled ? node.out_channels / 4 : node.out_channels),
          shuffled_(shuffled) {}

    /// Appends all groups of `phase`, which sums the taps of the given kernel rows and columns in that order.
    void place(ConvPhase& phase, const std::vector<std::size_t>& rows, const std::vector<std::size_t>& cols) {
        std::vector<std::size_t>& taps = taps_.emplace_back();
        for (const std::size_t ky : rows) {
            for (const std::size_t kx : cols) taps.push_back(ky * node_.kernel_cols + kx);
        }
        const std::size_t out_per_group = out_channels_ / node_.groups;
        for (std::size_t g = 0; g < node_.groups; ++g) {
            std::size_t left = ceil_div(out_per_group, kBlock);
            for (std::size_t block = g * out_per_group / kBlock; left != 0;) {
                ConvGroup group;
                group.blocks = phase.fast ? next_group(kernels_, phase.shape, left) : 1;
                group.first_out_block = block;
                group.first_in_block = g * in_per_group_ / kBlock;
                group.in_channels = in_per_group_;
                group.start = floats_;
                group.weights = floats_ + group.blocks * kBlock;
                floats_ = group.weights + in_per_group_ * taps.size() * group.blocks * kBlock;
                phase.groups.push_back(group);
                block += group.blocks;
                left -= group.blocks;
            }
        }
    }

    [[nodiscard]] AlignedFloats fill(std::span<const ConvPhase> phases) const {
        AlignedFloats packed = AlignedFloats::uninitialized(floats_);
        for (std::size_t p = 0; p < phases.size(); ++p) {
            for (const ConvGroup& group : phases[p].groups) fill_group(phases[p], group, taps_[p], packed.data());
        }
        return packed;
    }

private:
    /// Channel of the node that becomes channel c of the layer.
    [[nodiscard]] std::size_t node_channel(const ConvPhase& phase, std::size_t c) const {
        return shuffled_ ? 4 * c + 2 * phase.dy + phase.dx : c;
    }
    void fill_group(const ConvPhase& phase, const ConvGroup& group, const std::vector<std::size_t>& taps,
                    float* packed) const {
        constexpr std::size_t kTogether = 8;  // input channels: what is written stays in the first-level cache
        const std::size_t first = group.first_out_block * kBlock, width = group.blocks * kBlock;
        const std::size_t count = std::min(width, out_channels_ - first);
        const std::size_t kernel = node_.kernel_rows * node_.kernel_cols;
        const bool plain = node_.op == Op::kConv;
        const std::size_t out_step = plain ? in_per_group_ * kernel : kernel;
        const std::size_t in_step = plain ? kernel : node_.out_channels * kernel;
        // Channels beyond the last one get zeros, and all of them where there is no bias.
        std::fill_n(packed + group.start, width + (count == width ? 0 : in_per_group_ * taps.size() * width), 0.0F);
        for (std::size_t c = 0; c < count && !weights_.bias.empty(); ++c) {
            packed[group.start + c] = weights_.bias[node_channel(phase, first + c)];
        }
        if (plain && count == width && in_per_group_ * kernel % kBlock == 0) {
            // Every tap of a plain convolution is summed, in the order in which they lie: this is a transposition.
            const std::size_t channel_step = (shuffled_ ? 4 : 1) * out_step;
            for (std::size_t c = 0; c < count; c += kBlock) {
                const float* in = weights_.weight.data() + node_channel(phase, first + c) * out_step;
                float* out = packed + group.weights + c;
                for (std::size_t k = 0; k < out_step; k += kBlock) {
                    kernels_.transpose16(in + k, channel_step, out + k * width, width);
                }
            }
            return;
        }
        for (std::size_t begin = 0; begin < in_per_group_; begin += kTogether) {
            const std::size_t end = std::min(begin + kTogether, in_per_group_);
            for (std::size_t c = 0; c < count; ++c) {
                const float* in = weights_.weight.data() + node_channel(phase, first + c) * out_step + begin * in_step;
                float* out = packed + group.weights + begin * taps.size() * width + c;
                for (std::size_t i = begin; i < end; ++i, in += in_step) {
                    for (const std::size_t tap : taps) {
                        *out = in[tap];
                        out += width;
                    }
                }
            }
        }
    }

    const CpuKernels& kernels_;
    const Node& node_;
    const Network::Weights& weights_;
    std::size_t in_per_group_, out_channels_;
    bool shuffled_;
    std::size_t floats_ = 0;                      ///< of the groups so far
    std::vector<std::vector<std::size_t>> taps_;  ///< of each phase, as places in a kernel
};

bool ConvLayer::supports(const Graph& graph, const Node& node) {
    const std::size_t in = graph.nodes[node.inputs[0]].out_channels;
    return node.groups == 1 || (in / node.groups % kBlock == 0 && node.out_channels / node.groups % kBlock == 0);
}

ConvLayer::ConvLayer(const CpuKernels& kernels, const Node& node, std::size_t in_channels,
                     const Network::Weights& weights, bool shuffled, bool planar)
    : planar_(planar),
      in_blocks_(planar ? in_channels : ceil_div(in_channels, kBlock)),
      kernel_rows_(node.kernel_rows) {
    Packer packer(kernels, node, in_channels, weights, shuffled);
    const bool transposed = node.op == Op::kConvTranspose;
    rows_per_unit = transposed || shuffled ? 2 : 1;
    for (std::size_t p = 0; p < rows_per_unit * rows_per_unit; ++p) {
        ConvPhase phase;
        phase.dy = p / 2;
        phase.dx = p % 2;
        std::vector<std::size_t> rows = count_up(node.kernel_rows), cols = count_up(node.kernel_cols);
        if (transposed) {
            rows = transposed_taps(node.kernel_rows, phase.dy);
            cols = transposed_taps(node.kernel_cols, phase.dx);
            phase.fast = true;
            phase.shape = cols.size() == 1 ? ConvShape::k1 : ConvShape::k2Descending;
            for (const std::size_t ky : rows) phase.row_offsets.push_back(transposed_offset(ky, phase.dy));
            phase.col_offset = transposed_offset(cols.back(), phase.dx);
        } else {
            phase.fast = find_shape(node, planar, phase.shape);
            for (const std::size_t ky : rows) {
                phase.row_offsets.push_back(static_cast<std::ptrdiff_t>(ky) -
                                            static_cast<std::ptrdiff_t>(node.pad_top));
            }
            phase.col_offset = -static_cast<std::ptrdiff_t>(node.pad_left);
            phase.stride = node.stride;
        }
        phase.kernel_cols = cols.size();
        packer.place(phase, rows, cols);
        phases_.push_back(std::move(phase));
    }
    packed_ = packer.fill(phases_);
    for (std::size_t p = 0; p < phases_.size(); ++p) {
        for (std::size_t g = 0; g < phases_[p].groups.size(); ++g) sets_.push_back({p, g});
    }
}

Range ConvLayer::needs(std::size_t input, Range units, const LayerSizes& sizes) const {
    if (input != 0) return same_rows(units, rows_per_unit, sizes.inputs[input]);
    const auto rows = static_cast<std::ptrdiff_t>(sizes.inputs[0].rows);
    std::ptrdiff_t first = rows, end = 0;
    for (const ConvPhase& phase : phases_) {
        for (const std::ptrdiff_t offset : phase.row_offsets) {
            first = std::min(first, static_cast<std::ptrdiff_t>(units.first * phase.stride) + offset);
            end = std::max(end, static_cast<std::ptrdiff_t>((units.end - 1) * phase.stride) + offset + 1);
        }
    }
    end = std::min(end, rows);
    return {static_cast<std::size_t>(std::clamp(first, std::ptrdiff_t{0}, end)), static_cast<std::size_t>(end)};
}

/// One group of blocks of one row (or part of it).
struct ConvLayer::Item {
    const ConvPhase& phase;
    const ConvGroup& group;
    std::size_t unit;
    Range positions;
};

void ConvLayer::run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const {
    constexpr std::size_t kItemsPerThread = 3, kLeastPositions = 24;
    const std::size_t positions = work.output_size.cols / rows_per_unit;
    const std::size_t threads = team.threads(), rows = units.count(), sets = sets_.size();
    std::size_t parts = 1;
    while (threads > 1 && sets * rows * parts < kItemsPerThread * threads &&
           positions / (parts + 1) >= kLeastPositions) {
        ++parts;
    }
    const std::size_t table = in_blocks_ * kernel_rows_;
    std::vector<const float*> tables(table * threads);
    team.for_each(sets * rows * parts, [&](std::size_t thread, std::size_t first, std::size_t end) {
        for (std::size_t i = first; i < end; ++i) {
            const std::size_t part = i % parts, unit = units.first + i / parts % rows;
            const auto [phase, group] = sets_[i / parts / rows];
            const Item item = {phases_[phase],
                               phases_[phase].groups[group],
                               unit,
                               {positions * part / parts, positions * (part + 1) / parts}};
            run_item(work, item, tables.data() + thread * table);
        }
    });
}

void ConvLayer::run_item(const LayerWork& work, const Item& item, const float** rows) const {
    const ConvPhase& phase = item.phase;
    const ConvGroup& group = item.group;
    const BoundView& input = work.inputs[0];
    // Kernel rows inside the picture: a run, because offsets are monotonic.
    Range kernel_rows{0, phase.row_offsets.size()};
    const auto row_of = [&](std::size_t k) {
        return static_cast<std::ptrdiff_t>(item.unit * phase.stride) + phase.row_offsets[k];
    };
    const auto inside = [&](std::size_t k) {
        return row_of(k) >= 0 && row_of(k) < static_cast<std::ptrdiff_t>(input.size().rows);
    };
    while (kernel_rows.first < kernel_rows.end && !inside(kernel_rows.first)) ++kernel_rows.first;
    while (kernel_rows.first < kernel_rows.end && !inside(kernel_rows.end - 1)) --kernel_rows.end;
    const std::size_t lanes = planar_ ? 1 : kBlock;
    const float** next = rows;
    for (std::size_t b = 0; b < ceil_div(group.in_channels, lanes); ++b) {
        for (std::size_t k = kernel_rows.first; k < kernel_rows.end; ++k) {
            *next++ = input.row(group.first_in_block + b, static_cast<std::size_t>(row_of(k)));
        }
    }
    if (!phase.fast) {
        run_points(work, item, rows, kernel_rows);
        return;
    }
    ConvSpan span;
    span.shape = phase.shape;
    span.blocks = group.blocks;
    span.col_offset = phase.col_offset;
    span.in_cols = input.size().cols;
    span.begin = item.positions.first;
    span.end = item.positions.end;
    ConvTiles& tile = span.tile;
    tile.rows = rows;
    const std::size_t row_weights = phase.kernel_cols * group.blocks * kBlock;
    tile.weights = packed_.data() + group.weights + kernel_rows.first * row_weights;
    tile.channel_step = phase.row_offsets.size() * row_weights;
    tile.channels = group.in_channels;
    tile.kernel_rows = kernel_rows.count();
    tile.start = packed_.data() + group.start;
    tile.out_step = kBlock * rows_per_unit;
    tile.finish = finish;
    const std::size_t y = item.unit * rows_per_unit + phase.dy;
    for (std::size_t b = 0; b < group.blocks; ++b) {
        const std::size_t block = group.first_out_block + b;
        tile.out[b] = work.output.row(block, y) + phase.dx * kBlock;
        if (work.inputs.size() > 1) tile.other[b] = work.inputs[1].row(block, y) + phase.dx * kBlock;
        if (copy != kNoValue) tile.relu6[b] = work.copy.row(block, y) + phase.dx * kBlock;
    }
    run_span(*work.kernels, span);
}

void ConvLayer::run_points(const LayerWork& work, const Item& item, const float* const* rows, Range kernel_rows) const {
    const ConvPhase& phase = item.phase;
    const ConvGroup& group = item.group;
    const auto in_cols = static_cast<std::ptrdiff_t>(work.inputs[0].size().cols);
    const auto kernel_cols = static_cast<std::ptrdiff_t>(phase.kernel_cols);
    ConvPoint point{};
    point.rows = rows;
    point.tap_step = planar_ ? 1 : kBlock;
    point.column_step = kBlock;
    point.row_step = phase.kernel_cols * kBlock;
    point.channel_step = phase.row_offsets.size() * point.row_step;
    point.channels = group.in_channels;
    point.lanes = planar_ ? 1 : kBlock;
    point.kernel_rows = kernel_rows.count();
    point.start = packed_.data() + group.start;
    float* const out = work.output.row(group.first_out_block, item.unit * rows_per_unit + phase.dy);
    for (std::size_t x = item.positions.first; x < item.positions.end; ++x) {
        const std::ptrdiff_t left = static_cast<std::ptrdiff_t>(x * phase.stride) + phase.col_offset;
        const std::ptrdiff_t first = std::clamp(-left, std::ptrdiff_t{0}, kernel_cols);
        const std::ptrdiff_t end = std::min(kernel_cols, in_cols - left);
        point.kernel_cols = static_cast<std::size_t>(std::max(std::ptrdiff_t{0}, end - first));
        point.first = (left + first) * static_cast<std::ptrdiff_t>(point.tap_step);
        point.weights = packed_.data() + group.weights + kernel_rows.first * point.row_step +
                        static_cast<std::size_t>(first) * kBlock;
        point.out = out + (rows_per_unit * x + phase.dx) * kBlock;
        work.kernels->conv_point(point);
    }
}

}  // namespace jpegai::cpu
