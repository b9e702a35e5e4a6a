// EFE-linear with two pictures: a second filter, and masks of EFE-nonlinear that say where it is used
// (standard/04-postfilters.md sections 3.4 and 5.2).
#pragma once

#include <array>
#include <optional>

#include "encoder/filters/choose.h"
#include "encoder/filters/efe_candidates.h"

namespace jpegai {

/// Headers of a choice with masks; the nonlinear part has no curves.
struct EfePair {
    EfeLinearHeader linear;
    EfeNonlinearHeader masks;
    double price = 0;  ///< predicted weighted error of U and V plus the price of both headers' bits
};

/// Starts from `main`, the filters of U and V that are best without masks, and fits two filters per plane in turns with
/// the decision which of the two (or their mean) each block takes. Block sizes and lengths of the second filter are
/// chosen by price. A mask for V comes only with one for U, which the reference decoder needs. `planes` are those that
/// the statistics were made of. nullopt when the picture is too large for statistics per block.
[[nodiscard]] std::optional<EfePair> choose_efe_pair(const EfeStatistics& statistics,
                                                     const std::array<std::uint16_t, 2>& means,
                                                     const std::array<EfeCandidate, 2>& main, const Planes& planes,
                                                     const FilterLagrangian& lagrangian);

}  // namespace jpegai
