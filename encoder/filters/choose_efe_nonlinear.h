// EFE-nonlinear decisions of the encoder: the curves (standard/04-postfilters.md section 5.3).
#pragma once

#include <optional>

#include "encoder/filters/choose.h"

namespace jpegai {

/// The curves with the least price over tile sizes, breakpoints, strengths of regularisation and planes, fitted to
/// correct `planes` (YUV) towards `original`; nullopt when correcting neither plane is predicted to be cheapest (a
/// header without curves and masks has a price, too). The masks of `masks` are kept; their blocks with a part of the
/// second picture count nothing. Whether the curves really pay is for the caller to see.
[[nodiscard]] std::optional<EfeNonlinearHeader> choose_efe_curves(const Planes& planes, const Planes& original,
                                                                  const EfeNonlinearHeader& masks,
                                                                  const FilterLagrangian& lagrangian,
                                                                  const RowRunner& rows = serial_rows);

}  // namespace jpegai
