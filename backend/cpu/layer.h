// One step of a network on the CPU: reads rows of values, writes rows of one value.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "backend/cpu/storage.h"
#include "backend/cpu/thread_team.h"

namespace jpegai::cpu {

/// Rows or units [first, end).
struct Range {
    std::size_t first = 0, end = 0;
    [[nodiscard]] std::size_t count() const { return end - first; }
};

/// Sizes of a layer's views and of its stored output for one run.
struct LayerSizes {
    std::vector<Size> inputs;
    Size output;
};

/// What a layer works with during one run.
struct LayerWork {
    std::vector<BoundView> inputs;
    Storage output, copy;  ///< copy: ReLU6 of the output, where the layer has one
    Size output_size;
    float* scratch = nullptr;          ///< Layer::scratch_floats floats, kept between calls
    float* partner_scratch = nullptr;  ///< the scratch of the layer `partner`
    const CpuKernels* kernels = nullptr;
    std::size_t max_units = 0;  ///< largest number of units of one call
};

/// A fused part of a graph. It produces units of rows_per_unit output rows, in order from unit 0.
class Layer {
public:
    static constexpr std::size_t kNoValue = ~std::size_t{0};

    virtual ~Layer() = default;

    std::string name;
    std::vector<std::size_t> nodes;  ///< graph nodes whose work it does
    std::size_t mac_divisor = 1;     ///< layers that share the work of these nodes equally
    std::vector<View> inputs;
    std::size_t output = kNoValue, copy = kNoValue;  ///< values
    std::size_t rows_per_unit = 1;
    std::size_t partner = kNoValue;  ///< layer whose scratch it reads

    /// Units that make up the whole output.
    [[nodiscard]] virtual std::size_t units(const LayerSizes& sizes) const {
        return (sizes.output.rows + rows_per_unit - 1) / rows_per_unit;
    }
    /// Rows of an input (in its view) that the units need; both ends grow with the unit.
    [[nodiscard]] virtual Range needs(std::size_t input, Range units, const LayerSizes& sizes) const = 0;
    /// Floats of memory of its own, kept from unit to unit.
    [[nodiscard]] virtual std::size_t scratch_floats(const LayerSizes& /*sizes*/, std::size_t /*max_units*/) const {
        return 0;
    }
    /// Bytes of weights that one pass over the units reads, to decide how many units one pass should have.
    [[nodiscard]] virtual std::size_t weight_bytes() const { return 0; }
    /// Units that one call should have at least, where there are so many, however large they are.
    [[nodiscard]] virtual std::size_t least_units() const { return 1; }
    /// Computes units.count() >= 1 units; the rows they need are there.
    virtual void run(const LayerWork& work, Range units, ThreadTeam::Lease& team) const = 0;
};

/// The rows themselves, for layers that compute row y from rows y: rows of `units`, cut off at the view's height.
[[nodiscard]] Range same_rows(Range units, std::size_t rows_per_unit, Size view);

}  // namespace jpegai::cpu
