// The layers of a network for given sizes: where values lie in one workspace, and the launches.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "backend/cuda/device.h"
#include "backend/cuda/network_layers.h"

namespace jpegai::cuda {

struct Plan {
    struct Place {
        std::size_t offset = 0, bytes = 0;
        std::size_t row_stride = 0, plane_stride = 0;  ///< floats
    };
    /// Of an attention: sums (two of them, in turn), matrix rows and matrix as weights.
    struct AttentionPlaces {
        std::size_t sums[2] = {}, scratch = 0, weights = 0;
        std::size_t segments_per_row = 0, segments = 0;
    };
    std::vector<Shape> shapes;               ///< per node
    std::vector<Place> places;               ///< per value
    std::vector<AttentionPlaces> attention;  ///< per layer; empty but for attentions
    std::size_t bytes = 0;                   ///< of the workspace
};

/// Values share memory when none is needed while another is. Throws Error{limit} for sizes beyond the kernels' indices.
[[nodiscard]] Plan make_plan(const Graph& graph, const LayeredNetwork& network, std::span<const Size> inputs,
                             Size nominal);

/// What layers are launched for.
struct LaunchTarget {
    std::shared_ptr<const Device> device;
    ConvChoice choice;
};

/// Queues layer `i`.
void launch_layer(Stream& stream, const Graph& graph, const LayeredNetwork& network, const Plan& plan, std::size_t i,
                  unsigned char* workspace, const float* parameters, const LaunchTarget& target);

}  // namespace jpegai::cuda
