// Times whole networks on the CPU backend with random weights: milliseconds, multiply-accumulates per second and the
// share of one core's peak.
//   bench_networks [--level L] [--threads N] [--size ROWSxCOLS] [--runs N] [--layers] [--cpu-time] [--library-fma] [NAME ...]
// --cpu-time: networks and layers by processor time, for busy machines (the peak by elapsed time all the same);
// --library-fma: scalar kernels as on an x86-64 processor without fused multiply-add.
// NAME is part of a graph's name, e.g. "synthesis.bop" or "hyper_decoder"; all networks of a decoder without names.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "base/error.h"
#include "bench/cpu_peak.h"
#include "tests/support/random_network.h"

namespace jpegai {
namespace {

struct Arguments {
    CpuBackendOptions backend{CpuLevel::kAuto, 1};
    Size size{560, 888};
    int runs = 3;
    bool layers = false;
    TimeKind time = TimeKind::kElapsed;
    std::vector<std::string> names;
};

Arguments parse(int count, char** values) {
    Arguments arguments;
    for (int i = 1; i < count; ++i) {
        const std::string word = values[i];
        const auto next = [&]() -> std::string {
            if (i + 1 == count) throw Error(JPEGAI_ERROR_ARGUMENT, word + " needs a value");
            return values[++i];
        };
        if (word == "--level") {
            arguments.backend.level = parse_cpu_level(next());
        } else if (word == "--threads") {
            arguments.backend.threads = std::stoul(next());
        } else if (word == "--runs") {
            arguments.runs = std::stoi(next());
        } else if (word == "--layers") {
            arguments.layers = true;
        } else if (word == "--cpu-time") {
            arguments.time = TimeKind::kProcessor;
        } else if (word == "--library-fma") {
            arguments.backend.library_fma = true;
        } else if (word == "--size") {
            const std::string size = next();
            arguments.size = {std::stoul(size), std::stoul(size.substr(size.find('x') + 1))};
        } else {
            arguments.names.push_back(word);
        }
    }
    if (arguments.names.empty()) arguments.names = {"synthesis", "hyper_decoder", "context_model", "chroma_mean"};
    return arguments;
}

struct Timing {
    double seconds = std::numeric_limits<double>::infinity();
    std::vector<LayerTiming> layers;
};

/// The fastest of several runs, of the whole and of each layer: other work on the machine only ever adds time.
Timing time_runs(const NetworkRunner& runner, const std::vector<Array3<float>>& inputs, const Arguments& arguments) {
    std::vector<const Array3<float>*> pointers;
    for (const Array3<float>& input : inputs) pointers.push_back(&input);
    Timing best;
    for (int i = 0; i < arguments.runs; ++i) {
        RunContext context;
        context.time = arguments.time;
        std::vector<LayerTiming> layers;
        if (arguments.layers) context.timings = &layers;
        const double start = clock_seconds(arguments.time);
        (void)runner.run(pointers, arguments.size, context);
        best.seconds = std::min(best.seconds, clock_seconds(arguments.time) - start);
        if (best.layers.empty()) best.layers = layers;
        for (std::size_t k = 0; k < layers.size(); ++k) {
            best.layers[k].seconds = std::min(best.layers[k].seconds, layers[k].seconds);
        }
    }
    return best;
}

void print(const std::string& name, double seconds, std::uint64_t macs, double peak) {
    const double rate = static_cast<double>(macs) / seconds;
    std::printf("%-44s %9.3f ms %8.1f GMAC/s %6.1f %%\n", name.c_str(), seconds * 1e3, rate / 1e9, 100 * rate / peak);
}

int run(const Arguments& arguments) {
    const double one_core = bench::peak_macs(arguments.backend.level);
    const auto backend = make_cpu_backend(arguments.backend);
    std::printf("%s, %zux%zu, peak of one core %.1f GMAC/s\n", backend->describe().c_str(), arguments.size.rows,
                arguments.size.cols, one_core / 1e9);
    for (const test::KnownGraph& known : test::known_graphs()) {
        bool wanted = false;
        for (const std::string& name : arguments.names) wanted = wanted || known.graph.name.find(name) == 0;
        if (!wanted) continue;
        const auto inputs = test::random_inputs(known.graph, arguments.size, known.divisors, 1, known.input_scale);
        std::vector<Size> sizes;
        for (const Array3<float>& input : inputs) sizes.push_back({input.rows(), input.cols()});
        const auto runner = backend->prepare(test::random_network(known.graph, 1));
        const Timing timing = time_runs(*runner, inputs, arguments);
        print(known.graph.name, timing.seconds, count_macs(known.graph, sizes, arguments.size), one_core);
        std::printf("%-44s %9.1f MB\n", "", static_cast<double>(runner->workspace_bytes(sizes, arguments.size)) / 1e6);
        for (const LayerTiming& layer : timing.layers) print("  " + layer.name, layer.seconds, layer.macs, one_core);
    }
    return 0;
}

}  // namespace
}  // namespace jpegai

int main(int count, char** values) {
    try {
        return jpegai::run(jpegai::parse(count, values));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_networks: %s\n", error.what());
        return 2;
    }
}
