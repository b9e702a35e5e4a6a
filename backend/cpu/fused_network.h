// A network as fused layers with packed weights: what does not depend on the size of the pictures.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "backend/cpu/layer.h"
#include "networks/graph.h"

namespace jpegai::cpu {

struct FusedNetwork {
    std::vector<ValueInfo> values;
    std::vector<std::unique_ptr<Layer>> layers;  ///< in an order in which they can run
    std::vector<std::size_t> inputs, outputs;    ///< values; outputs are planar, distinct, and stored in full
};

/// Finds the layers of a network and packs its weights, which are not needed afterwards (layers that fall back on the
/// contract keep what they need).
[[nodiscard]] FusedNetwork fuse(const CpuKernels& kernels, std::size_t threads, const Network& network);

}  // namespace jpegai::cpu
