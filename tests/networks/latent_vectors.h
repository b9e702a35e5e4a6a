// Inputs and results of the float networks as dumped by the reference software (shared/vectors).
#pragma once

#include <memory>
#include <ostream>
#include <string>

#include "base/array.h"
#include "networks/graph.h"
#include "spec/constants.h"

namespace jpegai::test {

/// A case without regions, tiles, quality map, RVS and beta displacement.
struct VectorCase {
    std::string name;
    OperatingPoint point;
    std::size_t model_id;
    Size size;             ///< luma samples
    bool trained = false;  ///< made with the trained weights, else the synthetic ones
};

inline void PrintTo(const VectorCase& c, std::ostream* out) {
    *out << c.name;
}

[[nodiscard]] std::shared_ptr<const WeightSet> weights_of(const VectorCase& c);

/// Tensor NAME.npy of the case as float, [channel][row][column].
[[nodiscard]] Array3<float> load_dump(const VectorCase& c, const std::string& name);
[[nodiscard]] bool have_dump(const VectorCase& c, const std::string& name);

/// Residual symbols of the case divided by the gain of each channel (02 sections 7.2 and 10).
[[nodiscard]] Array3<float> load_residual(const VectorCase& c, Component component);

/// max |a - b|; infinite when the shapes differ.
[[nodiscard]] double largest_deviation(const Array3<float>& a, const Array3<float>& b);

}  // namespace jpegai::test
