// Networks with made-up weights and inputs, the same on every machine: no data files are needed to run any graph.
#pragma once

#include <cstdint>
#include <string>

#include "base/array.h"
#include "networks/graph.h"

namespace jpegai::test {

/// Uniform in [-1, 1), a function of seed and index alone; exact in float.
[[nodiscard]] float random_value(std::uint64_t seed, std::uint64_t index);

/// random_value * scale for every sample, seeded by `seed`.
[[nodiscard]] Array3<float> random_array(std::size_t channels, Size size, std::uint64_t seed, float scale = 1.0F);

/// Weights for every parameter of `graph`, scaled so that activations stay near 1, in a file "random" of a set in
/// memory.
[[nodiscard]] std::shared_ptr<const WeightSet> random_weights(const Graph& graph, std::uint64_t seed);

/// The graph bound to random_weights.
[[nodiscard]] Network random_network(Graph graph, std::uint64_t seed);

/// Random inputs for the graph, one per graph input, as large as the graph's role wants for `nominal` luma samples;
/// `divisors` gives nominal / size per input, rounded up (16 for a latent, 64 for z ..).
[[nodiscard]] std::vector<Array3<float>> random_inputs(const Graph& graph, Size nominal,
                                                       std::span<const std::size_t> divisors, std::uint64_t seed,
                                                       float scale = 1.0F);

/// One network of the registry (or a phase predictor, mean or eICCI graph) and the divisors of its inputs.
struct KnownGraph {
    Graph graph;
    std::vector<std::size_t> divisors;
    float input_scale;  ///< typical magnitude of its inputs
};
/// Every graph that networks/ can make.
[[nodiscard]] std::vector<KnownGraph> known_graphs();

/// SHA-256 of all samples (little endian) as hex, with every NaN written as one pattern.
[[nodiscard]] std::string bits_hash(std::span<const Array3<float>> arrays);

/// Whether shapes and all bits agree, any NaN equal to any other.
[[nodiscard]] bool same_bits(const Array3<float>& a, const Array3<float>& b);

}  // namespace jpegai::test
