#include "decoder/dequantise.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "decoder/gain.h"

namespace jpegai {
namespace {

/// Symbols handled together: most latents carry none, and a chunk of zeros needs no arithmetic.
constexpr std::size_t kChunk = 16;

bool all_zero(const std::int16_t* symbols) {
    std::uint64_t words[kChunk / 4];
    std::memcpy(words, symbols, sizeof words);
    return (words[0] | words[1] | words[2] | words[3]) == 0;
}

/// One run of a row. `inv` and `step` are per column and used when their flag is set.
template <bool kScaled, bool kMapped>
void dequantise_run(const std::int16_t* __restrict symbols, const float* __restrict inv, const float* __restrict step,
                    float divisor, std::size_t count, float* __restrict out) {
    for (std::size_t x = 0; x < count; ++x) {
        float value = static_cast<float>(symbols[x]);
        if constexpr (kScaled) value = value * inv[x] * 0x1p-16F;
        if constexpr (kMapped) value = value / step[x];
        out[x] = value / divisor;
    }
}

template <bool kScaled, bool kMapped>
void dequantise_row(const std::int16_t* symbols, const float* inv, const float* step, float divisor, std::size_t count,
                    float* out) {
    std::size_t x = 0;
    for (; x + kChunk <= count; x += kChunk) {
        if (all_zero(symbols + x)) {
            std::fill_n(out + x, kChunk, 0.0F);
        } else {
            dequantise_run<kScaled, kMapped>(symbols + x, inv + x, step + x, divisor, kChunk, out + x);
        }
    }
    dequantise_run<kScaled, kMapped>(symbols + x, inv + x, step + x, divisor, count - x, out + x);
}

/// Steps of the quality map, linear / 16. The reference's 1e-9 does not change them.
Array3<float> quality_steps(const ScaleSetup& setup) {
    Array3<float> steps(1, setup.qp_map.rows(), setup.qp_map.cols());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto index = static_cast<std::size_t>(setup.qp_map.data()[i] + kQualityMapMax);
        steps.data()[i] = static_cast<float>(kQualityMapLinear[index]) / 16.0F;
    }
    return steps;
}

/// Inverse factor of every column of one block row of one channel.
void fill_inverse(const ScaleSetup& setup, std::size_t channel, const std::int16_t* likely, std::vector<float>& inv) {
    const RvsTable& table = setup.rvs_table(channel);
    for (std::size_t x = 0; x < setup.cols; ++x) {
        const std::size_t bucket = setup.rvs ? rvs_bucket(setup.model_id, likely[x / kAnalysisBlock]) : 0;
        inv[x] = static_cast<float>(table.inv[bucket]);
    }
}

void fill_area(Array3<float>& array, std::size_t channel, const Area& area, float value) {
    for (std::size_t y = 0; y < area.rows; ++y)
        std::fill_n(array.row(channel, area.row + y) + area.col, area.cols, value);
}

}  // namespace

void dequantise(const ScaleSetup& setup, const RegionLayout& layout, std::span<const std::int16_t> symbols,
                const std::vector<bool>& present, std::size_t decoded_channels, const Array3<std::int16_t>& rvs_likely,
                Array3<float>& residual) {
    if (residual.rows() != setup.rows || residual.cols() != setup.cols)
        throw Error(JPEGAI_ERROR_ARGUMENT, "memory for the residual has another size");
    const std::size_t channels = residual.channels();
    const bool scaled = setup.scales_residual(), mapped = !setup.qp_map.empty();
    const Array3<float> steps = mapped ? quality_steps(setup) : Array3<float>();
    std::vector<float> inv(setup.cols);
    const auto row_function = scaled ? (mapped ? dequantise_row<true, true> : dequantise_row<true, false>)
                                     : (mapped ? dequantise_row<false, true> : dequantise_row<false, false>);

    for (std::size_t r = 0; r < layout.regions(); ++r) {
        const Area& area = layout.area(r);
        for (std::size_t c = 0; c < channels; ++c) {
            if (!present[r] || c >= decoded_channels) {
                fill_area(residual, c, area, 0.0F);
                continue;
            }
            const float divisor = gain_divisor(setup.gain[c]);
            for (std::size_t y = 0; y < area.rows; ++y) {
                const std::size_t row = area.row + y;
                if (scaled && (y == 0 || (setup.rvs && row % kAnalysisBlock == 0))) {
                    fill_inverse(setup, c, setup.rvs ? rvs_likely.row(c, row / kAnalysisBlock) : nullptr, inv);
                }
                row_function(layout.row(symbols, r, c, y), inv.data() + area.col,
                             (mapped ? steps.row(0, row) : inv.data()) + area.col, divisor, area.cols,
                             residual.row(c, row) + area.col);
            }
        }
    }
}

}  // namespace jpegai
