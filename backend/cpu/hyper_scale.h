// The integer hyper-scale decoder on the CPU: weights packed once, kernels chosen at run time, results identical to
// backend/contract (standard/02-entropy-and-latent.md section 6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/array.h"
#include "networks/hyper_scale.h"

namespace jpegai {

struct HyperScaleKernels;    // one instruction set (hyper_scale_kernels.h)
struct HyperScaleWorkspace;  // activations of one run

/// Names of the kernels this CPU can run, fastest first, e.g. "avx512vnni", "avx512bw", "avxvnni", "avx2", "portable".
[[nodiscard]] std::vector<std::string> hyper_scale_kernel_names();

/// Some consecutive latent rows of one channel of s0 (scale index x128, 0..3967).
struct ScaleRows {
    std::size_t channel = 0;
    std::size_t first_row = 0, rows = 0;  ///< latent rows; first_row is a multiple of 8
    const std::int16_t* data =
        nullptr;  ///< rows * stride values; columns beyond the latent width are defined, not used
    std::size_t stride = 0;
};

/// Packed weights of one component. Immutable, so one instance serves any number of threads.
class HyperScaleRunner {
public:
    /// Packs for the named kernels, or for the fastest ones when `kernels` is empty.
    /// Throws Error{model} when array sizes contradict the network's shape, Error{argument} for an unavailable kernel.
    explicit HyperScaleRunner(const HyperScaleNetwork& network, const std::string& kernels = {});
    ~HyperScaleRunner();
    HyperScaleRunner(const HyperScaleRunner&) = delete;
    HyperScaleRunner& operator=(const HyperScaleRunner&) = delete;

    [[nodiscard]] std::size_t channels() const { return channels_; }
    [[nodiscard]] const char* kernel_name() const;

    /// Computes s0 of the first `channels` channels and hands it to `consume` in bands of latent rows whose height is a
    /// multiple of 8 except at the bottom: band after band, channels ascending within a band. Each row of `data` has at
    /// least 4 * hyper columns values and a multiple of 8. The data are valid during the call only.
    /// `z_hat` is [channel][hyper row][hyper col]. Throws Error{argument} when z_hat does not fit, Error{memory}.
    void run(const Array3<std::int8_t>& z_hat, std::size_t channels, std::size_t latent_rows,
             const std::function<void(const ScaleRows&)>& consume) const;

    /// All of s0 as one array, [channel][latent row][latent col].
    [[nodiscard]] Array3<std::int16_t> run(const Array3<std::int8_t>& z_hat, std::size_t latent_rows,
                                           std::size_t latent_cols) const;

private:
    struct Packed;
    std::size_t channels_ = 0;
    const HyperScaleKernels* kernels_ = nullptr;
    std::unique_ptr<const Packed> packed_;
};

}  // namespace jpegai
