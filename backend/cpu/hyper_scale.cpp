#include "backend/cpu/hyper_scale.h"

#include <algorithm>

#include "backend/cpu/hyper_scale_pack.h"
#include "base/error.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace jpegai {
namespace {

#if defined(__x86_64__)
/// Compilers of this age cannot ask for AVX-VNNI by name: leaf 7, subleaf 1, EAX bit 4.
bool has_avx_vnni() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __builtin_cpu_supports("avx2") && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & 0x10) != 0;
}
#elif defined(__aarch64__)
bool has_dot_product() {
#if defined(__linux__)
    return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
    return false;
#endif
}
#endif

/// Kernels of this CPU, fastest first.
std::vector<const HyperScaleKernels*> find_kernels() {
    std::vector<const HyperScaleKernels*> found;
#if defined(__x86_64__)
    const bool avx512 =
        __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    if (avx512 && __builtin_cpu_supports("avx512vnni")) found.push_back(&kHyperScaleAvx512Vnni);
    if (avx512) found.push_back(&kHyperScaleAvx512Bw);
    if (has_avx_vnni()) found.push_back(&kHyperScaleAvxVnni);
    if (__builtin_cpu_supports("avx2")) found.push_back(&kHyperScaleAvx2);
#elif defined(__aarch64__)
    if (has_dot_product()) found.push_back(&kHyperScaleNeonDot);
#endif
    found.push_back(&kHyperScalePortable);
    return found;
}

const std::vector<const HyperScaleKernels*>& available_kernels() {
    static const std::vector<const HyperScaleKernels*> kernels = find_kernels();
    return kernels;
}

const HyperScaleKernels& choose_kernels(const std::string& name) {
    if (name.empty()) return *available_kernels().front();
    for (const HyperScaleKernels* kernels : available_kernels()) {
        if (name == kernels->name) return *kernels;
    }
    throw Error(JPEGAI_ERROR_ARGUMENT, "no hyper-scale decoder kernels named \"" + name + "\" on this CPU");
}

/// Bytes of activations that a band of the last layer should keep in the first-level cache.
constexpr std::size_t kBandBytes = 24 * 1024;

/// Hyper rows per band: even, so that bands consist of whole 8x8 blocks of latents.
std::size_t band_rows(std::size_t channels, std::size_t rows, std::size_t cols) {
    const std::size_t fitting = kBandBytes / std::max<std::size_t>(1, channels * cols);
    return std::min(std::max<std::size_t>(2, fitting / 2 * 2), rows);
}

/// z_hat as words of four channels, in the form that the kernels want.
void load_input(const Array3<std::int8_t>& z_hat, HsFirstInput form, const HsActivations& out) {
    const int offset = form == HsFirstInput::kSigned ? 0 : 128;
    const std::size_t copy_groups = ceil_div(z_hat.channels(), kHsGroup);
    for (std::size_t c = 0; c < z_hat.channels(); ++c) {
        for (std::size_t y = 0; y < z_hat.rows(); ++y) {
            const std::int8_t* source = z_hat.row(c, y);
            std::uint8_t* low = out.data + c / kHsGroup * out.plane + (y + 1) * out.stride + 4 + c % kHsGroup;
            std::uint8_t* high = low + copy_groups * out.plane;
            for (std::size_t x = 0; x < z_hat.cols(); ++x) {
                const auto value = static_cast<std::uint8_t>(source[x] + offset);
                if (form == HsFirstInput::kOffsetSplit) {
                    const std::uint8_t part = std::min<std::uint8_t>(value, 128);
                    low[4 * x] = part;
                    high[4 * x] = static_cast<std::uint8_t>(value - part);
                } else {
                    low[4 * x] = value;
                }
            }
        }
    }
}

}  // namespace

struct HyperScaleRunner::Packed {
    HsPackedConv conv1, depthwise, pointwise;
};

std::vector<std::string> hyper_scale_kernel_names() {
    std::vector<std::string> names;
    for (const HyperScaleKernels* kernels : available_kernels()) names.emplace_back(kernels->name);
    return names;
}

HyperScaleRunner::HyperScaleRunner(const HyperScaleNetwork& network, const std::string& kernels)
    : channels_(network.channels), kernels_(&choose_kernels(kernels)) {
    const auto shaped = [&](const IntegerConv& conv, std::size_t out, std::size_t kernel) {
        return conv.in_channels == channels_ && conv.out_channels == out && conv.kernel == kernel;
    };
    if (channels_ == 0 || !shaped(network.conv1, channels_, 1) || !shaped(network.depthwise, channels_, 3) ||
        !shaped(network.pointwise, checked_mul(16, channels_), 1)) {
        throw Error(JPEGAI_ERROR_MODEL, "hyper-scale decoder: layers do not fit together");
    }
    const bool wide = kernels_->wide_weights;
    packed_ = std::make_unique<const Packed>(Packed{HsPackedConv(network.conv1, kernels_->first_input, wide),
                                                    HsPackedConv(network.depthwise, HsFirstInput::kSigned, wide),
                                                    HsPackedConv(network.pointwise, HsFirstInput::kSigned, wide)});
}

HyperScaleRunner::~HyperScaleRunner() = default;

const char* HyperScaleRunner::kernel_name() const {
    return kernels_->name;
}

void HyperScaleRunner::run(const Array3<std::int8_t>& z_hat, std::size_t channels, std::size_t latent_rows,
                           const std::function<void(const ScaleRows&)>& consume) const {
    const std::size_t rows = z_hat.rows(), cols = z_hat.cols();
    if (z_hat.channels() != channels_ || channels > channels_ || ceil_div<std::size_t>(latent_rows, 4) > rows) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "hyper latent does not fit the hyper-scale decoder");
    }
    if (channels == 0) return;
    const HsConv conv1 = packed_->conv1.view(), depthwise = packed_->depthwise.view(),
                 pointwise = packed_->pointwise.view();
    const std::size_t hidden_groups = conv1.pairs * kHsPair / kHsGroup;
    const HsBuffer second(hidden_groups, rows, cols);
    {
        const HsBuffer input(conv1.groups, rows, cols), first(hidden_groups, rows, cols);
        load_input(z_hat, kernels_->first_input, input.view());
        kernels_->hidden(conv1, input.view(), first.view());
        kernels_->hidden(depthwise, first.view(), second.view());
    }

    const std::size_t band = band_rows(channels_, rows, cols);
    const std::size_t stride = ceil_div<std::size_t>(4 * cols, 32) * 32;
    Array3<std::int16_t> scale(2, 4 * band, stride);
    const HsScaleTile tile = {{scale.plane(0), scale.plane(1)}, stride};
    for (std::size_t row = 0; row < rows && 4 * row < latent_rows; row += band) {
        const std::size_t count = std::min(band, rows - row);
        for (std::size_t pair = 0; 2 * pair < channels; ++pair) {
            kernels_->scale(pointwise, pair, second.view(), row, count, tile);
            for (std::size_t half = 0; half < 2 && 2 * pair + half < channels; ++half) {
                consume(
                    {2 * pair + half, 4 * row, std::min(4 * count, latent_rows - 4 * row), scale.plane(half), stride});
            }
        }
    }
}

Array3<std::int16_t> HyperScaleRunner::run(const Array3<std::int8_t>& z_hat, std::size_t latent_rows,
                                           std::size_t latent_cols) const {
    if (ceil_div<std::size_t>(latent_cols, 4) > z_hat.cols()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "hyper latent does not fit the hyper-scale decoder");
    }
    auto result = Array3<std::int16_t>::uninitialized(channels_, latent_rows, latent_cols);
    run(z_hat, channels_, latent_rows, [&](const ScaleRows& part) {
        for (std::size_t y = 0; y < part.rows; ++y) {
            std::copy_n(part.data + y * part.stride, latent_cols, result.row(part.channel, part.first_row + y));
        }
    });
    return result;
}

}  // namespace jpegai
