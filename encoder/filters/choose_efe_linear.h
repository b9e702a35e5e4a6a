// EFE-linear and EFE-nonlinear decisions of the encoder (standard/04-postfilters.md sections 3.6 and 5.3).
#pragma once

#include <array>
#include <optional>

#include "encoder/filters/choose.h"
#include "encoder/filters/efe_candidates.h"

namespace jpegai {

/// Means of the reconstructed chroma planes times 100, as B1 codes them (04 section 3.6).
[[nodiscard]] std::array<std::uint16_t, 2> efe_means(const Planes& planes);

/// The main filters of U and V with the least price out of their candidates. Whether they pay is for the caller to see.
[[nodiscard]] std::array<EfeCandidate, 2> choose_efe_linear(const std::array<std::vector<EfeCandidate>, 2>& candidates,
                                                            const FilterLagrangian& lagrangian);

/// A header with these main filters and no second picture.
[[nodiscard]] EfeLinearHeader efe_linear_header(const std::array<EfeCandidate, 2>& filters, bool same_format);

}  // namespace jpegai
