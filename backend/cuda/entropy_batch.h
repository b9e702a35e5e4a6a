// The serial parts of the entropy stage for many pictures in one launch each, with the results and errors of the host's
// functions (bitstream/me_tans.h, backend/contract/hyper_scale.h).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "backend/cuda/device_runner.h"
#include "base/error.h"
#include "bitstream/me_tans.h"
#include "networks/hyper_scale.h"

namespace jpegai::cuda {

/// As the arguments of decode_residual().
struct ResidualCall {
    std::vector<LaneBytes> lanes;
    std::span<const std::uint8_t> table;
    std::size_t elements = 0;
    std::span<std::int16_t> residual;
};

/// A hyper payload: both components, [channel][samples].
struct HyperCall {
    std::vector<LaneBytes> lanes;
    std::array<std::span<const HyperTable>, kComponents> tables;
    std::array<std::span<std::int8_t>, kComponents> z_hat;
    std::size_t samples = 0;  ///< of a channel
};

/// Uses one stream; one thread at a time.
class EntropyBatch {
public:
    explicit EntropyBatch(std::shared_ptr<Device> device);

    /// The error of each call, or nothing where its result is there. What a lane lacks is found on the device; the host
    /// then says the same as decode_residual() for that call alone.
    [[nodiscard]] std::vector<std::optional<Error>> decode_residual(std::span<const ResidualCall> calls);
    [[nodiscard]] std::vector<std::optional<Error>> decode_hyper(std::span<const HyperCall> calls);

    /// s0 of pictures of one size, as contract_hyper_scale(). Throws Error{argument} when the arrays do not fit.
    [[nodiscard]] std::vector<Array3<std::int16_t>> hyper_scale(const HyperScaleNetwork& network,
                                                                std::span<const Array3<std::int8_t>* const> z_hat,
                                                                std::size_t latent_rows, std::size_t latent_cols);

    /// Seconds of the kernels of the last call, without copies.
    [[nodiscard]] double kernel_seconds() const { return kernel_seconds_; }

private:
    template <class T>
    [[nodiscard]] std::shared_ptr<void> upload(const T* from, std::size_t count);
    void begin_kernels();
    void end_kernels();

    std::shared_ptr<StreamMemory> memory_;
    std::unique_ptr<Event> begun_, ended_;
    double kernel_seconds_ = 0;
};

}  // namespace jpegai::cuda
