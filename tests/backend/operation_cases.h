// Every operation of the networks, alone and with what is fused into it, on random shapes, for tests that compare a
// backend with the contract.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "networks/graph_builder.h"

namespace jpegai::test {

/// Draws shapes. `large` draws the one shape of a benchmark instead.
class Draw {
public:
    Draw(std::uint64_t seed, bool large) : random_(seed), large_(large) {}

    [[nodiscard]] bool large() const { return large_; }
    std::size_t number(std::size_t least, std::size_t most) {
        return std::uniform_int_distribution<std::size_t>(least, most)(random_);
    }
    bool coin() { return number(0, 1) != 0; }
    /// Any number of channels; whole blocks of 16 as often as not.
    std::size_t channels(std::size_t most = 80) { return large_ ? 64 : coin() ? number(1, most) : blocks(most / 16); }
    /// A multiple of 16.
    std::size_t blocks(std::size_t most = 5) { return 16 * (large_ ? 4 : number(1, most)); }
    /// Odd sizes, single rows, columns and samples, sometimes more columns than a segment of a sum has.
    Size size() {
        if (large_) return {64, 96};
        switch (number(0, 7)) {
            case 0:
                return {1, 1};
            case 1:
                return {1, number(2, 40)};
            case 2:
                return {number(2, 40), 1};
            case 3:
                return {number(1, 3), number(250, 300)};
            default:
                return {number(1, 30), number(1, 60)};
        }
    }
    Size even_size() {
        const Size s = size();
        return {2 * s.rows, 2 * s.cols};
    }

private:
    std::mt19937_64 random_;
    bool large_;
};

/// A graph with the sizes of its inputs.
struct Case {
    Graph graph;
    std::vector<Size> sizes;
    Size nominal{1, 1};  ///< what crops count from
};

struct Operation {
    const char* name;
    std::function<Case(Draw&)> make;
    std::uint64_t shapes = 12;
};

[[nodiscard]] std::vector<Operation> convolutions();
/// All that are no convolutions.
[[nodiscard]] std::vector<Operation> others();

/// Uniform values; every 50th or so one of those that need care, where `special`.
[[nodiscard]] std::vector<Array3<float>> make_inputs(const Case& c, std::uint64_t seed, bool special);
[[nodiscard]] std::vector<const Array3<float>*> pointers(const std::vector<Array3<float>>& arrays);
/// "64x3x5 -> 12 channels"
[[nodiscard]] std::string describe(const Case& c);
/// $JPEGAI_CHECKASM_SEED, or 1.
[[nodiscard]] std::uint64_t chosen_seed();

}  // namespace jpegai::test
