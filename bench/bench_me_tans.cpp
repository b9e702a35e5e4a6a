// Speed of the me-tANS coder on latents of two picture sizes: a mask with about a quarter of the elements coded, in
// runs as trained models produce them, and residuals drawn from the tables themselves.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/error.h"
#include "bitstream/me_tans.h"
#include "bitstream/me_tans_fast.h"
#include "bitstream/me_tans_reference.h"
#include "bitstream/me_tans_steps.h"

namespace jpegai {
namespace {

/// One residual call: distributions and symbols of all elements.
struct Call {
    std::vector<std::uint8_t> table;
    std::vector<std::int16_t> residual;
    std::size_t coded = 0;
};

/// A value drawn from a residual distribution; escapes get a small excess.
std::int16_t draw(std::mt19937& random, std::uint8_t index) {
    const std::int32_t symbol = me_tans::word_symbol(residual_decode_tables()[index][random() % 256]);
    const std::int32_t bound = residual_bounds()[index];
    if (symbol != -bound) return static_cast<std::int16_t>(symbol);
    const auto magnitude = bound + static_cast<std::int32_t>(random() % 3);
    return static_cast<std::int16_t>(random() % 2 == 0 ? magnitude : -magnitude);
}

/// Scale index of an element from the channel's activity and the busyness of the place, in units of 1/128.
Call make_call(std::mt19937& random, std::size_t channels, std::size_t height, std::size_t width) {
    std::normal_distribution<float> normal(0, 1);
    const float phase = normal(random);
    Call call;
    for (std::size_t c = 0; c < channels; ++c) {
        const float activity = 150 + 420 * normal(random);
        for (std::size_t y = 0; y < height; ++y) {
            for (std::size_t x = 0; x < width; ++x) {
                const float place = 260 * std::sin(0.13F * static_cast<float>(y) + phase) *
                                    std::cos(0.09F * static_cast<float>(x) + 2 * phase);
                const auto sigma = static_cast<int>(activity + place + 60 * normal(random));
                const auto index = static_cast<std::uint8_t>(std::clamp((sigma + 64) >> 7, 0, kSigmaTables - 1));
                call.table.push_back(sigma > kSkipThreshold ? index : kNotCoded);
                call.residual.push_back(sigma > kSkipThreshold ? draw(random, index) : std::int16_t{0});
                call.coded += sigma > kSkipThreshold;
            }
        }
    }
    return call;
}

/// Luma and chroma latents of a picture, its lanes, and the hyper latents.
struct Picture {
    Call calls[kComponents];
    std::vector<HyperTable> hyper_tables[kComponents];
    std::vector<std::int8_t> z_hat[kComponents];
    std::size_t hyper_samples = 0;

    [[nodiscard]] std::size_t coded() const { return calls[0].coded + calls[1].coded; }
    [[nodiscard]] HyperPlane hyper(std::size_t p) const { return {hyper_tables[p], z_hat[p], hyper_samples}; }
};

/// A bell-shaped distribution around a channel's mean.
HyperTable make_hyper_table(double mean, double width) {
    std::array<std::int32_t, kHyperSymbols> freqs{};
    for (std::size_t k = 0; k < kHyperSymbols; ++k) {
        const double distance = (static_cast<double>(k) - kHyperOffset - mean) / width;
        freqs[k] = static_cast<std::int32_t>(1e8 * std::exp(-0.5 * distance * distance));
    }
    return HyperTable(freqs);
}

Picture make_picture(std::size_t height, std::size_t width) {
    std::mt19937 random(1);
    Picture picture;
    const std::size_t zh = (height + kHyperStep - 1) / kHyperStep, zw = (width + kHyperStep - 1) / kHyperStep;
    picture.hyper_samples = zh * zw;
    for (std::size_t p = 0; p < kComponents; ++p) {
        picture.calls[p] = make_call(random, kLatentChannels[p], (height + 15) / 16, (width + 15) / 16);
        for (std::size_t c = 0; c < kLatentChannels[p]; ++c) {
            std::normal_distribution<double> normal(0, 1);
            const double mean = 3 * normal(random), spread = 0.5 + std::abs(2 * normal(random));
            picture.hyper_tables[p].push_back(make_hyper_table(mean, spread));
            for (std::size_t i = 0; i < picture.hyper_samples; ++i) {
                const double z = std::clamp(std::round(mean + spread * normal(random)), -31.0, 31.0);
                picture.z_hat[p].push_back(static_cast<std::int8_t>(z));
            }
        }
    }
    return picture;
}

const Picture& picture(std::int64_t which) {
    static const Picture small = make_picture(560, 888), large = make_picture(1400, 2096);
    return which == 0 ? small : large;
}

std::vector<LaneBytes> views(const std::vector<std::vector<std::uint8_t>>& lanes) {
    std::vector<LaneBytes> result;
    for (const auto& lane : lanes) result.push_back({lane, kNoOffset});
    return result;
}

void set_counters(benchmark::State& state, std::size_t symbols) {
    state.counters["symbols/s"] =
        benchmark::Counter(static_cast<double>(symbols), benchmark::Counter::kIsIterationInvariantRate);
    state.counters["symbols"] = static_cast<double>(symbols);
}

template <class Decode>
void residual_decode(benchmark::State& state, Decode decode) {
    const Picture& source = picture(state.range(0));
    std::vector<std::vector<std::uint8_t>> lanes[kComponents];
    std::vector<std::int16_t> residual[kComponents];
    for (std::size_t p = 0; p < kComponents; ++p) {
        const Call& call = source.calls[p];
        lanes[p] = encode_residual(static_cast<std::size_t>(state.range(1)), call.table, call.residual);
        residual[p].resize(call.residual.size());
    }
    for (auto _ : state) {
        for (std::size_t p = 0; p < kComponents; ++p) {
            decode(views(lanes[p]), source.calls[p].table, residual[p]);
            benchmark::DoNotOptimize(residual[p].data());
        }
    }
    for (std::size_t p = 0; p < kComponents; ++p) {
        if (residual[p] != source.calls[p].residual) state.SkipWithError("decoded residual differs");
    }
    set_counters(state, source.coded());
    state.counters["coded share"] =
        static_cast<double>(source.coded()) / static_cast<double>(residual[0].size() + residual[1].size());
}

void BM_ResidualDecode(benchmark::State& state) {
    residual_decode(state, [](const auto& lanes, const auto& table, auto& residual) {
        decode_residual(lanes, table, table.size(), residual);
    });
}

void BM_ResidualDecodeBaseline(benchmark::State& state) {
    residual_decode(state, [](const auto& lanes, const auto& table, auto& residual) {
        me_tans::decode_residual(*me_tans::available_kernels().front(), lanes, table, table.size(), residual);
    });
}

void BM_ResidualDecodePlain(benchmark::State& state) {
    residual_decode(state, [](const auto& lanes, const auto& table, auto& residual) {
        decode_residual_reference(lanes, table, table.size(), residual);
    });
}

void BM_ResidualEncode(benchmark::State& state) {
    const Picture& source = picture(state.range(0));
    for (auto _ : state) {
        for (const Call& call : source.calls) {
            benchmark::DoNotOptimize(
                encode_residual(static_cast<std::size_t>(state.range(1)), call.table, call.residual));
        }
    }
    set_counters(state, source.coded());
}

void BM_HyperDecode(benchmark::State& state) {
    const Picture& source = picture(state.range(0));
    const auto lanes = encode_hyper(static_cast<std::size_t>(state.range(1)), source.hyper(0), source.hyper(1));
    std::vector<std::int8_t> z_hat[kComponents] = {source.z_hat[0], source.z_hat[1]};
    for (auto _ : state) {
        HyperDecoder decoder(views(lanes));
        for (std::size_t p = 0; p < kComponents; ++p) {
            for (std::size_t c = 0; c < source.hyper_tables[p].size(); ++c) {
                decoder.decode_channel(source.hyper_tables[p][c],
                                       std::span(z_hat[p]).subspan(c * source.hyper_samples, source.hyper_samples));
            }
        }
        decoder.finish();
    }
    for (std::size_t p = 0; p < kComponents; ++p) {
        if (z_hat[p] != source.z_hat[p]) state.SkipWithError("decoded hyper latents differ");
    }
    set_counters(state, z_hat[0].size() + z_hat[1].size());
}

void BM_HyperEncode(benchmark::State& state) {
    const Picture& source = picture(state.range(0));
    for (auto _ : state) {
        benchmark::DoNotOptimize(
            encode_hyper(static_cast<std::size_t>(state.range(1)), source.hyper(0), source.hyper(1)));
    }
    set_counters(state, source.z_hat[0].size() + source.z_hat[1].size());
}

/// Picture 0 is 560x888, 1 is 1400x2096 (height x width).
void arguments(benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgNames({"picture", "lanes"})->ArgsProduct({{0, 1}, {1, 8}})->Unit(benchmark::kMicrosecond);
}

BENCHMARK(BM_ResidualDecode)->Apply(arguments);
BENCHMARK(BM_ResidualDecodeBaseline)->Apply(arguments);
BENCHMARK(BM_ResidualDecodePlain)->Apply(arguments);
BENCHMARK(BM_ResidualEncode)->Apply(arguments);
BENCHMARK(BM_HyperDecode)->Apply(arguments);
BENCHMARK(BM_HyperEncode)->Apply(arguments);

}  // namespace
}  // namespace jpegai
