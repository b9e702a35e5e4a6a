#include "encoder/quantise_rows.h"

#include <algorithm>
#include <array>

#include "decoder/row_ops.h"
#include "encoder/symbol_cost.h"

namespace jpegai {
namespace {

constexpr std::size_t kChunk = 64;

/// Scales a chunk the way to the symbols, without rounding to integers.
void scale(const float* in, const QuantiserFactors& f, std::size_t x, std::size_t count, float* out) {
    for (std::size_t i = 0; i < count; ++i) out[i] = in[i] * f.scaler;
    if (f.quality != nullptr) {
        for (std::size_t i = 0; i < count; ++i) out[i] = out[i] * f.quality[x + i] / 16.0F;
    }
    if (f.lin != nullptr) {
        for (std::size_t i = 0; i < count; ++i) out[i] = out[i] * f.lin[x + i] / 128.0F;
    }
}

/// The way back, the same operations as the decoder's (decoder/dequantise.h).
void restore(const std::int16_t* symbols, const QuantiserFactors& f, std::size_t x, std::size_t count, float* out) {
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(symbols[i]);
    if (f.inv != nullptr) {
        for (std::size_t i = 0; i < count; ++i) out[i] = out[i] * f.inv[x + i] * 0x1p-16F;
    }
    if (f.quality != nullptr) {
        for (std::size_t i = 0; i < count; ++i) out[i] = out[i] / (f.quality[x + i] / 16.0F);
    }
    divide_row(out, out, count, f.divisor);
}

/// Values within int16 to integers, halves to even: the first sum has no fraction bits left.
void round_chunk(const float* in, std::size_t count, std::int16_t* out) {
    constexpr float kShift = 12582912.0F;  // 1.5 * 2^23
    for (std::size_t i = 0; i < count; ++i) {
        out[i] = static_cast<std::int16_t>(static_cast<std::int32_t>((in[i] + kShift) - kShift));
    }
}

/// Replaces symbols by their neighbours towards 0 where the bits saved are worth more than the error added.
void weigh_chunk(const float* scaled, const QuantiserFactors& f, const SymbolPrices& prices, std::size_t x,
                 std::size_t count, std::int16_t* symbols) {
    std::array<float, kChunk> steps;
    steps.fill(1.0F);
    scale(steps.data(), f, x, count, steps.data());
    for (std::size_t i = 0; i < count; ++i) {
        const std::int32_t symbol = symbols[i];
        if (symbol == 0) continue;
        const std::int32_t lower = symbol > 0 ? symbol - 1 : symbol + 1;
        const float error = (scaled[i] - static_cast<float>(symbol)) / steps[i];
        const float lower_error = (scaled[i] - static_cast<float>(lower)) / steps[i];
        const std::size_t table = prices.tables[x + i];
        const float worse = prices.weight * (lower_error * lower_error - error * error);
        if (worse < symbol_bits(table, symbol) - symbol_bits(table, lower))
            symbols[i] = static_cast<std::int16_t>(lower);
    }
}

bool all_zero(const std::int16_t* symbols, std::size_t count) {
    int any = 0;
    for (std::size_t i = 0; i < count; ++i) any |= symbols[i];
    return any == 0;
}

}  // namespace

void quantise_run(const float* difference, const std::uint8_t* coded, const QuantiserFactors& factors,
                  std::size_t count, std::int16_t* symbols, float* restored, const SymbolPrices* prices) {
    std::array<float, kChunk> scaled;
    for (std::size_t x = 0; x < count; x += kChunk) {
        const std::size_t some = std::min(kChunk, count - x);
        scale(difference + x, factors, x, some, scaled.data());
        clamp_row(scaled.data(), scaled.data(), some, -32768.0F, 32767.0F);
        round_chunk(scaled.data(), some, symbols + x);
        if (coded != nullptr) {
            for (std::size_t i = 0; i < some; ++i) {
                symbols[x + i] = static_cast<std::int16_t>(coded[x + i] != 0 ? symbols[x + i] : 0);
            }
        }
        if (prices != nullptr) weigh_chunk(scaled.data(), factors, *prices, x, some, symbols + x);
        if (all_zero(symbols + x, some)) {
            std::fill_n(restored + x, some, 0.0F);
        } else {
            restore(symbols + x, factors, x, some, restored + x);
        }
    }
}

}  // namespace jpegai
