#include "tests/support/random_network.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <utility>

#include "base/hash.h"
#include "base/math.h"
#include "networks/analysis.h"
#include "networks/context_model.h"
#include "networks/eicci.h"
#include "networks/hyper.h"
#include "networks/synthesis.h"

namespace jpegai::test {

namespace {

constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15U;

std::uint64_t mix(std::uint64_t h) {  // splitmix64
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9U;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBU;
    return h ^ (h >> 31);
}

bool ends_with(const std::string& text, std::string_view end) {
    return text.ends_with(end);
}

/// offset + scale * random for one tensor: gains near 1, biases small, convolutions by their number of terms.
struct Recipe {
    float offset, scale;
};
Recipe recipe(const Parameter& p, const Graph& graph) {
    const Node& n = graph.nodes[p.node];
    if (ends_with(p.key, ".running_var")) return {1.0F, 0.5F};
    if (ends_with(p.key, ".bias") || ends_with(p.key, ".running_mean")) return {0.0F, 0.1F};
    if (n.op != Op::kConv && n.op != Op::kConvTranspose) return {1.0F, 0.5F};
    const std::size_t terms =
        n.op == Op::kConv ? p.shape[1] * p.shape[2] * p.shape[3] : p.shape[0] * p.shape[2] * p.shape[3] / 4;
    const bool last = graph.name.starts_with("synthesis.") && p.key.starts_with("conv4");
    return {0.0F, std::sqrt(3.0F / static_cast<float>(terms)) * (last ? 0.03125F : 1.0F)};  // few samples saturate
}

std::uint32_t comparable_bits(float x) {
    return std::isnan(x) ? 0x7FC00000U : std::bit_cast<std::uint32_t>(x);
}

}  // namespace

float random_value(std::uint64_t seed, std::uint64_t index) {
    const std::uint64_t h = mix(mix(seed + 1) + (index + 1) * kStep);
    return static_cast<float>(static_cast<std::int64_t>(h >> 40) - (std::int64_t{1} << 23)) / 8388608.0F;
}

Array3<float> random_array(std::size_t channels, Size size, std::uint64_t seed, float scale) {
    Array3<float> array = Array3<float>::uninitialized(channels, size.rows, size.cols);
    for (std::size_t i = 0; i < array.size(); ++i) array.data()[i] = random_value(seed, i) * scale;
    return array;
}

std::shared_ptr<const WeightSet> random_weights(const Graph& graph, std::uint64_t seed) {
    Checkpoint checkpoint;
    for (const Parameter& p : list_parameters(graph)) {
        Tensor tensor;
        tensor.shape = p.shape;
        std::size_t count = 1;
        for (const std::size_t n : p.shape) count *= n;
        const Recipe r = recipe(p, graph);
        std::vector<float> values(count);
        const std::uint64_t own_seed = seed * 1000 + checkpoint.size();
        for (std::size_t i = 0; i < count; ++i) values[i] = r.offset + r.scale * random_value(own_seed, i);
        tensor.bytes.resize(count * sizeof(float));
        std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
        checkpoint.emplace(p.key, std::move(tensor));
    }
    std::map<std::string, Checkpoint, std::less<>> files;
    files.emplace("random", std::move(checkpoint));
    return weights_from_memory("random weights", std::move(files));
}

Network random_network(Graph graph, std::uint64_t seed) {
    auto weights = random_weights(graph, seed);
    return bind_network(std::move(graph), std::move(weights), "random");
}

std::vector<Array3<float>> random_inputs(const Graph& graph, Size nominal, std::span<const std::size_t> divisors,
                                         std::uint64_t seed, float scale) {
    std::vector<Array3<float>> inputs;
    for (std::size_t k = 0; k < graph.inputs.size(); ++k) {
        const Size size = {ceil_div(nominal.rows, divisors[k]), ceil_div(nominal.cols, divisors[k])};
        inputs.push_back(random_array(graph.nodes[graph.inputs[k]].out_channels, size, seed + k, scale));
    }
    return inputs;
}

std::vector<KnownGraph> known_graphs() {
    constexpr float kPlaneScale = 255.0F, kLatentScale = 4.0F, kUnit = 1.0F;
    std::vector<KnownGraph> graphs;
    for (const Component component : {kPrimary, kSecondary}) {
        const std::size_t plane = component == kPrimary ? 1 : 2;
        for (const OperatingPoint point : {OperatingPoint::kBop, OperatingPoint::kHop}) {
            graphs.push_back({analysis_graph(point, component), {plane}, kPlaneScale});
        }
        for (const OperatingPoint point : {OperatingPoint::kSop, OperatingPoint::kBop, OperatingPoint::kHop}) {
            graphs.push_back({synthesis_graph(point, component), {16, 16}, kLatentScale});
        }
        graphs.push_back({hyper_encoder_graph(component), {16}, kLatentScale});
        graphs.push_back({hyper_decoder_graph(component), {64}, kLatentScale});
    }
    graphs.push_back({context_model_graph(), {16, 32}, kLatentScale});
    graphs.push_back({chroma_mean_graph(), {16, 32}, kLatentScale});
    graphs.push_back({chroma_psi_mean_graph(), {32}, kUnit});
    for (std::size_t phase = 0; phase < 4; ++phase) {
        graphs.push_back({context_phase_graph(phase), {32, 32, 32, 32}, kLatentScale});
    }
    graphs.push_back({eicci_luma_graph(), {1, 1, 1}, kUnit});
    graphs.push_back({eicci_chroma_graph(), {1, 1, 1}, kUnit});
    return graphs;
}

std::string bits_hash(std::span<const Array3<float>> arrays) {
    Sha256 hash;
    for (const Array3<float>& array : arrays) {
        for (const float x : array.span()) {
            const std::uint32_t bits = comparable_bits(x);
            const std::array<std::uint8_t, 4> bytes = {
                static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>(bits >> 8),
                static_cast<std::uint8_t>(bits >> 16), static_cast<std::uint8_t>(bits >> 24)};
            hash.update(bytes);
        }
    }
    return to_hex(hash.finish());
}

bool same_bits(const Array3<float>& a, const Array3<float>& b) {
    if (a.channels() != b.channels() || a.rows() != b.rows() || a.cols() != b.cols()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (comparable_bits(a.data()[i]) != comparable_bits(b.data()[i])) return false;
    }
    return true;
}

}  // namespace jpegai::test
