// The serial parts of the entropy stage (me-tANS of residual and hyper latent, integer hyper-scale decoder) of many
// pictures: threads of the host against one launch on a GPU. Prints from how many pictures on the GPU is quicker.
//   bench_cuda_entropy [--device N] [--threads N] [--size ROWSxCOLS] [--pictures 1,8,64,512]
// Device times are those of whole calls (copies of payloads and distributions there, of symbols back) and, in brackets,
// of the kernels alone. The stream is that of bench_decode.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "backend/cuda/entropy_batch.h"
#include "bench/bench_streams.h"
#include "decoder/latents.h"
#include "networks/registry.h"

namespace jpegai {
namespace {

using Clock = std::chrono::steady_clock;

struct Arguments {
    int device = 0;
    std::string size = "888x560";
    std::vector<std::size_t> pictures = {1, 8, 64, 512};
    std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
};

std::vector<LaneBytes> lanes_of(const LaneBlock& block, std::span<const std::uint8_t> file) {
    std::vector<LaneBytes> lanes;
    for (const ByteRange& range : block.lanes) lanes.push_back({range.of(file), range.offset});
    return lanes;
}

/// Best of three, in seconds.
template <class Work>
double best_of(const Work& work) {
    double best = 1e9;
    for (int run = 0; run < 3; ++run) {
        const auto start = Clock::now();
        work();
        best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
    }
    return best;
}

/// work(i) for i < count on several threads.
template <class Work>
void spread(std::size_t threads, std::size_t count, const Work& work) {
    std::atomic<std::size_t> next = 0;
    const auto body = [&] {
        for (std::size_t i = next++; i < count; i = next++) work(i);
    };
    std::vector<std::thread> others;
    for (std::size_t t = 1; t < std::min(threads, count); ++t) others.emplace_back(body);
    body();
    for (std::thread& thread : others) thread.join();
}

/// One stream with what its serial parts read.
struct Material {
    std::vector<std::uint8_t> file;
    Codestream stream;
    std::array<EntropyModel, kComponents> models;
    std::array<HyperScaleNetwork, kComponents> scale_networks;
    Latents latents;
    std::array<std::vector<std::uint8_t>, kComponents> table;
};

Material make_material(Size size) {
    const auto weights = bench::completed_weights();
    Material m;
    m.file = bench::make_photo_stream(*weights, size);
    m.stream = parse_codestream(m.file);
    const std::size_t model = m.stream.picture.model_id;
    for (const Component c : {kPrimary, kSecondary}) {
        m.models[c] = load_entropy_model(*weights, model, c);
        m.scale_networks[c] = load_hyper_scale(*weights, common_file(c, model), kLatentChannels[c]);
    }
    m.latents = decode_latents(m.stream, m.file, {&m.models[0], &m.models[1]});
    for (const Component c : {kPrimary, kSecondary}) {
        const LatentComponent& from = m.latents.component[c];
        const std::size_t coded = m.stream.picture.component[c].coded_channels(c) * from.mask.plane_size();
        for (std::size_t i = 0; i < coded; ++i) {
            const int index = std::clamp((from.scale_log.data()[i] + 64) >> kSigmaPrecision, 0, kSigmaTables - 1);
            m.table[c].push_back(from.mask.data()[i] != 0 ? static_cast<std::uint8_t>(index) : kNotCoded);
        }
    }
    return m;
}

class Bench {
public:
    Bench(const Arguments& arguments, Size size)
        : arguments_(arguments), material_(make_material(size)), batch_(cuda::Device::open(arguments.device)) {}

    void run() {
        fmt::print("{} {} bytes, {} host threads\n", arguments_.size, material_.file.size(), arguments_.threads);
        for (const std::size_t count : arguments_.pictures) {
            const double host[] = {host_residual(count), host_hyper(count), host_scales(count)};
            double kernels[3];
            double device[3];
            device[0] = best_of([&] { device_residual(count); });
            kernels[0] = batch_.kernel_seconds();
            device[1] = best_of([&] { device_hyper(count); });
            kernels[1] = batch_.kernel_seconds();
            device[2] = best_of([&] { kernels[2] = device_scales(count); });
            const char* const names[] = {"residual", "hyper latent", "hyper-scale decoder"};
            for (std::size_t part = 0; part < 3; ++part) {
                fmt::print("  {:>5} pictures, {:<20} host {:>9.3f} ms, device {:>9.3f} ms ({:.3f} ms)  {}\n", count,
                           names[part], host[part] * 1e3, device[part] * 1e3, kernels[part] * 1e3,
                           device[part] < host[part] ? "device" : "host");
            }
            std::fflush(stdout);
        }
    }

private:
    using Symbols = std::vector<std::array<std::vector<std::int16_t>, kComponents>>;
    using Hyper = std::vector<std::array<std::vector<std::int8_t>, kComponents>>;

    Symbols symbols(std::size_t count) const {
        Symbols out(count);
        for (auto& picture : out) {
            for (std::size_t c = 0; c < kComponents; ++c) picture[c].resize(material_.table[c].size());
        }
        return out;
    }
    Hyper hyper(std::size_t count) const {
        Hyper out(count);
        for (auto& picture : out) {
            for (std::size_t c = 0; c < kComponents; ++c)
                picture[c].resize(material_.latents.component[c].z_hat.size());
        }
        return out;
    }
    [[nodiscard]] std::vector<LaneBytes> residual_lanes(std::size_t c) const {
        return lanes_of(material_.stream.residual[c].front().value(), material_.file);
    }

    double host_residual(std::size_t count) const {
        Symbols out = symbols(count);
        return best_of([&] {
            spread(arguments_.threads, count, [&](std::size_t i) {
                for (std::size_t c = 0; c < kComponents; ++c)
                    decode_residual(residual_lanes(c), material_.table[c], material_.table[c].size(), out[i][c]);
            });
        });
    }
    double host_hyper(std::size_t count) const {
        Hyper out = hyper(count);
        return best_of([&] {
            spread(arguments_.threads, count, [&](std::size_t i) {
                HyperDecoder decoder(lanes_of(material_.stream.hyper, material_.file));
                for (std::size_t c = 0; c < kComponents; ++c) {
                    const std::size_t samples = out[i][c].size() / material_.models[c].channels();
                    for (std::size_t k = 0; k < material_.models[c].channels(); ++k)
                        decoder.decode_channel(material_.models[c].hyper_tables[k],
                                               std::span(out[i][c]).subspan(k * samples, samples));
                }
                decoder.finish();
            });
        });
    }
    double host_scales(std::size_t count) const {
        return best_of([&] {
            spread(arguments_.threads, count, [&](std::size_t) {
                for (std::size_t c = 0; c < kComponents; ++c) {
                    const LatentComponent& latent = material_.latents.component[c];
                    (void)material_.models[c].hyper_scale->run(latent.z_hat, latent.residual.rows(),
                                                               latent.residual.cols());
                }
            });
        });
    }

    void device_residual(std::size_t count) {
        Symbols out = symbols(count);
        std::vector<cuda::ResidualCall> calls;
        for (auto& picture : out) {
            for (std::size_t c = 0; c < kComponents; ++c)
                calls.push_back({residual_lanes(c), material_.table[c], material_.table[c].size(), picture[c]});
        }
        for (const auto& error : batch_.decode_residual(calls)) {
            if (error) throw *error;
        }
    }
    void device_hyper(std::size_t count) {
        Hyper out = hyper(count);
        std::vector<cuda::HyperCall> calls;
        for (auto& picture : out) {
            calls.push_back({lanes_of(material_.stream.hyper, material_.file),
                             {material_.models[0].hyper_tables, material_.models[1].hyper_tables},
                             {picture[0], picture[1]},
                             picture[0].size() / material_.models[0].channels()});
        }
        for (const auto& error : batch_.decode_hyper(calls)) {
            if (error) throw *error;
        }
    }
    double device_scales(std::size_t count) {
        double seconds = 0;
        for (std::size_t c = 0; c < kComponents; ++c) {
            const LatentComponent& latent = material_.latents.component[c];
            const std::vector<const Array3<std::int8_t>*> pictures(count, &latent.z_hat);
            (void)batch_.hyper_scale(material_.scale_networks[c], pictures, latent.residual.rows(),
                                     latent.residual.cols());
            seconds += batch_.kernel_seconds();
        }
        return seconds;
    }

    const Arguments& arguments_;
    Material material_;
    cuda::EntropyBatch batch_;
};

}  // namespace
}  // namespace jpegai

int main(int count, char** values) {
    jpegai::Arguments arguments;
    CLI::App app("Times the serial parts of the entropy stage on the host and on a GPU.");
    app.add_option("--device", arguments.device, "number of the GPU");
    app.add_option("--threads", arguments.threads, "threads of the host")->check(CLI::Range(1, 1024));
    app.add_option("--size", arguments.size, "ROWSxCOLS");
    app.add_option("--pictures", arguments.pictures, "pictures at a time")->delimiter(',');
    CLI11_PARSE(app, count, values);
    try {
        const std::size_t rows = std::stoul(arguments.size);
        const std::size_t cols = std::stoul(arguments.size.substr(arguments.size.find('x') + 1));
        jpegai::Bench(arguments, {rows, cols}).run();
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_cuda_entropy: {}\n", error.what());
        return 1;
    }
}
