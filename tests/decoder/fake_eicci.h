// Stand-ins for the eICCI networks that make tile layout, order and selection visible.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "decoder/filters/eicci.h"

namespace jpegai::test {

/// Output plane = input plane of the same name + step + reach * (sum of the four corner samples of the tile's input),
/// so that a result tells which network ran and what the tile looked like when it ran.
class FakeNetwork : public NetworkRunner {
public:
    FakeNetwork(bool luma, float step, float reach) : luma_(luma), step_(step), reach_(reach) {}

    [[nodiscard]] std::vector<Array3<float>> run(std::span<const Array3<float>* const> inputs, Size nominal,
                                                 RunContext&) const override {
        seen.push_back(nominal);
        std::vector<Array3<float>> outputs;
        for (std::size_t p = luma_ ? 0 : 1; p < (luma_ ? 1U : 3U); ++p) {
            Array3<float> out = *inputs[p];
            const std::size_t bottom = out.rows() - 1, right = out.cols() - 1;
            const float corners = out(0, 0, 0) + out(0, 0, right) + out(0, bottom, 0) + out(0, bottom, right);
            for (float& value : out.span()) value += step_ + reach_ * corners;
            outputs.push_back(std::move(out));
        }
        return outputs;
    }
    [[nodiscard]] std::size_t workspace_bytes(std::span<const Size>, Size) const override { return 0; }
    [[nodiscard]] const Graph& graph() const override { return graph_; }

    mutable std::vector<Size> seen;  ///< nominal sizes of the runs

private:
    bool luma_;
    float step_, reach_;
    Graph graph_;
};

/// Network `i` adds (i + 1) / 100 (luma) or (i + 1) / 1000 (chroma).
class FakeBank : public EicciBank {
public:
    explicit FakeBank(float reach = 0.0F) : reach_(reach) {}
    const NetworkRunner& luma(std::size_t index) override { return get(luma_, index, true); }
    const NetworkRunner& chroma(std::size_t index) override { return get(chroma_, index, false); }
    [[nodiscard]] static float luma_step(std::size_t index) { return static_cast<float>(index + 1) / 100.0F; }
    [[nodiscard]] static float chroma_step(std::size_t index) { return static_cast<float>(index + 1) / 1000.0F; }

    std::map<std::size_t, FakeNetwork> luma_, chroma_;

private:
    const NetworkRunner& get(std::map<std::size_t, FakeNetwork>& bank, std::size_t index, bool luma) {
        const float step = luma ? luma_step(index) : chroma_step(index);
        return bank.try_emplace(index, luma, step, reach_).first->second;
    }
    float reach_;
};

}  // namespace jpegai::test
