// The encoder with fixed parameters on one core, and its stages; a trial of a rate search; both on the default models.
#include <benchmark/benchmark.h>

#include <map>

#include "backend/select.h"
#include "encoder/encoder.h"
#include "models/default_weights.h"

namespace {

using namespace jpegai;

/// A picture of 560x888 with smooth parts, edges and noise.
Picture picture() {
    Picture out = make_picture(ColourModel::kRgb, {1, 1}, 8, 888, 560);
    std::uint32_t noise = 1;
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t y = 0; y < out.rows(); ++y) {
            for (std::size_t x = 0; x < out.cols(); ++x) {
                noise = noise * 1664525U + 1013904223U;
                out.planes[i](0, y, x) =
                    static_cast<std::uint16_t>((x + y) / 12 + (x / 90 + y / 70 + i) % 3 * 40 + (noise >> 28));
            }
        }
    }
    return out;
}

const Encoder& encoder(const std::string& cpu) {
    static std::map<std::string, Encoder> encoders;
    const auto found = encoders.find(cpu);
    if (found != encoders.end()) return found->second;
    return encoders.try_emplace(cpu, open_default_weights(), make_backend({cpu, 1})).first->second;
}

void encode(benchmark::State& state, const std::string& cpu) {
    EncodeOptions options;
    EncodeStats stats;
    const Picture source = picture();
    (void)encoder(cpu).encode(source, options);  // loads the networks
    options.stats = &stats;
    for (auto _ : state) benchmark::DoNotOptimize(encoder(cpu).encode(source, options));
    for (const StageTiming& stage : stats.stages) state.counters[stage.stage + " ms"] += stage.seconds * 1e3;
    for (auto& [name, counter] : state.counters) counter.value /= static_cast<double>(state.iterations());
}

void trial(benchmark::State& state, const std::string& cpu) {
    EncodeSession session = encoder(cpu).session(picture(), {});
    int beta = 0;
    (void)session.quantise({1, {beta, beta}});
    for (auto _ : state) {
        beta = (beta + 37) % 200;
        benchmark::DoNotOptimize(session.code(session.quantise({1, {beta, beta}})));
    }
}

BENCHMARK_CAPTURE(encode, avx512_560x888, std::string("avx512"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(encode, avx2_560x888, std::string("avx2"))->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(trial, avx512_560x888, std::string("avx512"))->Unit(benchmark::kMillisecond);

}  // namespace
