#include "encoder/symbol_cost.h"

#include <array>
#include <cmath>
#include <cstdlib>

#include "bitstream/me_tans.h"
#include "bitstream/me_tans_steps.h"
#include "spec/constants.h"

namespace jpegai {
namespace {

constexpr std::int32_t kReach = 128;

/// Masses of the symbols -128..127 of one distribution, counted from its states.
using Costs = std::array<std::array<float, 2 * kReach>, kSigmaTables>;

Costs make_costs() {
    Costs costs{};
    const auto tables = residual_decode_tables();
    for (std::size_t i = 0; i < kSigmaTables; ++i) {
        std::array<unsigned, 2 * kReach> mass{};
        for (const std::uint32_t word : tables[i])
            ++mass[static_cast<std::size_t>(me_tans::word_symbol(word) + kReach)];
        for (std::size_t s = 0; s < mass.size(); ++s) {
            constexpr double kSteps = 256, kStates = 256, kNever = 64;
            const double bits = mass[s] == 0 ? kNever : std::log2(kStates / mass[s]);
            costs[i][s] = static_cast<float>(std::round(bits * kSteps) / kSteps);
        }
    }
    return costs;
}

}  // namespace

float symbol_bits(std::size_t table, std::int32_t symbol) {
    static const Costs costs = make_costs();
    const std::int32_t bound = residual_bounds()[table];
    const std::int32_t magnitude = std::abs(symbol);
    if (magnitude < bound) return costs[table][static_cast<std::size_t>(symbol + kReach)];
    // The escape is announced by the symbol -bound.
    const bool is_short = static_cast<std::uint32_t>(magnitude - bound) * 2 + 1 < me_tans::kLongEscape;
    const unsigned payload = 1 + (is_short ? me_tans::kShortEscapeBits : me_tans::kLongEscapeBits);
    return costs[table][static_cast<std::size_t>(kReach - bound)] + static_cast<float>(payload);
}

}  // namespace jpegai
