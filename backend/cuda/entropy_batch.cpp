#include "backend/cuda/entropy_batch.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "backend/cuda/entropy_kernels.h"
#include "bitstream/me_tans_reference.h"
#include "bitstream/me_tans_steps.h"

namespace jpegai::cuda {
namespace {

/// Byte ranges packed for one copy.
class Packer {
public:
    /// Offset of the bytes in the copy.
    std::size_t add(std::size_t bytes) {
        const std::size_t at = size_;
        size_ = checked_mul(ceil_div(checked_add(size_, bytes), kAlign), kAlign);
        return at;
    }
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    static constexpr std::size_t kAlign = 16;
    std::size_t size_ = 0;
};

/// Thrown errors of the host's form of a call that failed on the device.
template <class Call>
std::optional<Error> error_of(const Call& call) {
    try {
        call();
    } catch (const Error& error) {
        return error;
    }
    return Error(JPEGAI_ERROR_INTERNAL, "the device found an error in a lane and the host found none");
}

void decode_hyper_on_host(const HyperCall& call) {
    HyperDecoder decoder(call.lanes);
    for (std::size_t c = 0; c < kComponents; ++c) {
        for (std::size_t channel = 0; channel < call.tables[c].size(); ++channel) {
            decoder.decode_channel(call.tables[c][channel],
                                   call.z_hat[c].subspan(channel * call.samples, call.samples));
        }
    }
    decoder.finish();
}

unsigned blocks_of(std::size_t lanes) {
    return static_cast<unsigned>(ceil_div<std::size_t>(lanes, kLaneThreads));
}

void check_call(const ResidualCall& call) {
    check_lane_count(call.lanes.size());
    if (call.table.size() != call.residual.size() || call.elements > call.table.size() ||
        call.table.size() > 0xFFFF'FFFFU - 64) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "sizes of the residual and its distributions differ");
    }
    check_tables(call.table);
}

void check_call(const HyperCall& call) {
    check_lane_count(call.lanes.size());
    for (std::size_t c = 0; c < kComponents; ++c) {
        if (call.z_hat[c].size() != checked_mul(call.tables[c].size(), call.samples) ||
            call.samples > 0xFFFF'FFFFU - 64) {
            throw Error(JPEGAI_ERROR_ARGUMENT, "hyper latents do not fit their tables");
        }
    }
}

}  // namespace

EntropyBatch::EntropyBatch(std::shared_ptr<Device> device)
    : memory_(StreamMemory::make(device)), begun_(device->make_event()), ended_(device->make_event()) {}

template <class T>
std::shared_ptr<void> EntropyBatch::upload(const T* from, std::size_t count) {
    const std::size_t bytes = checked_mul(std::max<std::size_t>(count, 1), sizeof(T));
    std::shared_ptr<void> to = memory_->take(bytes);
    if (count == 0) return to;
    void* staged = memory_->staging(bytes);
    std::memcpy(staged, from, bytes);
    memory_->stream().copy_to_device(to.get(), staged, bytes);
    return to;
}

void EntropyBatch::begin_kernels() {
    memory_->stream().record(*begun_);
}

void EntropyBatch::end_kernels() {
    memory_->stream().record(*ended_);
}

std::vector<std::optional<Error>> EntropyBatch::decode_residual(std::span<const ResidualCall> calls) {
    std::vector<std::optional<Error>> errors(calls.size());
    Packer payloads, tables, symbols;
    struct Place {
        std::size_t table, residual;
        std::vector<std::size_t> lanes;
    };
    std::vector<Place> places;
    for (const ResidualCall& call : calls) {
        check_call(call);
        Place place{tables.add(call.table.size()), symbols.add(call.residual.size_bytes()), {}};
        for (const LaneBytes& lane : call.lanes) place.lanes.push_back(payloads.add(lane.bytes.size()));
        places.push_back(std::move(place));
    }
    Stream& stream = memory_->stream();
    auto* const staged_payloads =
        static_cast<std::uint8_t*>(memory_->staging(std::max<std::size_t>(1, payloads.size())));
    auto* const staged_tables = static_cast<std::uint8_t*>(memory_->staging(std::max<std::size_t>(1, tables.size())));
    const std::shared_ptr<void> device_payloads = memory_->take(std::max<std::size_t>(1, payloads.size())),
                                device_tables = memory_->take(std::max<std::size_t>(1, tables.size())),
                                device_symbols = memory_->take(std::max<std::size_t>(1, symbols.size()));
    std::vector<ResidualLane> lanes;
    std::vector<std::size_t> owner;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const ResidualCall& call = calls[i];
        std::copy(call.table.begin(), call.table.end(), staged_tables + places[i].table);
        for (std::size_t t = 0; t < call.lanes.size(); ++t) {
            const auto& bytes = call.lanes[t].bytes;
            std::copy(bytes.begin(), bytes.end(), staged_payloads + places[i].lanes[t]);
            lanes.push_back(
                {static_cast<const std::uint8_t*>(device_payloads.get()) + places[i].lanes[t], bytes.size(),
                 static_cast<const std::uint8_t*>(device_tables.get()) + places[i].table,
                 reinterpret_cast<std::int16_t*>(static_cast<std::uint8_t*>(device_symbols.get()) + places[i].residual),
                 static_cast<std::uint32_t>(call.table.size()), static_cast<std::uint32_t>(call.elements),
                 static_cast<std::uint32_t>(call.lanes.size()), static_cast<std::uint32_t>(t)});
            owner.push_back(i);
        }
    }
    if (lanes.empty()) return errors;
    stream.copy_to_device(device_payloads.get(), staged_payloads, payloads.size());
    stream.copy_to_device(device_tables.get(), staged_tables, tables.size());
    const auto device_lanes = upload(lanes.data(), lanes.size());
    const auto words = upload(residual_decode_tables()[0].data(), kSigmaTables * std::size_t{256});
    const auto bounds = upload(residual_bounds().data(), kSigmaTables);
    const std::shared_ptr<void> status = memory_->take(lanes.size());
    begin_kernels();
    stream.launch(
        me_tans_residual_kernel, {blocks_of(lanes.size()), 1, 1}, {kLaneThreads, 1, 1}, kResidualSharedBytes,
        ResidualParams{static_cast<const ResidualLane*>(device_lanes.get()), static_cast<std::uint8_t*>(status.get()),
                       static_cast<const std::uint32_t*>(words.get()), static_cast<const std::uint8_t*>(bounds.get()),
                       static_cast<unsigned>(lanes.size())});
    end_kernels();
    auto* const host_status = static_cast<std::uint8_t*>(memory_->staging(lanes.size()));
    auto* const host_symbols = static_cast<std::uint8_t*>(memory_->staging(std::max<std::size_t>(1, symbols.size())));
    stream.copy_to_host(host_status, status.get(), lanes.size());
    stream.copy_to_host(host_symbols, device_symbols.get(), symbols.size());
    memory_->wait();
    kernel_seconds_ = ended_->seconds_since(*begun_);
    std::vector<bool> failed(calls.size());
    for (std::size_t l = 0; l < lanes.size(); ++l) {
        if (host_status[l] != static_cast<std::uint8_t>(me_tans::Status::kOk)) failed[owner[l]] = true;
    }
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const ResidualCall& call = calls[i];
        if (failed[i]) {
            errors[i] =
                error_of([&] { jpegai::decode_residual(call.lanes, call.table, call.elements, call.residual); });
        } else if (!call.residual.empty()) {
            std::memcpy(call.residual.data(), host_symbols + places[i].residual, call.residual.size_bytes());
        }
    }
    memory_->drop_staging();
    return errors;
}

std::vector<std::optional<Error>> EntropyBatch::decode_hyper(std::span<const HyperCall> calls) {
    std::vector<std::optional<Error>> errors(calls.size());
    Packer symbols;
    std::vector<HyperLane> lanes;
    std::vector<std::size_t> owner;
    std::vector<std::array<std::size_t, kComponents>> places;
    std::vector<std::shared_ptr<void>> held;
    std::map<const HyperTable*, std::shared_ptr<void>> words;  // pictures of one model share them
    for (const HyperCall& call : calls) {
        check_call(call);
        places.push_back({symbols.add(call.z_hat[0].size()), symbols.add(call.z_hat[1].size())});
        for (const auto& tables : call.tables) {
            auto& uploaded = words[tables.data()];
            if (uploaded) continue;
            std::vector<std::uint32_t> flat;
            for (const HyperTable& table : tables)
                flat.insert(flat.end(), table.decode_table().begin(), table.decode_table().end());
            uploaded = upload(flat.data(), flat.size());
        }
    }
    const std::shared_ptr<void> device_symbols = memory_->take(std::max<std::size_t>(1, symbols.size()));
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const HyperCall& call = calls[i];
        for (std::size_t t = 0; t < call.lanes.size(); ++t) {
            held.push_back(upload(call.lanes[t].bytes.data(), call.lanes[t].bytes.size()));
            HyperLane lane{};
            lane.bytes = static_cast<const std::uint8_t*>(held.back().get());
            lane.size = call.lanes[t].bytes.size();
            for (std::size_t c = 0; c < kComponents; ++c) {
                lane.words[c] = static_cast<const std::uint32_t*>(words[call.tables[c].data()].get());
                lane.z_hat[c] = static_cast<std::int8_t*>(device_symbols.get()) + places[i][c];
                lane.channels[c] = static_cast<std::uint32_t>(call.tables[c].size());
            }
            lane.samples = static_cast<std::uint32_t>(call.samples);
            lane.lanes = static_cast<std::uint32_t>(call.lanes.size());
            lane.lane = static_cast<std::uint32_t>(t);
            lanes.push_back(lane);
            owner.push_back(i);
        }
    }
    if (lanes.empty()) return errors;
    Stream& stream = memory_->stream();
    const auto device_lanes = upload(lanes.data(), lanes.size());
    const std::shared_ptr<void> status = memory_->take(lanes.size());
    begin_kernels();
    stream.launch(me_tans_hyper_kernel, {blocks_of(lanes.size()), 1, 1}, {kLaneThreads, 1, 1}, 0,
                  HyperParams{static_cast<const HyperLane*>(device_lanes.get()),
                              static_cast<std::uint8_t*>(status.get()), static_cast<unsigned>(lanes.size())});
    end_kernels();
    auto* const host_status = static_cast<std::uint8_t*>(memory_->staging(lanes.size()));
    auto* const host_symbols = static_cast<std::int8_t*>(memory_->staging(std::max<std::size_t>(1, symbols.size())));
    stream.copy_to_host(host_status, status.get(), lanes.size());
    stream.copy_to_host(host_symbols, device_symbols.get(), symbols.size());
    memory_->wait();
    kernel_seconds_ = ended_->seconds_since(*begun_);
    std::vector<bool> failed(calls.size());
    for (std::size_t l = 0; l < lanes.size(); ++l) {
        if (host_status[l] != static_cast<std::uint8_t>(me_tans::Status::kOk)) failed[owner[l]] = true;
    }
    for (std::size_t i = 0; i < calls.size(); ++i) {
        if (failed[i]) {
            errors[i] = error_of([&] { decode_hyper_on_host(calls[i]); });
            continue;
        }
        for (std::size_t c = 0; c < kComponents; ++c)
            std::copy_n(host_symbols + places[i][c], calls[i].z_hat[c].size(), calls[i].z_hat[c].begin());
    }
    memory_->drop_staging();
    return errors;
}

std::vector<Array3<std::int16_t>> EntropyBatch::hyper_scale(const HyperScaleNetwork& network,
                                                            std::span<const Array3<std::int8_t>* const> z_hat,
                                                            std::size_t latent_rows, std::size_t latent_cols) {
    if (z_hat.empty()) return {};
    const std::size_t channels = network.channels, rows = z_hat[0]->rows(), cols = z_hat[0]->cols();
    for (const Array3<std::int8_t>* z : z_hat) {
        if (z->channels() != channels || z->rows() != rows || z->cols() != cols ||
            ceil_div<std::size_t>(latent_rows, 4) > rows || ceil_div<std::size_t>(latent_cols, 4) > cols) {
            throw Error(JPEGAI_ERROR_ARGUMENT, "hyper latent does not fit the hyper-scale decoder");
        }
    }
    const std::size_t plane = checked_mul(rows, cols), one = checked_mul(channels, plane);
    const std::size_t latents = checked_mul(channels, checked_mul(latent_rows, latent_cols));
    const std::size_t all_in = checked_mul(one, z_hat.size()), all_out = checked_mul(latents, z_hat.size());
    if (z_hat.size() > 65535 || plane > 0x7FFF'FFFF) throw Error(JPEGAI_ERROR_LIMIT, "too many pictures in one launch");
    Stream& stream = memory_->stream();
    auto* const staged = static_cast<std::int8_t*>(memory_->staging(all_in));
    for (std::size_t i = 0; i < z_hat.size(); ++i) std::copy_n(z_hat[i]->data(), one, staged + i * one);
    std::shared_ptr<void> in = memory_->take(all_in), between = memory_->take(all_in);
    const std::shared_ptr<void> out = memory_->take(checked_mul(all_out, sizeof(std::int16_t)));
    stream.copy_to_device(in.get(), staged, all_in);
    std::vector<std::shared_ptr<void>> weights;
    for (const IntegerConv* conv : {&network.conv1, &network.depthwise, &network.pointwise}) {
        weights.push_back(upload(conv->weight.data(), conv->weight.size()));
        weights.push_back(upload(conv->bias.data(), conv->bias.size()));
        weights.push_back(upload(conv->shift.data(), conv->shift.size()));
    }
    begin_kernels();
    for (std::size_t layer = 0; layer < 3; ++layer) {
        const IntegerConv& conv = *std::array{&network.conv1, &network.depthwise, &network.pointwise}[layer];
        HyperScaleParams p{};
        p.in = static_cast<const std::int8_t*>(in.get());
        p.weight = static_cast<const std::int8_t*>(weights[3 * layer].get());
        p.bias = static_cast<const std::int32_t*>(weights[3 * layer + 1].get());
        p.shift = static_cast<const std::uint8_t*>(weights[3 * layer + 2].get());
        p.activations = layer < 2 ? static_cast<std::int8_t*>(between.get()) : nullptr;
        p.scales = static_cast<std::int16_t*>(out.get());
        p.in_channels = static_cast<unsigned>(conv.in_channels);
        p.out_channels = static_cast<unsigned>(conv.out_channels);
        p.kernel = static_cast<unsigned>(conv.kernel);
        p.rows = static_cast<unsigned>(rows);
        p.cols = static_cast<unsigned>(cols);
        p.latent_rows = static_cast<unsigned>(latent_rows);
        p.latent_cols = static_cast<unsigned>(latent_cols);
        const Dim3 grid{static_cast<unsigned>(ceil_div<std::size_t>(plane, kScaleCols)),
                        static_cast<unsigned>(ceil_div<std::size_t>(conv.out_channels, kScaleRows)),
                        static_cast<unsigned>(z_hat.size())};
        stream.launch(hyper_scale_conv_kernel, grid, {kScaleCols, kScaleRows, 1}, 0, p);
        std::swap(in, between);
    }
    end_kernels();
    auto* const host = static_cast<std::int16_t*>(memory_->staging(all_out * sizeof(std::int16_t)));
    stream.copy_to_host(host, out.get(), all_out * sizeof(std::int16_t));
    memory_->wait();
    kernel_seconds_ = ended_->seconds_since(*begun_);
    std::vector<Array3<std::int16_t>> scales;
    for (std::size_t i = 0; i < z_hat.size(); ++i) {
        scales.push_back(Array3<std::int16_t>::uninitialized(channels, latent_rows, latent_cols));
        std::copy_n(host + i * latents, latents, scales.back().data());
    }
    memory_->drop_staging();
    return scales;
}

}  // namespace jpegai::cuda
