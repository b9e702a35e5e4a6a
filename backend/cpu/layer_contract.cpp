#include "backend/cpu/layer_contract.h"

#include <algorithm>
#include <limits>

#include "base/math.h"

namespace jpegai::cpu {

ContractLayer::ContractLayer(const Graph& graph, std::size_t node, const Network& network) {
    rows_per_unit = std::numeric_limits<std::uint32_t>::max();
    Network alone;
    alone.source = network.source;
    alone.derived = network.derived;
    Node own = graph.nodes[node];
    for (std::size_t& input : own.inputs) {
        Node in;
        in.op = Op::kInput;
        in.out_channels = graph.nodes[input].out_channels;
        channels_.push_back(in.out_channels);
        input = alone.graph.nodes.size();
        alone.graph.inputs.push_back(input);
        alone.graph.nodes.push_back(in);
        alone.weights.emplace_back();
    }
    alone.graph.name = graph.name;
    alone.graph.outputs.push_back(alone.graph.nodes.size());
    alone.graph.nodes.push_back(std::move(own));
    alone.weights.push_back(network.weights[node]);
    runner_ = make_contract_backend()->prepare(std::move(alone));
}

std::size_t ContractLayer::units(const LayerSizes& /*sizes*/) const {
    return 1;
}

Range ContractLayer::needs(std::size_t input, Range /*units*/, const LayerSizes& sizes) const {
    return {0, sizes.inputs[input].rows};
}

void ContractLayer::run(const LayerWork& work, Range /*units*/, ThreadTeam::Lease& /*team*/) const {
    std::vector<Array3<float>> copies;
    for (std::size_t k = 0; k < work.inputs.size(); ++k) {
        const BoundView& input = work.inputs[k];
        Array3<float> array = Array3<float>::uninitialized(channels_[k], input.size().rows, input.size().cols);
        for (std::size_t c = 0; c < array.channels(); ++c) {
            for (std::size_t y = 0; y < array.rows(); ++y) {
                const float* const in = input.channel_row(c, y);
                for (std::size_t x = 0; x < array.cols(); ++x) array(c, y, x) = in[x * input.step()];
            }
        }
        copies.push_back(std::move(array));
    }
    std::vector<const Array3<float>*> arguments;
    for (const Array3<float>& array : copies) arguments.push_back(&array);
    RunContext context;
    const std::vector<Array3<float>> results = runner_->run(arguments, work.output_size, context);
    const Array3<float>& result = results[0];
    for (std::size_t c = 0; c < result.channels(); ++c) {
        for (std::size_t y = 0; y < result.rows(); ++y) {
            std::copy_n(result.row(c, y), result.cols(), work.output.row(c, y));
        }
    }
}

std::size_t ContractLayer::workspace_bytes(const LayerSizes& sizes) const {
    std::size_t bytes = runner_->workspace_bytes(sizes.inputs, sizes.output);
    for (std::size_t k = 0; k < channels_.size(); ++k) {
        const std::size_t samples = checked_mul(checked_mul(channels_[k], sizes.inputs[k].rows), sizes.inputs[k].cols);
        bytes = checked_add(bytes, checked_mul(samples, sizeof(float)));
    }
    return bytes;
}

}  // namespace jpegai::cpu
