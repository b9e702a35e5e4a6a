// Cost of everything between the synthesis networks and the samples of a file, at 2096x1400 on one thread.
#include <benchmark/benchmark.h>

#include <random>

#include "decoder/filters/efe_linear.h"
#include "decoder/filters/efe_nonlinear.h"
#include "decoder/filters/lef.h"
#include "decoder/planes.h"
#include "picture_io/picture_io.h"
#include "tests/decoder/efe_support.h"
#include "tests/decoder/fake_eicci.h"
#include "tests/decoder/plane_support.h"

namespace {

using namespace jpegai;

constexpr std::size_t kRows = 1400, kCols = 2096;
constexpr ChromaFormat k444{1, 1}, k420{2, 2};

Planes make(ChromaFormat chroma) {
    std::mt19937 random(1);
    return test::random_planes(random, kRows, kCols, chroma);
}

/// Reports the rate in luma samples.
void set_rate(benchmark::State& state) {
    state.counters["MP/s"] =
        benchmark::Counter(1e-6 * kRows * kCols * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}

/// Chroma filter of the given length; split 8 (six regions).
void BM_EfeLinear(benchmark::State& state) {
    std::mt19937 random(2);
    const Planes planes = make(k444);
    const auto length = static_cast<std::uint8_t>(state.range(0));
    const ChromaFormat coded = state.range(1) != 0 ? k420 : k444;
    const EfeLinearSet set = test::random_efe_set(random, {8, 8}, {length, length}, coded == k444);
    for (auto _ : state) benchmark::DoNotOptimize(apply_efe_linear(planes, {12800, 12700}, set, coded));
    set_rate(state);
}
BENCHMARK(BM_EfeLinear)
    ->ArgNames({"length", "coded420"})
    ->Args({1, 0})
    ->Args({2, 0})
    ->Args({3, 0})
    ->Args({4, 0})
    ->Args({4, 1})
    ->Unit(benchmark::kMillisecond);

void BM_EfeNonlinear(benchmark::State& state) {
    std::mt19937 random(3);
    const Planes planes = make(k444);
    const EfeNonlinearHeader header = test::random_efe_nonlinear(random, {kRows, kCols}, 1088, 704, 112);
    const std::array<Array3<float>, 2> second = {planes.plane[1], planes.plane[2]};
    Planes work = planes;
    for (auto _ : state) {
        apply_efe_nonlinear(work, &second, header, false);
        benchmark::ClobberMemory();
    }
    set_rate(state);
}
BENCHMARK(BM_EfeNonlinear)->Unit(benchmark::kMillisecond);

void BM_Lef(benchmark::State& state) {
    std::mt19937 random(4);
    Planes planes = make(k444);
    Array3<std::int16_t> scales(1, 88, 131);
    for (std::int16_t& scale : scales.span()) scale = static_cast<std::int16_t>(random() % 3968);
    for (auto _ : state) {
        apply_lef(planes.plane[0], scales, 0, 1);
        benchmark::ClobberMemory();
    }
    set_rate(state);
}
BENCHMARK(BM_Lef)->Unit(benchmark::kMillisecond);

/// What eICCI costs beside its networks, one tile of the whole picture.
void BM_EicciAround(benchmark::State& state) {
    PictureHeader picture;
    picture.img_width = kCols;
    picture.img_height = kRows;
    EicciHeader header;
    header.tiles.resize(1);
    Planes planes = make(k444);
    test::FakeBank bank;
    RunContext context;
    for (auto _ : state) {
        apply_eicci(planes, picture, header, OperatingPoint::kBop, bank, false, context);
        benchmark::ClobberMemory();
    }
    set_rate(state);
}
BENCHMARK(BM_EicciAround)->Unit(benchmark::kMillisecond);

void BM_Upsample420(benchmark::State& state) {
    const Planes planes = make(k420);
    for (auto _ : state) {
        for (std::size_t p = 1; p < 3; ++p) benchmark::DoNotOptimize(resample_bicubic(planes.plane[p], {kRows, kCols}));
    }
    set_rate(state);
}
BENCHMARK(BM_Upsample420)->Unit(benchmark::kMillisecond);

void BM_Downsample420(benchmark::State& state) {
    const Planes planes = make(k444);
    for (auto _ : state) {
        for (std::size_t p = 1; p < 3; ++p)
            benchmark::DoNotOptimize(resample_bilinear(planes.plane[p], {kRows / 2, kCols / 2}));
    }
    set_rate(state);
}
BENCHMARK(BM_Downsample420)->Unit(benchmark::kMillisecond);

void BM_YuvToRgb(benchmark::State& state) {
    Planes planes = make(k444);
    for (auto _ : state) {
        planes.rgb = false;
        yuv_to_rgb(planes);
        benchmark::ClobberMemory();
    }
    set_rate(state);
}
BENCHMARK(BM_YuvToRgb)->Unit(benchmark::kMillisecond);

void BM_CropAndDecimate(benchmark::State& state) {
    const Array3<float> luma(1, kRows, kCols), chroma(2, kRows, kCols);
    for (auto _ : state) benchmark::DoNotOptimize(make_planes(luma, chroma, {kRows - 1, kCols - 1}, k420));
    set_rate(state);
}
BENCHMARK(BM_CropAndDecimate)->Unit(benchmark::kMillisecond);

void BM_Quantise(benchmark::State& state) {
    Planes planes = make(k444);
    planes.rgb = true;
    for (auto _ : state) benchmark::DoNotOptimize(quantise(planes, static_cast<unsigned>(state.range(0))));
    set_rate(state);
}
BENCHMARK(BM_Quantise)->ArgName("depth")->Arg(8)->Arg(10)->Unit(benchmark::kMillisecond);

/// A picture with some structure, so that PNG has something to compress.
Picture smooth_picture() {
    std::mt19937 random(5);
    Picture picture = make_picture(ColourModel::kRgb, k444, 8, kRows, kCols);
    for (auto& plane : picture.planes) {
        for (std::size_t y = 0; y < kRows; ++y) {
            for (std::size_t x = 0; x < kCols; ++x)
                plane(0, y, x) = static_cast<std::uint16_t>((x / 9 + y / 7 + random() % 5) % 256);
        }
    }
    return picture;
}

void BM_WriteFile(benchmark::State& state, PictureFormat format, int level) {
    const Picture picture = smooth_picture();
    WriteOptions options;
    options.png_level = level;
    std::size_t size = 0;
    for (auto _ : state) {
        const auto file = encode_picture(format, picture, options);
        size = file.size();
        benchmark::DoNotOptimize(file.data());
    }
    set_rate(state);
    state.counters["MB"] = static_cast<double>(size) * 1e-6;
}
BENCHMARK_CAPTURE(BM_WriteFile, ppm, PictureFormat::kPnm, 0)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_WriteFile, png_level_1, PictureFormat::kPng, 1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_WriteFile, png_level_2, PictureFormat::kPng, 2)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_WriteFile, png_level_4, PictureFormat::kPng, 4)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_WriteFile, png_level_6, PictureFormat::kPng, 6)->Unit(benchmark::kMillisecond);

void BM_ReadFile(benchmark::State& state, PictureFormat format) {
    const auto file = encode_picture(format, smooth_picture());
    for (auto _ : state) benchmark::DoNotOptimize(decode_picture(format, file));
    set_rate(state);
}
BENCHMARK_CAPTURE(BM_ReadFile, ppm, PictureFormat::kPnm)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_ReadFile, png, PictureFormat::kPng)->Unit(benchmark::kMillisecond);

}  // namespace
