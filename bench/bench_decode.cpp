// Whole decodes of pictures at every operating point, in memory: time of every stage and layer, multiply-accumulates
// per second, share of one core's measured peak, and the peak memory of the process.
//   bench_decode [--cpu L] [--threads N] [--runs N] [--size ROWSxCOLS] [--point sop|bop|hop] [--no-layers] [--cpu-time]
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
#include <cstdio>
#include <limits>
#include <optional>

#include "backend/select.h"
#include "bench/bench_streams.h"
#include "bench/cpu_peak.h"
#include "decoder/decoder.h"
#include "tools/allocator.h"

namespace jpegai {
namespace {

struct Arguments {
    std::string cpu = "auto", size, point;
    unsigned threads = 1;
    int runs = 3;
    bool layers = true;
    TimeKind time = TimeKind::kElapsed;
};

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
    Best best;
    for (int run = 0; run <= arguments.runs; ++run) {
        // Measured between the decodes, with the clock that the core then has.
        best.peak = std::max(best.peak, bench::peak_macs(level, 10));
        DecodeOptions options;
        options.point = job.point;
        DecodeStats stats;
        stats.want_layers = arguments.layers;
        stats.time = arguments.time;
        options.stats = &stats;
        const double start = clock_seconds(arguments.time);
        (void)decoder.decode(file, options);
        const double seconds = clock_seconds(arguments.time) - start;
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
    const auto weights = bench::completed_weights();
    const std::vector<std::uint8_t> file = bench::make_photo_stream(*weights, job.size);
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
    app.add_flag_callback(
        "--cpu-time", [&] { arguments.time = jpegai::TimeKind::kProcessor; },
        "processor time (of all threads), for busy machines; the peak by elapsed time all the same");
    app.add_flag("!--no-layers", arguments.layers, "stages only");
    CLI11_PARSE(app, count, values);
    try {
        jpegai::tools::tune_allocator();  // the program's memory
        return jpegai::run(arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_decode: {}\n", error.what());
        return 2;
    }
}
