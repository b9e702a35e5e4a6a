#include "backend/cuda/conv_pack.h"

#include <algorithm>
#include <array>

#include "base/math.h"

namespace jpegai::cuda {

namespace {

/// What the kernels know at compile time of each kind (conv.cuh).
struct KindFacts {
    unsigned rows, cols, stride, positions, step, window;
    bool transposed;
};

KindFacts facts(ConvKind kind) {
    switch (kind) {
        case ConvKind::kRow3:
            return {1, 3, 1, 8, 8, 10, false};
        case ConvKind::kColumn3:
            return {3, 1, 1, 8, 8, 8, false};
        case ConvKind::k2x2:
            return {2, 2, 1, 8, 8, 9, false};
        case ConvKind::k3x3:
        case ConvKind::k3x3Relu6:
            return {3, 3, 1, 8, 8, 10, false};
        case ConvKind::k3x3Stride2:
            return {3, 3, 2, 8, 16, 17, false};
        case ConvKind::kTransposed3:
            return {2, 3, 1, 4, 4, 6, true};
        case ConvKind::kTransposed4:
            return {2, 4, 1, 4, 4, 6, true};
        default:
            return {1, 1, 1, 8, 8, 8, false};
    }
}

/// Kernel rows in the order of the packed weights.
std::vector<std::vector<std::size_t>> row_order(ConvKind kind) {
    if (kind == ConvKind::kTransposed3) return {{1}, {0, 2}};
    if (kind == ConvKind::kTransposed4) return {{1, 3}, {0, 2}};
    std::vector<std::size_t> rows(facts(kind).rows);
    for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = r;
    return {rows};
}

}  // namespace

ConvKind conv_kind(const Node& n, bool relu6, std::size_t in_channels) {
    if (n.op == Op::kConvTranspose) {
        if (n.kernel_rows == 4) return ConvKind::kTransposed4;
        const bool narrow = n.out_channels <= static_cast<std::size_t>(kNarrowOutputs) &&
                            in_channels <= static_cast<std::size_t>(kNarrowInputs);
        return narrow ? ConvKind::kNarrowTransposed3 : ConvKind::kTransposed3;
    }
    const auto is = [&](std::size_t rows, std::size_t cols, std::size_t stride) {
        return n.kernel_rows == rows && n.kernel_cols == cols && n.stride == stride;
    };
    if (std::max({n.pad_top, n.pad_left, n.pad_bottom, n.pad_right}) > 1) return ConvKind::kAny;
    if (is(3, 3, 1)) return relu6 ? ConvKind::k3x3Relu6 : ConvKind::k3x3;
    if (is(3, 3, 2)) return ConvKind::k3x3Stride2;
    if (is(1, 1, 1) && n.pad_top + n.pad_left + n.pad_bottom + n.pad_right == 0) return ConvKind::kPointwise;
    if (is(1, 3, 1)) return ConvKind::kRow3;
    if (is(3, 1, 1)) return ConvKind::kColumn3;
    if (is(2, 2, 1)) return ConvKind::k2x2;
    return ConvKind::kAny;
}

const Kernel<ConvParams>& conv_kernel(ConvKind kind) {
    switch (kind) {
        case ConvKind::kPointwise:
            return conv_pointwise_kernel;
        case ConvKind::kRow3:
            return conv_row3_kernel;
        case ConvKind::kColumn3:
            return conv_column3_kernel;
        case ConvKind::k2x2:
            return conv_2x2_kernel;
        case ConvKind::k3x3:
            return conv_3x3_kernel;
        case ConvKind::k3x3Relu6:
            return conv_3x3_relu6_kernel;
        case ConvKind::k3x3Stride2:
            return conv_3x3_stride2_kernel;
        case ConvKind::kTransposed3:
            return conv_transposed3_kernel;
        case ConvKind::kTransposed4:
            return conv_transposed4_kernel;
        case ConvKind::kNarrowTransposed3:
            return conv_narrow_transposed3_kernel;
        default:
            return conv_any_kernel;
    }
}

std::size_t conv_tile_channels(std::size_t out_per_group) {
    std::size_t best = 64;
    for (const std::size_t tile : {32U, 16U, 8U}) {
        if (ceil_div(out_per_group, tile) * tile < ceil_div(out_per_group, best) * best) best = tile;
    }
    return best;
}

std::vector<float> pack_conv(ConvKind kind, const Node& n, std::size_t in_channels, std::span<const float> weight) {
    if (kind == ConvKind::kAny || kind == ConvKind::kNarrowTransposed3) return {weight.begin(), weight.end()};
    const std::size_t in = in_channels / n.groups, out = n.out_channels / n.groups;
    const std::size_t tile = conv_tile_channels(out), tiles = ceil_div(out, tile), cols = n.kernel_cols;
    const bool transposed = n.op == Op::kConvTranspose;
    std::vector<float> packed;
    packed.reserve(n.groups * tiles * tile * in * n.kernel_rows * cols);
    for (std::size_t t = 0; t < n.groups * tiles; ++t) {
        const std::size_t group = t / tiles, first = t % tiles * tile;
        for (const std::vector<std::size_t>& rows : row_order(kind)) {
            for (std::size_t i = 0; i < in; ++i) {
                for (const std::size_t ky : rows) {
                    for (std::size_t kx = 0; kx < cols; ++kx) {
                        for (std::size_t o = first; o < first + tile; ++o) {
                            const std::size_t pair = transposed ? i * out + o : (group * out + o) * in + i;
                            packed.push_back(o < out ? weight[(pair * n.kernel_rows + ky) * cols + kx] : 0.0F);
                        }
                    }
                }
            }
        }
    }
    return packed;
}

const Kernel<ConvParams>* small_conv_kernel(ConvKind kind) {
    switch (kind) {
        case ConvKind::kPointwise:
            return &conv_small_pointwise_kernel;
        case ConvKind::k3x3:
            return &conv_small_3x3_kernel;
        case ConvKind::k3x3Relu6:
            return &conv_small_3x3_relu6_kernel;
        case ConvKind::k3x3Stride2:
            return &conv_small_3x3_stride2_kernel;
        case ConvKind::kTransposed3:
            return &conv_small_transposed3_kernel;
        case ConvKind::kTransposed4:
            return &conv_small_transposed4_kernel;
        default:
            return nullptr;
    }
}

ConvShape conv_shape(ConvKind kind, std::size_t tile_channels, std::size_t in_per_group, bool flat, bool small) {
    // Small tiles wait for copies more than they compute: larger stages, fewer waits.
    const std::size_t stage_bytes = small ? 24000 : 20000, most_chunk = small ? 128 : 24;
    KindFacts f = facts(kind);
    if (small) {
        f.window = f.transposed ? 3 : f.cols;
        f.step = f.transposed ? 1 : f.stride;
        f.positions = 1;
    }
    ConvShape shape{};
    shape.threads = tile_channels == 64 || small ? 128 : 64;
    const unsigned positions = shape.threads / static_cast<unsigned>(tile_channels / kConvChannels);
    const unsigned columns = small ? 4 : f.transposed ? 4 : 2;
    shape.threads_x = flat ? positions : columns;
    shape.rows = positions / shape.threads_x;
    shape.cols = shape.threads_x * f.positions;
    const std::size_t patch_rows = (shape.rows - 1) * f.stride + f.rows;
    const unsigned window = small ? f.window : ceil_div(f.window, 4U) * 4;
    const std::size_t pitch = ceil_div((shape.threads_x - 1) * f.step + window, 4U) * 4;
    const std::size_t channel = (f.rows * f.cols * tile_channels + patch_rows * pitch) * sizeof(float);
    const std::size_t fitting = std::max<std::size_t>(1, stage_bytes / channel);
    shape.chunk = static_cast<unsigned>(std::min({fitting, most_chunk, in_per_group}));
    shape.shared_bytes = 2 * shape.chunk * channel;
    return shape;
}

}  // namespace jpegai::cuda
