// Any node the way backend/contract does it: for layers without kernels of their own.
#pragma once

#include <memory>

#include "backend/backend.h"
#include "backend/cpu/layer.h"

namespace jpegai::cpu {

/// One unit: the whole value. Inputs in any layout, planar output.
class ContractLayer final : public Layer {
public:
    ContractLayer(const Graph& graph, std::size_t node, const Network& network);
    [[nodiscard]] std::size_t units(const LayerSizes& sizes) const override;
    [[nodiscard]] Range needs(std::size_t input, Range units, const LayerSizes& sizes) const override;
    void run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const override;
    /// Bytes of copies and of the contract's own memory while it runs.
    [[nodiscard]] std::size_t workspace_bytes(const LayerSizes& sizes) const;

private:
    std::vector<std::size_t> channels_;
    std::unique_ptr<NetworkRunner> runner_;
};

}  // namespace jpegai::cpu
