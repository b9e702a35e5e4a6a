// The body of all tiled convolutions. A block computes `tile_channels` output channels of a tile of positions; each
// thread keeps a few channels x columns of one row as accumulators, one chain per output in the order (input channel,
// row, column) of the contract. Input channels pass through shared memory a chunk at a time: while one chunk is
// computed, the next are copied.
//
// The contract skips taps outside the picture. Here they are multiplied by zero, which is the same but for the sign of
// a zero: a sum that was -0 becomes +0 and stays zero to the end. What ends as zero at a border is therefore looked at
// again (redo_zeros).
#pragma once

#include "backend/cuda/conv_copy.cuh"
#include "backend/cuda/conv_store.cuh"

namespace jpegai::cuda {

/// How the columns of a kernel row meet the output columns of a thread: kernel column kx adds input column
/// input(kx, p) of the thread's window to output output(kx, p), p < kPositions.
template <int kCols, int kWide>
struct PlainTaps {
    static constexpr int kColumns = kCols, kPositions = kWide, kStep = kWide, kWindow = kWide + kCols - 1, kBefore = 0;
    static constexpr int kStride = 1, kOutputs = kWide, kLead = kCols == 3 ? kPatchLead : 0;
    static constexpr bool kTransposed = false;
    JPEGAI_DEVICE static constexpr int input(int kx, int p) { return p + kx; }
    JPEGAI_DEVICE static constexpr int output(int, int p) { return p; }
    JPEGAI_DEVICE static constexpr bool meets(int, int) { return true; }
    JPEGAI_DEVICE static constexpr int position(int o) { return o; }
};
template <int kWide>
struct Stride2Taps {
    static constexpr int kColumns = 3, kPositions = kWide, kStep = 2 * kWide, kWindow = 2 * kWide + 1, kBefore = 0;
    static constexpr int kStride = 2, kOutputs = kWide, kLead = kPatchLead;
    static constexpr bool kTransposed = false;
    JPEGAI_DEVICE static constexpr int input(int kx, int p) { return 2 * p + kx; }
    JPEGAI_DEVICE static constexpr int output(int, int p) { return p; }
    JPEGAI_DEVICE static constexpr bool meets(int, int) { return true; }
    JPEGAI_DEVICE static constexpr int position(int o) { return o; }
};
/// Output column 2 n takes kernel column 1 from input column n (and 3 from n - 1), 2 n + 1 takes 0 from n + 1 and 2
/// from n. The window starts one column before the first n. position(o) and meets(kx, o) are the inverse of output().
template <int kCols, int kWide>
struct TransposedTaps {
    static constexpr int kColumns = kCols, kPositions = kWide, kStep = kWide, kWindow = kWide + 2, kBefore = 1;
    static constexpr int kStride = 1, kOutputs = 2 * kWide, kLead = kPatchLead;
    static constexpr bool kTransposed = true;
    JPEGAI_DEVICE static constexpr int input(int kx, int p) { return p + (kx == 0 ? 2 : kx == 3 ? 0 : 1); }
    JPEGAI_DEVICE static constexpr int output(int kx, int p) { return 2 * p + (kx % 2 == 0 ? 1 : 0); }
    JPEGAI_DEVICE static constexpr bool meets(int kx, int o) { return (kx % 2 == 0) == (o % 2 == 1); }
    JPEGAI_DEVICE static constexpr int position(int o) { return o / 2; }
};

/// ReLU6 of an input; on the GPU its minimum and maximum give what the contract's selections give: NaN becomes 0, and
/// the larger of two zeros is +0.
JPEGAI_DEVICE float relu6_of_input(float x) {
#if defined(__CUDACC__)
    return fminf(fmaxf(x, 0.0F), 6.0F);
#else
    return contract::relu6(x);
#endif
}

/// Floats of a window that are loaded at once, and floats of a window as loaded. Behind a lead a window begins one
/// column before a place where that many are aligned.
template <class Taps>
JPEGAI_DEVICE constexpr int window_vector() {
    return Taps::kStep % 4 == 0 ? 4 : Taps::kStep % 2 == 0 ? 2 : 1;
}
template <class Taps>
JPEGAI_DEVICE constexpr int padded_window() {
    if (Taps::kLead > 0) return Taps::kWindow;
    return (Taps::kWindow + window_vector<Taps>() - 1) / window_vector<Taps>() * window_vector<Taps>();
}

template <int kVector, int kFloats>
JPEGAI_DEVICE void load_vector(const float* from, int at, Row<kFloats>& to) {
    if constexpr (kVector == 4) {
        const float4 four = *reinterpret_cast<const float4*>(from);
        to[at] = four.x;
        to[at + 1] = four.y;
        to[at + 2] = four.z;
        to[at + 3] = four.w;
    } else if constexpr (kVector == 2) {
        const float2 two = *reinterpret_cast<const float2*>(from);
        to[at] = two.x;
        to[at + 1] = two.y;
    } else {
        to[at] = *from;
    }
}

template <class Taps, bool kRelu6>
JPEGAI_DEVICE void load_window(const float* from, Row<padded_window<Taps>()>& x) {
    constexpr int kVector = window_vector<Taps>(), kFloats = padded_window<Taps>(), kFirst = Taps::kLead > 0 ? 1 : 0;
    constexpr int kVectors = (kFloats - kFirst) / kVector;
    if constexpr (kFirst > 0) x[0] = *from;
    JPEGAI_UNROLL
    for (int v = 0; v < kVectors; ++v) load_vector<kVector>(from + kFirst + v * kVector, kFirst + v * kVector, x);
    JPEGAI_UNROLL
    for (int i = kFirst + kVectors * kVector; i < kFloats; ++i) x[i] = from[i];
    if (kRelu6) {
        JPEGAI_UNROLL
        for (int i = 0; i < Taps::kWindow; ++i) x[i] = relu6_of_input(x[i]);
    }
}

/// What a thread multiplies at a time: a row of its window and the weights of that kernel row.
template <class Taps, int kChannels>
struct Operands {
    Row<padded_window<Taps>()> x;
    Row<kChannels * Taps::kColumns> w;
};

template <class Taps, int kChannels, bool kRelu6, class Places>
JPEGAI_DEVICE void load_operands(const Places& places, const float* weights, const float* window,
                                 Operands<Taps, kChannels>& to) {
    load_window<Taps, kRelu6>(window, to.x);
    JPEGAI_UNROLL
    for (int kx = 0; kx < Taps::kColumns; ++kx) {
        JPEGAI_UNROLL
        for (int n = 0; n < kChannels; n += 4) {
            const float4 four = *reinterpret_cast<const float4*>(weights + kx * places.tap + n / 4 * places.quad);
            const int i = kx * kChannels + n;
            to.w[i] = four.x;
            to.w[i + 1] = four.y;
            to.w[i + 2] = four.z;
            to.w[i + 3] = four.w;
        }
    }
}

template <class Taps, int kChannels>
JPEGAI_DEVICE void multiply(const Operands<Taps, kChannels>& of, Rows<kChannels, Taps::kOutputs>& acc) {
    JPEGAI_UNROLL
    for (int kx = 0; kx < Taps::kColumns; ++kx) {
        JPEGAI_UNROLL
        for (int k = 0; k < Taps::kPositions; ++k) {
            const int i = Taps::input(kx, k), o = Taps::output(kx, k);
            JPEGAI_UNROLL
            for (int n = 0; n < kChannels; ++n) {
                acc[n][o] = contract::fma(of.w[kx * kChannels + n], of.x[i], acc[n][o]);
            }
        }
    }
}

/// Adds the terms of `count` input channels. Large tiles: other warps hide what loads take.
template <int kRows, class Taps, int kChannels, bool kRelu6, class Places>
JPEGAI_DEVICE void add_chunk(const Places& places, const ConvPatch& patch, const float* weights, const float* window,
                             int count, Rows<kChannels, Taps::kOutputs>& acc) {
    const int row_step = Taps::kColumns * places.tap;
    for (int c = 0; c < count; ++c) {
        JPEGAI_UNROLL
        for (int t = 0; t < kRows; ++t) {
            Operands<Taps, kChannels> now;
            load_operands<Taps, kChannels, kRelu6>(places, weights + t * row_step,
                                                   window + (Taps::kTransposed ? kRows - 1 - t : t) * patch.pitch, now);
            multiply(now, acc);
        }
        weights += kRows * row_step;
        window += patch.rows * patch.pitch;
    }
}

/// The same for few warps: what comes next is loaded before the products of what is there. 1x1 takes four channels at a
/// time, others a kernel row.
template <int kRows, class Taps, int kChannels, bool kRelu6, class Places>
JPEGAI_DEVICE void add_chunk_ahead(const Places& places, const ConvPatch& patch, const float* weights,
                                   const float* window, int count, Rows<kChannels, Taps::kOutputs>& acc) {
    constexpr int kTogether = kRows * Taps::kColumns == 1 ? 4 : kRows;  // operands of one turn of the loop
    constexpr int kPerTurn = kTogether / kRows;                         // channels of it
    constexpr int kAhead = kPerTurn;                                    // operands loaded ahead
    const int row_step = Taps::kColumns * places.tap;
    const int channel_step = patch.rows * patch.pitch;
    const auto window_of = [&](int i) {  // of operands i from the turn's first on
        const int t = i % kRows;
        return i / kRows * channel_step + (Taps::kTransposed ? kRows - 1 - t : t) * patch.pitch;
    };
    Operands<Taps, kChannels> ahead[static_cast<std::size_t>(kAhead)];
    int c = 0;
    if (count >= kPerTurn) {
        JPEGAI_UNROLL
        for (int i = 0; i < kAhead; ++i) {
            load_operands<Taps, kChannels, kRelu6>(places, weights + i * row_step, window + window_of(i), ahead[i]);
        }
    }
    for (; c + kPerTurn <= count; c += kPerTurn) {
        const bool more = c + 2 * kPerTurn <= count;  // else what is loaded ahead is not used
        JPEGAI_UNROLL
        for (int i = 0; i < kTogether; ++i) {
            const Operands<Taps, kChannels> now = ahead[i % kAhead];
            const int next = i + kAhead < kTogether || more ? i + kAhead : i;
            load_operands<Taps, kChannels, kRelu6>(places, weights + next * row_step, window + window_of(next),
                                                   ahead[i % kAhead]);
            multiply(now, acc);
        }
        weights += kTogether * row_step;
        window += kPerTurn * channel_step;
    }
    add_chunk<kRows, Taps, kChannels, kRelu6>(places, patch, weights, window, count - c, acc);
}

/// What a thread that meets the border needs to look at its outputs again.
struct ConvWindow {
    const float* in;       ///< plane of the first input channel
    const float* weights;  ///< of the first input channel and the block's tile of channels
    int row, col;          ///< of the picture, where the thread's window starts
    int channel0;          ///< of the thread's first channel, within the group
    int first_channel;     ///< of the tile
    int group_channel;     ///< first channel of the group
    int quad_step;         ///< output channels from one quad of the thread to its next
    int y, x;              ///< of the thread's first output
};

/// Whether an input of the window is so small that a product or a difference may round to -0.
template <int kRows, class Taps>
JPEGAI_DEVICE bool sees_tiny(const ConvParams& p, const ConvWindow& at) {
    bool found = false;
    for (int c = 0; c < p.in_per_group; ++c) {
        for (int r = 0; r < kRows; ++r) {
            if (at.row + r < 0 || at.row + r >= p.in.rows) continue;
            const float* const from =
                at.in + c * p.in.plane_stride + static_cast<long long>(at.row + r) * p.in.row_stride;
            JPEGAI_UNROLL
            for (int i = 0; i < Taps::kWindow; ++i) {
                if (at.col + i < 0 || at.col + i >= p.in.cols) continue;
                const float x = from[at.col + i];
                found = found || (x != 0.0F && x > -p.tiny && x < p.tiny);
            }
        }
    }
    return found;
}

/// One output with the taps outside the picture skipped.
template <int kRows, class Taps, bool kRelu6>
JPEGAI_DEVICE float exact_sum(const ConvParams& p, const ConvWindow& at, int channel, int o) {
    float sum = p.bias != nullptr ? p.bias[at.group_channel + channel] : 0.0F;
    for (int c = 0; c < p.in_per_group; ++c) {
        for (int t = 0; t < kRows; ++t) {
            const int row = at.row + (Taps::kTransposed ? kRows - 1 - t : t);
            if (row < 0 || row >= p.in.rows) continue;
            for (int kx = 0; kx < Taps::kColumns; ++kx) {
                const int col = at.col + Taps::input(kx, Taps::position(o));
                if (!Taps::meets(kx, o) || col < 0 || col >= p.in.cols) continue;
                const float x = at.in[c * p.in.plane_stride + static_cast<long long>(row) * p.in.row_stride + col];
                const long long tap = (static_cast<long long>(c) * kRows + t) * Taps::kColumns + kx;
                sum = contract::fma(at.weights[tap * p.tile_channels + (channel - at.first_channel)],
                                    kRelu6 ? relu6_of_input(x) : x, sum);
            }
        }
    }
    return sum;
}

/// Ends and stores again those outputs of the thread that `zeros` (bit: channel * outputs + column) names, summed as
/// the contract does.
template <int kRows, class Taps, int kChannels, bool kRelu6>
JPEGAI_DEVICE_APART void redo_zeros(const ConvParams& p, const ConvWindow& at, unsigned long long zeros) {
    const bool special = !(p.tiny < 1.0F);
    if (!special && !sees_tiny<kRows, Taps>(p, at)) return;
    for (int bit = 0; bit < kChannels * Taps::kOutputs; ++bit) {
        if ((zeros >> bit & 1) == 0) continue;
        const int n = bit / Taps::kOutputs, o = bit % Taps::kOutputs;
        const int channel = at.channel0 + quad_channel(n, at.quad_step);
        if (channel >= p.out_per_group) continue;
        store_one(p, exact_sum<kRows, Taps, kRelu6>(p, at, channel, o), at.group_channel + channel, at.y, at.x + o);
    }
}

template <int kChannels, int kOutputs>
JPEGAI_DEVICE unsigned long long find_zeros(const Rows<kChannels, kOutputs>& acc, bool special) {
    static_assert(kChannels * kOutputs <= 64);
    unsigned long long zeros = 0;
    JPEGAI_UNROLL
    for (int n = 0; n < kChannels; ++n) {
        JPEGAI_UNROLL
        for (int i = 0; i < kOutputs; ++i) {
            const bool suspect = acc[n][i] == 0.0F || (special && acc[n][i] != acc[n][i]);
            zeros |= static_cast<unsigned long long>(suspect) << (n * kOutputs + i);
        }
    }
    return zeros;
}

template <int kRows, class Taps>
JPEGAI_DEVICE ConvPatch make_patch(const ConvParams& p, const ConvPlace& place, int x0) {
    ConvPatch patch;
    // The boxes of both phases are those of the longer one.
    patch.rows = (p.tile_rows - 1) * Taps::kStride + (Taps::kTransposed && p.bulk ? 2 : kRows);
    patch.cols = (p.threads_x - 1) * Taps::kStep + Taps::kWindow;
    patch.pitch = p.pitch;
    patch.lead = Taps::kLead;
    // Transposed: row taps are m + 1, m (odd rows) and m, m - 1 (even rows; m alone for 3x3).
    patch.row0 =
        Taps::kTransposed ? place.y0 + (kRows == 1 || place.phase == 1 ? 0 : -1) : place.y0 * Taps::kStride - p.pad_top;
    patch.col0 = Taps::kTransposed ? x0 - Taps::kBefore : x0 * Taps::kStride - p.pad_left;
    patch.vector = kRows == 1 && Taps::kWindow == Taps::kStep && patch.rows == 1 && patch.cols % 4 == 0 &&
                   patch.row0 < p.in.rows && patch.col0 + patch.cols <= p.in.cols && p.in.plane_stride % 4 == 0 &&
                   is_aligned(p.in.data + static_cast<long long>(patch.row0) * p.in.row_stride + patch.col0);
    patch.border =
        patch.row0 < 0 || patch.col0 < 0 || patch.row0 + patch.rows > p.in.rows || patch.col0 + patch.cols > p.in.cols;
    // Of 1x1 only what nobody stores lies outside.
    patch.padded = patch.border && (kRows > 1 || Taps::kColumns > 1);
    return patch;
}

/// One block with kRows kernel rows (of the phase, where transposed).
template <int kRows, class Taps, int kChannels, bool kRelu6>
JPEGAI_DEVICE void conv_block(const ConvParams& p, const ConvPlace& place, long long weights_offset) {
    constexpr int kStages = conv_stages<kChannels>();
    const int rows = Taps::kTransposed ? p.in.rows : (p.out.rows + p.shuffle - 1) / p.shuffle;
    const int cols = Taps::kTransposed ? p.in.cols : (p.out.cols + p.shuffle - 1) / p.shuffle;
    const int tile_cols = p.threads_x * Taps::kPositions;
    const int x0 = place.x0 * tile_cols;
    const ConvPatch patch = make_patch<kRows, Taps>(p, place, x0);

    constexpr int kTaps = kRows * Taps::kColumns;
    const WeightPlaces<kTaps, kChannels, kRelu6> places(p);
    const int stage = places.size + whole_lines(p.chunk * patch.rows * patch.pitch);
    float* const shared = shared_memory<float>();
    const float* const in = p.in.data + static_cast<long long>(place.group) * p.in_per_group * p.in.plane_stride;
    const float* const weights = p.weights + weights_offset;
    const auto count_of = [&](int first) {
        const int left = p.in_per_group - first;
        return left < p.chunk ? left : p.chunk;
    };
    __shared__ std::uint64_t barriers[static_cast<std::size_t>(kStages)];
    const PatchShare share(patch);
    const auto bulk_stage = [&](int s, int first) {
        load_in_bulk(p, place, patch, places, weights_offset, shared + s * stage, first, count_of(first), &barriers[s]);
    };
    if (p.bulk) {
        if (threadIdx.x == 0) {
            for (int s = 0; s < kStages; ++s) bulk_begin(&barriers[s]);
        }
        sync_threads();
        JPEGAI_UNROLL
        for (int s = 0; s < kStages - 1; ++s) {
            if (s * p.chunk < p.in_per_group) bulk_stage(s, s * p.chunk);
        }
    } else {
        JPEGAI_UNROLL
        for (int s = 0; s < kStages - 1; ++s) {
            load_weights(p, places, weights, shared + s * stage, s * p.chunk, count_of(s * p.chunk));
        }
        if (patch.padded) clear_outside(p, patch, share, shared + places.size, stage, kStages);
        JPEGAI_UNROLL
        for (int s = 0; s < kStages - 1; ++s) {
            load_inputs(p, patch, share, in, shared + s * stage + places.size, s * p.chunk, count_of(s * p.chunk));
            cp_async_commit();
        }
    }

    // Within the group.
    const int channel0 = place.first_channel + (places.kOwn ? kChannels : 4) * place.channel_thread;
    const int quad_step = places.quad_step;
    const int group_channel = place.group * p.out_per_group;
    const int y = place.y0 + place.ty, x = x0 + place.tx * Taps::kPositions;
    const bool active = y < rows && x < cols && channel0 < p.out_per_group;

    Rows<kChannels, Taps::kOutputs> acc;
    JPEGAI_UNROLL
    for (int n = 0; n < kChannels; ++n) {
        const int channel = channel0 + quad_channel(n, quad_step);
        const float start = p.bias != nullptr && channel < p.out_per_group ? p.bias[group_channel + channel] : 0.0F;
        JPEGAI_UNROLL
        for (int i = 0; i < Taps::kOutputs; ++i) acc[n][i] = start;
    }

    // A 1x1 convolution of few channels is over before what it ends with would be there.
    if (kTaps == 1 && active) prefetch_others(p, kChannels, group_channel + channel0, quad_step, y, x);

    int now = 0, later = kStages - 1;  // stages of shared memory
    unsigned phases = 0;               // of their barriers, a bit each
    for (int first = 0; first < p.in_per_group; first += p.chunk) {
        const int ahead = first + (kStages - 1) * p.chunk;
        if (p.bulk) {
            bulk_wait(&barriers[now], phases >> now & 1);
            phases ^= 1U << now;
            sync_threads();
            if (ahead < p.in_per_group) bulk_stage(later, ahead);
        } else {
            cp_async_wait<kStages - 2>();
            sync_threads();
            if (ahead < p.in_per_group) {
                float* const to = shared + later * stage;
                load_weights(p, places, weights, to, ahead, count_of(ahead));
                load_inputs(p, patch, share, in, to + places.size, ahead, count_of(ahead));
            }
            cp_async_commit();  // also of nothing: waits count groups
        }
        if (active) {
            const float* const own = shared + now * stage + places.thread * place.channel_thread;
            const float* const window = shared + now * stage + places.size + place.ty * Taps::kStride * patch.pitch +
                                        place.tx * Taps::kStep + Taps::kLead;
            if constexpr (kChannels == kConvChannels) {
                add_chunk<kRows, Taps, kChannels, kRelu6>(places, patch, own, window, count_of(first), acc);
            } else {
                add_chunk_ahead<kRows, Taps, kChannels, kRelu6>(places, patch, own, window, count_of(first), acc);
            }
        }
        now = now + 1 == kStages ? 0 : now + 1;
        later = later + 1 == kStages ? 0 : later + 1;
    }
    if (!active) return;
    const int out_y = Taps::kTransposed ? 2 * y + place.phase : y, out_x = Taps::kTransposed ? 2 * x : x;
    const unsigned long long zeros = patch.padded ? find_zeros(acc, !(p.tiny < 1.0F)) : 0;
    store_all<!Taps::kTransposed>(p, acc, group_channel, channel0, quad_step, out_y, out_x);
    if (zeros != 0) {
        const ConvWindow window{in,
                                weights,
                                patch.row0 + place.ty * Taps::kStride,
                                patch.col0 + place.tx * Taps::kStep,
                                channel0,
                                place.first_channel,
                                group_channel,
                                quad_step,
                                out_y,
                                out_x};
        redo_zeros<kRows, Taps, kChannels, kRelu6>(p, window, zeros);
    }
}

template <int kRows, class Taps, int kChannels, bool kRelu6 = false>
JPEGAI_DEVICE void conv_plain(const ConvParams& p) {
    const ConvPlace place = conv_place<kChannels>(p, 1);
    const long long tile = place.group * p.tiles_per_group + place.first_channel / p.tile_channels;
    conv_block<kRows, Taps, kChannels, kRelu6>(p, place,
                                               tile * p.in_per_group * kRows * Taps::kColumns * p.tile_channels);
}

// Weights of a tile of a transposed convolution: those of even rows, then those of odd rows.
template <int kWide, int kChannels>
JPEGAI_DEVICE void conv_transposed3_any(const ConvParams& p) {
    const ConvPlace place = conv_place<kChannels>(p, 2);
    const long long tile = place.first_channel / p.tile_channels;
    const long long row = static_cast<long long>(p.in_per_group) * 3 * p.tile_channels;
    if (place.phase == 0) {
        conv_block<1, TransposedTaps<3, kWide>, kChannels, false>(p, place, tile * 3 * row);
    } else {
        conv_block<2, TransposedTaps<3, kWide>, kChannels, false>(p, place, tile * 3 * row + row);
    }
}

template <int kWide, int kChannels>
JPEGAI_DEVICE void conv_transposed4_any(const ConvParams& p) {
    const ConvPlace place = conv_place<kChannels>(p, 2);
    const long long tile = place.first_channel / p.tile_channels;
    const long long rows = static_cast<long long>(p.in_per_group) * 8 * p.tile_channels;
    conv_block<2, TransposedTaps<4, kWide>, kChannels, false>(p, place, (2 * tile + place.phase) * rows);
}

}  // namespace jpegai::cuda
