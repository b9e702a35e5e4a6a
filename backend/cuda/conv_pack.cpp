#include "backend/cuda/conv_pack.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/math.h"

namespace jpegai::cuda {

namespace {

/// What the kernels know at compile time of each kind and tile (conv.cuh).
struct KindFacts {
    unsigned rows, cols, stride;
    bool transposed;
    unsigned positions = 0, step = 0, window = 0, vector = 0, lead = 0;
};

KindFacts facts_of(ConvKind kind) {
    switch (kind) {
        case ConvKind::kRow3:
            return {1, 3, 1, false};
        case ConvKind::kColumn3:
            return {3, 1, 1, false};
        case ConvKind::k2x2:
            return {2, 2, 1, false};
        case ConvKind::k3x3:
        case ConvKind::k3x3Relu6:
            return {3, 3, 1, false};
        case ConvKind::k3x3Stride2:
            return {3, 3, 2, false};
        case ConvKind::kTransposed3:
            return {2, 3, 1, true};
        case ConvKind::kTransposed4:
            return {2, 4, 1, true};
        default:
            return {1, 1, 1, false};
    }
}

KindFacts facts_of(ConvKind kind, ConvTile tile) {
    KindFacts f = facts_of(kind);
    const unsigned wide = tile == ConvTile::kTiny ? 2 : tile == ConvTile::kSmall ? 4 : 8;
    f.positions = f.transposed ? wide / 2 : wide;
    f.step = f.positions * f.stride;
    f.window = f.transposed ? f.positions + 2 : (f.positions - 1) * f.stride + f.cols;
    f.vector = f.step % 4 == 0 ? 4 : f.step % 2 == 0 ? 2 : 1;
    f.lead = f.transposed || f.cols == 3 ? static_cast<unsigned>(kPatchLead) : 0;
    return f;
}

/// Kernel rows in the order of the packed weights.
std::vector<std::vector<std::size_t>> row_order(ConvKind kind) {
    if (kind == ConvKind::kTransposed3) return {{1}, {0, 2}};
    if (kind == ConvKind::kTransposed4) return {{1, 3}, {0, 2}};
    std::vector<std::size_t> rows(facts_of(kind).rows);
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

namespace {

const Kernel<ConvParams>* large_kernel(ConvKind kind) {
    switch (kind) {
        case ConvKind::kPointwise:
            return &conv_pointwise_kernel;
        case ConvKind::kRow3:
            return &conv_row3_kernel;
        case ConvKind::kColumn3:
            return &conv_column3_kernel;
        case ConvKind::k2x2:
            return &conv_2x2_kernel;
        case ConvKind::k3x3:
            return &conv_3x3_kernel;
        case ConvKind::k3x3Relu6:
            return &conv_3x3_relu6_kernel;
        case ConvKind::k3x3Stride2:
            return &conv_3x3_stride2_kernel;
        case ConvKind::kTransposed3:
            return &conv_transposed3_kernel;
        case ConvKind::kTransposed4:
            return &conv_transposed4_kernel;
        case ConvKind::kNarrowTransposed3:
            return &conv_narrow_transposed3_kernel;
        default:
            return &conv_any_kernel;
    }
}

const Kernel<ConvParams>* medium_kernel(ConvKind kind) {
    switch (kind) {
        case ConvKind::kPointwise:
            return &conv_medium_pointwise_kernel;
        case ConvKind::k2x2:
            return &conv_medium_2x2_kernel;
        case ConvKind::k3x3:
            return &conv_medium_3x3_kernel;
        case ConvKind::k3x3Relu6:
            return &conv_medium_3x3_relu6_kernel;
        case ConvKind::k3x3Stride2:
            return &conv_medium_3x3_stride2_kernel;
        case ConvKind::kTransposed3:
            return &conv_medium_transposed3_kernel;
        case ConvKind::kTransposed4:
            return &conv_medium_transposed4_kernel;
        default:
            return nullptr;
    }
}

const Kernel<ConvParams>* small_kernel(ConvKind kind) {
    switch (kind) {
        case ConvKind::kPointwise:
            return &conv_small_pointwise_kernel;
        case ConvKind::k2x2:
            return &conv_small_2x2_kernel;
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

const Kernel<ConvParams>* tiny_kernel(ConvKind kind) {
    switch (kind) {
        case ConvKind::kPointwise:
            return &conv_tiny_pointwise_kernel;
        case ConvKind::k2x2:
            return &conv_tiny_2x2_kernel;
        case ConvKind::k3x3:
            return &conv_tiny_3x3_kernel;
        case ConvKind::k3x3Relu6:
            return &conv_tiny_3x3_relu6_kernel;
        case ConvKind::k3x3Stride2:
            return &conv_tiny_3x3_stride2_kernel;
        case ConvKind::kTransposed3:
            return &conv_tiny_transposed3_kernel;
        case ConvKind::kTransposed4:
            return &conv_tiny_transposed4_kernel;
        default:
            return nullptr;
    }
}

}  // namespace

const Kernel<ConvParams>* conv_kernel(ConvKind kind, ConvTile tile) {
    switch (tile) {
        case ConvTile::kMedium:
            return medium_kernel(kind);
        case ConvTile::kSmall:
            return small_kernel(kind);
        case ConvTile::kTiny:
            return tiny_kernel(kind);
        default:
            return large_kernel(kind);
    }
}

std::size_t conv_tile_channels(std::size_t out_per_group) {
    std::size_t best = 64;
    for (const std::size_t tile : {48U, 32U, 16U, 8U}) {
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

std::vector<float> pack_own(ConvKind kind, std::span<const float> packed, std::size_t in_per_group,
                            std::size_t tile_channels) {
    if (kind != ConvKind::k3x3 && kind != ConvKind::k3x3Stride2) return {};
    constexpr std::size_t kTaps = 9, kThread = static_cast<std::size_t>(kConvChannels);
    const std::size_t rows = in_per_group * kTaps, tile_size = rows * tile_channels;
    std::vector<float> own;
    own.reserve(packed.size());
    for (std::size_t tile = 0; tile < packed.size(); tile += tile_size) {
        for (std::size_t channel = 0; channel < tile_channels; channel += kThread) {
            for (std::size_t row = 0; row < rows; ++row) {
                const auto from = packed.begin() + static_cast<std::ptrdiff_t>(tile + row * tile_channels + channel);
                own.insert(own.end(), from, from + kConvChannels);
            }
        }
    }
    return own;
}

ConvShape conv_shape(ConvKind kind, ConvTile tile, std::size_t tile_channels, std::size_t in_per_group, bool flat) {
    const bool large = tile == ConvTile::kLarge;
    const KindFacts f = facts_of(kind, tile);
    const std::size_t channels_per_thread = large ? kConvChannels : 4;
    ConvShape shape{};
    shape.threads = tile_channels % 48 == 0 ? 96 : tile_channels >= 64 || !large ? 128 : 64;
    // Of large tiles 16 warps are to fit on a multiprocessor; smaller ones wait for copies more than they compute, and
    // there are few of them.
    const std::size_t stage_bytes = large ? shape.threads * 212 : 16000;
    const std::size_t most_chunk = large ? 24 : 64;
    const unsigned positions = shape.threads / static_cast<unsigned>(tile_channels / channels_per_thread);
    constexpr unsigned kColumns = 4;
    shape.threads_x = flat ? positions : kColumns;
    shape.rows = positions / shape.threads_x;
    shape.cols = shape.threads_x * f.positions;
    const std::size_t patch_rows = (shape.rows - 1) * f.stride + f.rows;
    const unsigned window = f.lead > 0 ? f.lead + f.window : ceil_div(f.window, f.vector) * f.vector;
    std::size_t pitch = ceil_div((shape.threads_x - 1) * f.step + window, 4U) * 4;
    // Where a warp reads many rows, they are to begin in different banks.
    if (f.lead > 0 && tile_channels <= 16 && pitch % 8 == 0) pitch += 4;
    const std::size_t taps = f.rows * f.cols;
    const std::size_t channel = (taps * tile_channels + patch_rows * pitch) * sizeof(float);
    const std::size_t fitting = std::max<std::size_t>(1, stage_bytes / channel);
    const std::size_t most = std::min({fitting, most_chunk, in_per_group});
    shape.chunk = static_cast<unsigned>(ceil_div(in_per_group, ceil_div(in_per_group, most)));
    std::size_t weights = shape.chunk * taps * tile_channels;
    if (large && taps == 9 && kind != ConvKind::k3x3Relu6) {
        weights =
            static_cast<std::size_t>(own_weights(static_cast<int>(shape.chunk), 9)) * (tile_channels / kConvChannels);
    }
    shape.patch_rows = static_cast<unsigned>(patch_rows);
    shape.pitch = static_cast<unsigned>(pitch);
    const auto lines = [](std::size_t floats) {
        return static_cast<std::size_t>(whole_lines(static_cast<int>(floats)));
    };
    const std::size_t stage = lines(weights) + lines(shape.chunk * patch_rows * pitch);
    shape.shared_bytes = static_cast<std::size_t>(large ? kLargeStages : kSmallStages) * stage * sizeof(float);
    return shape;
}

bool begins_aligned(ConvKind kind, int pad_left) {
    const KindFacts f = facts_of(kind, ConvTile::kLarge);
    return f.transposed || pad_left == (f.lead > 0 ? 1 : 0);
}

double conv_cost(ConvKind kind, ConvTile tile, std::size_t blocks, unsigned threads, std::size_t processors) {
    // Measured on an H200: how fast threads of each tile compute, beside those of large ones, when the card is full;
    // and how fast a scheduler is with one to four warps.
    struct Speed {
        double taps, pointwise, outputs;
    };
    constexpr Speed kSpeeds[] = {{1.0, 1.0, 64}, {0.87, 0.82, 32}, {0.72, 0.6, 16}, {0.43, 0.4, 8}};
    constexpr std::array<double, 5> kFew = {1, 0.65, 0.85, 0.95, 1}, kFewLarge = {1, 0.83, 0.92, 0.97, 1};
    const bool pointwise = kind == ConvKind::kPointwise;
    const Speed& speed = kSpeeds[static_cast<std::size_t>(tile)];
    const auto& few = tile == ConvTile::kLarge && !pointwise ? kFewLarge : kFew;
    // The busiest multiprocessor's warps, on each of its schedulers, of which four at a time find room.
    const std::size_t warps = ceil_div(ceil_div(blocks, processors) * (threads / 32), std::size_t{4});
    const double turns = static_cast<double>(warps / 4 * 4) + static_cast<double>(warps % 4) / few[warps % 4];
    return turns * speed.outputs / (pointwise ? speed.pointwise : speed.taps);
}

float conv_tiny_input(std::span<const float> weight, std::span<const float> bias) {
    constexpr float kAlways = std::numeric_limits<float>::infinity();
    for (const float b : bias) {
        if (b == 0.0F && std::signbit(b)) return kAlways;
    }
    float least = kAlways;
    for (const float w : weight) {
        if (!std::isfinite(w)) return kAlways;
        if (w != 0.0F) least = std::min(least, std::fabs(w));
    }
    // From here on a product is a multiple of 2^-148, and so is its sum with any float: exact zeros, which are +0.
    constexpr int kSmallestProduct = -100;
    return static_cast<float>(std::ldexp(1.0, kSmallestProduct) / static_cast<double>(least));
}

}  // namespace jpegai::cuda
