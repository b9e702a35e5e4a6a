// Cost of the container and its headers: what a program pays that only wants to know what is in a file.
#include <benchmark/benchmark.h>

#include <random>

#include "bitstream/codestream.h"

namespace {

using namespace jpegai;

PictureHeader picture_560x888() {
    PictureHeader picture;
    picture.img_width = 560;
    picture.img_height = 888;
    for (std::size_t c = 0; c < kComponents; ++c) {
        ComponentHeader& component = picture.component[c];
        component.num_chs = static_cast<std::uint8_t>(kLatentChannels[c]);
        component.num_threads_r = 8;
        component.use_cube_flags = true;
        component.cube_flag.assign(kCubePhases * picture.cube_rows() * picture.cube_cols(), 1);
        for (std::size_t i = 0; i < component.cube_flag.size(); i += 7) component.cube_flag[i] = 0;
        component.grfs_enable_flag = true;
        component.grfs_channel_flag.assign(kLatentChannels[c], 0);
    }
    return picture;
}

std::vector<std::uint8_t> random_bytes(std::mt19937& random, std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

/// About 62 KB, 1 bit per pixel.
CodestreamParts stream_560x888() {
    std::mt19937 random(1);
    CodestreamParts parts;
    parts.picture = picture_560x888();
    for (std::size_t c = 0; c < kComponents; ++c) {
        Lanes& lanes = parts.residual[c].emplace_back().emplace();
        for (int lane = 0; lane < 8; ++lane) lanes.push_back(random_bytes(random, c == kPrimary ? 5000 : 2200));
    }
    parts.hyper = {random_bytes(random, 5000)};
    return parts;
}

void BM_ParsePictureHeader(benchmark::State& state) {
    const auto payload = write_picture_header(picture_560x888(), Dialect::kIs);
    for (auto _ : state) benchmark::DoNotOptimize(parse_picture_header(payload, detect_dialect(payload, 0), 0));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(payload.size()));
}
BENCHMARK(BM_ParsePictureHeader);

void BM_WritePictureHeader(benchmark::State& state) {
    const PictureHeader picture = picture_560x888();
    for (auto _ : state) benchmark::DoNotOptimize(write_picture_header(picture, Dialect::kIs));
}
BENCHMARK(BM_WritePictureHeader);

void BM_ListPictureHeader(benchmark::State& state) {
    const PictureHeader picture = picture_560x888();
    for (auto _ : state) benchmark::DoNotOptimize(list_fields(picture, Dialect::kIs));
}
BENCHMARK(BM_ListPictureHeader);

void BM_ParseCodestream(benchmark::State& state) {
    const auto file = write_codestream(stream_560x888());
    for (auto _ : state) benchmark::DoNotOptimize(parse_codestream(file));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(file.size()));
}
BENCHMARK(BM_ParseCodestream);

void BM_WriteCodestream(benchmark::State& state) {
    const CodestreamParts parts = stream_560x888();
    std::size_t size = 0;
    for (auto _ : state) {
        const auto file = write_codestream(parts);
        size = file.size();
        benchmark::DoNotOptimize(file.data());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}
BENCHMARK(BM_WriteCodestream);

}  // namespace
