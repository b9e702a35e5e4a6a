// Which tensors a graph reads, and how they are found and checked.
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/math.h"
#include "networks/graph.h"

namespace jpegai {

namespace {

constexpr float kBatchNormEpsilon = 1e-5F;  // 04 section 4.1

std::string shape_text(std::span<const std::size_t> shape) {
    std::string text = "[";
    for (const std::size_t n : shape) text += (text.size() > 1 ? "," : "") + std::to_string(n);
    return text + "]";
}

std::vector<std::size_t> weight_shape(const Graph& graph, const Node& n) {
    const std::size_t in = graph.nodes[n.inputs[0]].out_channels;
    switch (n.op) {
        case Op::kConv:
            return {n.out_channels, in / n.groups, n.kernel_rows, n.kernel_cols};
        case Op::kConvTranspose:
            return {in, n.out_channels, n.kernel_rows, n.kernel_cols};
        case Op::kChannelAttention:
            return {n.factor, 1, 1};
        case Op::kScale:
            return {1};
        default:
            return {n.out_channels};
    }
}

std::span<const float> find(const WeightSet& set, const std::string& file, const std::string& key,
                            const std::vector<std::size_t>& shape) {
    const Tensor& tensor = set.tensor(file, key);
    const std::string what = file + ": " + key;
    if (tensor.shape != shape) {
        throw Error(JPEGAI_ERROR_MODEL,
                    what + " has shape " + shape_text(tensor.shape) + ", expected " + shape_text(shape));
    }
    return tensor.floats(what);
}

/// scale = weight / sqrt(variance + 1e-5), shift = fma(-mean, scale, bias); spec/numeric_contract.md, batch norm.
void bind_batch_norm(Network& network, std::size_t i, const std::string& file) {
    const Node& n = network.graph.nodes[i];
    const std::vector<std::size_t> shape = {n.out_channels};
    const auto part = [&](const char* suffix) { return find(*network.source, file, n.weight + suffix, shape); };
    const auto weight = part(".weight"), bias = part(".bias"), mean = part(".running_mean");
    const auto variance = part(".running_var");
    auto folded = std::make_shared<std::vector<float>>(2 * n.out_channels);
    for (std::size_t c = 0; c < n.out_channels; ++c) {
        const float scale = weight[c] / std::sqrt(variance[c] + kBatchNormEpsilon);
        (*folded)[c] = scale;
        (*folded)[n.out_channels + c] = std::fma(-mean[c], scale, bias[c]);
    }
    network.weights[i].weight = std::span<const float>(*folded).first(n.out_channels);
    network.weights[i].bias = std::span<const float>(*folded).last(n.out_channels);
    network.derived.push_back(std::move(folded));
}

}  // namespace

std::vector<Parameter> list_parameters(const Graph& graph) {
    std::vector<Parameter> list;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const Node& n = graph.nodes[i];
        if (n.op == Op::kBatchNorm) {
            list.push_back({i, n.weight + ".weight", {n.out_channels}});
            list.push_back({i, n.weight + ".bias", {n.out_channels}});
            list.push_back({i, n.weight + ".running_mean", {n.out_channels}, false});
            list.push_back({i, n.weight + ".running_var", {n.out_channels}, false});
            continue;
        }
        if (!n.weight.empty()) list.push_back({i, n.weight, weight_shape(graph, n)});
        if (!n.bias.empty()) list.push_back({i, n.bias, {n.out_channels}});
    }
    return list;
}

std::uint64_t count_parameters(const Graph& graph) {
    std::uint64_t sum = 0;
    for (const Parameter& p : list_parameters(graph)) {
        std::uint64_t count = p.trained ? 1 : 0;
        for (const std::size_t n : p.shape) count *= n;
        sum += count;
    }
    return sum;
}

Network bind_network(Graph graph, std::shared_ptr<const WeightSet> weights, const std::string& file) {
    check_graph(graph);
    Network network;
    network.graph = std::move(graph);
    network.source = std::move(weights);
    network.weights.resize(network.graph.nodes.size());
    for (std::size_t i = 0; i < network.graph.nodes.size(); ++i) {
        const Node& n = network.graph.nodes[i];
        if (n.op == Op::kBatchNorm) {
            bind_batch_norm(network, i, file);
            continue;
        }
        if (!n.weight.empty()) {
            network.weights[i].weight = find(*network.source, file, n.weight, weight_shape(network.graph, n));
        }
        if (!n.bias.empty()) network.weights[i].bias = find(*network.source, file, n.bias, {n.out_channels});
    }
    return network;
}

Network blank_network(Graph graph) {
    check_graph(graph);
    const std::vector<Parameter> parameters = list_parameters(graph);
    const auto count = [](const Parameter& p) {
        std::size_t values = 1;
        for (const std::size_t n : p.shape) values = checked_mul(values, n);
        return values;
    };
    std::size_t largest = 0;
    for (const Parameter& p : parameters) largest = std::max(largest, count(p));
    const auto zeros = std::make_shared<const std::vector<float>>(largest);
    Network network;
    network.graph = std::move(graph);
    network.derived.push_back(zeros);
    network.weights.resize(network.graph.nodes.size());
    for (const Parameter& p : parameters) {
        const Node& n = network.graph.nodes[p.node];
        Network::Weights& weights = network.weights[p.node];
        const auto values = std::span<const float>(*zeros).first(count(p));
        if (n.op == Op::kBatchNorm) {
            weights = {values, values};
        } else {
            (p.key == n.bias ? weights.bias : weights.weight) = values;
        }
    }
    return network;
}

}  // namespace jpegai
