// The entropy stage on one core, from parsed codestream to dequantised residual, and its parts.
// The streams and weights are those of the reference vectors; without them the benchmarks are skipped.
#include <benchmark/benchmark.h>

#include <chrono>
#include <random>

#include "backend/cpu/hyper_scale.h"
#include "decoder/latents.h"
#include "encoder/latent_coder.h"
#include "tests/support/stream_truth.h"
#include "tests/support/test_data.h"

namespace {

using namespace jpegai;

HyperScaleNetwork random_network(std::size_t channels) {
    std::mt19937 random(1);
    const auto conv = [&](std::size_t out, std::size_t kernel) {
        IntegerConv layer{out, channels, kernel, {}, {}, {}};
        for (std::size_t i = 0; i < out * channels * kernel * kernel; ++i) {
            layer.weight.push_back(static_cast<std::int8_t>(random()));
        }
        layer.bias.assign(out, 1000);
        layer.shift.assign(out, 8);
        return layer;
    };
    return {channels, conv(channels, 1), conv(channels, 3), conv(16 * channels, 1)};
}

/// Both components of a picture of `rows` x `cols` luma samples; argument: which kernels.
void hyper_scale(benchmark::State& state, const std::string& kernels, std::size_t rows, std::size_t cols) {
    const std::size_t zh = ceil_div<std::size_t>(rows, 64), zw = ceil_div<std::size_t>(cols, 64);
    const HyperScaleRunner luma(random_network(160), kernels), chroma(random_network(96), kernels);
    const Array3<std::int8_t> z_luma(160, zh, zw), z_chroma(96, zh, zw);
    const auto ignore = [](const ScaleRows& part) { benchmark::DoNotOptimize(part.data); };
    for (auto _ : state) {
        luma.run(z_luma, 160, 4 * zh, ignore);
        chroma.run(z_chroma, 96, 4 * zh, ignore);
    }
    const double macs = 26.0 * (160 * 160 + 96 * 96) * static_cast<double>(zh * zw);
    state.counters["GMAC/s"] = benchmark::Counter(macs * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

void decode(benchmark::State& state, const std::string& name) {
    const auto folder = test::shared_dir() / name;
    if (!std::filesystem::exists(folder)) return state.SkipWithError("reference vectors not found");
    const test::StreamCase stream = test::load_stream_case(folder);
    EntropyOptions options;
    options.keep_intermediates = false;
    EntropyTimes times;
    for (auto _ : state) {
        benchmark::DoNotOptimize(decode_latents(stream.stream, stream.file, stream.models, options, &times));
    }
    const auto milliseconds = [&](double seconds) {
        return benchmark::Counter(seconds * 1e3, benchmark::Counter::kAvgIterations);
    };
    state.counters["z_ms"] = milliseconds(times.hyper_symbols);
    state.counters["scales_ms"] = milliseconds(times.scales);
    state.counters["symbols_ms"] = milliseconds(times.residual_symbols);
    state.counters["dequant_ms"] = milliseconds(times.dequantisation);
    state.counters["bytes"] = static_cast<double>(stream.file.size());
}

void encode(benchmark::State& state, const std::string& name) {
    const auto folder = test::shared_dir() / name;
    if (!std::filesystem::exists(folder)) return state.SkipWithError("reference vectors not found");
    const test::StreamCase stream = test::load_stream_case(folder);
    const Latents latents = decode_latents(stream.stream, stream.file, stream.models);
    for (auto _ : state) {
        benchmark::DoNotOptimize(encode_latents(stream.stream.picture, stream.models, symbols_of(latents)));
    }
}

[[maybe_unused]] const bool registered = [] {
    for (const std::string& kernels : hyper_scale_kernel_names()) {
        for (const auto& [rows, cols] : {std::pair<std::size_t, std::size_t>{888, 560}, {1400, 2096}}) {
            const std::string size = std::to_string(cols) + "x" + std::to_string(rows);
            benchmark::RegisterBenchmark(("hyper_scale/" + size + "/" + kernels).c_str(), [kernels, rows, cols](
                                                                                              benchmark::State& state) {
                hyper_scale(state, kernels, rows, cols);
            })->Unit(benchmark::kMillisecond);
        }
    }
    for (const char* name : {"vectors/bop_depreg_560x888", "vectors/bop_depreg65536_560x888",
                             "vectors/bop_depreg_2096x1400", "models/vectors/bop_m1_kodim19"}) {
        benchmark::RegisterBenchmark((std::string("decode/") + name).c_str(), [name](benchmark::State& state) {
            decode(state, name);
        })->Unit(benchmark::kMillisecond);
        benchmark::RegisterBenchmark((std::string("encode/") + name).c_str(), [name](benchmark::State& state) {
            encode(state, name);
        })->Unit(benchmark::kMillisecond);
    }
    return true;
}();

}  // namespace
