#include "backend/cuda/entropy_kernels.h"

#include "backend/cuda/kernel.cuh"
#include "bitstream/me_tans_steps.h"
#include "spec/constants.h"

namespace jpegai::cuda {

namespace {

using me_tans::LaneState;
using me_tans::Status;

/// Up to four elements of a lane: table symbols first, then escapes.
JPEGAI_DEVICE Status residual_unit(const ResidualLane& p, const std::uint32_t* words, const std::uint8_t* bounds,
                                   std::uint32_t first, unsigned count, LaneState& state) {
    unsigned escaped = 0;
    for (unsigned k = 0; k < count; ++k) {
        const std::uint32_t i = first + k * p.lanes;
        const std::uint8_t table = p.table[i];
        std::int32_t symbol = 0;
        if (table != kNotCoded) {
            const Status status = me_tans::decode_step(words + std::size_t{table} * 256, state.stack,
                                                       state.state[me_tans::slot_of(i, p.lanes)], symbol);
            if (status != Status::kOk) return status;
            if (symbol == -std::int32_t{bounds[table]}) escaped |= 1U << k;
        }
        p.residual[i] = static_cast<std::int16_t>(symbol);
    }
    for (unsigned k = 0; escaped != 0 && k < count; ++k) {
        if ((escaped >> k & 1U) == 0) continue;
        const std::uint32_t i = first + k * p.lanes;
        std::int16_t value = 0;
        const Status status = me_tans::pop_residual_escape(state.stack, bounds[p.table[i]], value);
        if (status != Status::kOk) return status;
        p.residual[i] = value;
    }
    return Status::kOk;
}

JPEGAI_DEVICE Status residual_lane(const ResidualLane& p, const std::uint32_t* words, const std::uint8_t* bounds) {
    const unsigned states = p.lanes == 1 ? 2 : 1;
    LaneState state;
    Status status = me_tans::open_lane(p.bytes, p.size, states, state.stack, state.state);
    if (status != Status::kOk) return status;
    const std::uint32_t group = 4 * p.lanes, grouped = p.elements / group * group;
    // A group that straddles the end of the prefix is decoded whole: its escapes follow its table symbols.
    const std::uint32_t end = p.decoded < grouped ? (p.decoded + group - 1) / group * group : p.decoded;
    const std::uint32_t in_groups = end < grouped ? end : grouped;
    for (std::uint32_t first = 0; first < in_groups; first += group) {
        status = residual_unit(p, words, bounds, first + p.lane, 4, state);
        if (status != Status::kOk) return status;
    }
    for (std::uint32_t i = in_groups + p.lane; i < end; i += p.lanes) {
        status = residual_unit(p, words, bounds, i, 1, state);
        if (status != Status::kOk) return status;
    }
    std::uint32_t rest = p.decoded / p.lanes * p.lanes + p.lane;
    if (rest < p.decoded) rest += p.lanes;
    for (std::uint32_t i = rest; i < p.elements; i += p.lanes) p.residual[i] = 0;
    if (p.decoded < p.elements) return Status::kOk;
    return me_tans::close_lane(state.stack, states, state.state);
}

JPEGAI_DEVICE Status hyper_unit(const std::uint32_t* words, std::int8_t* z_hat, std::uint32_t lanes,
                                std::uint32_t first, unsigned count, LaneState& state) {
    unsigned escaped = 0;
    for (unsigned k = 0; k < count; ++k) {
        const std::uint32_t i = first + k * lanes;
        std::int32_t symbol = 0;
        const Status status = me_tans::decode_step(words, state.stack, state.state[me_tans::slot_of(i, lanes)], symbol);
        if (status != Status::kOk) return status;
        if (symbol == me_tans::kHyperEscape) escaped |= 1U << k;
        z_hat[i] = static_cast<std::int8_t>(symbol - kHyperOffset);
    }
    for (unsigned k = 0; escaped != 0 && k < count; ++k) {
        if ((escaped >> k & 1U) == 0) continue;
        std::int32_t symbol = 0;
        const Status status = me_tans::pop_hyper_escape(state.stack, symbol);
        if (status != Status::kOk) return status;
        z_hat[first + k * lanes] = static_cast<std::int8_t>(symbol - kHyperOffset);
    }
    return Status::kOk;
}

JPEGAI_DEVICE Status hyper_lane(const HyperLane& p) {
    const unsigned states = p.lanes == 1 ? 2 : 1;
    LaneState state;
    Status status = me_tans::open_lane(p.bytes, p.size, states, state.stack, state.state);
    if (status != Status::kOk) return status;
    const std::uint32_t group = 4 * p.lanes, grouped = p.samples / group * group;
    for (unsigned component = 0; component < 2; ++component) {
        for (std::uint32_t c = 0; c < p.channels[component]; ++c) {
            const std::uint32_t* words = p.words[component] + std::size_t{c} * 256;
            std::int8_t* z_hat = p.z_hat[component] + std::size_t{c} * p.samples;
            for (std::uint32_t first = 0; first < grouped; first += group) {
                status = hyper_unit(words, z_hat, p.lanes, first + p.lane, 4, state);
                if (status != Status::kOk) return status;
            }
            for (std::uint32_t i = grouped + p.lane; i < p.samples; i += p.lanes) {
                status = hyper_unit(words, z_hat, p.lanes, i, 1, state);
                if (status != Status::kOk) return status;
            }
        }
    }
    return me_tans::close_lane(state.stack, states, state.state);
}

/// Sum of one output of a convolution; products wrap in 32 bits, which unsigned arithmetic defines.
JPEGAI_DEVICE std::int32_t integer_sum(const HyperScaleParams& p, unsigned o, unsigned y, unsigned x) {
    const std::size_t plane = std::size_t{p.rows} * p.cols;
    const std::int8_t* in = p.in + blockIdx.z * p.in_channels * plane;
    const std::int8_t* weight = p.weight + std::size_t{o} * p.in_channels * p.kernel * p.kernel;
    auto acc = static_cast<std::uint32_t>(p.bias[o]);
    const unsigned pad = p.kernel / 2;
    for (unsigned i = 0; i < p.in_channels; ++i) {
        for (unsigned ky = 0; ky < p.kernel; ++ky) {
            for (unsigned kx = 0; kx < p.kernel; ++kx) {
                const unsigned row = y + ky - pad, col = x + kx - pad;  // above the size when it is negative
                const int w = *weight++;
                if (row >= p.rows || col >= p.cols) continue;
                acc += static_cast<std::uint32_t>(w * in[i * plane + std::size_t{row} * p.cols + col]);
            }
        }
    }
    return static_cast<std::int32_t>(acc) >> p.shift[o];
}

/// |x| clipped to 0..3967; the magnitude of INT32_MIN does not exist and counts as negative, hence 0.
JPEGAI_DEVICE std::int16_t scale_index(std::int32_t value) {
    if (value == INT32_MIN) return 0;
    const std::int32_t magnitude = value < 0 ? -value : value;
    return static_cast<std::int16_t>(magnitude < kScaleLogMax ? magnitude : kScaleLogMax);
}

}  // namespace

JPEGAI_KERNEL(me_tans_residual, ResidualParams, kLaneThreads) {
    auto* const words = shared_memory<std::uint32_t>();
    for (unsigned i = threadIdx.x; i < 32 * 256; i += blockDim.x) words[i] = p.words[i];
    sync_threads();
    const unsigned index = blockIdx.x * blockDim.x + threadIdx.x;
    if (index >= p.count) return;
    p.status[index] = static_cast<std::uint8_t>(residual_lane(p.lane[index], words, p.bounds));
}
JPEGAI_DEFINE_KERNEL(me_tans_residual, ResidualParams)

JPEGAI_KERNEL(me_tans_hyper, HyperParams, kLaneThreads) {
    const unsigned index = blockIdx.x * blockDim.x + threadIdx.x;
    if (index >= p.count) return;
    p.status[index] = static_cast<std::uint8_t>(hyper_lane(p.lane[index]));
}
JPEGAI_DEFINE_KERNEL(me_tans_hyper, HyperParams)

JPEGAI_KERNEL(hyper_scale_conv, HyperScaleParams, kScaleCols* kScaleRows) {
    const unsigned position = blockIdx.x * blockDim.x + threadIdx.x, o = blockIdx.y * blockDim.y + threadIdx.y;
    if (position >= p.rows * p.cols || o >= p.out_channels) return;
    const unsigned y = position / p.cols, x = position % p.cols;
    const std::int32_t value = integer_sum(p, o, y, x);
    if (p.activations != nullptr) {
        // The next convolution clips its input to 127.
        const std::int32_t rectified = value > 0 ? value : 0;
        p.activations[(blockIdx.z * std::size_t{p.out_channels} + o) * p.rows * p.cols + position] =
            static_cast<std::int8_t>(rectified < 127 ? rectified : 127);
        return;
    }
    const unsigned row = 4 * y + o % 16 / 4, col = 4 * x + o % 4;
    if (row >= p.latent_rows || col >= p.latent_cols) return;
    const std::size_t channel = blockIdx.z * std::size_t{p.out_channels / 16} + o / 16;
    p.scales[(channel * p.latent_rows + row) * p.latent_cols + col] = scale_index(value);
}
JPEGAI_DEFINE_KERNEL(hyper_scale_conv, HyperScaleParams)

}  // namespace jpegai::cuda
