// Whole decodes of pictures at every operating point, in memory: time of every stage and layer, multiply-accumulates
// per second, share of one core's measured peak, and the peak memory of the process.
//   bench_decode [--cpu L] [--threads N] [--runs N] [--size ROWSxCOLS] [--point sop|bop|hop] [--no-layers]
// Without --size and --point: 888x560 at all points and 1400x2096 at SOP and BOP. The streams are the latents of the
// photograph in tests/data, repeated to the size; networks that the default weights lack get made-up weights (their
// time does not depend on the values). Each row of the report runs in a process of its own, so that one's memory does
// not count for the next.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <limits>
#include <map>
#include <mutex>
#include <optional>

#include "backend/select.h"
#include "bench/cpu_peak.h"
#include "decoder/decoder.h"
#include "decoder/entropy_model.h"
#include "decoder/scale_maps.h"
#include "encoder/latent_coder.h"
#include "models/default_weights.h"
#include "networks/registry.h"
#include "tests/support/random_network.h"
#include "tests/support/test_data.h"

namespace jpegai {
namespace {

struct Arguments {
    std::string cpu = "auto", size, point;
    unsigned threads = 1;
    int runs = 3;
    bool layers = true;
};

/// The default weights, and made-up synthesis networks where they have none.
class CompletedWeights final : public WeightSet {
public:
    explicit CompletedWeights(std::shared_ptr<const WeightSet> base) : base_(std::move(base)), files_(base_->files()) {}
    std::string describe() const override { return base_->describe() + ", completed"; }
    std::vector<std::string> files() const override { return files_; }
    const Checkpoint& load(std::string_view file) const override {
        if (std::find(files_.begin(), files_.end(), file) != files_.end()) return base_->load(file);
        const std::lock_guard lock(mutex_);
        const auto found = made_.find(file);
        if (found != made_.end()) return found->second->load("random");
        for (const Component component : {kPrimary, kSecondary}) {
            for (std::size_t model = 0; model < kModels; ++model) {
                if (network_file(NetworkKind::kSynthesis, OperatingPoint::kHop, component, model) != file) continue;
                const Graph graph = network_graph(NetworkKind::kSynthesis, OperatingPoint::kHop, component);
                return (made_[std::string(file)] = test::random_weights(graph, 1))->load("random");
            }
        }
        return base_->load(file);  // throws
    }

private:
    std::shared_ptr<const WeightSet> base_;
    std::vector<std::string> files_;
    mutable std::mutex mutex_;
    mutable std::map<std::string, std::shared_ptr<const WeightSet>, std::less<>> made_;
};

/// `to` filled with repetitions of `from`.
template <class T>
void repeat(const Array3<T>& from, Array3<T>& to) {
    for (std::size_t c = 0; c < to.channels(); ++c) {
        for (std::size_t y = 0; y < to.rows(); ++y) {
            for (std::size_t x = 0; x < to.cols(); ++x) to(c, y, x) = from(c, y % from.rows(), x % from.cols());
        }
    }
}

/// The photograph repeated to `size`, with all three synthesis transforms allowed.
std::vector<std::uint8_t> make_stream(const WeightSet& weights, Size size) {
    const std::vector<std::uint8_t> file = test::load_bytes(test::data_path("streams/photo_bop.bits"));
    const Codestream stream = parse_codestream(file);
    std::array<std::shared_ptr<const EntropyModel>, kComponents> held;
    std::array<const EntropyModel*, kComponents> models{};
    for (const Component c : {kPrimary, kSecondary}) {
        held[c] = std::make_shared<const EntropyModel>(load_entropy_model(weights, stream.picture.model_id, c));
        models[c] = held[c].get();
    }
    const Latents latents = decode_latents(stream, file, models);
    CodestreamParts parts;
    parts.picture = stream.picture;
    parts.picture.img_height = static_cast<std::uint32_t>(size.rows);
    parts.picture.img_width = static_cast<std::uint32_t>(size.cols);
    parts.picture.decoder_profile_id = 2;
    parts.picture.synthesis_transform_id = {2, 1, 0};
    for (ComponentHeader& header : parts.picture.component) {
        header.use_cube_flags = false;
        header.cube_flag.clear();
        header.literal_one_groups.clear();
    }
    std::array<Array3<std::int8_t>, kComponents> z_hat;
    std::array<Array3<std::int16_t>, kComponents> residual;
    LatentSymbols symbols;
    for (const Component c : {kPrimary, kSecondary}) {
        const LatentComponent& from = latents.component[c];
        z_hat[c] = Array3<std::int8_t>(from.z_hat.channels(), parts.picture.hyper_rows(), parts.picture.hyper_cols());
        residual[c] = Array3<std::int16_t>(from.residual_quant.channels(), parts.picture.latent_rows(),
                                           parts.picture.latent_cols());
        repeat(from.z_hat, z_hat[c]);
        repeat(from.residual_quant, residual[c]);
        // Where repetitions meet, other positions are coded.
        const ScaleMaps maps =
            compute_scale_maps(*models[c], make_scale_setup(parts.picture, c, *models[c], nullptr), z_hat[c]);
        for (std::size_t i = 0; i < maps.mask.size(); ++i) {
            if (maps.mask.data()[i] == 0) residual[c].data()[i] = 0;
        }
        symbols.z_hat[c] = &z_hat[c];
        symbols.residual_quant[c] = &residual[c];
    }
    set_lanes(parts, encode_latents(parts.picture, models, symbols));
    return write_codestream(parts);
}

struct Job {
    const char* name;
    OperatingPoint point;
    Size size;
};

/// The fastest of several runs, of the whole, of each stage and of each layer: other work on the machine only adds
/// time.
struct Best {
    double seconds = std::numeric_limits<double>::infinity(), peak = 0;
    DecodeStats stats;
};

Best time_decodes(const Decoder& decoder, std::span<const std::uint8_t> file, const Job& job,
                  const Arguments& arguments, CpuLevel level) {
    using Clock = std::chrono::steady_clock;
    Best best;
    for (int run = 0; run <= arguments.runs; ++run) {
        // Measured between the decodes, with the clock that the core then has.
        best.peak = std::max(best.peak, bench::peak_macs(level, 10));
        DecodeOptions options;
        options.point = job.point;
        DecodeStats stats;
        stats.want_layers = arguments.layers;
        options.stats = &stats;
        const auto start = Clock::now();
        (void)decoder.decode(file, options);
        const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
        if (run == 0) continue;  // loads and packs the weights
        best.seconds = std::min(best.seconds, seconds);
        if (run == 1) {
            best.stats = stats;
            continue;
        }
        for (std::size_t i = 0; i < stats.stages.size(); ++i) {
            best.stats.stages[i].seconds = std::min(best.stats.stages[i].seconds, stats.stages[i].seconds);
        }
        for (std::size_t i = 0; i < stats.layers.size(); ++i) {
            best.stats.layers[i].seconds = std::min(best.stats.layers[i].seconds, stats.layers[i].seconds);
        }
    }
    return best;
}

void print_line(const std::string& name, double seconds, double macs, double peak) {
    if (macs == 0 || seconds == 0) {
        fmt::print("  {:<44}{:>10.3f} ms\n", name, seconds * 1e3);
    } else {
        fmt::print("  {:<44}{:>10.3f} ms{:>9.1f} GMAC/s{:>7.1f} %\n", name, seconds * 1e3, macs / seconds / 1e9,
                   100 * macs / seconds / peak);
    }
}

void report(const Job& job, const Arguments& arguments) {
    const auto weights = std::make_shared<CompletedWeights>(open_default_weights());
    const std::vector<std::uint8_t> file = make_stream(*weights, job.size);
    const Decoder decoder(weights, make_backend({arguments.cpu, arguments.threads}));
    const CpuLevel level = cpu::resolve_level(parse_cpu_level(arguments.cpu));
    const Best best = time_decodes(decoder, file, job, arguments, level);
    const double peak = best.peak * arguments.threads;
    fmt::print("{} {} rows x {} columns, {} bytes, {} x{}, measured peak {:.1f} GMAC/s\n", job.name, job.size.rows,
               job.size.cols, file.size(), cpu_level_name(level), arguments.threads, peak / 1e9);
    for (const StageTiming& stage : best.stats.stages) print_line(stage.stage, stage.seconds, 0, peak);
    double sums = 0, macs = 0;
    for (const LayerTiming& layer : best.stats.layers) {
        print_line("  " + layer.name, layer.seconds, static_cast<double>(layer.macs), peak);
        if (layer.macs != 0) sums += layer.seconds;
        macs += static_cast<double>(layer.macs);
    }
    if (sums > 0) print_line("layers with multiply-accumulates", sums, macs, peak);
    print_line("whole decode", best.seconds, static_cast<double>(best.stats.macs), peak);
    fmt::print("  {:<44}{:>10.1f} MB\n", "estimated memory", static_cast<double>(best.stats.estimated_memory) / 1e6);
    std::fflush(stdout);
}

/// Runs the job in a child process and adds its peak memory to the report; true when it succeeded.
bool run_apart(const Job& job, const Arguments& arguments) {
    std::fflush(stdout);
    const pid_t child = fork();
    if (child < 0) throw Error(JPEGAI_ERROR_INTERNAL, "no process for " + std::string(job.name));
    if (child == 0) {
        int status = 0;
        try {
            report(job, arguments);
        } catch (const std::exception& error) {
            fmt::print(stderr, "bench_decode: {}\n", error.what());
            status = 1;
        }
        _exit(status);
    }
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    fmt::print("  {:<44}{:>10.1f} MB\n\n", "peak memory of the process",
               static_cast<double>(usage.ru_maxrss) * 1024 / 1e6);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int run(const Arguments& arguments) {
    constexpr Size kSmall = {888, 560}, kLarge = {1400, 2096};
    std::vector<Job> jobs = {{"sop", OperatingPoint::kSop, kSmall},
                             {"bop", OperatingPoint::kBop, kSmall},
                             {"hop", OperatingPoint::kHop, kSmall},
                             {"sop", OperatingPoint::kSop, kLarge},
                             {"bop", OperatingPoint::kBop, kLarge}};
    if (!arguments.size.empty()) {
        const std::size_t rows = std::stoul(arguments.size);
        const std::size_t cols = std::stoul(arguments.size.substr(arguments.size.find('x') + 1));
        jobs.resize(3);
        for (Job& job : jobs) job.size = {rows, cols};
    }
    bool good = true;
    for (const Job& job : jobs) {
        if (arguments.point.empty() || arguments.point == job.name) good = run_apart(job, arguments) && good;
    }
    return good ? 0 : 1;
}

}  // namespace
}  // namespace jpegai

int main(int count, char** values) {
    jpegai::Arguments arguments;
    CLI::App app("Times whole decodes, by stage and layer.");
    app.add_option("--cpu", arguments.cpu, "auto or an instruction set")
        ->check(CLI::IsMember({"auto", "scalar", "avx2", "avx512", "neon"}));
    app.add_option("--threads", arguments.threads, "threads of the networks")->check(CLI::Range(1, 1024));
    app.add_option("--runs", arguments.runs, "decodes that are timed")->check(CLI::Range(1, 1000));
    app.add_option("--size", arguments.size, "ROWSxCOLS instead of the usual ones");
    app.add_option("--point", arguments.point, "only this one")->check(CLI::IsMember({"sop", "bop", "hop"}));
    app.add_flag("!--no-layers", arguments.layers, "stages only");
    CLI11_PARSE(app, count, values);
    try {
        return jpegai::run(arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_decode: {}\n", error.what());
        return 2;
    }
}
