// Helpers of the me-tANS tests.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "bitstream/me_tans.h"

namespace jpegai::test {

using Lanes = std::vector<std::vector<std::uint8_t>>;

/// Views of lanes at made-up file offsets 1000, 2000, ...
[[nodiscard]] inline std::vector<LaneBytes> views(const Lanes& lanes) {
    std::vector<LaneBytes> result;
    for (const auto& lane : lanes) result.push_back({lane, 1000 * (result.size() + 1)});
    return result;
}

std::vector<LaneBytes> views(Lanes&&) = delete;

/// Cuts concatenated lanes apart; bytes before the lanes are dropped.
[[nodiscard]] inline Lanes cut_lanes(std::span<const std::uint8_t> bytes, const std::vector<std::size_t>& sizes) {
    std::size_t total = 0;
    for (const std::size_t size : sizes) total += size;
    bytes = bytes.last(total);
    Lanes lanes;
    for (const std::size_t size : sizes) {
        lanes.emplace_back(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        bytes = bytes.subspan(size);
    }
    return lanes;
}

/// Tables whose cdf is the given one: with the interval lengths as frequencies the normalisation changes nothing.
[[nodiscard]] inline HyperTable table_of_cdf(const std::vector<int>& cdf) {
    std::array<std::int32_t, kHyperSymbols> freqs{};
    for (std::size_t k = 0; k < kHyperSymbols; ++k) freqs[k] = cdf[k] - (k > 0 ? cdf[k - 1] : 0);
    return HyperTable(freqs);
}

/// A residual call drawn at random.
struct RandomResidual {
    std::vector<std::uint8_t> table;
    std::vector<std::int16_t> residual;
};

/// `coded` and `escapes` are shares of 256. Masked-out elements carry values too, which must not matter.
[[nodiscard]] inline RandomResidual random_residual(std::mt19937& random, std::size_t elements, std::size_t coded,
                                                    std::size_t escapes) {
    RandomResidual result;
    for (std::size_t i = 0; i < elements; ++i) {
        const auto index = static_cast<std::uint8_t>(random() % 32);
        const int bound = residual_bounds()[index];
        result.table.push_back(random() % 256 < coded ? index : kNotCoded);
        int value = static_cast<int>(random() % static_cast<unsigned>(2 * bound - 1)) - (bound - 1);
        if (random() % 256 < escapes) {
            value = random() % 2 == 0 ? static_cast<int>(random() % 65536) - 32768
                                      : (random() % 2 == 0 ? 1 : -1) * (bound + static_cast<int>(random() % 6));
        }
        result.residual.push_back(static_cast<std::int16_t>(value));
    }
    return result;
}

/// The residual with masked-out elements set to 0, which is what a decoder returns.
[[nodiscard]] inline std::vector<std::int16_t> masked(const RandomResidual& call) {
    std::vector<std::int16_t> result = call.residual;
    for (std::size_t i = 0; i < result.size(); ++i) {
        if (call.table[i] == kNotCoded) result[i] = 0;
    }
    return result;
}

}  // namespace jpegai::test
