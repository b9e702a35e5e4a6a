#include "backend/cpu/layer_narrow.h"

#include <algorithm>

namespace jpegai::cpu {

namespace {

constexpr std::size_t kNarrowTaps = 9;
constexpr std::size_t kPartCols = 64;  // columns of one part: a multiple of every vector

}  // namespace

NarrowTransposedLayer::NarrowTransposedLayer(const Node& node, std::size_t in_channels, const Network::Weights& weights,
                                             bool denormalise)
    : in_channels_(in_channels),
      out_channels_(node.out_channels),
      denormalise_(denormalise),
      weights_(node.out_channels * in_channels * kNarrowTaps),
      start_(node.out_channels, 0.0F) {
    rows_per_unit = 2;
    for (std::size_t o = 0; o < out_channels_; ++o) {
        for (std::size_t i = 0; i < in_channels; ++i) {
            std::copy_n(&weights.weight[(i * out_channels_ + o) * kNarrowTaps], kNarrowTaps,
                        &weights_[(o * in_channels + i) * kNarrowTaps]);
        }
    }
    std::copy(weights.bias.begin(), weights.bias.end(), start_.begin());
}

bool NarrowTransposedLayer::supports(const Node& node) {
    return node.op == Op::kConvTranspose && node.kernel_rows == 3 && node.out_channels < kBlock;
}

Range NarrowTransposedLayer::needs(std::size_t /*input*/, Range units, const LayerSizes& sizes) const {
    const std::size_t rows = sizes.inputs[0].rows;
    return {std::min(units.first, rows), std::min(units.end + 1, rows)};
}

void NarrowTransposedLayer::run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const {
    constexpr std::size_t kScratch = 4 * kPartCols;
    const std::size_t cols = work.inputs[0].size().cols, parts = (cols + kPartCols - 1) / kPartCols;
    std::vector<float> scratch(kScratch * team.threads());
    team.for_each(units.count() * out_channels_ * parts, [&](std::size_t thread, std::size_t first, std::size_t end) {
        for (std::size_t i = first; i < end; ++i) {
            const std::size_t begin = i % parts * kPartCols;
            run_part(work, i / parts % out_channels_, units.first + i / parts / out_channels_,
                     {begin, std::min(begin + kPartCols, cols)}, scratch.data() + thread * kScratch);
        }
    });
}

void NarrowTransposedLayer::run_part(const LayerWork& work, std::size_t channel, std::size_t unit, Range cols,
                                     float* scratch) const {
    const BoundView& input = work.inputs[0];
    NarrowTransposed row{};
    row.upper = input.row(0, unit);
    row.lower = unit + 1 < input.size().rows ? input.row(0, unit + 1) : nullptr;
    row.channel_stride = in_channels_ > 1 ? static_cast<std::size_t>(input.row(1, unit) - row.upper) : 0;
    row.channels = in_channels_;
    row.cols = input.size().cols;
    row.begin = cols.first;
    row.end = cols.end;
    row.weights = &weights_[channel * in_channels_ * kNarrowTaps];
    row.start = start_[channel];
    row.out[0] = scratch;
    row.out[1] = scratch + 2 * kPartCols;
    row.denormalise = denormalise_;
    work.kernels->narrow_transposed(row);
    const Size size = work.output_size;
    const std::size_t first = 2 * cols.first, end = std::min(2 * cols.end, size.cols);
    for (std::size_t dy = 0; dy < 2 && 2 * unit + dy < size.rows && first < end; ++dy) {
        std::copy_n(row.out[dy], end - first, work.output.row(channel, 2 * unit + dy) + first);
    }
}

}  // namespace jpegai::cpu
