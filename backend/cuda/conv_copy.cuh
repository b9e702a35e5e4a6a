// How convolutions fill shared memory: a stage has the weights and the patch of inputs of a few input channels. Bulk
// copies (ConvParams::bulk) are queued by one thread and bring zeros for what lies outside the picture; without them
// every thread copies a share.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backend/cuda/conv.h"
#include "backend/cuda/kernel.cuh"

namespace jpegai::cuda {

/// Stages of shared memory: large tiles compute long enough to hide one copy.
template <int kChannels>
JPEGAI_DEVICE constexpr int conv_stages() {
    return kChannels == kConvChannels ? kLargeStages : kSmallStages;
}

/// Where a block and its threads stand.
struct ConvPlace {
    int group, first_channel;  ///< of the block's output channels within the group
    int phase;                 ///< row parity of a transposed convolution
    int y0, x0;                ///< first row of the tile, and index of the tile in its row
    int channel_thread, tx, ty;
};

template <int kChannels>
JPEGAI_DEVICE ConvPlace conv_place(const ConvParams& p, int phases) {
    ConvPlace place;
    int block = static_cast<int>(blockIdx.x);
    const int channel_tiles = p.groups * p.tiles_per_group;
    const int tile = block % channel_tiles;
    block /= channel_tiles;
    place.group = tile / p.tiles_per_group;
    place.first_channel = tile % p.tiles_per_group * p.tile_channels;
    place.phase = phases - 1 - block % phases;  // the longer one first
    block /= phases;
    const int channel_threads = p.tile_channels / kChannels;
    const int thread = static_cast<int>(threadIdx.x);
    place.channel_thread = thread % channel_threads;
    const int position = thread / channel_threads;
    place.tx = position % p.threads_x;
    place.ty = position / p.threads_x;
    place.y0 = block / p.tiles_x * p.tile_rows;
    place.x0 = block % p.tiles_x;
    return place;
}

/// Rows and columns of the inputs of a tile in shared memory.
struct ConvPatch {
    int rows, pitch, cols, lead;  ///< `lead` columns of no use come first
    int row0, col0;               ///< in the picture
    bool vector;                  ///< to be copied 16 bytes at a time
    bool border;                  ///< reaches out of the picture
    bool padded;                  ///< and what lies there has to be zero

    JPEGAI_DEVICE bool inside(const ConvParams& p, int y, int x) const {
        return row0 + y >= 0 && row0 + y < p.in.rows && col0 + x >= 0 && col0 + x < p.in.cols;
    }
};

/// Where a thread finds the weights of a stage in shared memory. Tap by tap, all channels of the tile; but for 3x3 in
/// large tiles those of one thread together, so that the compiler knows what the inner loops add to addresses, and
/// threads an odd number of 16 bytes apart, so that they read different banks. (Measured: others are slower that way.)
template <int kTaps, int kChannels, bool kRelu6>
struct WeightPlaces {
    static constexpr bool kOwn = kTaps == 9 && kChannels == kConvChannels && !kRelu6;
    static constexpr int kQuads = kChannels / 4;
    int tap, quad, thread;  ///< distances of taps, of quads of channels, of threads
    int size;               ///< of a stage
    int quad_step;          ///< output channels from one quad of a thread to its next

    JPEGAI_DEVICE explicit WeightPlaces(const ConvParams& p) {
        tap = kOwn ? kChannels : p.tile_channels;
        quad = kOwn ? 4 : p.tile_channels / kQuads;
        thread = kOwn ? own_weights(p.chunk, kTaps) : 4;
        size = whole_lines(kOwn ? thread * (p.tile_channels / kChannels) : p.chunk * kTaps * p.tile_channels);
        quad_step = kOwn ? 4 : p.tile_channels / kQuads;
    }
};

/// Queues the copies of the weights of input channels [first, first + count). A thread copies the same four output
/// channels of all its taps.
template <int kTaps, int kChannels, bool kRelu6>
JPEGAI_DEVICE void load_weights(const ConvParams& p, const WeightPlaces<kTaps, kChannels, kRelu6>& places,
                                const float* weights, float* to, int first, int count) {
    const int thread = static_cast<int>(threadIdx.x);
    const float* from = weights + static_cast<long long>(first) * kTaps * p.tile_channels;
    if constexpr (!WeightPlaces<kTaps, kChannels, kRelu6>::kOwn) {
        JPEGAI_UNROLL_4
        for (int i = 4 * thread; i < count * kTaps * p.tile_channels; i += 4 * static_cast<int>(blockDim.x)) {
            cp_async_16(to + i, from + i);
        }
        return;
    }
    constexpr int kQuads = kChannels / 4;
    const int quads = p.tile_channels / 4;
    const int quad = thread % quads, step = static_cast<int>(blockDim.x) / quads;
    from += thread / quads * p.tile_channels + 4 * quad;
    to += quad / kQuads * places.thread + quad % kQuads * 4 + thread / quads * kChannels;
    JPEGAI_UNROLL_4
    for (int tap = thread / quads; tap < count * kTaps; tap += step) {
        cp_async_16(to, from);
        from += step * p.tile_channels;
        to += step * kChannels;
    }
}

/// Which samples of a patch a thread copies: `sample`, `sample + step`, ... of channels `channel`, `channel +
/// channels`, ... A patch with fewer samples than half the threads is copied from several channels at a time. A sample
/// of a patch that is copied 16 bytes at a time has four values.
struct PatchShare {
    int sample, step, channel, channels;
    int samples;  ///< of a channel
    int inverse;  ///< 2^20 / columns, rounded up: samples are far fewer than would make that wrong

    JPEGAI_DEVICE explicit PatchShare(const ConvPatch& patch) {
        const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
        samples = patch.vector ? patch.cols / 4 : patch.rows * patch.cols;
        inverse = patch.vector ? 0 : ((1 << 20) + patch.cols - 1) / patch.cols;
        channels = 2 * samples <= threads ? threads / samples : 1;
        channel = channels > 1 ? thread / samples : 0;
        sample = thread - channel * samples;
        step = threads;
        if (channel >= channels) sample = samples;  // nothing
    }
    JPEGAI_DEVICE int row(int of_sample) const { return of_sample * inverse >> 20; }
};

/// Zeros outside the picture, in the patches of all stages: the copies leave them alone.
JPEGAI_DEVICE void clear_outside(const ConvParams& p, const ConvPatch& patch, const PatchShare& share,
                                 float* first_patch, int stage, int stages) {
    const int patch_size = patch.rows * patch.pitch;
    for (int e = share.sample; e < share.samples; e += share.step) {
        const int y = share.row(e), x = e - y * patch.cols;
        if (patch.inside(p, y, x)) continue;
        float* to = first_patch + y * patch.pitch + patch.lead + x;
        for (int s = 0; s < stages; ++s, to += stage) {
            for (int c = share.channel; c < p.chunk; c += share.channels) to[c * patch_size] = 0.0F;
        }
    }
}

/// Queues the copies of `count` input channels from `first` on.
JPEGAI_DEVICE void load_inputs(const ConvParams& p, const ConvPatch& patch, const PatchShare& share, const float* in,
                               float* to_patch, int first, int count) {
    const int patch_size = patch.rows * patch.pitch;
    const float* const corner =
        in + first * p.in.plane_stride + static_cast<long long>(patch.row0) * p.in.row_stride + patch.col0;
    const long long source_step = share.channels * p.in.plane_stride;
    const int to_step = share.channels * patch_size;
    if (patch.vector) {  // one row, all of it inside
        for (int e = share.sample; e < share.samples; e += share.step) {
            const float* source = corner + share.channel * p.in.plane_stride + 4 * e;
            float* to = to_patch + share.channel * patch_size + 4 * e;
            JPEGAI_UNROLL_4
            for (int c = share.channel; c < count; c += share.channels, source += source_step, to += to_step) {
                cp_async_16(to, source);
            }
        }
        return;
    }
    for (int e = share.sample; e < share.samples; e += share.step) {
        const int y = share.row(e), x = e - y * patch.cols;
        if (patch.border && !patch.inside(p, y, x)) continue;
        const float* source =
            corner + share.channel * p.in.plane_stride + static_cast<long long>(y) * p.in.row_stride + x;
        float* to = to_patch + share.channel * patch_size + y * patch.pitch + patch.lead + x;
        JPEGAI_UNROLL_4
        for (int c = share.channel; c < count; c += share.channels, source += source_step, to += to_step) {
            cp_async_4(to, source);
        }
    }
}

/// Queues the bulk copies of input channels [first, first + count) and of their weights. The box of inputs has `chunk`
/// channels always; what it has beyond is not used.
template <int kTaps, int kChannels, bool kRelu6>
JPEGAI_DEVICE void load_in_bulk(const ConvParams& p, const ConvPlace& place, const ConvPatch& patch,
                                const WeightPlaces<kTaps, kChannels, kRelu6>& places, long long weights_offset,
                                float* to, int first, int count, std::uint64_t* barrier) {
    constexpr unsigned kFloat = sizeof(float);
    const int thread = static_cast<int>(threadIdx.x);
    const int weights = count * kTaps * p.tile_channels;
    if (thread == 0) {
        bulk_expect(barrier, kFloat * static_cast<unsigned>(weights + p.chunk * patch.rows * patch.pitch));
        bulk_copy_box(to + places.size, p.in_map, patch.col0 - patch.lead, patch.row0,
                      place.group * p.in_per_group + first, barrier);
        if constexpr (!WeightPlaces<kTaps, kChannels, kRelu6>::kOwn) {
            const float* const from =
                p.weights + weights_offset + static_cast<long long>(first) * kTaps * p.tile_channels;
            bulk_copy(to, from, kFloat * static_cast<unsigned>(weights), barrier);
        }
    }
    if constexpr (WeightPlaces<kTaps, kChannels, kRelu6>::kOwn) {
        if (thread < p.tile_channels / kChannels) {
            const long long channel = static_cast<long long>(thread) * p.in_per_group + first;
            bulk_copy(to + thread * places.thread, p.own_weights + weights_offset + channel * kTaps * kChannels,
                      kFloat * static_cast<unsigned>(count * kTaps * kChannels), barrier);
        }
    }
}

}  // namespace jpegai::cuda
