// Networks of a decode on a GPU: the card's measured peak of fused multiply-adds, then time of each network (one CUDA graph,
// inputs and outputs on the card) and of each layer (events around its launches), and their share of the peak.
//   bench_cuda [--device N] [--point sop,bop,hop] [--size ROWSxCOLS,...] [--runs N] [--layers] [--json FILE]
//              [--tile large|medium|small|tiny] [--no-bulk]
// Made-up weights and inputs: times do not depend on the values. A point's networks: hyper decoders, context model, chroma
// mean and both syntheses, one after the other; sizes are of the picture, at 4:4:4.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "backend/cuda/cuda_backend.h"
#include "backend/cuda/device_runner.h"
#include "backend/cuda/peak.h"
#include "base/error.h"
#include "tests/support/random_network.h"

namespace jpegai {
namespace {

using nlohmann::json;

struct Arguments {
    int device = 0, runs = 20;
    std::vector<std::string> points = {"sop", "bop", "hop"};
    std::vector<std::string> sizes = {"1024x1024", "2048x2048", "3000x4000", "5120x7812"};
    std::string tile = "auto";
    bool bulk = true;
    bool layers = false;
    std::string json_file;
};

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

/// Fused multiply-adds per second of the whole card.
double measure_peak(cuda::Device& device) {
    constexpr int kSteps = 1 << 14;
    const unsigned blocks = device.info().processors * 8;
    const auto stream = device.make_stream();
    const auto start = device.make_event(), end = device.make_event();
    const cuda::Buffer to = device.memory(std::size_t{blocks} * 256 * sizeof(float));
    std::vector<double> seconds;
    for (int run = 0; run < 8; ++run) {
        stream->record(*start);
        stream->launch(cuda::peak_kernel, {blocks}, {256}, 0, {to.as<float>(), 0.5F, kSteps});
        stream->record(*end);
        end->synchronize();
        if (run >= 2) seconds.push_back(end->seconds_since(*start));
    }
    return static_cast<double>(blocks) * 256 * cuda::kPeakChains * kSteps / median(seconds);
}

/// What a network is called in the tables and how it is fed.
struct Measured {
    const test::KnownGraph* known;
    double seconds = 0;  ///< of one run as a graph
    std::uint64_t macs = 0;
    std::vector<LayerTiming> layers;
};

bool is_convolution(const Graph& graph, const std::string& name) {
    return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& n) {
        return n.name == name && (n.op == Op::kConv || n.op == Op::kConvTranspose);
    });
}

Measured measure(const Backend& backend, const std::shared_ptr<cuda::Device>& device, const test::KnownGraph& known,
                 Size nominal, int runs) {
    Measured result{&known, 0, 0, {}};
    const auto prepared = backend.prepare(test::random_network(known.graph, 3));
    const auto& runner = dynamic_cast<const cuda::DeviceRunner&>(*prepared);
    const auto memory = cuda::StreamMemory::make(device);
    std::vector<DeviceArray> inputs;
    std::vector<Size> sizes;
    const auto host = test::random_inputs(known.graph, nominal, known.divisors, 7, known.input_scale);
    for (const Array3<float>& array : host) {
        inputs.push_back(memory->values<float>({array.channels(), {array.rows(), array.cols()}}));
        void* const staging = memory->staging(array.size() * sizeof(float));
        std::copy_n(array.data(), array.size(), static_cast<float*>(staging));
        memory->stream().copy_to_device(inputs.back().data, staging, array.size() * sizeof(float));
        sizes.push_back({array.rows(), array.cols()});
    }
    memory->wait();
    result.macs = count_macs(known.graph, sizes, nominal);
    RunContext context;
    const auto start = device->make_event(), end = device->make_event();
    std::vector<double> seconds;
    for (int run = 0; run < runs + 3; ++run) {
        memory->stream().record(*start);
        (void)runner.run_on(*memory, inputs, nominal, context);
        memory->stream().record(*end);
        end->synchronize();
        if (run >= 3) seconds.push_back(end->seconds_since(*start));
    }
    result.seconds = median(seconds);
    std::vector<std::vector<LayerTiming>> all;
    context.repeats = 10;
    for (int run = 0; run < 5; ++run) {
        std::vector<LayerTiming> timings;
        context.timings = &timings;
        (void)runner.run_on(*memory, inputs, nominal, context);
        all.push_back(std::move(timings));
    }
    result.layers = all.back();
    for (std::size_t i = 0; i < result.layers.size(); ++i) {
        std::vector<double> of_layer;
        for (std::size_t run = 1; run < all.size(); ++run) of_layer.push_back(all[run][i].seconds);
        result.layers[i].seconds = median(of_layer);
    }
    return result;
}

/// The convolutions of a graph, for tools that run the same ones elsewhere.
json list_convolutions(const test::KnownGraph& known, Size nominal) {
    std::vector<Size> sizes;
    for (const Array3<float>& array : test::random_inputs(known.graph, nominal, known.divisors, 7, 1.0F)) {
        sizes.push_back({array.rows(), array.cols()});
    }
    const std::vector<Shape> shapes = infer_shapes(known.graph, sizes, nominal);
    json list = json::array();
    for (std::size_t i = 0; i < known.graph.nodes.size(); ++i) {
        const Node& n = known.graph.nodes[i];
        if (n.op != Op::kConv && n.op != Op::kConvTranspose) continue;
        const Shape& in = shapes[n.inputs[0]];
        list.push_back({{"name", n.name},
                        {"in", in.channels},
                        {"out", n.out_channels},
                        {"rows", in.size.rows},
                        {"cols", in.size.cols},
                        {"kernel", {n.kernel_rows, n.kernel_cols}},
                        {"pad", {n.pad_top, n.pad_left, n.pad_bottom, n.pad_right}},
                        {"stride", n.stride},
                        {"groups", n.groups},
                        {"transposed", n.op == Op::kConvTranspose},
                        {"bias", !n.bias.empty()},
                        {"macs", count_macs(known.graph, i, shapes)}});
    }
    return list;
}

bool belongs_to(const std::string& name, const std::string& point) {
    return name.rfind("synthesis." + point, 0) == 0 || name.rfind("hyper_decoder", 0) == 0 ||
           name == "context_model" || name == "chroma_mean";
}

json report(const Measured& m, double peak, Size nominal, bool layers) {
    double conv_seconds = 0, conv_macs = 0, all_seconds = 0;
    json rows = json::array();
    for (const LayerTiming& layer : m.layers) {
        const auto macs = static_cast<double>(layer.macs);
        all_seconds += layer.seconds;
        if (is_convolution(m.known->graph, layer.name)) {
            conv_seconds += layer.seconds;
            conv_macs += macs;
        }
        rows.push_back({{"layer", layer.name}, {"us", layer.seconds * 1e6}, {"macs", layer.macs}});
        if (layers) {
            fmt::print("    {:<44} {:>9.1f} us {:>9.3f} GMAC {:>5.1f} %\n", layer.name, layer.seconds * 1e6, macs * 1e-9,
                       100 * macs / layer.seconds / peak);
        }
    }
    const double share = static_cast<double>(m.macs) / m.seconds / peak;
    const double conv_share = conv_seconds > 0 ? conv_macs / conv_seconds / peak : 0;
    fmt::print("  {:<22} {:>10.1f} us {:>9.2f} GMAC {:>5.1f} % of peak; layers {:>9.1f} us, convolutions {:>9.1f} us {:>5.1f} %\n",
               m.known->graph.name, m.seconds * 1e6, static_cast<double>(m.macs) * 1e-9, 100 * share, all_seconds * 1e6,
               conv_seconds * 1e6, 100 * conv_share);
    std::fflush(stdout);
    return {{"network", m.known->graph.name}, {"us", m.seconds * 1e6},       {"macs", m.macs},
            {"share", share},                 {"conv_share", conv_share},    {"conv_us", conv_seconds * 1e6},
            {"conv_macs", conv_macs},         {"layers", std::move(rows)},   {"convolutions", list_convolutions(*m.known, nominal)}};
}

Size parse_size(const std::string& text) {
    const std::size_t x = text.find('x');
    return {std::stoul(text.substr(0, x)), std::stoul(text.substr(x + 1))};
}

std::optional<cuda::ConvTile> parse_tile(const std::string& name) {
    if (name == "large") return cuda::ConvTile::kLarge;
    if (name == "medium") return cuda::ConvTile::kMedium;
    if (name == "small") return cuda::ConvTile::kSmall;
    if (name == "tiny") return cuda::ConvTile::kTiny;
    return {};
}

int run(const Arguments& arguments) {
    if (arguments.device == 0 && cuda::Device::list().empty()) {
        fmt::print("no GPU: nothing to measure\n");
        return 0;
    }
    const auto device = arguments.device < 0 ? cuda::Device::emulated() : cuda::Device::open(arguments.device);
    const auto backend = make_cuda_backend(device, {parse_tile(arguments.tile), arguments.bulk});
    const double peak = measure_peak(*device);
    fmt::print("{}: {} multiprocessors, measured peak {:.2f} T fused multiply-adds a second ({:.1f} TFLOP/s)\n",
               device->describe(), device->info().processors, peak * 1e-12, 2 * peak * 1e-12);
    json out = {{"device", device->describe()}, {"peak_fma_per_second", peak}, {"results", json::array()}};
    const std::vector<test::KnownGraph> graphs = test::known_graphs();
    for (const std::string& size_text : arguments.sizes) {
        const Size nominal = parse_size(size_text);
        for (const std::string& point : arguments.points) {
            fmt::print("{} {}\n", size_text, point);
            double seconds = 0, macs = 0, conv_us = 0, conv_macs = 0;
            json networks = json::array();
            for (const test::KnownGraph& known : graphs) {
                if (!belongs_to(known.graph.name, point)) continue;
                const Measured m = measure(*backend, device, known, nominal, arguments.runs);
                networks.push_back(report(m, peak, nominal, arguments.layers));
                seconds += m.seconds;
                macs += static_cast<double>(m.macs);
                conv_us += networks.back()["conv_us"].get<double>();
                conv_macs += networks.back()["conv_macs"].get<double>();
            }
            device->trim();
            const double pixels = static_cast<double>(nominal.rows * nominal.cols);
            const double conv_share = conv_macs / (conv_us * 1e-6) / peak;
            fmt::print("  {:<22} {:>10.1f} us {:>9.2f} GMAC {:>5.1f} % of peak, convolutions {:.1f} %; {:.1f} kMAC/pixel\n", "all",
                       seconds * 1e6, macs * 1e-9, 100 * macs / seconds / peak, 100 * conv_share, macs / pixels * 1e-3);
            out["results"].push_back({{"size", size_text}, {"point", point}, {"us", seconds * 1e6}, {"macs", macs},
                                      {"conv_share", conv_share}, {"networks", std::move(networks)}});
        }
    }
    if (!arguments.json_file.empty()) std::ofstream(arguments.json_file) << out.dump(1) << '\n';
    return 0;
}

}  // namespace
}  // namespace jpegai

int main(int argc, char** argv) {
    jpegai::Arguments arguments;
    CLI::App app("Networks on a GPU");
    app.add_option("--device", arguments.device, "GPU; -1: the emulator");
    app.add_option("--runs", arguments.runs, "timed runs of each network; the median counts");
    app.add_option("--point", arguments.points, "operating points")->delimiter(',');
    app.add_option("--size", arguments.sizes, "pictures, ROWSxCOLS")->delimiter(',');
    app.add_flag("!--no-bulk", arguments.bulk, "every thread copies, where bulk copies were possible");
    app.add_option("--tile", arguments.tile, "tile of all convolutions")
        ->check(CLI::IsMember({"auto", "large", "medium", "small", "tiny"}));
    app.add_flag("--layers", arguments.layers, "print every layer");
    app.add_option("--json", arguments.json_file, "also write everything there");
    CLI11_PARSE(app, argc, argv);
    try {
        return jpegai::run(arguments);
    } catch (const jpegai::Error& error) {
        fmt::print(stderr, "bench_cuda: {}\n", error.describe());
        return 1;
    }
}
