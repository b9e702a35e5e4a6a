// EFE-linear and EFE-nonlinear decisions of the encoder (standard/04-postfilters.md sections 3.6 and 5.3).
#pragma once

#include <array>
#include <optional>

#include "encoder/filters/choose.h"
#include "encoder/filters/efe_statistics.h"

namespace jpegai {

/// Means of the reconstructed chroma planes times 100, as B1 codes them (04 section 3.6).
[[nodiscard]] std::array<std::uint16_t, 2> efe_means(const Planes& planes);

/// The main filter set with the least price by the sums of `statistics`; no second picture. Whether it pays is for the
/// caller to see.
[[nodiscard]] EfeLinearHeader choose_efe_linear(const EfeStatistics& statistics,
                                                const std::array<std::uint16_t, 2>& means,
                                                const FilterLagrangian& lagrangian);

}  // namespace jpegai
