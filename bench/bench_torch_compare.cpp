// The decoder's networks of one picture, run by this project's backend and by LibTorch in turn in one process.
#include <fmt/format.h>
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <vector>

#include "backend/select.h"
#include "backend/torch/torch_backend.h"
#include "base/math.h"
#include "models/default_weights.h"
#include "networks/registry.h"
#include "tests/support/random_network.h"

namespace {

using namespace jpegai;

struct Settings {
    std::size_t rows = 560, cols = 888, model = 1;
    std::vector<std::string> points = {"sop", "bop", "hop"};
    std::string cpu = "auto";
    unsigned threads = 1;
    double seconds = 1;  ///< per network and column, exceeded only by a first run
    bool cpu_time = false, keep_memory = false;
};

/// One network with inputs of the right sizes.
struct Job {
    std::string name;
    Network network;
    std::vector<Array3<float>> inputs;
};

/// The default weights; made-up ones for networks that the default set lacks (speed does not depend on values).
Network with_weights(Graph graph, const std::string& file) {
    static const std::shared_ptr<const WeightSet> weights = open_default_weights();
    const std::vector<std::string> files = weights->files();
    if (std::find(files.begin(), files.end(), file) == files.end()) return test::random_network(std::move(graph), 1);
    return bind_network(std::move(graph), weights, file);
}

Job make_job(const Settings& settings, NetworkKind kind, OperatingPoint point, Component component) {
    constexpr float kLatentScale = 3;
    Graph graph = network_graph(kind, point, component);
    std::vector<std::size_t> divisors(graph.inputs.size(), kind == NetworkKind::kHyperDecoder ? 64 : 16);
    if (kind == NetworkKind::kContextModel) divisors.back() = 32;  // psi
    std::vector<Array3<float>> inputs =
        test::random_inputs(graph, {settings.rows, settings.cols}, divisors, 1, kLatentScale);
    if (kind == NetworkKind::kHyperDecoder) {
        for (float& z : inputs[0].span()) z = std::round(z);
    }
    const std::string name = graph.name;
    return {name, with_weights(std::move(graph), network_file(kind, point, component, settings.model)),
            std::move(inputs)};
}

/// One column of the table: a backend and what it did with the network of the row.
struct Column {
    std::unique_ptr<NetworkRunner> runner;
    double best = std::numeric_limits<double>::infinity(), total = 0;  ///< seconds
    unsigned runs = 0;
    std::vector<Array3<float>> outputs = {};
};

/// Seconds since some moment: of the world, or that this process has been computing. On a busy machine the latter
/// leaves out the time that others take from it; with one thread they are the same otherwise.
double now(bool cpu_time) {
    timespec time{};
    clock_gettime(cpu_time ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void run_once(Column& column, const Job& job, Size nominal, bool cpu_time) {
    RunContext context;
    std::vector<const Array3<float>*> inputs;
    for (const Array3<float>& input : job.inputs) inputs.push_back(&input);
    const double start = now(cpu_time);
    column.outputs = column.runner->run(inputs, nominal, context);
    const double elapsed = now(cpu_time) - start;
    column.best = std::min(column.best, elapsed);
    column.total += elapsed;
    ++column.runs;
}

double largest_difference(const Column& a, const Column& b) {
    double largest = 0;
    for (std::size_t k = 0; k < a.outputs.size(); ++k) {
        const auto left = a.outputs[k].span(), right = b.outputs[k].span();
        for (std::size_t i = 0; i < left.size(); ++i) {
            largest = std::max(largest, std::abs(static_cast<double>(left[i]) - right[i]));
        }
    }
    return largest;
}

using Backends = std::array<std::shared_ptr<const Backend>, 3>;  // ours, torch, torch with channels last
using Times = std::array<double, 3>;

void print_row(const std::string& name, const Times& t, const std::string& rest) {
    fmt::print("{:<18}{:>10.2f}{:>10.2f}{:>10.2f}{:>8.2f}  {}\n", name, 1e3 * t[0], 1e3 * t[1], 1e3 * t[2],
               std::min(t[1], t[2]) / t[0], rest);
    std::fflush(stdout);
}

/// Runs the backends in turn, so that changes of the machine's speed meet all, until each has had its time.
Times compare(const Job& job, const Settings& settings, const Backends& backends) {
    std::vector<Column> columns;
    for (const auto& backend : backends) columns.push_back({.runner = backend->prepare(job.network)});
    const auto unfinished = [&](const Column& c) { return c.runs == 0 || c.total < settings.seconds; };
    while (std::any_of(columns.begin(), columns.end(), unfinished)) {
        for (Column& column : columns) {
            if (unfinished(column)) run_once(column, job, {settings.rows, settings.cols}, settings.cpu_time);
        }
    }
    const Times times = {columns[0].best, columns[1].best, columns[2].best};
    print_row(job.name, times,
              fmt::format("{} {} {}  {:.1e}", columns[0].runs, columns[1].runs, columns[2].runs,
                          largest_difference(columns[0], columns[1])));
    return times;
}

void add(Times& sum, const Times& part) {
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += part[k];
}

OperatingPoint point_of(const std::string& name) {
    return name == "sop" ? OperatingPoint::kSop : name == "bop" ? OperatingPoint::kBop : OperatingPoint::kHop;
}

void print_head(const Settings& settings, const Backends& backends) {
    fmt::print("{}\n", torch_setup());
    if (!torch_uses_openblas()) fmt::print("WARNING: torch runs on a reference BLAS; its times say nothing\n");
    fmt::print("ours: {}; torch: {}\n", backends[0]->describe(), backends[1]->describe());
    fmt::print("{} rows, {} columns; best time of each in ms; ratio: faster torch column / ours\n\n", settings.rows,
               settings.cols);
    fmt::print("{:<18}{:>10}{:>10}{:>10}{:>8}  runs, largest difference\n", "network", "ours", "torch", "torch cl",
               "ratio");
}

void compare_all(const Settings& settings) {
    const Backends backends = {make_backend({settings.cpu, settings.threads}),
                               make_torch_backend({.threads = settings.threads}),
                               make_torch_backend({.threads = settings.threads, .layout = TorchLayout::kChannelsLast})};
    print_head(settings, backends);
    const auto run = [&](NetworkKind kind, OperatingPoint point, Component component) {
        return compare(make_job(settings, kind, point, component), settings, backends);
    };
    Times common = {};
    for (const Component component : {kPrimary, kSecondary}) {
        add(common, run(NetworkKind::kHyperDecoder, OperatingPoint::kBop, component));
    }
    add(common, run(NetworkKind::kContextModel, OperatingPoint::kBop, kPrimary));
    for (const std::string& point : settings.points) {
        Times picture = common;
        for (const Component component : {kPrimary, kSecondary}) {
            add(picture, run(NetworkKind::kSynthesis, point_of(point), component));
        }
        print_row("picture, " + point, picture, "");
    }
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    CLI::App app("Times the decoder's networks of one picture beside LibTorch. Ratios above 1: ours is faster.");
    app.add_option("--rows", settings.rows, "Rows of the picture")->check(CLI::Range(1, 16384));
    app.add_option("--cols", settings.cols, "Columns of the picture")->check(CLI::Range(1, 16384));
    app.add_option("--points", settings.points, "Operating points")
        ->delimiter(',')
        ->check(CLI::IsMember({"sop", "bop", "hop"}));
    app.add_option("--cpu", settings.cpu, "Our backend: auto, contract or an instruction set");
    app.add_option("--threads", settings.threads, "Threads of every backend")->check(CLI::Range(1, 1024));
    app.add_option("--seconds", settings.seconds, "Time for each network and backend");
    app.add_flag("--keep-memory", settings.keep_memory,
                 "Freed memory stays in the heap, so that torch does not wait for the system's pages");
    app.add_flag("--cpu-time", settings.cpu_time, "Count processor time, for a busy machine; only with one thread");
    app.add_option("--model", settings.model, "Trained model")->check(CLI::Range(0, 3));
    CLI11_PARSE(app, argc, argv);
    if (settings.keep_memory) {  // without it each of torch's arrays costs a fault for every page
        mallopt(M_MMAP_MAX, 0);
        mallopt(M_TRIM_THRESHOLD, -1);
    }
    if (settings.cpu_time && settings.threads != 1) {
        fmt::print(stderr, "bench_torch_compare: --cpu-time adds up all threads; use it with one\n");
        return EXIT_FAILURE;
    }
    try {
        compare_all(settings);
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_torch_compare: {}\n", error.what());
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
